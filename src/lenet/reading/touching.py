"""Digits that touch: where a mark can be cut in two."""

from collections.abc import Callable, Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lenet.pictures.ink import Mask
from lenet.pictures.marks import Mark

# Slants of the cut, pixels across to one down.
SLANTS = (0.0, -0.25, 0.25, -0.5, 0.5)
# Narrower marks than this, width to height of the writing, are one digit.
NARROWEST = 0.75
# A cut goes through one stroke, once; its length there, in stroke widths.
LONGEST_CUT = 2.0
# Both halves are digits: so high and so wide, in heights of the writing.
LEAST_HEIGHT, LEAST_WIDTH = 0.55, 0.1
MOST_CUTS, MOST_TRIED = 15, 60
# All tried cuts of a picture's marks together, and the pixels in them: many or large marks get fewer.
MOST_IN_ALL, MOST_PIXELS = 4000, 20_000_000
# A mark of this width to height is cut when the halves are as sure as the whole; a narrower one when they are surer, by
# as much in log-probability as it is narrower. Chosen on MNIST training digits, single and pushed together. One that is
# so many times as high as the writing, as digits of two lines that touch are, counts like one as wide as high.
EVEN, STACKED = 1.2, 1.6

Confidence = Callable[[Sequence[Mark]], npt.NDArray[np.float32]]


def cuts_to_try(marks: Sequence[Mark], size: float) -> int:
    """How many cuts to try in each mark of a picture; ``size`` as for ``cut_apart``."""
    pixels = [mark.strength.size for mark in marks if mark.width >= NARROWEST * max(mark.height, size)]
    return min(MOST_TRIED, MOST_IN_ALL // max(1, len(pixels)), MOST_PIXELS // max(1, sum(pixels)))


def cut_apart(mark: Mark, size: float, confidence: Confidence, tries: int = MOST_TRIED) -> list[Mark]:
    """The digits of a mark, left to right: itself, or what it falls into where digits touch.

    Args:
        mark: perhaps several digits.
        size: height of the writing, pixels; a mark that is lower is rather one flat digit than two.
        confidence: the network's highest probability for each of some marks, ``(n,)``.
        tries: how many cuts are tried.
    """
    ways = [mark.parts] if mark.parts else possible_cuts(mark, size, tries)
    if not ways:
        return [mark]
    confidence([mark, *(part for way in ways for part in way)])
    whole, *sums = (float(np.log(np.maximum(confidence(way), 1e-6)).sum()) for way in ((mark,), *ways))
    best = int(np.argmax(sums))
    shape = max(mark.width / max(mark.height, size), mark.height / (STACKED * size))
    if sums[best] - whole <= EVEN - shape:
        return [mark]
    return [digit for part in ways[best] for digit in cut_apart(part, size, confidence, tries)]


def possible_cuts(mark: Mark, size: float, tries: int = MOST_TRIED) -> list[tuple[Mark, Mark]]:
    """Pairs of marks, left and right, that this one may be; those with the shortest cut first.

    Single digits hardly ever have one: cutting a 0, 2, 3, 6, 8 or 9 from top to bottom goes through two strokes, or
    leaves a bit that is too low.
    """
    tall = max(mark.height, size)
    if mark.width < NARROWEST * tall:
        return []
    mask = mark.strength > 0.5
    if not mask.any():
        return []
    inside = ndimage.distance_transform_edt(np.pad(mask, 1))
    stroke = 2 * float(inside[(inside == ndimage.maximum_filter(inside, size=3)) & (inside > 0)].mean())
    found = []
    for slant in SLANTS:
        sheared = _sheared(mask, slant)
        ink = sheared.sum(axis=0)
        runs = (sheared[:1].sum(axis=0)) + (sheared[1:] & ~sheared[:-1]).sum(axis=0)
        thin = (runs == 1) & (ink <= LONGEST_CUT * stroke)
        labels, count = ndimage.label(thin)
        for number in range(1, count + 1):
            valley = np.flatnonzero(labels == number)
            least = valley[ink[valley] == ink[valley].min()]
            # A long foot that reaches the next digit is to be cut at that digit: the valley's ends count as well.
            for column in {int(least[len(least) // 2]), int(valley[0]), int(valley[-1])}:
                found.append((int(ink[column]), column - (sheared.shape[1] - mask.shape[1]) // 2, slant))
    tried = (_halves(mark, mask, column, slant, tall) for _, column, slant in sorted(found)[:tries])
    return list(islice((pair for pair in tried if pair is not None), MOST_CUTS))


def _sheared(mask: Mask, slant: float) -> Mask:
    """The mask with its rows moved so that a cut of this slant becomes upright."""
    height, width = mask.shape
    margin = int(np.ceil(abs(slant) * height / 2)) + 1
    columns = np.arange(-margin, width + margin) + np.round(slant * (np.arange(height) - height / 2))[:, np.newaxis]
    inside = (columns >= 0) & (columns < width)
    rows = np.arange(height)[:, np.newaxis]
    return np.asarray(mask[rows, np.clip(columns, 0, width - 1).astype(np.int64)] & inside)


def _halves(mark: Mark, mask: Mask, column: int, slant: float, tall: float) -> tuple[Mark, Mark] | None:
    height, width = mask.shape
    cut = column + np.round(slant * (np.arange(height) - height / 2))
    left = np.arange(width) < cut[:, np.newaxis]
    halves = []
    for side in (left, ~left):
        rows, columns = np.flatnonzero((mask & side).any(axis=1)), np.flatnonzero((mask & side).any(axis=0))
        if rows.size == 0 or np.ptp(rows) < LEAST_HEIGHT * tall or np.ptp(columns) < LEAST_WIDTH * tall:
            return None
        window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        strength = np.where(side, mark.strength, np.float32(0))[window]
        x, y = mark.box[0] + int(columns[0]), mark.box[1] + int(rows[0])
        halves.append(Mark((x, y, x + strength.shape[1], y + strength.shape[0]), strength))
    return halves[0], halves[1]
