"""Ink → marks: each one character, or anything else of a character's size."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lenet.pictures.ink import Ink, Mask, Strength, strokes
from lenet.pictures.marks import MOST_OVERLAP, Mark

Integers = npt.NDArray[np.int64]

# A page has fewer strokes than this; texture has more.
MOST_STROKES = 3000
# Even one bold digit that fills its picture leaves more paper than this; texture does not.
MOST_INK = 0.42
# Writing is at least this high, in pixels and as a share of the picture's longer side.
LEAST_PIXELS, LEAST_SHARE = 7, 0.012
# All in heights of the writing.
SPECK, SMALLEST, LARGEST = 0.12, 0.35, 2.5
# Width to height, of digits that all touch.
WIDEST = 6.0
TALLEST_JOINED = 1.4
NEAR, NEAR_ABOVE = 0.16, 0.25
# Strokes are compared in windows of so many times the picture's pixels in all; only nested drawings need more.
MOST_COMPARED = 20


@dataclass(frozen=True, eq=False)
class Strokes:
    """Connected pieces of ink, as arrays with one entry for each piece.

    Attributes:
        labels: ``(height, width)``, 0 for paper.
        numbers: ``(n,)``, the labels of the pieces that are left.
        boxes: ``(n, 4)``: left, top, right, bottom.
        areas: Pixels of ink, ``(n,)``.
    """

    labels: npt.NDArray[np.int32]
    numbers: Integers
    boxes: Integers
    areas: Integers

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def widths(self) -> Integers:
        """Pixels across, ``(n,)``."""
        return self.boxes[:, 2] - self.boxes[:, 0]

    @property
    def heights(self) -> Integers:
        """Pixels down, ``(n,)``."""
        return self.boxes[:, 3] - self.boxes[:, 1]

    def only(self, keep: npt.NDArray[np.bool_]) -> "Strokes":
        """Those of ``keep``."""
        return replace(self, numbers=self.numbers[keep], boxes=self.boxes[keep], areas=self.areas[keep])


def segment(ink: Ink) -> list[Mark]:
    """Join strokes to marks; in no particular order."""
    if ink.mask.mean() > MOST_INK:
        return []
    pieces = _without_edges(_strokes(ink.mask))
    if len(pieces) == 0:
        return []
    size = _writing_height(pieces)
    if size < max(LEAST_PIXELS, LEAST_SHARE * max(ink.mask.shape)):
        return []  # nothing but grain
    extent = np.maximum(pieces.widths, pieces.heights)
    pieces = pieces.only((extent >= SPECK * size) & (pieces.heights <= LARGEST * size))
    overlap = int((pieces.widths * pieces.heights).sum()) / ink.mask.size
    if not 0 < len(pieces) <= MOST_STROKES or overlap > MOST_OVERLAP:
        return []
    marks = [_mark(ink.strength, pieces, group) for group in _joined(pieces, size)]
    return [mark for mark in marks if mark.height >= SMALLEST * size and mark.width <= WIDEST * mark.height]


def _strokes(mask: Mask) -> Strokes:
    labels, count = strokes(mask)
    slices = ndimage.find_objects(labels)
    boxes = np.array([[x.start, y.start, x.stop, y.stop] for y, x in slices], np.int64).reshape(-1, 4)
    areas = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    pieces = Strokes(labels, np.arange(1, count + 1), boxes, areas)
    return pieces.only(np.maximum(pieces.widths, pieces.heights) >= 4)


def _without_edges(pieces: Strokes) -> Strokes:
    """Leave out ink along the picture's border: table edges, page edges, frames, thumbs, dark corners."""
    height, width = pieces.labels.shape
    left, top, right, bottom = pieces.boxes.T
    keep = np.ones(len(pieces), bool)
    edge = 1 + round(0.01 * min(height, width))
    at_edge = (left <= edge) | (top <= edge) | (right >= width - edge) | (bottom >= height - edge)
    across = ((left <= edge) & (right >= width - edge)) | ((top <= edge) & (bottom >= height - edge))
    if across.sum() > 1:  # one may be a digit that fills its picture, two may be page edges, more are stripes
        keep &= ~across if across.sum() <= 3 else False
    for index in np.flatnonzero(at_edge & keep).tolist():
        own = _cut(pieces, index)
        y, x = np.nonzero(own)
        x, y = x + left[index], y + top[index]
        near = min(height, width) * 0.06
        hugging = (x < near) | (y < near) | (x >= width - near) | (y >= height - near)
        keep[index] = hugging.mean() < 0.5
        for along, depth, length, side in ((x, y, width, height), (y, x, height, width)):
            for distance in (depth, side - 1 - depth):
                touching = len(np.unique(along[distance <= edge + 1]))
                if touching > 0.4 * np.ptp(along) + 1 and distance.mean() < 0.2 * side and touching > 0.05 * length:
                    keep[index] = False
    return pieces.only(keep)


def _cut(pieces: Strokes, index: int) -> Mask:
    left, top, right, bottom = pieces.boxes[index]
    return np.asarray(pieces.labels[top:bottom, left:right] == pieces.numbers[index])


def _writing_height(pieces: Strokes) -> float:
    """The height of a digit on this picture: half of the ink is in strokes that are lower."""
    order = np.argsort(pieces.heights, kind="stable")
    ink = np.cumsum(pieces.areas[order])
    return float(pieces.heights[order][np.searchsorted(ink, ink[-1] / 2)])


def _joined(pieces: Strokes, size: float) -> list[list[int]]:
    """Groups of indices that make one mark each: the detached bar of a 5, a stroke that broke."""
    group = list(range(len(pieces)))
    boxes = pieces.boxes.copy()
    areas = (pieces.widths + size) * (pieces.heights + size)
    pixels = float(MOST_COMPARED * pieces.labels.size)
    # The smallest first: a fragment goes to its nearest neighbour, which may have grown by then.
    for index in np.argsort(np.maximum(pieces.widths, pieces.heights), kind="stable"):
        best, host = np.inf, -1
        for other in _neighbours(boxes, index, size * NEAR_ABOVE):
            if pixels < 0 or group[other] == group[index] or not _may_join(boxes[index], boxes[other], size):
                continue
            pixels -= areas[index]
            distance = _distance(pieces, index, other, size)
            if distance < best:
                best, host = distance, other
        if host >= 0:
            old, new = group[index], group[host]
            members = [i for i, g in enumerate(group) if g in (old, new)]
            union = np.concatenate([boxes[members, :2].min(axis=0), boxes[members, 2:].max(axis=0)])
            for member in members:
                group[member] = new
                boxes[member] = union
    joined: dict[int, list[int]] = {}
    for index, number in enumerate(group):
        joined.setdefault(number, []).append(index)
    return list(joined.values())


def _neighbours(boxes: Integers, index: int, reach: float) -> Integers:
    left, top, right, bottom = boxes[index]
    near = (
        (boxes[:, 0] <= right + reach)
        & (boxes[:, 2] >= left - reach)
        & (boxes[:, 1] <= bottom + reach)
        & (boxes[:, 3] >= top - reach)
    )
    near[index] = False
    return np.flatnonzero(near)


def _may_join(one: Integers, other: Integers, size: float) -> bool:
    """Whether two boxes can be parts of one digit."""
    height_one, height_other = one[3] - one[1], other[3] - other[1]
    union_height = max(one[3], other[3]) - min(one[1], other[1])
    union_width = max(one[2], other[2]) - min(one[0], other[0])
    tall = max(height_one, height_other, size)
    if union_height > TALLEST_JOINED * tall or union_width > TALLEST_JOINED * tall:
        return False
    overlap = min(one[2], other[2]) - max(one[0], other[0])
    stacked = overlap >= 0.5 * min(one[2] - one[0], other[2] - other[0])
    return bool(stacked or min(height_one, height_other) < 0.5 * size)


def _distance(pieces: Strokes, one: int, other: int, size: float) -> float:
    """Pixels between two strokes; infinite when too far apart to belong together."""
    reach = int(np.ceil(size * NEAR_ABOVE)) + 1
    left, top, right, bottom = pieces.boxes[one]
    top, left = max(0, top - reach), max(0, left - reach)
    window = pieces.labels[top : bottom + reach, left : right + reach]
    there = window == pieces.numbers[other]
    if not there.any():
        return float("inf")
    y, x = np.nonzero(window == pieces.numbers[one])
    away, nearest = ndimage.distance_transform_edt(~there, return_indices=True)
    closest = int(np.argmin(away[y, x]))
    distance = float(away[y[closest], x[closest]])
    sideways = abs(int(nearest[1, y[closest], x[closest]]) - int(x[closest]))
    limit = NEAR_ABOVE if sideways < 0.5 * distance else NEAR
    return distance if distance <= max(2.0, limit * size) else float("inf")


def _mark(strength: Strength, pieces: Strokes, group: Sequence[int]) -> Mark:
    left, top = (int(value) for value in pieces.boxes[group, :2].min(axis=0))
    right, bottom = (int(value) for value in pieces.boxes[group, 2:].max(axis=0))
    window = pieces.labels[top:bottom, left:right]
    own = np.isin(window, pieces.numbers[list(group)])
    return Mark((left, top, right, bottom), np.where(own, strength[top:bottom, left:right], np.float32(0)))
