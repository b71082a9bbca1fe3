"""Weights as 8-bit integers."""

import numpy as np
import numpy.typing as npt

from lenet.model.graph import Array

Int8 = npt.NDArray[np.int8]
HIGHEST = 127


def as_rows(kernel: Array) -> Array:
    """A kernel in Keras's layout as one row a filter or unit: ``(filters, k, k, depth)`` or ``(units, inputs)``."""
    return np.ascontiguousarray(np.moveaxis(kernel, -1, 0))


def quantize_rows(kernel: Array, smallest_scale: npt.NDArray[np.floating] | None = None) -> tuple[Int8, Array]:
    """Round each row (the weights of one filter or unit) to integers with a scale of its own, symmetric around 0.

    Args:
        kernel: ``(rows, …)``.
        smallest_scale: Lower bound of each row's scale, ``(rows,)``.

    Returns:
        int8 of the same shape, and the scale of each row, float32: ``kernel ≈ integers · scale``.
    """
    rows = kernel.reshape(len(kernel), -1)
    scale = np.abs(rows).max(axis=1) / np.float32(HIGHEST)
    if smallest_scale is not None:
        scale = np.maximum(scale, smallest_scale)
    scale = np.where(scale > 0, scale, 1).astype(np.float32)
    return np.rint(rows / scale[:, np.newaxis]).astype(np.int8).reshape(kernel.shape), scale
