"""Rings and frames: strokes that go around others, and are no characters."""

import math

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lenet.pictures.ink import Mask, strokes

# Pixels: lesser rings are loops of digits.
LEAST_SIDE = 16
# As shares of a ring's lesser side: a gap twice as wide as this is closed; one stroke inside is at least so high, since
# some zeros have a dot, each of two, and each of more.
CLOSED, INSIDE = 0.15, (0.4, 0.2, 0.04)
# What stands inside has this share of its pixels there.
WHOLE = 0.8
# Nothing stands in an empty box, but its holes are so nearly rectangles, those smaller than this share of the largest
# left out, and are this share of it. It is as nearly a rectangle itself, and so wide for its height: some typefaces and
# displays have angular zeros and eights.
RECTANGLE, SMALL, HOLLOW, WIDE = 0.82, 0.1, 0.4, 0.75
# Pixels of a larger stroke's window are joined, so that it takes no more memory and time than this many. No more
# strokes are looked at than so many of the largest.
MOST_PIXELS, MOST_STROKES = 1_500_000, 4
# Only texture has more strokes.
TEXTURE = 3000
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
    budget = MOST_STROKES * MOST_PIXELS
    for number, window in enumerate(windows if count <= TEXTURE else (), 1):
        side = min(labels[window].shape)
        if side < LEAST_SIDE or budget <= 0:
            continue
        within = (edges >= edges[number - 1]).all(axis=1)
        within[number - 1] = False
        counts = [np.count_nonzero(within & (heights > share * side)) for share in INSIDE]
        least = next((share for n, share in zip((3, 2, 1), INSIDE[::-1], strict=True) if counts[n - 1] >= n), np.inf)
        inside = within & (heights > least * side)
        height, width = labels[window].shape
        hollow = 2 * areas[number] < height * width and width > WIDE * height
        if not (inside.any() or hollow):
            continue
        joined = math.ceil((height * width / MOST_PIXELS) ** 0.5)
        budget -= height * width // joined**2
        reach = max(1, int(CLOSED * side / joined))
        here = _shrunk(labels[window], joined)
        here = np.pad(here, reach + 1)
        others = np.where(np.append(False, inside), np.bincount(here.ravel(), minlength=count + 1), 0)
        for found, ring in zip((rings, connected), _ring(here == number, here, others, reach), strict=True):
            cut = ring[reach + 1 : -reach - 1, reach + 1 : -reach - 1]
            enlarged = cut.repeat(joined, axis=0).repeat(joined, axis=1)[:height, :width]
            found[window] |= enlarged & (labels[window] == number)
    return rings, connected


def _shrunk(labels: npt.NDArray[np.int32], joined: int) -> npt.NDArray[np.int32]:
    """Numbers of strokes with so many pixels each way joined to one, of which the highest number stays."""
    height, width = labels.shape
    padded = np.pad(labels, ((0, -height % joined), (0, -width % joined)))
    return np.asarray(padded.reshape(-(-height // joined), joined, -(-width // joined), joined).max(axis=(1, 3)))


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
    size = own[reach + 1 : -reach - 1, reach + 1 : -reach - 1].size
    if areas[rectangles & large].sum() > HOLLOW * size and np.count_nonzero(filled) > RECTANGLE * size:
        chosen |= rectangles & large
    if not chosen.any():
        return nothing, nothing
    depth = ndimage.distance_transform_edt(own)
    near = THICKEST * float(np.median(depth[(depth == ndimage.maximum_filter(depth, 3)) & own]))
    enclosed = ndimage.distance_transform_edt(~np.isin(holes, 1 + np.flatnonzero(chosen)))
    ring = own & (ndimage.distance_transform_edt(filled) <= near) & (enclosed <= near)
    return ring, ring if np.count_nonzero(large) == 1 else own
