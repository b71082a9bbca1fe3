"""Marks → lines of writing, top to bottom, each from left to right, and the words on them."""

from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt

from lenet.pictures.marks import Mark

Floats = npt.NDArray[np.float64]

# Writing slopes by less than this, pixels down to one across: 12 degrees.
STEEPEST = 0.21
# Marks whose middles are this far apart, in heights of the writing, are on different lines. Higher ones than the second
# may be of two lines, and join the nearest.
APART, HIGHEST = 0.5, 1.6
# In heights of the writing: a separator is at most so far above or below the middle of its line, and so far beside its
# characters.
BESIDE, BESIDE_ACROSS = 0.8, 2.6
# A gap that parts two words is wider than the usual one, a percentile of all, by the first, in heights of the writing,
# and so many times as wide; but what is wider than the last always does.
WORD_GAP, USUAL, USUAL_GAPS, WIDEST_GAP = 0.4, 35, 1.9, 2.0


def in_lines(characters: Sequence[Mark], separators: Sequence[Mark] = ()) -> list[list[Mark]]:
    """Put marks in reading order, also where the lines slope; separators that are beside no character are left out."""
    if not characters:
        return []
    centres = np.array([mark.centre for mark in characters])
    size = writing_height(characters)
    slope = slope_of(centres, size) if len(characters) > 1 else 0.0
    level = centres[:, 1] - slope * centres[:, 0]
    heights = np.array([mark.height for mark in characters])
    plain, high = np.flatnonzero(heights <= HIGHEST * size), np.flatnonzero(heights > HIGHEST * size)
    found = _lines(level, plain, size)
    middles = np.array([level[line].mean() for line in found])
    away = np.abs(level[high, np.newaxis] - middles)
    joins = away.min(axis=1) < heights[high] / 2
    for index, line in zip(high[joins], away.argmin(axis=1)[joins].tolist(), strict=True):
        found[line] = np.append(found[line], index)
    rest = high[~joins]
    found += _lines(level, rest, float(np.median(heights[rest])) if len(rest) else size)
    found.sort(key=lambda line: float(level[line].mean()))
    middles = np.array([level[line].mean() for line in found])
    lines = [[characters[index] for index in line] for line in found]
    for separator in separators:
        x, y = separator.centre
        down = np.abs(y - slope * x - middles)
        across = np.array([min(_across(separator, mark) for mark in line) for line in lines])
        beside = (down <= BESIDE * size) & (across <= BESIDE_ACROSS * size)
        if beside.any():
            lines[int(np.where(beside, down + across, np.inf).argmin())].append(separator)
    return [sorted(line, key=lambda mark: mark.centre[0]) for line in lines]


def _across(one: Mark, other: Mark) -> int:
    """Pixels across between two marks."""
    return max(0, one.box[0] - other.box[2], other.box[0] - one.box[2])


def _lines(level: Floats, marks: npt.NDArray[np.intp], size: float) -> list[npt.NDArray[np.intp]]:
    """Some marks, line by line."""
    order = marks[np.argsort(level[marks], kind="stable")]
    return np.split(order, np.flatnonzero(np.diff(level[order]) > APART * size) + 1) if len(order) else []


def words(
    lines: Sequence[Sequence[Mark]],
    size: float,
    cells: Mapping[Mark, tuple[int, int]],
    boxed: Collection[Mark] = (),
) -> dict[Mark, int]:
    """The number of the word on its line, from 0 on, of each mark.

    Args:
        lines: Marks in reading order.
        size: Height of the writing.
        cells: Row and column of those in a table; each cell has words of its own.
        boxed: Those in a row of boxes, some perhaps empty, which are one word.
    """
    # Between narrow digits, such as ones on squared paper, gaps are wider: each is taken to be as wide as most.
    characters = [mark for line in lines for mark in line if not mark.separator]
    wide = float(np.median([mark.width for mark in characters])) if characters else 0.0
    more = {mark: max(0.0, wide - mark.width) / 2 for mark in characters}
    gaps = {}
    for line in lines:
        ends = accumulate((mark.box[2] + more.get(mark, 0.0) for mark in line), max)
        gaps.update({mark: mark.box[0] - more.get(mark, 0.0) - end for mark, end in zip(line[1:], ends, strict=False)})
    usual = max(0.0, float(np.percentile(list(gaps.values()), USUAL))) if gaps else 0.0
    least = min(max(usual + WORD_GAP * size, USUAL_GAPS * usual), WIDEST_GAP * size)
    numbers = {}
    for line in lines:
        number = numbers[line[0]] = 0
        for last, mark in pairwise(line):
            apart = gaps[mark] > least or cells.get(last) != cells.get(mark)
            number += apart and not (last in boxed and mark in boxed)
            numbers[mark] = number
    return numbers


def writing_height(marks: Sequence[Mark]) -> float:
    """Height of the writing in pixels: the median of the marks'."""
    return float(np.median([mark.height for mark in marks])) if marks else 0.0


def slope_of(centres: Floats, size: float) -> float:
    """The slope at which the marks fall into the fewest and flattest lines."""
    best, least = 0.0, np.inf
    for slope in sorted(np.linspace(-STEEPEST, STEEPEST, 85), key=abs):
        level = np.sort(centres[:, 1] - slope * centres[:, 0]) / size
        gaps = np.diff(level)
        # Steps inside a line cost their square, a new line costs as much as a break, level writing is preferred.
        cost = float(np.minimum(gaps, APART).sum()) + 0.5 * abs(slope)
        if cost < least - 1e-9:
            best, least = float(slope), cost
    return best
