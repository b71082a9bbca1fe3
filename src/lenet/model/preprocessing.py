"""Scaling of pixels and softmax, the same for training and reading."""

from typing import Any

import numpy as np
import numpy.typing as npt

# From uint8 0…255 to 0…1. No mean is subtracted, so that the zero padding of a convolution is black as the background.
PIXEL_SCALE = 1 / 255


def scale_pixels(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Scale uint8 ``(n, height, width, depth)`` to float32 in [0, 1], same shape."""
    return images.astype(np.float32) * np.float32(PIXEL_SCALE)


def softmax(logits: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Probabilities ``(n, classes)`` from logits ``(n, classes)``."""
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))
