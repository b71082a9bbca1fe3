"""Arrays of numbers, as files have them → pixels; names the place of a value that cannot be one."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.datasets.dataset import Images
from lenet.errors import LenetError

SCALED = "pixels from 0 to 1 are scaled to 0 to 255"


def as_pixels(
    values: npt.NDArray[Any], where: str, place: Callable[[Sequence[int]], str] = "the value at {}".format
) -> tuple[Images, list[str]]:
    """uint8 of the same shape from whole numbers 0 to 255, or from numbers of which none exceeds 1; and notes.

    A LenetError for a value that is no pixel has its ``place``, which is told its indices.
    """

    def refuse(wrong: npt.NDArray[np.bool_], what: str) -> None:
        if wrong.any():
            indices = [int(index) for index in np.unravel_index(int(wrong.argmax()), wrong.shape)]
            raise LenetError(f"{where}: {place(indices)} is {values[tuple(indices)]:g}: {what}")

    if values.dtype.kind not in "iufb":
        raise LenetError(f"{where}: holds {values.dtype}, not numbers from 0 to 255")
    if values.dtype.kind == "f":
        refuse(~np.isfinite(values), "no number")
    if values.dtype != np.uint8:
        refuse((values < 0) | (values > 255), "not in 0 to 255")
    if values.size and values.max() <= 1:
        return np.rint(values * np.float32(255)).astype(np.uint8), [SCALED] * bool(values.max())
    if values.dtype.kind == "f":
        refuse(values != np.rint(values), "neither whole nor in 0 to 1 with all others")
    return np.asarray(values.astype(np.uint8, copy=False)), []
