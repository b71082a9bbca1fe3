"""A picture → its marks by a network that knows writing from lines, print, shadows and fingers."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from lenet.pictures.finder import HALF, KINDS, QUARTER, View, look
from lenet.pictures.ink import Mask, shrunk
from lenet.pictures.marks import MOST_OVERLAP, FoundMarks, Mark, Probabilities
from lenet.pictures.mnist_form import Strength
from lenet.pictures.picture import Picture

DIGITS = 10
# The finder, as it is trained, does not see digits that are lower or higher, in pixels, and best those of this height.
LOWEST, HIGHEST, BEST_HEIGHT = 8.0, 52.0, 26.0
# Marks whose ink is less certain speak against the size in which the picture is looked at.
CERTAIN = 0.72
# A separator beside a mark is at most so many heights of the mark away from its box, across and down.
BESIDE = np.array([2.0, 0.5])
# More evidence than this says that the writing was seen.
CLEAR = 0.3
# The picture is looked at with its longer side at each of these, unless that enlarges it by more than the zoom.
SIDES, MOST_ZOOM = (48, 96, 192, 384, 768, 1536), 6
# The memory of the feature maps grows with the number of pixels.
LARGEST_SIDE, MOST_PIXELS = 2048, 2_200_000
# So many sizes are read at most, each so many times another.
MOST_SIZES, OTHER_SIZE = 2, 1.3
# And one in which marks are seen that are too low or too high in the best, where so much evidence speaks for them.
OUTSIDE = 0.15
# Least probability of ink, of a middle, and of a rule.
INK, MIDDLE, RULE = 0.5, 0.15, 0.5
# A pixel points to a middle at most so far from where its offset ends, pixels of half the size.
FARTHEST = 6.0
# Of 255: ink is a ring's where a ring covers so much of a pixel.
COVERED = 64
# A mark may be several when each has this share of its pixels.
SHARE = 0.2
# Less ink than this many pixels is grain; more pieces are texture.
LEAST_AREA, MOST_PIECES = 6, 3000


class _Look(NamedTuple):
    """What speaks for a size of the picture.

    Attributes:
        side: Pixels of the picture's longer side.
        heights: Of connected ink, pixels, ``(n,)``.
        evidence: How much each piece speaks for this size, ``(n,)``.
        weights: How much each counts for the height of the writing, ``(n,)``.
    """

    side: int
    heights: npt.NDArray[np.int64]
    evidence: npt.NDArray[np.floating]
    weights: npt.NDArray[np.floating]

    @property
    def total(self) -> float:
        """How much all of it speaks for this size."""
        return float(self.evidence.sum())

    def size(self) -> int:
        """The size in which the writing has the best height."""
        return max(1, round(self.side * BEST_HEIGHT / _weighted_median(self.heights, self.weights)))

    def beyond(self, size: int) -> "_Look":
        """The same of what is too low or too high in another size."""
        heights = self.heights * size / self.side
        some = (heights < LOWEST) | (heights > HIGHEST)
        return _Look(self.side, self.heights[some], self.evidence[some], self.weights[some])


def writing_sizes(picture: Picture, rings: Mask | None = None) -> tuple[list[int], int | None]:
    """The sizes in which a picture's writing is seen best, the best first: pixels of its longer side.

    And one in which more is seen, that is too low or too high in the best; None where there is nothing.
    """
    longer, largest = max(picture.pixels.shape[:2]), largest_size(picture)
    sides = [side for side in SIDES if side <= MOST_ZOOM * longer] or SIDES[:1]
    looks: list[_Look] = []
    for side in sides:
        look = _writing(_view(picture, side, rings), side)
        most = max((each.total for each in looks), default=0.0)
        if look.weights.any():
            looks.append(look)
        if look.total < most / 2 and most > CLEAR:  # the writing is too large from here on
            break
    if not looks:
        return [min(largest, sides[0])], None
    looks.sort(key=lambda look: look.total, reverse=True)
    sizes: list[int] = []
    for look in looks:
        size, likely = min(largest, look.size()), not sizes or look.total > looks[0].total / 2
        if likely and len(sizes) < MOST_SIZES and all(max(size / other, other / size) > OTHER_SIZE for other in sizes):
            sizes.append(size)
    unseen = [look.beyond(sizes[0]) for look in looks]
    clearest = max(unseen, key=lambda look: look.total)
    return sizes, min(largest, clearest.size()) if clearest.total > OUTSIDE else None


def largest_size(picture: Picture) -> int:
    """The largest size in which a picture is looked at: pixels of its longer side."""
    shorter, longer = sorted(picture.pixels.shape[:2])
    return min(LARGEST_SIDE, int((MOST_PIXELS * longer / shorter) ** 0.5))


def detect_at(picture: Picture, size: int, rings: Mask | None = None) -> FoundMarks:
    """Find the marks of a picture that is looked at with so many pixels on its longer side."""
    view = _view(picture, size, rings)
    zoom = size / max(picture.pixels.shape[:2])
    return FoundMarks(group(view), view.pixels, view.ink, view.ink > INK, zoom, 0, view.rules > RULE, 1 / HALF)


def box_of_only_mark(
    picture: Picture, box: npt.NDArray[np.float64], rings: Mask | None = None
) -> npt.NDArray[np.float64] | None:
    """The box ``(4,)`` of what is detected in a box, perhaps in pieces.

    None where that is less than half as high, or where a separator is detected beside it, or a mark that is higher than
    that. The picture is looked at in the size in which a mark of the box's height is seen best.
    """
    height = box[3] - box[1]
    size = max(picture.pixels.shape[:2]) * BEST_HEIGHT / height
    detected = detect_at(picture, max(1, min(largest_size(picture), round(size))), rings)
    boxes = np.array([mark.box for mark in detected.marks]).reshape(-1, 4) / detected.zoom
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = ((box[:2] < middles) & (middles < box[2:])).all(axis=1)
    high = boxes[:, 3] - boxes[:, 1] > height / 2
    separator = np.array([mark.separator for mark in detected.marks], bool)
    away = np.maximum(box[:2] - middles, middles - box[2:])
    beside = high | (separator & (away < BESIDE * height).all(axis=1))
    if not inside.any() or (beside & ~inside).any():
        return None
    seen = np.concatenate([boxes[inside, :2].min(axis=0), boxes[inside, 2:].max(axis=0)])
    return seen if seen[3] - seen[1] > height / 2 else None


def _view(picture: Picture, size: int, rings: Mask | None) -> View:
    """What the finder sees, without the ink of rings ``(height, width)``."""
    view = look(picture.pixels, size)
    if rings is None:
        return view
    covered = Image.fromarray(np.uint8(255) * rings).resize(view.ink.shape[::-1], Image.Resampling.BOX)
    return view._replace(ink=np.where(np.asarray(covered) > COVERED, np.float32(0), view.ink))


def _writing(view: View, side: int) -> _Look:
    """What speaks for this size of the picture.

    Connected ink of the best height speaks for it, by the share of digits and separators that the finder sees there;
    ink that is uncertain speaks against it.
    """
    pieces, _ = ndimage.label(view.ink > INK, np.ones((3, 3)))
    areas = np.bincount(pieces.ravel())[1:]
    heights = np.array([rows.stop - rows.start for rows, _ in ndimage.find_objects(pieces)], np.int64)
    certain = np.bincount(pieces.ravel(), view.ink.ravel())[1:] / np.maximum(areas, 1)
    large = areas >= LEAST_AREA
    y, x = np.nonzero(pieces)
    share = 1 - _shares(view.kinds)[-1, y // QUARTER, x // QUARTER]
    share = (np.bincount(pieces[y, x], share, len(areas) + 1)[1:] / np.maximum(areas, 1))[large]
    weights = np.exp(-(np.log2(heights[large] / BEST_HEIGHT) ** 2) / 2)
    speaks = certain[large] - CERTAIN
    evidence = speaks * np.where(speaks > 0, share, 1) * weights
    return _Look(side, heights[large], evidence, areas[large] * weights * share)


def _weighted_median(values: npt.NDArray[np.int64], weights: npt.NDArray[np.floating]) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def group(view: View) -> list[Mark]:
    """Join connected ink to marks: pieces whose pixels point to the same middle are one."""
    pieces, count = ndimage.label(view.ink > INK, np.ones((3, 3)))
    middles = np.argwhere((view.middles == ndimage.maximum_filter(view.middles, 5)) & (view.middles > MIDDLE))
    if not 0 < count <= MOST_PIECES or not len(middles):
        return []
    small = shrunk(pieces, HALF)
    y, x = np.nonzero(small)
    votes = np.zeros((count + 1, len(middles) + 1), np.int32)  # the last is for pixels that point nowhere
    np.add.at(votes, (small[y, x], _nearest(middles, view, y, x)), 1)
    quarter = y // (QUARTER // HALF), x // (QUARTER // HALF)
    logits = np.array([np.bincount(small[y, x], kind[quarter], count + 1) for kind in view.kinds]).T
    pixels = np.bincount(small[y, x], minlength=count + 1)
    areas = np.bincount(pieces.ravel(), minlength=count + 1)
    hosts = np.where(votes[:, :-1].max(axis=1) > 0, votes[:, :-1].argmax(axis=1), len(middles) + np.arange(count + 1))
    boxes = ndimage.find_objects(pieces)
    if sum((y.stop - y.start) * (x.stop - x.start) for y, x in boxes) > MOST_OVERLAP * pieces.size:
        return []
    marks = []
    for host in np.unique(hosts[1:]):
        own = 1 + np.flatnonzero(hosts[1:] == host)
        if areas[own].sum() < LEAST_AREA:
            continue
        window = _around([boxes[number - 1] for number in own], view.ink.shape)
        inside = np.isin(pieces[window], own)
        kinds = _shares(logits[own].sum(axis=0) / max(1, pixels[own].sum()))
        several = np.flatnonzero(votes[own, :-1].sum(axis=0) >= SHARE * votes[own].sum())
        split = len(several) > 1 and not separator_of(kinds)
        parts = _split(view, inside, window, middles[several]) if split else ()
        marks.append(_mark(view.ink, inside, window, kinds, parts))
    return marks


def _nearest(
    middles: npt.NDArray[np.intp], view: View, y: npt.NDArray[np.intp], x: npt.NDArray[np.intp]
) -> npt.NDArray[np.intp]:
    """The number of the middle that each pixel of half the size points to; that of all middles for nowhere."""
    shape = view.middles.shape
    numbers = np.full(shape, len(middles))
    numbers[tuple(middles.T)] = np.arange(len(middles))
    away, places = ndimage.distance_transform_edt(numbers == len(middles), return_indices=True)
    ends = np.rint([y, x] + view.offsets[:, y, x]).astype(np.intp)
    row, column = np.clip(ends, 0, np.array(shape)[:, np.newaxis] - 1)
    nearest = numbers[tuple(places[:, row, column])]
    return np.where(away[row, column] <= FARTHEST, nearest, len(middles))


def separator_of(kinds: Probabilities) -> str:
    """The separator that a mark is by its probabilities ``(18,)``, if it is one."""
    digits, separators = kinds[:DIGITS], kinds[DIGITS:-1]
    is_separator = separators.max() > max(digits.sum(), kinds[-1])
    return KINDS[DIGITS + int(separators.argmax())] if is_separator else ""


def _shares(logits: npt.NDArray[np.floating]) -> Probabilities:
    shares = np.exp(logits - logits.max(axis=0))
    return np.asarray(shares / shares.sum(axis=0), np.float32)


def _around(boxes: list[tuple[slice, slice]], shape: tuple[int, int]) -> tuple[slice, slice]:
    """The window that holds all boxes, and a pixel more, where there is one, for the soft rim of strokes."""
    rows, columns = (
        slice(max(0, min(box[axis].start for box in boxes) - 1), min(side, max(box[axis].stop for box in boxes) + 1))
        for axis, side in enumerate(shape)
    )
    return rows, columns


def _split(
    view: View, inside: npt.NDArray[np.bool_], window: tuple[slice, slice], middles: npt.NDArray[np.intp]
) -> tuple[Mark, ...]:
    """The marks that a piece falls into when each pixel goes to the middle that it points to, left to right."""
    y, x = np.nonzero(inside)
    rows, columns = (y + window[0].start) // HALF, (x + window[1].start) // HALF
    ends = np.stack([rows, columns], 1) + view.offsets[:, rows, columns].T
    nearest = np.square(ends[:, np.newaxis] - middles).sum(axis=2).argmin(axis=1)
    parts = []
    for number in range(len(middles)):
        mine = nearest == number
        if np.count_nonzero(mine) < LEAST_AREA:
            continue
        own = np.zeros_like(inside)
        own[y[mine], x[mine]] = True
        kinds = _shares(view.kinds[:, rows[mine] // HALF, columns[mine] // HALF].mean(axis=1))
        parts.append(_mark(view.ink, own, window, kinds, (), inside & ~own))
    return tuple(sorted(parts, key=lambda part: part.centre[0])) if len(parts) > 1 else ()


def _mark(
    ink: Strength,
    inside: npt.NDArray[np.bool_],
    window: tuple[slice, slice],
    kinds: Probabilities,
    parts: tuple[Mark, ...],
    others: npt.NDArray[np.bool_] | None = None,
) -> Mark:
    """A mark of the pixels ``inside`` a window, with the soft rim of its strokes."""
    own = ndimage.binary_dilation(inside, np.ones((3, 3)))
    if others is not None:
        own &= ~others
    rows, columns = np.flatnonzero(own.any(axis=1)), np.flatnonzero(own.any(axis=0))
    cut = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    strength = np.where(own, ink[window], np.float32(0))[cut]
    left, top = int(window[1].start + columns[0]), int(window[0].start + rows[0])
    box = (left, top, left + strength.shape[1], top + strength.shape[0])
    return Mark(box, strength, "" if others is not None else separator_of(kinds), kinds, parts)
