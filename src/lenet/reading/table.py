"""Tables: which cell, between drawn or printed lines, each mark stands in."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lenet.pictures.marks import Mark
from lenet.reading.lines import writing_height

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

# A table is turned by so many degrees at most, told from so many pixels of its lines.
ANGLES, MOST_POINTS = np.arange(-20, 20.25, 0.5), 5000
# Gaps in a line of up to this many heights of the writing are closed.
CLOSED = 0.8
# Pieces of a line run on for this many heights of the writing, and this many times their thickness.
RUN, LONG = 0.5, 2.5
# A line has this many heights of the writing at least, and this share of the longest one that runs its way.
LEAST_LENGTH, LONGEST = 1.1, 0.4
# Lines steeper than this, pixels across to one along, run the other way.
STEEPEST = 0.35
# Its pixels are off a straight line by less than its thickness and this many heights.
BENT = 0.1
# Two lines are one when they are this close, in heights of the writing.
ONE = 0.35
# A table has so many cells at least, so high and so wide, in heights of the writing.
LEAST_CELLS, LEAST_HEIGHT, LEAST_WIDTH = 4, 0.9, 0.5


class Table(NamedTuple):
    """A table.

    Attributes:
        rows: How many.
        columns: How many.
        cells: Row and column, from 0 on, of each mark that stands in a cell.
    """

    rows: int
    columns: int
    cells: dict[Mark, tuple[int, int]]


class _Line(NamedTuple):
    """Pixels across a line at ``along``: ``start + slope * along``, between two places along it."""

    start: float
    slope: float
    first: int
    last: int

    def at(self, along: float) -> float:
        return self.start + self.slope * along


def find_table(marks: Sequence[Mark], lines: Mask, zoom: float, margin: int = 0) -> Table | None:
    """Find the rows and columns that lines enclose.

    Args:
        marks: Characters.
        lines: Where lines are, ``(height, width)``.
        zoom: Pixels of ``lines`` to one of the marks' boxes.
        margin: Pixels around the picture that the marks' boxes count and ``lines`` does not have.
    """
    height = zoom * writing_height(marks)
    if height < 2:
        return None
    turn, shift = _levelling(lines)
    lines = ndimage.affine_transform(lines, turn, shift, order=0)
    flat, upright = _straight(lines, height), _straight(lines.T, height)
    rows, columns = len(flat) - 1, len(upright) - 1
    if min(rows, columns) < 1 or rows * columns < LEAST_CELLS:
        return None
    # The squares of squared paper may be smaller than what is written on it.
    if _pitch(flat) < LEAST_HEIGHT * height or _pitch(upright) < LEAST_WIDTH * height:
        return None
    x, y = zoom * (np.array([mark.centre for mark in marks]).T - margin)
    y, x = turn.T @ (np.array([y, x]) - shift[:, np.newaxis])
    row, column = _place(flat, y, x), _place(upright, x, y)
    # The edge of the picture closes cells, too, where the lines across it reach as far.
    inside = _reached(upright, y) & _reached(flat, x)
    if 2 * np.count_nonzero(inside) < len(marks):
        return None
    first_row, first_column = int(min(0, row[inside].min())), int(min(0, column[inside].min()))
    rows, columns = (
        int(max(count, place[inside].max() + 1)) - first
        for count, place, first in ((rows, row, first_row), (columns, column, first_column))
    )
    places = zip((row - first_row).tolist(), (column - first_column).tolist(), strict=True)
    cells = {mark: place for mark, place, it_is in zip(marks, places, inside, strict=True) if it_is}
    return Table(rows, columns, cells)


def _levelling(mask: Mask) -> tuple[Floats, Floats]:
    """The rotation, ``(2, 2)`` and ``(2,)``, that takes places of the level table to those of the mask.

    Of all angles, the one by which the squared numbers of pixels in each row and column have the largest sum.
    """
    points = np.argwhere(mask)[:: max(1, np.count_nonzero(mask) // MOST_POINTS)].astype(float)
    middle = (np.array(mask.shape) - 1) / 2

    def turn(degrees: float) -> Floats:
        sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
        return np.array([(cosine, -sine), (sine, cosine)])

    def level(degrees: float) -> float:
        places = np.rint((points - middle) @ turn(degrees)).astype(int)
        return float(sum((np.bincount(way - way.min()) ** 2.0).sum() for way in places.T)) if len(points) else 0.0

    best = turn(max(sorted(ANGLES, key=abs), key=level))
    return best, middle - best @ middle


def _straight(mask: Mask, height: float) -> list[_Line]:
    """The lines that run across a picture ``(height, width)``, top to bottom."""
    inside = ndimage.distance_transform_edt(mask)
    thickness = 2 * float(inside[(inside == ndimage.maximum_filter(inside, 3)) & mask].mean()) if mask.any() else 1.0
    gap, least = max(1, round(CLOSED * height)), max(3, round(max(RUN * height, LONG * thickness)))
    # Dilated by a pixel, a line that slopes still has long runs.
    thick = ndimage.maximum_filter(mask, (3, 1))
    runs = ndimage.grey_opening(thick, (1, least))  # unlike the binary one, as fast for long runs
    closed = ndimage.grey_closing(np.pad(runs, ((0, 0), (gap, gap))), (1, 2 * gap + 1))[:, gap:-gap]
    pieces, _ = ndimage.label(closed, np.ones((3, 3)))
    found = []
    for number, window in enumerate(ndimage.find_objects(pieces), 1):
        if window[1].stop - window[1].start < LEAST_LENGTH * height:
            continue
        y, x = np.nonzero(pieces[window] == number)
        x, y = x + window[1].start, y + window[0].start
        slope, start = np.polyfit(x, y, 1)
        if abs(slope) < STEEPEST and np.std(y - slope * x - start) < BENT * height + thickness:
            found.append(_Line(float(start), float(slope), window[1].start, window[1].stop))
    return _joined(found, height)


def _joined(pieces: list[_Line], height: float) -> list[_Line]:
    """Whole lines of their pieces, the longest first taken, then those across the picture in order."""
    lines: list[_Line] = []
    for piece in sorted(pieces, key=lambda piece: piece.first - piece.last):
        middle = (piece.first + piece.last) / 2
        near = next((n for n, line in enumerate(lines) if abs(line.at(middle) - piece.at(middle)) < ONE * height), None)
        if near is None:
            lines.append(piece)
        else:
            line = lines[near]
            lines[near] = line._replace(first=min(line.first, piece.first), last=max(line.last, piece.last))
    longest = max((line.last - line.first for line in lines), default=0)
    lines = [line for line in lines if line.last - line.first >= LONGEST * longest]
    middle = float(np.mean([(line.first + line.last) / 2 for line in lines])) if lines else 0.0
    return sorted(lines, key=lambda line: line.at(middle))


def _pitch(lines: list[_Line]) -> float:
    """How far apart lines are."""
    return float(np.median(np.diff([line.at((line.first + line.last) / 2) for line in lines])))


def _place(lines: list[_Line], across: Floats, along: Floats) -> npt.NDArray[np.intp]:
    """Between which lines places lie: 0 for the first two, -1 before the first."""
    before = np.array([line.start + line.slope * along < across for line in lines])
    return np.asarray(before.sum(axis=0) - 1)


def _reached(lines: list[_Line], along: Floats) -> npt.NDArray[np.bool_]:
    """Whether the lines reach as far as places."""
    return (along >= min(line.first for line in lines)) & (along <= max(line.last for line in lines))
