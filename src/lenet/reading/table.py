"""Tables: which cell, between drawn or printed lines, each mark stands in."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lenet.pictures.marks import Mark
from lenet.reading.lines import slope_of, writing_height

# Gaps in lines of up to this share of the writing height are closed.
CLOSED = 0.25
# An empty cell is so much smaller or larger than a usual one at the most, by area.
ALIKE = 4.0
# A table has so many cells at least, and fills this share of its rows and columns.
LEAST_CELLS, FILLED = 4, 0.6


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


def find_table(marks: Sequence[Mark], lines: npt.NDArray[np.bool_], zoom: float) -> Table | None:
    """Find the cells that lines enclose.

    Args:
        marks: Characters.
        lines: Where lines are, ``(height, width)``.
        zoom: Pixels of ``lines`` to one of the marks' boxes.
    """
    if not marks:
        return None
    height = zoom * writing_height(marks)
    side = 2 * max(1, round(CLOSED * height)) + 1
    closed = ndimage.minimum_filter(ndimage.maximum_filter(lines, side), side)
    regions, count = ndimage.label(~closed)
    if not count:
        return None
    at = [_region(regions, mark, zoom) for mark in marks]
    boxes = ndimage.find_objects(regions)
    areas = np.bincount(regions.ravel(), minlength=count + 1)[1:]
    sizes = np.array([[window[0].stop - window[0].start, window[1].stop - window[1].start] for window in boxes])
    # A cell is higher than its writing and filled by its inside. The paper around a table is not full, that between
    # the rules of ruled paper reaches over the picture.
    full = (areas > 0.5 * sizes.prod(axis=1)) & (sizes[:, 0] > 0.7 * height) & (sizes < lines.shape).all(axis=1)
    used = [number for number in set(at) if number and full[number - 1]]
    if not used:
        return None
    usual = float(np.median(areas[np.array(used) - 1]))
    cells = np.flatnonzero(full & (areas > usual / ALIKE) & (areas < usual * ALIKE)) + 1
    centres = np.array(ndimage.center_of_mass(closed < 1, regions, cells))
    row = _ranks(centres[:, ::-1], float(np.median(sizes[cells - 1, 0])))
    column = _ranks(centres, float(np.median(sizes[cells - 1, 1])))
    rows, columns = int(row.max()) + 1, int(column.max()) + 1
    if len(cells) < LEAST_CELLS or len(cells) < FILLED * rows * columns:
        return None
    places = dict(zip(cells.tolist(), zip(row.tolist(), column.tolist(), strict=True), strict=True))
    return Table(
        rows, columns, {mark: places[number] for mark, number in zip(marks, at, strict=True) if number in places}
    )


def _region(regions: npt.NDArray[np.int32], mark: Mark, zoom: float) -> int:
    """The region that most of a mark's box lies in."""
    left, top, right, bottom = (round(zoom * edge) for edge in mark.box)
    inside = regions[max(0, top) : bottom + 1, max(0, left) : right + 1]
    return int(np.bincount(inside[inside > 0]).argmax()) if inside.any() else 0


def _ranks(places: npt.NDArray[np.float64], size: float) -> npt.NDArray[np.intp]:
    """The number of the line that each place ``(n, 2)``, along and across the lines, lies on."""
    slope = slope_of(places, size)
    level = places[:, 1] - slope * places[:, 0]
    order = np.argsort(level)
    numbers = np.concatenate([[0], np.cumsum(np.diff(level[order]) > size / 2)])
    ranks = np.empty(len(places), np.intp)
    ranks[order] = numbers
    return ranks
