"""Rows of boxes of one width, each for one digit."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lenet.pictures.ink import Mask
from lenet.reading.lines import Floats

# In heights of the writing: the sides of boxes are so long at least, a row is so high, and a box is so wide. Wider ones
# are cells of a table.
SIDE, LOWEST, HIGHEST, NARROWEST, WIDEST = 0.8, 1.05, 2.6, 0.5, 1.8
# This share of the widths is the median or, where sides are not seen, a multiple of it, with an error of less than the
# second share. For the same reason, a box has up to so many marks.
EVEN, UNEVEN, IN_A_BOX = 0.8, 0.2, 1.3


def in_boxes(lines: Mask, x: Floats, y: Floats, height: float) -> Mask:
    """Whether each place stands in a row of boxes, with a box of its own.

    ``lines`` is a mask ``(height, width)``; places are at ``x`` and ``y``, ``(n,)``; ``height`` is the writing's.
    """
    inside, widths = np.zeros(len(x), bool), np.zeros(0)
    for (down, across), sides in _rows(lines, height):
        here = (down.start <= y) & (y < down.stop) & (across.start <= x) & (x < across.stop)
        boxes = np.searchsorted(sides, x[here])
        inside[here] = len(boxes) <= IN_A_BOX * len(np.unique(boxes))
        widths = np.append(widths, np.diff(sides))
    widths = widths[widths > NARROWEST * height]
    if not len(widths):
        return inside
    usual = np.median(widths)
    times = widths / usual
    even = np.count_nonzero(np.abs(times - np.rint(times)) < UNEVEN) >= EVEN * len(times)
    return np.asarray(inside & even & (usual < WIDEST * height))


def _rows(lines: Mask, height: float) -> Iterator[tuple[tuple[slice, slice], npt.NDArray[np.intp]]]:
    """The window of each row of boxes, and the columns of pixels of its vertical sides."""
    side = max(3, round(SIDE * height))
    thick = ndimage.maximum_filter(lines, 3)
    vertical = ndimage.grey_opening(thick, (side, 1))
    pieces, _ = ndimage.label(vertical | ndimage.grey_opening(thick, (1, side)), np.ones((3, 3)))
    for number, (down, across) in enumerate(ndimage.find_objects(pieces), 1):
        if LOWEST * height <= down.stop - down.start <= HIGHEST * height:
            yield (down, across), np.flatnonzero((vertical[down] & (pieces[down] == number)).any(axis=0))
