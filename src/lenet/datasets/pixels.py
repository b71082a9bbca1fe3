"""Arrays of numbers, as files have them → pixels; names the place of a value that cannot be one."""

from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.datasets.dataset import Images
from lenet.errors import LenetError


def as_pixels(values: npt.NDArray[Any], where: str) -> Images:
    """uint8 of the same shape from whole numbers 0 to 255, or from fractions of which none exceeds 1.

    A LenetError for a value that is no pixel has its place in the array.
    """
    if values.dtype == np.uint8:
        return np.asarray(values)
    if values.dtype.kind not in "iufb":
        raise LenetError(f"{where}: holds {values.dtype}, not numbers from 0 to 255")
    if values.dtype.kind == "b":
        return np.asarray(values.astype(np.uint8) * np.uint8(255))
    _refuse(values, ~np.isfinite(values), where, "no number")
    _refuse(values, (values < 0) | (values > 255), where, "not in 0 to 255")
    if values.dtype.kind == "f":
        if values.size and values.max() <= 1:
            return np.asarray(np.rint(values * 255).astype(np.uint8))
        _refuse(values, values != np.rint(values), where, "neither whole nor in 0 to 1 with all others")
    return np.asarray(values.astype(np.uint8))


def _refuse(values: npt.NDArray[Any], wrong: npt.NDArray[np.bool_], where: str, what: str) -> None:
    if wrong.any():
        place = tuple(int(index) for index in np.unravel_index(int(wrong.argmax()), wrong.shape))
        raise LenetError(f"{where}: the value at {list(place)} is {values[place]}: {what}")
