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
# A table has so many cells at least.
LEAST_CELLS = 4
# A row of boxes has sides so long at least, is so high, and its boxes are so wide, in heights of the writing: wider
# ones are cells. This share of them is as wide as most. As some sides are not seen, a box has up to so many marks.
SIDE, LOWEST, HIGHEST, NARROWEST, WIDEST, EVEN, IN_A_BOX = 0.8, 1.05, 2.6, 0.5, 1.8, 0.8, 1.3
# Lines run across this share of a row or column, of what they do of others; not so where boxes stand apart.
SPANNED = 0.3
# Squared paper has more lines than a Sudoku, squares as high as wide but for a factor, and its lines run on beyond the
# outermost by more than this share of a square.
MANY, SQUARE, BEYOND = 10, 1.05, 0.15
# A line that parts a gap into up to so many, as wide as another but for this share, is one where this share is seen.
MOST_PARTS, UNEVEN, PARTLY = 3, 0.2, 0.3
# Cells of a regular grid, in heights of the writing; how well lines and marks agree on it, from -1 to 1; how many
# marks, and pixels of lines, tell it.
PITCHES, PERIODIC, FEW, FEWEST = np.geomspace(1.05, 6, 400), 0.35, 8, 20
# Of lines that it adds one way alone, this share is seen.
PIECES = 0.05
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
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    every_y, every_x = turn.T @ (centres[:, ::-1] - shift).T
    count = len(marks)
    boxes, y, x = boxes[:count], every_y[:count], every_x[:count]
    boxed = _in_boxes(lines, y, x, height)
    if 2 * np.count_nonzero(boxed) > count:
        return Table(0, 0, {}, frozenset(mark for mark, it_is in zip(marks, boxed, strict=True) if it_is))
    near, near_upright = (ndimage.maximum_filter(way, (2 * round(BENT * height) + 3, 1)) for way in (lines, lines.T))
    flat, upright = _partly_seen(_straight(lines, height), near), _partly_seen(_straight(lines.T, height), near_upright)
    if _is_squared(flat, upright):
        return None
    finer, finer_upright = _regular(flat, lines, y, x, height), _regular(upright, lines.T, x, y, height)
    # The digits of a number repeat like cells do, but not both ways.
    both = len(finer) > len(flat) and len(finer_upright) > len(upright)
    if both or _pieces_between(finer, flat, lines, height):
        flat = finer
    if both or _pieces_between(finer_upright, upright, lines.T, height):
        upright = finer_upright
    if (len(flat) - 1) * (len(upright) - 1) < LEAST_CELLS:
        return None
    wide, high = (boxes[:, 2:] - boxes[:, :2]).T / 4
    crossed = (_place(upright, x - wide, y) // 1 < _place(upright, x + wide, y) // 1) | (
        _place(flat, y - high, x) // 1 < _place(flat, y + high, x) // 1
    )
    # The edge of the picture closes cells, too, where the lines across it reach as far.
    every_inside = (upright[:, 2].min() <= every_y) & (every_y <= upright[:, 3].max())
    every_inside &= (flat[:, 2].min() <= every_x) & (every_x <= flat[:, 3].max())
    inside = every_inside[:count]
    if 2 * np.count_nonzero(inside) < count or np.mean(crossed[inside]) > CROSSED:
        return None
    row, rows = _numbered(_place(flat, every_y, every_x), inside, _spanned(flat, upright, near_upright))
    column, columns = _numbered(_place(upright, every_x, every_y), inside, _spanned(upright, flat, near))
    if np.count_nonzero(inside) < FILLED * rows * columns:
        return None
    places = zip(row.tolist(), column.tolist(), strict=True)
    every = zip((*marks, *separators), places, every_inside & (row >= 0) & (column >= 0), strict=True)
    return Table(rows, columns, {mark: place for mark, place, it_is in every if it_is})


def _is_squared(flat: Floats, upright: Floats) -> bool:
    """Whether lines make many squares, and run on beyond the outermost on two sides at least, as on squared paper."""
    if min(len(flat), len(upright)) <= MANY:
        return False
    sides, beyond = [], 0
    for lines, others in ((flat, upright), (upright, flat)):
        first, last = _at(others[[0, -1]], lines[0, 0])
        sides.append((last - first) / (len(others) - 1))
        for ends in (first - lines[:, 2], lines[:, 3] - last):
            beyond += bool(np.median(ends) > BEYOND * sides[-1])
    return beyond > 1 and max(sides) < SQUARE * min(sides)


def _numbered(place: Floats, inside: Mask, spanned: Mask) -> tuple[npt.NDArray[np.intp], int]:
    """Numbers of the rows or columns, -1 outside of all, and how many there are.

    Strips between lines that nothing spans, and where no mark stands, are between boxes.
    """
    strip = np.floor(place).astype(np.intp)
    own = strip[: len(inside)][inside]
    first, last = min(0, own.min()), max(len(spanned), own.max() + 1)
    between = np.setdiff1d(np.flatnonzero(~spanned), own)
    outside = (strip < first) | (strip >= last) | np.isin(strip, between)
    return np.where(outside, -1, strip - first - np.searchsorted(between, strip)), int(last - first - len(between))


def _spanned(lines: Floats, others: Floats, near: Mask) -> Mask:
    """Whether any of the others runs from each line to the next."""
    shares = []
    for other in others:
        ends = lines[:, 0] + lines[:, 1] * (other[0] + other[1] * lines[:, 0])
        shares.append(_seen(other, np.linspace(ends[:-1], ends[1:], 30)[10:-10], near))
    return np.asarray(np.max(shares, axis=0) >= SPANNED * np.max(shares))


def _seen(line: Floats, along: Floats, near: Mask) -> Floats:
    """The share of places along a line, ``(places, ...)``, that are ``near`` a seen one."""
    return np.asarray(ndimage.map_coordinates(near, [line[0] + line[1] * along, along], order=0).mean(axis=0))


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
    widths = widths[widths > NARROWEST * height]
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


def _straight(mask: Mask, height: float) -> Floats:
    """The lines that run across a picture ``(height, width)``, top to bottom, ``(n, 4)``.

    Of each: pixels across at 0 along, pixels across to one along, and the places along it where it begins and ends.
    """
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
            found.append([start, slope, window[1].start, window[1].stop])
    # Whole lines of the pieces, of which the longest tells where one runs.
    joined: list[list[float]] = []
    for start, slope, first, last in sorted(found, key=lambda piece: piece[2] - piece[3]):
        middle = (first + last) / 2
        for line in joined:
            if abs(line[0] - start + (line[1] - slope) * middle) < ONE * height:
                line[2:] = min(line[2], first), max(line[3], last)
                break
        else:
            joined.append([start, slope, first, last])
    lines = np.array(joined).reshape(-1, 4)
    lengths = lines[:, 3] - lines[:, 2]
    lines = lines[lengths >= LONGEST * lengths.max(initial=0)]
    return np.asarray(lines[np.argsort(_at(lines, mask.shape[1] / 2))])


def _at(lines: Floats, along: Floats | float) -> Floats:
    """Pixels across lines ``(n, 4)`` at places along them, ``(n, ...)``."""
    return np.asarray((np.multiply.outer(along, lines[:, 1]) + lines[:, 0]).T)


def _partly_seen(lines: Floats, near: Mask) -> Floats:
    """The lines with those between that digits, which touch them, or faint ink hide in part."""
    if len(lines) < 2:
        return lines
    gaps = np.diff(_at(lines, lines[:, 2:].mean()))
    more = []
    for line, after, gap in zip(lines, lines[1:], gaps, strict=False):
        more.append(line)
        for parts in range(2, MOST_PARTS + 1):
            between = np.linspace(line, after, parts, endpoint=False)[1:]
            seen = (_seen(each, np.linspace(each[2], each[3], 100), near) >= PARTLY for each in between)
            if np.abs(gaps * parts / gap - 1).min() < UNEVEN and all(seen):
                more += list(between)
                break
    return np.array([*more, lines[-1]])


def _regular(lines: Floats, mask: Mask, across: Floats, along: Floats, height: float) -> Floats:
    """The lines, or more of a regular grid that pieces of them and the marks between agree on.

    Of some lines, or of all on faint print, only pieces are seen. Both repeat as cells do: where waves that are as long
    as a cell have one phase at the lines, they have the opposite one at the marks.
    """
    places = np.nonzero(ndimage.grey_opening(mask, (1, 3)))[0]
    places = places[np.abs(places - (across.min() + across.max()) / 2) < np.ptp(across) / 2 + height]
    if min(len(across) - FEW, len(places) - FEWEST) < 0:
        return lines
    waves = 2j * np.pi / (height * PITCHES[:, np.newaxis])
    seen, marks = (np.exp(waves * some).mean(axis=1) for some in (places[:: 1 + len(places) // 1000], across))
    score = -(seen * marks.conj()).real
    best = score.argmax()
    if score[best] < PERIODIC:
        return lines
    pitch, offset = height * PITCHES[best], height * PITCHES[best] * np.angle(seen[best]) / (2 * np.pi)
    reach = np.rint((_at(lines, along.mean()) - offset) / pitch)
    number = np.floor((across - offset) / pitch)
    numbers = np.arange(min([*reach, *number]), max([*reach, *number + 1]) + 1)
    ends = along.min() - height, along.max() + height
    grid = np.array([(offset + number * pitch, 0, *ends) for number in numbers])
    better = len(grid) > len(lines) and _centred(grid, across, along) > _centred(lines, across, along)
    return grid if better else lines


def _pieces_between(grid: Floats, lines: Floats, mask: Mask, height: float) -> bool:
    """Whether pieces are seen of the lines that a grid adds; what crosses them is shorter along them."""
    pieces = ndimage.grey_opening(mask, (1, max(3, round(RUN * height))))
    near = ndimage.maximum_filter(pieces, (2 * round(BENT * height) + 3, 1))
    new = [line for line in grid if not len(lines) or np.abs(_at(lines, line[2]) - line[0]).min() > ONE * height]
    shares = [_seen(line, np.linspace(line[2], line[3], 100), near) for line in new]
    return bool(new) and bool(np.mean(shares) >= PIECES)


def _centred(lines: Floats, across: Floats, along: Floats) -> float:
    """How well places stand in the middle between lines: from 1, when all do, to -1."""
    return -float(np.cos(2 * np.pi * _place(lines, across, along)).mean()) if len(lines) > 1 else -1.0


def _place(lines: Floats, across: Floats, along: Floats) -> Floats:
    """Where places lie between lines: from 0 to 1 for the first two; outside, cells are as large as the nearest."""
    at = _at(lines, along)
    strip = np.clip((at < across).sum(axis=0) - 1, 0, len(lines) - 2)
    before, after = np.take_along_axis(at, np.array([strip, strip + 1]), axis=0)
    return np.asarray(strip + (across - before) / np.maximum(after - before, 1))
