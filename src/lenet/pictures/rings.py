"""Rings and frames around writing: strokes that go around others, and are no characters."""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Mask = npt.NDArray[np.bool_]

# All as shares of a ring's lesser side: a gap of twice the first is closed, what stands inside is higher than the second.
CLOSED, INSIDE = 0.15, 0.2
# A ring's stroke is so many times as thick as usual, at most.
THICK = 2.0
LEAST_SIDE = 16
RECTANGULAR, HOLLOW = 0.82, 0.4


def find_rings(mask: Mask) -> tuple[Mask, Mask]:
    """The strokes ``(height, width)`` of ink that go around others; and the same with all that is connected to them."""
    pieces, count = ndimage.label(mask, np.ones((3, 3)))
    windows = ndimage.find_objects(pieces)
    rings, connected = np.zeros_like(mask), np.zeros_like(mask)
    pixels = 3 * mask.size
    tops = np.array([[y.start, x.start, y.stop, x.stop] for y, x in windows]).reshape(-1, 4)
    whole = np.bincount(pieces.ravel(), minlength=count + 1)
    for number, window in enumerate(windows, 1):
        top, left, bottom, right = tops[number - 1]
        side = min(bottom - top, right - left)
        size = (bottom - top) * (right - left)
        if side < LEAST_SIDE or size > pixels:
            continue
        inside = (tops[:, :2] >= (top, left)).all(axis=1) & (tops[:, 2:] <= (bottom, right)).all(axis=1)
        inside &= tops[:, 2] - tops[:, 0] > INSIDE * side
        inside[number - 1] = False
        if not inside.any() and whole[number] > 0.5 * size:
            continue
        pixels -= size
        reach = max(1, int(CLOSED * side))
        here = np.pad(pieces[window], reach + 1)
        own = here == number
        filled = ndimage.binary_fill_holes(ndimage.distance_transform_edt(~own) <= reach)
        filled = (ndimage.distance_transform_edt(filled) > reach) | own
        holes, several = ndimage.label(filled & ~own)
        areas = np.bincount(holes.ravel())[1:]
        if not several:
            continue
        extents = areas / np.array([holes[w].size for w in ndimage.find_objects(holes)])
        within = np.bincount(here[filled & ~own], minlength=count + 1)
        full = 1 + np.flatnonzero(inside & (within[1:] > 0.8 * whole[1:]))
        chosen = np.isin(np.arange(1, several + 1), holes[np.isin(here, full)])
        square = (extents > RECTANGULAR) & (areas > 0.1 * areas.max())
        if areas[square].sum() > HOLLOW * size:
            chosen |= square
        if not chosen.any():
            continue
        hole = np.isin(holes, 1 + np.flatnonzero(chosen))
        depth = ndimage.distance_transform_edt(own)
        ridge = depth[(depth == ndimage.maximum_filter(depth, 3)) & own]
        near = THICK * 2 * float(np.median(ridge))
        band = own & (ndimage.distance_transform_edt(filled) <= near) & (ndimage.distance_transform_edt(~hole) <= near)
        cut = slice(reach + 1, -reach - 1)
        rings[window] |= band[cut, cut]
        one = np.count_nonzero(areas > 0.1 * areas.max()) == 1
        connected[window] |= (band if one else own)[cut, cut]
    return rings, connected
