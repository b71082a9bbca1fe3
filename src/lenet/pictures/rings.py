"""Rings and frames: strokes that go around others, and are no characters."""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lenet.pictures.ink import Mask, strokes
from lenet.pictures.marks import MOST_OVERLAP

# Pixels: lesser rings are loops of digits.
LEAST_SIDE = 16
# As shares of a ring's lesser side: a gap twice as wide as the first is closed, what stands inside is higher than the
# second; so many strokes are at least higher than the last.
CLOSED, INSIDE, SEVERAL, INSIDE_SEVERAL = 0.15, 0.2, 3, 0.04
# What stands inside has this share of its pixels there.
WHOLE = 0.8
# Nothing stands in an empty box, but its holes are so nearly rectangles, those smaller than this share of the largest
# left out, and are this share of it. A zero's are rounder.
RECTANGLE, SMALL, HOLLOW = 0.82, 0.1, 0.4
# A ring's stroke is at most so many times as thick as usual, since it may be drawn twice.
THICKEST = 4.0


def find_rings(mask: Mask) -> tuple[Mask, Mask]:
    """The rings and frames of ink ``(height, width)``, and the same with what is connected to frames of several boxes.

    What touches a ring from inside is no part of it; strokes between boxes look alike, so only the first mask has them.
    """
    labels, count = strokes(mask)
    windows = ndimage.find_objects(labels)
    edges = np.array([(y.start, x.start, -y.stop, -x.stop) for y, x in windows]).reshape(-1, 4)
    heights, areas = -edges[:, 2] - edges[:, 0], np.bincount(labels.ravel(), minlength=count + 1)
    rings, connected = np.zeros_like(mask), np.zeros_like(mask)
    pixels = MOST_OVERLAP * mask.size
    for number, window in enumerate(windows, 1):
        side = min(labels[window].shape)
        inside = (edges >= edges[number - 1]).all(axis=1) & (heights > INSIDE_SEVERAL * side)
        inside[number - 1] = False
        if np.count_nonzero(inside) < SEVERAL:
            inside &= heights > INSIDE * side
        hollow = 2 * areas[number] < labels[window].size
        if side < LEAST_SIDE or labels[window].size > pixels or not (inside.any() or hollow):
            continue
        pixels -= labels[window].size
        reach = max(1, int(CLOSED * side))
        here = np.pad(labels[window], reach + 1)
        ring, whole = _ring(here == number, here, np.where(np.append(False, inside), areas, 0), reach)
        rings[window] |= ring[reach + 1 : -reach - 1, reach + 1 : -reach - 1]
        connected[window] |= whole[reach + 1 : -reach - 1, reach + 1 : -reach - 1]
    return rings, connected


def _ring(own: Mask, here: npt.NDArray[np.int32], others: npt.NDArray[np.int64], reach: int) -> tuple[Mask, Mask]:
    """The part of a stroke ``(height, width)`` between what it encloses and the outside; both empty for other strokes.

    Args:
        own: The stroke.
        here: Numbers of all strokes.
        others: Pixels of those that may stand inside, by number; 0 for the rest.
        reach: Half the width of the widest gap.
    """
    nothing = np.zeros_like(own)
    closed = ndimage.binary_fill_holes(ndimage.distance_transform_edt(~own) <= reach)
    filled = (ndimage.distance_transform_edt(closed) > reach) | own
    holes, count = ndimage.label(filled & ~own)
    if not count:
        return nothing, nothing
    areas = np.bincount(holes.ravel())[1:]
    large = areas > SMALL * areas.max()
    rectangles = areas > RECTANGLE * np.array([holes[window].size for window in ndimage.find_objects(holes)])
    within = np.bincount(here[holes > 0], minlength=len(others))
    whole = np.isin(here, np.flatnonzero((others > 0) & (within > WHOLE * others)))
    chosen = np.isin(np.arange(1, count + 1), holes[whole])
    if areas[rectangles & large].sum() > HOLLOW * own[reach + 1 : -reach - 1, reach + 1 : -reach - 1].size:
        chosen |= rectangles & large
    if not chosen.any():
        return nothing, nothing
    depth = ndimage.distance_transform_edt(own)
    near = THICKEST * float(np.median(depth[(depth == ndimage.maximum_filter(depth, 3)) & own]))
    enclosed = ndimage.distance_transform_edt(~np.isin(holes, 1 + np.flatnonzero(chosen)))
    ring = own & (ndimage.distance_transform_edt(filled) <= near) & (enclosed <= near)
    return ring, ring if np.count_nonzero(large) == 1 else own
