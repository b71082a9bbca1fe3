"""Scores of logits that tell images of known classes from unknown ones; known images have higher scores.

``Model`` uses the highest logit. For images held out against synthetic ones (noise, shuffled pixels, patchwork,
scribbles), it had the best mean AUROC or was within 0.0005 of it for a short training, for one with label smoothing and
for recipe ``best``; the highest probability was 0.003 lower for the first, the energy 0.003 for the second. Measure
again with ``lenet evaluate MODEL --part validation --unknown``.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.model.preprocessing import softmax

Scores = npt.NDArray[np.float32]


def highest_probability(logits: npt.NDArray[Any]) -> Scores:
    """The highest softmax probability, ``(n,)`` (Hendrycks and Gimpel, ICLR 2017)."""
    return np.asarray(softmax(logits).max(axis=1), np.float32)


def highest_logit(logits: npt.NDArray[Any]) -> Scores:
    """The highest logit, ``(n,)`` (Hendrycks et al., "Scaling Out-of-Distribution Detection", ICML 2022)."""
    return np.asarray(logits.max(axis=1), np.float32)


def energy(logits: npt.NDArray[Any]) -> Scores:
    """The logarithm of the summed exponentials of the logits, ``(n,)`` (Liu et al., NeurIPS 2020, negated)."""
    highest = logits.max(axis=1, keepdims=True)
    return np.asarray(highest[:, 0] + np.log(np.exp(logits - highest).sum(axis=1)), np.float32)


SCORES: dict[str, Callable[[npt.NDArray[Any]], Scores]] = {
    "highest probability": highest_probability,
    "highest logit": highest_logit,
    "energy": energy,
}
