"""Tables and rows of boxes: which cell, between drawn or printed lines, each mark stands in."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lenet.pictures.marks import Mark
from lenet.reading.lines import writing_height

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

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
# A table has so many cells at least; where lines are missing, they are so high and so wide, in heights of the writing.
LEAST_CELLS, LEAST_HEIGHT, LEAST_WIDTH = 4, 0.9, 0.5
# A row of boxes has sides so long at least, is so high, and its boxes are so wide at most, in heights of the writing:
# wider ones are cells. As some sides are not seen, it has up to so many marks in a box on average.
SIDE, LOWEST, HIGHEST, WIDEST, EVEN, IN_A_BOX = 0.8, 1.05, 2.6, 1.8, 0.8, 1.2
# Lines run across this share of a row or column; between boxes that stand apart there are none.
SPANNED = 0.3
# Squared paper has more lines than a Sudoku, squares as high as wide but for a factor, and its lines run on beyond the
# outermost by more than this share of a square.
MANY, SQUARE, BEYOND = 10, 1.05, 0.15
# A line between others, as far apart as some neighbours are, is one where this share of it is seen.
PARTLY = 0.3
# How well marks stand in the middle of their cells, from -1 to 1: so well that no lines are missing; so well that those
# missing are known from the marks between. Gaps with missing lines are so nearly multiples of the least, up to three.
KNOWN, UNEVEN, MOST_PARTS = 0.65, 0.2, 3
# Least number of marks that tell it.
FEW = 8
# On squared paper, lines cross more than this share of the marks, or less than this share of the cells have one.
CROSSED, FILLED = 0.2, 0.1


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


class _Line(NamedTuple):
    """Pixels across a line at ``along``: ``start + slope * along``, between two places along it."""

    start: float
    slope: float
    first: int
    last: int

    def at(self, along: float) -> float:
        return self.start + self.slope * along


def find_table(
    marks: Sequence[Mark], separators: Sequence[Mark], lines: Mask | None, zoom: float, margin: int = 0
) -> Table | None:
    """Find the rows and columns that lines enclose.

    Args:
        marks: Characters, which tell the table.
        separators: What also stands in its cells.
        lines: Where lines are, ``(height, width)``; None where they were not looked for.
        zoom: Pixels of ``lines`` to one of the marks' boxes.
        margin: Pixels around the picture that the marks' boxes count and ``lines`` does not have.
    """
    height = zoom * writing_height(marks)
    if lines is None or height < 2:
        return None
    turn, shift = _levelling(lines)
    lines = ndimage.affine_transform(lines, turn, shift, order=0)
    boxes = zoom * (np.array([mark.box for mark in (*marks, *separators)], float) - margin)
    every_x, every_y = (boxes[:, :2] + boxes[:, 2:]).T / 2
    every_y, every_x = turn.T @ (np.array([every_y, every_x]) - shift[:, np.newaxis])
    count = len(marks)
    boxes, y, x = boxes[:count], every_y[:count], every_x[:count]
    boxed = _in_boxes(lines, y, x, height)
    if 2 * np.count_nonzero(boxed) > len(marks):
        return Table(0, 0, {}, frozenset(mark for mark, it_is in zip(marks, boxed, strict=True) if it_is))
    near, near_upright = (ndimage.maximum_filter(way, (2 * round(BENT * height) + 3, 1)) for way in (lines, lines.T))
    flat = _completed(_partly_seen(_straight(lines, height), near), y, x, LEAST_HEIGHT * height)
    upright = _completed(_partly_seen(_straight(lines.T, height), near_upright), x, y, LEAST_WIDTH * height)
    if min(len(flat), len(upright)) < 2 or (len(flat) - 1) * (len(upright) - 1) < LEAST_CELLS:
        return None
    if _is_squared(flat, upright):
        return None
    every_row, every_column = _place(flat, every_y, every_x), _place(upright, every_x, every_y)
    row, column = every_row[:count], every_column[:count]
    wide, high = (boxes[:, 2:] - boxes[:, :2]).T / 4
    crossed = (_place(upright, x - wide, y) < _place(upright, x + wide, y)) | (
        _place(flat, y - high, x) < _place(flat, y + high, x)
    )
    # The edge of the picture closes cells, too, where the lines across it reach as far.
    every_inside = _reached(upright, every_y) & _reached(flat, every_x)
    inside = every_inside[:count]
    if 2 * np.count_nonzero(inside) < count or np.mean(crossed[inside]) > CROSSED:
        return None
    row, rows = _numbered(every_row, inside, _spanned(flat, upright, near_upright))
    column, columns = _numbered(every_column, inside, _spanned(upright, flat, near))
    if np.count_nonzero(inside) < FILLED * rows * columns:
        return None
    every_inside &= (row >= 0) & (column >= 0)
    places = zip(row.tolist(), column.tolist(), strict=True)
    every = zip((*marks, *separators), places, every_inside, strict=True)
    return Table(rows, columns, {mark: place for mark, place, it_is in every if it_is})


def _is_squared(flat: list[_Line], upright: list[_Line]) -> bool:
    """Whether lines make many squares, and run on beyond the outermost on two sides at least, as on squared paper."""
    cells, beyond = [], 0
    for lines, others in ((flat, upright), (upright, flat)):
        first, last = (float(np.median(ends)) for ends in zip(*(line[2:] for line in lines), strict=True))
        ends = [other.at(lines[0].start) for other in (others[0], others[-1])]
        cells.append((ends[1] - ends[0]) / (len(others) - 1))
        beyond += (ends[0] - first > BEYOND * cells[-1]) + (last - ends[1] > BEYOND * cells[-1])
    return beyond > 1 and min(len(flat), len(upright)) > MANY and max(cells) < SQUARE * min(cells)


def _numbered(place: Places, inside: Mask, spanned: Mask) -> tuple[Places, int]:
    """Numbers of the rows or columns, -1 outside of all, and how many there are.

    Strips between lines that nothing spans, and where no mark stands, are between boxes.
    """
    own = place[: len(inside)][inside]
    first, last = min(0, own.min()), max(len(spanned), own.max() + 1)
    between = np.setdiff1d(np.flatnonzero(~spanned), own)
    numbers = place - first - np.searchsorted(between, place)
    outside = (place < first) | (place >= last) | np.isin(place, between)
    return np.where(outside, -1, numbers), int(last - first - len(between))


def _spanned(lines: list[_Line], others: list[_Line], near: Mask) -> Mask:
    """Whether any of the others runs from each line to the next; ``near``, how far lines that run their way are."""
    shares = []
    for other in others:
        ends = np.array([line.at(other.at(line.start)) for line in lines])
        shares.append(_seen(other, np.linspace(ends[:-1], ends[1:], 30)[10:-10], near))
    return np.asarray(np.max(shares, axis=0) > SPANNED)


def _seen(line: _Line, along: Floats, near: Mask) -> Floats:
    """The share of places along a line, ``(places, ...)``, where it is seen."""
    places = np.rint([line.start + line.slope * along, along]).astype(int)
    y, x = (np.clip(place, 0, side - 1) for place, side in zip(places, near.shape, strict=True))
    return np.asarray(near[y, x].mean(axis=0))


def _between(line: _Line, after: _Line, parts: int) -> list[_Line]:
    """The lines that part the strip between two evenly."""
    starts, slopes = (np.linspace(one, other, parts + 1)[1:-1] for one, other in zip(line[:2], after[:2], strict=True))
    return [line._replace(start=start, slope=slope) for start, slope in zip(starts, slopes, strict=True)]


def _partly_seen(lines: list[_Line], near: Mask) -> list[_Line]:
    """The lines with those between that digits, which touch them, or faint ink hide in part."""
    gaps = np.diff([line.at((line.first + line.last) / 2) for line in lines])
    more = lines[:1]
    for line, after, gap in zip(lines, lines[1:], gaps, strict=False):
        along = np.linspace(line.first, line.last, 100)
        for parts in range(2, MOST_PARTS + 1):
            between = _between(line, after, parts)
            as_wide = np.abs(gaps * parts / gap - 1).min() < UNEVEN
            if as_wide and all(_seen(each, along, near) >= PARTLY for each in between):
                more = [*more, *between]
                break
        more = [*more, after]
    return more


def _in_boxes(lines: Mask, y: Floats, x: Floats, height: float) -> Mask:
    """Whether each place stands in a row of boxes, with a box of its own."""
    side = max(3, round(SIDE * height))
    thick = ndimage.maximum_filter(lines, 3)
    upright = ndimage.grey_opening(thick, (side, 1))
    pieces, _ = ndimage.label(upright | ndimage.grey_opening(thick, (1, side)), np.ones((3, 3)))
    inside, widths = np.zeros(len(x), bool), np.zeros(0)
    for number, (down, across) in enumerate(ndimage.find_objects(pieces), 1):
        if LOWEST * height <= down.stop - down.start <= HIGHEST * height:
            here = (down.start <= y) & (y < down.stop) & (across.start <= x) & (x < across.stop)
            walls = np.flatnonzero((upright[down] & (pieces[down] == number)).any(axis=0))
            widths = np.append(widths, np.diff(walls))
            boxes = np.searchsorted(walls, x[here])
            inside[here] = len(boxes) <= IN_A_BOX * len(np.unique(boxes))
    widths = widths[widths > LEAST_WIDTH * height]
    parts = widths / np.median(widths) if len(widths) else widths
    even = np.count_nonzero(np.abs(parts - np.rint(parts)) < UNEVEN) >= EVEN * len(parts)
    return inside & even & (not len(widths) or np.median(widths) < WIDEST * height)


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


def _completed(lines: list[_Line], across: Floats, along: Floats, least: float) -> list[_Line]:
    """The lines with those that are missing of a regular grid with cells of this least size.

    Thin lines are often not seen between thick ones. That the marks stand in the middle of their cells tells it.
    """
    if len(lines) < 2 or len(across) < FEW:
        return lines
    at = [line.at((line.first + line.last) / 2) for line in lines]
    best, most = lines, max(KNOWN, _centred(lines, across, along))
    for pitch in {
        float(gap) / parts for gap in np.diff(at) for parts in range(1, MOST_PARTS + 1) if gap / parts > least
    }:
        for start in range(len(lines) - 1):
            more, last = [lines[start]], start
            for number in range(start + 1, len(lines)):
                parts = (at[number] - at[last]) / pitch
                if abs(parts - round(parts)) < UNEVEN and 0 < round(parts) <= MOST_PARTS:
                    more += [*_between(lines[last], lines[number], round(parts)), lines[number]]
                    last = number
            if len(more) > 1 and (centred := _centred(more, across, along)) > most:
                best, most = more, centred
    return best


def _centred(lines: list[_Line], across: Floats, along: Floats) -> float:
    """How well places stand in the middle between lines: from 1, when all do, to -1; outside, they count as 0."""
    at = np.array([line.start + line.slope * along for line in lines])
    place = (at < across).sum(axis=0) - 1
    between = np.flatnonzero((place >= 0) & (place < len(lines) - 1))
    before, after = at[place[between], between], at[place[between] + 1, between]
    shares = (across[between] - before) / np.maximum(after - before, 1e-9)
    return -float(np.cos(2 * np.pi * shares).sum()) / len(across)


def _place(lines: list[_Line], across: Floats, along: Floats) -> npt.NDArray[np.intp]:
    """Between which lines places lie: 0 for the first two; outside, cells are as large as the nearest."""
    at = np.array([line.start + line.slope * along for line in lines])
    place = (at < across).sum(axis=0) - 1
    before = np.floor((across - at[0]) / np.maximum(at[1] - at[0], 1))
    after = len(lines) - 2 + np.ceil((across - at[-1]) / np.maximum(at[-1] - at[-2], 1))
    return np.asarray(np.where(place < 0, before, np.where(place > len(lines) - 2, after, place)), np.intp)


def _reached(lines: list[_Line], along: Floats) -> npt.NDArray[np.bool_]:
    """Whether the lines reach as far as places."""
    return (along >= min(line.first for line in lines)) & (along <= max(line.last for line in lines))
