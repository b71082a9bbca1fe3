"""Rings and frames: strokes that go around others, and are no characters."""

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lenet.pictures.ink import Labels, Mask, shrunk, strokes

# Pixels: lesser rings are loops of digits.
LEAST_SIDE = 16
# In a ring stand so many strokes or more that are higher than this share of its lesser side: some zeros have a dot.
INSIDE = (3, 0.04), (2, 0.2), (1, 0.4)
# A gap twice as wide as this share of the lesser side is closed; as the second where there is no ring then, and strokes
# may stand inside.
CLOSED = 0.15, 0.3
# What stands inside has this share of its pixels there.
WHOLE = 0.8
# Nothing stands in an empty box, but its holes are so nearly rectangles, those smaller than this share of the largest
# left out, and are this share of it. It is as nearly a rectangle itself, and so wide for its height: some typefaces and
# displays have angular zeros and eights.
RECTANGLE, SMALL, HOLLOW, WIDE = 0.82, 0.1, 0.4, 0.75
# Pixels of a larger stroke's window are joined, so that it takes no more memory and time than this many. When strokes
# had so many times as many together, no more are looked at.
MOST_PIXELS, MOST_STROKES = 400_000, 8
# Only texture has more strokes.
TEXTURE = 3000
# A ring's stroke is at most so many times as thick as usual, since it may be drawn twice.
THICKEST = 4.0


def find_rings(mask: Mask) -> tuple[Mask, Mask]:
    """The rings and frames of ink ``(height, width)``, and the same with what is connected to frames of several boxes.

    What touches a ring from inside is no part of it. Strokes between boxes look alike: only the second mask has them.
    """
    labels, count = strokes(mask)
    rings, connected = np.zeros(mask.shape, bool), np.zeros(mask.shape, bool)  # of no memory until written
    pixels = MOST_STROKES * MOST_PIXELS
    for number, window, inside in _candidates(labels, count):
        if pixels <= 0:
            break
        stroke = labels[window] == number
        height, width = stroke.shape
        factor = math.ceil((stroke.size / MOST_PIXELS) ** 0.5)
        pixels -= stroke.size // factor**2
        small = shrunk(labels[window], factor)
        for share in CLOSED if inside.any() else CLOSED[:1]:
            parts = _ring(small, number, inside, max(1, int(share * min(stroke.shape) / factor)))
            if parts[0].any():
                break
        for found, part in zip((rings, connected), parts, strict=True):
            found[window] |= stroke & part.repeat(factor, axis=0).repeat(factor, axis=1)[:height, :width]
    return rings, connected


def _candidates(labels: Labels, count: int) -> Iterator[tuple[int, tuple[slice, slice], Mask]]:
    """Number and window of each stroke that may be a ring, and whether each stroke, by number, may stand inside."""
    windows = ndimage.find_objects(labels) if count <= TEXTURE else []
    edges = np.array([(0, 0, 0, 0), *((y.start, x.start, -y.stop, -x.stop) for y, x in windows)])
    heights, areas = -edges[:, 2] - edges[:, 0], np.bincount(labels.ravel())
    for number, window in enumerate(windows, 1):
        height, width = labels[window].shape
        side = min(height, width)
        if side < LEAST_SIDE:
            continue
        within = (edges >= edges[number]).all(axis=1)
        within[number] = False
        high = [(least, within & (heights > share * side)) for least, share in INSIDE]
        inside = next((some for least, some in high if np.count_nonzero(some) >= least), np.zeros_like(within))
        hollow = 2 * areas[number] < height * width and width > WIDE * height
        if hollow or inside.any():
            yield number, window, inside


def _ring(labels: Labels, number: int, inside: Mask, reach: int) -> tuple[Mask, Mask]:
    """The part of a stroke between what it encloses and the outside, and what is connected; both empty for no rings.

    ``labels`` are of the stroke's window, ``(height, width)``. Gaps up to twice as wide as ``reach`` are closed.
    """
    stroke = labels == number
    filled = _filled(stroke, reach)
    holes, _ = ndimage.label(filled & ~stroke)
    areas = np.bincount(holes.ravel())
    areas[0] = 0
    large = areas > SMALL * areas.max()
    chosen = _with_strokes(holes, labels, inside) | _empty_boxes(holes, areas, large, filled)
    if not chosen.any():
        return np.zeros_like(stroke), np.zeros_like(stroke)
    depth = _depth(stroke)
    near = THICKEST * float(np.median(depth[(depth == ndimage.maximum_filter(depth, 3)) & stroke]))
    ring = stroke & (_depth(filled) <= near) & (ndimage.distance_transform_edt(~chosen[holes]) <= near)
    return ring, ring if np.count_nonzero(large) == 1 else stroke


def _filled(stroke: Mask, reach: int) -> Mask:
    """A stroke and what it encloses when its gaps are closed."""
    padded = np.pad(stroke, reach + 1)
    closed = ndimage.binary_fill_holes(ndimage.distance_transform_edt(~padded) <= reach)
    filled = ndimage.distance_transform_edt(closed) > reach
    return np.asarray(filled[reach + 1 : -reach - 1, reach + 1 : -reach - 1] | stroke)


def _with_strokes(holes: Labels, labels: Labels, inside: Mask) -> Mask:
    """Whether each hole, by number, has a stroke that stands inside."""
    areas, within = (np.bincount(some, minlength=len(inside)) for some in (labels.ravel(), labels[holes > 0]))
    whole = inside & (within > WHOLE * areas)
    return np.bincount(holes[(holes > 0) & whole[labels]], minlength=holes.max() + 1) > 0


def _empty_boxes(holes: Labels, areas: npt.NDArray[np.intp], large: Mask, filled: Mask) -> Mask:
    """Whether each hole, by number, is a box with nothing inside; none is where the stroke is no box itself."""
    windows = np.array([0, *(holes[window].size for window in ndimage.find_objects(holes))])
    boxes = large & (areas > RECTANGLE * windows)
    is_box = areas[boxes].sum() > HOLLOW * filled.size and np.count_nonzero(filled) > RECTANGLE * filled.size
    return np.asarray(boxes & is_box)


def _depth(mask: Mask) -> npt.NDArray[np.float64]:
    """How far each pixel of a mask is from what surrounds it."""
    return np.asarray(ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1])
