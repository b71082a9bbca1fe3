"""The straight lines of a table in a mask of lines, and those of a regular grid that are seen in pieces only.

Lines are an array ``(n, 4)``. Of each: pixels across at 0 along, pixels across to one along, and the places along it
where it begins and ends. Horizontal lines run along x, vertical ones along y; for these, masks are given transposed.
"""

from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from lenet.pictures.ink import Mask
from lenet.reading.lines import Floats

# A table is turned by one of these angles, of which the smallest comes first, told from so many pixels of its lines.
ANGLES, MOST_POINTS = np.radians(sorted(np.arange(-20, 20.25, 0.5), key=abs)), 5000
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
# And so many pixels, where whole lines are told from rings.
OFF = 2
# Two lines are one when they are this close, in heights of the writing.
ONE = 0.35
# Lines run across this share of a row or column, of what they do of others; not so where boxes stand apart.
SPANNED = 0.3
# A line that parts a gap into up to so many, as wide as another but for this share, is one where this share is seen.
MOST_PARTS, UNEVEN, PARTLY = 3, 0.2, 0.3
# Cells of a regular grid, in heights of the writing; how well lines and marks agree on it, from -1 to 1; how many
# marks, and pixels of lines, tell it.
PITCHES, PERIODIC, FEW, FEWEST = np.geomspace(1.05, 6, 400), 0.35, 8, 20
# Of lines that it adds one way alone, this share is seen.
PIECES = 0.05
# Where it divides cells, each part has more marks than this share of their mean.
UNFILLED = 0.25


def levelled(mask: Mask, places: Floats) -> tuple[Mask, Floats]:
    """The mask of lines, turned so that they are level, and where places ``(n, 2)``, x and y, are then, ``(2, n)``.

    Of all angles, the one by which the squared numbers of pixels in each row and column have the largest sum.
    """
    points = np.argwhere(mask)[:: max(1, np.count_nonzero(mask) // MOST_POINTS)].astype(float)
    middle = (np.array(mask.shape) - 1) / 2

    def level(turn: Floats) -> float:
        pixels = np.rint((points - middle) @ turn).astype(int)
        return float(sum((np.bincount(way - way.min()) ** 2.0).sum() for way in pixels.T)) if len(points) else 0.0

    turns = (np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))]) for angle in ANGLES)
    best = max(turns, key=level)
    shift = middle - best @ middle
    return ndimage.affine_transform(mask, best, shift, order=0), (best.T @ (places[:, ::-1] - shift).T)[::-1]


def straight_lines(mask: Mask, height: float) -> Floats:
    """The lines that run across a mask ``(height, width)``, top to bottom, also those that ink hides in part.

    ``height`` is the writing's, in pixels.
    """
    lines = np.array(_joined(_pieces(mask, height), height)).reshape(-1, 4)
    lengths = lines[:, 3] - lines[:, 2]
    lines = lines[lengths >= LONGEST * lengths.max(initial=0)]
    return _partly_seen(lines[np.argsort(at(lines, mask.shape[1] / 2))], _near(mask, height))


def _pieces(mask: Mask, height: float) -> Iterator[list[float]]:
    """The straight pieces of lines."""
    inside = ndimage.distance_transform_edt(mask)
    thickness = 2 * float(inside[(inside == ndimage.maximum_filter(inside, 3)) & mask].mean()) if mask.any() else 1.0
    gap, least = max(1, round(CLOSED * height)), max(3, round(max(RUN * height, LONG * thickness)))
    # Dilated by a pixel, a line that slopes still has long runs.
    thick = ndimage.maximum_filter(mask, (3, 1))
    runs = ndimage.grey_opening(thick, (1, least))  # unlike the binary one, as fast for long runs
    closed = ndimage.grey_closing(np.pad(runs, ((0, 0), (gap, gap))), (1, 2 * gap + 1))[:, gap:-gap]
    pieces, _ = ndimage.label(closed, np.ones((3, 3)))
    for number, window in enumerate(ndimage.find_objects(pieces), 1):
        if window[1].stop - window[1].start < LEAST_LENGTH * height:
            continue
        y, x = np.nonzero(pieces[window] == number)
        x, y = x + window[1].start, y + window[0].start
        slope, start = np.polyfit(x, y, 1)
        if abs(slope) < STEEPEST and np.std(y - slope * x - start) < BENT * height + thickness:
            yield [start, slope, window[1].start, window[1].stop]


def _joined(pieces: Iterator[list[float]], height: float) -> list[list[float]]:
    """Whole lines of the pieces, of which the longest tells where one runs."""
    joined: list[list[float]] = []
    for start, slope, first, last in sorted(pieces, key=lambda piece: piece[2] - piece[3]):
        middle = (first + last) / 2
        for line in joined:
            if abs(line[0] - start + (line[1] - slope) * middle) < ONE * height:
                line[2:] = min(line[2], first), max(line[3], last)
                break
        else:
            joined.append([start, slope, first, last])
    return joined


def at(lines: Floats, along: Floats | float) -> Floats:
    """Pixels across lines ``(n, 4)`` at places along them, ``(n, ...)``."""
    return np.asarray((np.multiply.outer(along, lines[:, 1]) + lines[:, 0]).T)


def _partly_seen(lines: Floats, near: Mask) -> Floats:
    """The lines with those between that digits, which touch them, or faint ink hide in part."""
    if len(lines) < 2:
        return lines
    gaps = np.diff(at(lines, lines[:, 2:].mean()))
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


def completed(
    horizontal: Floats, vertical: Floats, mask: Mask, x: Floats, y: Floats, height: float
) -> tuple[Floats, Floats]:
    """The lines with more of a regular grid, where both ways tell one, or pieces of the lines that it adds are seen.

    Marks are at ``x`` and ``y``, ``(n,)``, and so high that ``height`` is their median, in pixels.
    """
    grid, vertical_grid = _regular(horizontal, mask, y, x, height), _regular(vertical, mask.T, x, y, height)
    # The digits of a number repeat like cells do, but not both ways; those in the corners of cells do not fill these.
    both = _divides(grid, horizontal, y, x) and _divides(vertical_grid, vertical, x, y)
    return (
        grid if both or _pieces_between(grid, horizontal, mask, height) else horizontal,
        vertical_grid if both or _pieces_between(vertical_grid, vertical, mask.T, height) else vertical,
    )


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
    pitch = height * PITCHES[best]
    offset = pitch * np.angle(seen[best]) / (2 * np.pi)
    reach = np.rint((at(lines, along.mean()) - offset) / pitch)
    number = np.floor((across - offset) / pitch)
    numbers = np.arange(min([*reach, *number]), max([*reach, *number + 1]) + 1)
    ends = along.min() - height, along.max() + height
    grid = np.array([(offset + number * pitch, 0, *ends) for number in numbers])
    better = len(grid) > len(lines) and _centred(grid, across, along) > _centred(lines, across, along)
    return grid if better else lines


def _pieces_between(grid: Floats, lines: Floats, mask: Mask, height: float) -> bool:
    """Whether pieces are seen of the lines that a grid adds; what crosses them is shorter along them."""
    pieces = ndimage.grey_opening(mask, (1, max(3, round(RUN * height))))
    near = _near(pieces, height)
    new = [line for line in grid if not len(lines) or np.abs(at(lines, line[2]) - line[0]).min() > ONE * height]
    shares = [_seen(line, np.linspace(line[2], line[3], 100), near) for line in new]
    return bool(new) and bool(np.mean(shares) >= PIECES)


def _divides(grid: Floats, lines: Floats, across: Floats, along: Floats) -> bool:
    """Whether a grid has more lines, and marks stand in all parts of the cells that it divides."""
    if len(grid) <= len(lines):
        return False
    gaps = np.diff(np.sort(at(lines, along.mean())))
    if len(lines) < 3 or np.abs(gaps - np.median(gaps)).max() > UNEVEN * np.median(gaps):
        return True
    parts = round(float(np.median(gaps) / (grid[1, 0] - grid[0, 0])))
    marks = np.bincount((place(lines, across, along) % 1 * parts).astype(int), minlength=parts)
    return bool(marks.min() > UNFILLED * marks.mean())


def _centred(lines: Floats, across: Floats, along: Floats) -> float:
    """How well places stand in the middle between lines: from 1, when all do, to -1."""
    return -float(np.cos(2 * np.pi * place(lines, across, along)).mean()) if len(lines) > 1 else -1.0


def place(lines: Floats, across: Floats, along: Floats) -> Floats:
    """Where places lie between lines: from 0 to 1 for the first two; outside, cells are as large as the nearest."""
    bounds = at(lines, along)
    strip = np.clip((bounds < across).sum(axis=0) - 1, 0, len(lines) - 2)
    before, after = np.take_along_axis(bounds, np.array([strip, strip + 1]), axis=0)
    return np.asarray(strip + (across - before) / np.maximum(after - before, 1))


def spanned(lines: Floats, others: Floats, mask: Mask, height: float) -> Mask:
    """Whether any of the others runs from each line to the next."""
    shares, near = [], _near(mask, height)
    for other in others:
        ends = lines[:, 0] + lines[:, 1] * (other[0] + other[1] * lines[:, 0])
        shares.append(_seen(other, np.linspace(ends[:-1], ends[1:], 30)[10:-10], near))
    return np.asarray(np.max(shares, axis=0) >= SPANNED * np.max(shares))


def on_lines(mask: Mask, horizontal: Floats, vertical: Floats, x: Floats, y: Floats, height: float) -> float:
    """The share of a mask's pixels, around marks at ``x`` and ``y``, ``(n,)``, that lie on the lines."""
    down, across = np.argwhere(mask)[:: 1 + np.count_nonzero(mask) // MOST_POINTS].T
    around = (np.abs(down - (y.min() + y.max()) / 2) < np.ptp(y) / 2 + height) & (
        np.abs(across - (x.min() + x.max()) / 2) < np.ptp(x) / 2 + height
    )
    down, across = down[around], across[around]
    away = np.minimum(
        np.abs(at(horizontal, across) - down).min(axis=0), np.abs(at(vertical, down) - across).min(axis=0)
    )
    return float((away < BENT * height + OFF).mean()) if len(away) else 0.0


def _seen(line: Floats, along: Floats, near: Mask) -> Floats:
    """The share of places along a line, ``(places, ...)``, that are ``near`` a seen one."""
    return np.asarray(ndimage.map_coordinates(near, [line[0] + line[1] * along, along], order=0).mean(axis=0))


def _near(mask: Mask, height: float) -> Mask:
    """A mask of lines, dilated across them as far as they may bend."""
    return np.asarray(ndimage.maximum_filter(mask, (2 * round(BENT * height) + 3, 1)))
