"""Tables and rows of boxes: which cell, between drawn or printed lines, each mark stands in."""

from collections.abc import Sequence
from itertools import compress
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lenet.pictures.ink import Mask
from lenet.pictures.marks import Mark
from lenet.reading.boxes import in_boxes
from lenet.reading.lines import Floats, writing_height
from lenet.reading.table_lines import at, completed, levelled, on_lines, place, spanned, straight_lines

# A table has so many cells at least.
LEAST_CELLS = 4
# Squared paper has more lines than a Sudoku, squares as high as wide but for a factor, and its lines run on beyond the
# outermost by more than this share of a square.
MANY, SQUARE, BEYOND = 10, 1.05, 0.15
# On squared paper, lines cross more than this share of the marks, or less than this share of the cells have one.
CROSSED, FILLED = 0.2, 0.1
# Of what is seen of lines around the marks, this share lies on a table's. Rings have less.
ON_LINES = 0.85


class Table(NamedTuple):
    """A table, or a row of boxes.

    Attributes:
        rows: How many; 0 for rows of boxes.
        columns: How many.
        cells: Row and column, from 0 on, of each mark, also of separators, that stands in a cell.
        boxed: Marks in rows of boxes, one in each box: they are one number.
    """

    rows: int
    columns: int
    cells: dict[Mark, tuple[int, int]]
    boxed: frozenset[Mark] = frozenset()


def find_table(
    marks: Sequence[Mark], separators: Sequence[Mark], rules: Mask | None, zoom: float, margin: int = 0
) -> Table | None:
    """Find the rows and columns that lines enclose.

    Args:
        marks: Characters, which tell the table.
        separators: What also stands in its cells.
        rules: Where printed lines are, ``(height, width)``; None where they were not looked for.
        zoom: Pixels of ``rules`` to one of the marks' boxes.
        margin: Pixels around the picture that the marks' boxes count and ``rules`` does not have.
    """
    height, count = zoom * writing_height(marks), len(marks)
    if rules is None or height < 2:
        return None
    boxes = zoom * (np.array([mark.box for mark in (*marks, *separators)], float) - margin)
    lines, (x, y) = levelled(rules, (boxes[:, :2] + boxes[:, 2:]) / 2)
    boxed = in_boxes(lines, x[:count], y[:count], height)
    if 2 * np.count_nonzero(boxed) > count:
        return Table(0, 0, {}, frozenset(compress(marks, boxed)))
    horizontal, vertical = _grid(lines, x[:count], y[:count], height)
    if (len(horizontal) - 1) * (len(vertical) - 1) < LEAST_CELLS:
        return None
    if on_lines(lines, horizontal, vertical, x[:count], y[:count], height) < ON_LINES:
        return None
    # The edge of the picture closes cells, too, where the lines across it reach as far.
    inside = _reached(vertical, y) & _reached(horizontal, x)
    telling = inside[:count]
    wide, high = (boxes[:, 2:] - boxes[:, :2]).T
    crossed = (_crossed(vertical, x, y, wide) | _crossed(horizontal, y, x, high))[:count]
    if 2 * np.count_nonzero(telling) < count or np.mean(crossed[telling]) > CROSSED:
        return None
    row, rows = _numbered(place(horizontal, y, x), telling, spanned(horizontal, vertical, lines.T, height))
    column, columns = _numbered(place(vertical, x, y), telling, spanned(vertical, horizontal, lines, height))
    if np.count_nonzero(telling) < FILLED * rows * columns:
        return None
    cells = zip((*marks, *separators), zip(row.tolist(), column.tolist(), strict=True), strict=True)
    return Table(rows, columns, dict(compress(cells, inside & (row >= 0) & (column >= 0))))


def _grid(lines: Mask, x: Floats, y: Floats, height: float) -> tuple[Floats, Floats]:
    """The horizontal and the vertical lines of a table; none on squared paper."""
    horizontal, vertical = straight_lines(lines, height), straight_lines(lines.T, height)
    if _is_squared(horizontal, vertical):
        return horizontal[:0], vertical[:0]
    return completed(horizontal, vertical, lines, x, y, height)


def _is_squared(horizontal: Floats, vertical: Floats) -> bool:
    """Whether lines make many squares, and run on beyond the outermost on two sides at least, as on squared paper."""
    if min(len(horizontal), len(vertical)) <= MANY:
        return False
    sides, beyond = [], 0
    for lines, others in ((horizontal, vertical), (vertical, horizontal)):
        first, last = at(others[[0, -1]], lines[0, 0])
        sides.append((last - first) / (len(others) - 1))
        for ends in (first - lines[:, 2], lines[:, 3] - last):
            beyond += bool(np.median(ends) > BEYOND * sides[-1])
    return beyond > 1 and max(sides) < SQUARE * min(sides)


def _reached(lines: Floats, along: Floats) -> Mask:
    """Whether the lines reach as far as each place."""
    return np.asarray((lines[:, 2].min() <= along) & (along <= lines[:, 3].max()))


def _crossed(lines: Floats, across: Floats, along: Floats, sides: Floats) -> Mask:
    """Whether a line crosses the inner half of each mark, of which the middle and the side across lines are given."""
    first, last = (np.floor(place(lines, across + part * sides, along)) for part in (-0.25, 0.25))
    return np.asarray(first < last)


def _numbered(places: Floats, inside: Mask, closed: Mask) -> tuple[npt.NDArray[np.intp], int]:
    """Numbers of the rows or columns of places between lines, -1 outside of all, and how many there are.

    Strips between lines that are not ``closed``, and where no mark stands, are between boxes.
    """
    strip = np.floor(places).astype(np.intp)
    own = strip[: len(inside)][inside]
    first, last = min(0, own.min()), max(len(closed), own.max() + 1)
    between = np.setdiff1d(np.flatnonzero(~closed), own)
    outside = (strip < first) | (strip >= last) | np.isin(strip, between)
    return np.where(outside, -1, strip - first - np.searchsorted(between, strip)), int(last - first - len(between))
