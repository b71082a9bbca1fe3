"""The sheet in a photograph: its corner marks, which way up it lies, and its classes."""

import math
from collections.abc import Sequence
from itertools import combinations, product

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lenet.errors import LenetError
from lenet.pictures.picture import Pixels
from lenet.sheet.layout import BITS, CELL, MARKS, PATTERNS, Bits, Sheet

Array = npt.NDArray[np.float64]
# What is darker than this share of the paper around it may be a mark; tried in this order.
DARK = (0.6, 0.75, 0.45)
# The paper's brightness is the highest within this share of the picture's longer side, more than a mark's square.
AROUND = 1 / 32
# Most marks, and quadrilaterals of them, that are tried; share of wrong cells in a pattern that is known.
MOST_MARKS, MOST_TRIED, WRONG_BITS = 9, 6, 0.2
# Where a pattern may be on paper that does not lie flat, in millimetres from its place; the nearest first.
SHIFTS = sorted(product(np.linspace(-2, 2, 9).tolist(), repeat=2), key=lambda it: math.hypot(*it))


def flatten(grey: Array, around: int) -> Array:
    """Brightness as a share of the paper's, ``(height, width)``: no shadow is left.

    Args:
        grey: ``(height, width)``.
        around: Pixels within which there is paper.
    """
    paper = ndimage.grey_closing(ndimage.gaussian_filter(grey, 1), (around, around))
    return np.asarray(grey / np.maximum(paper, 1.0))


def find_sheet(grey: Pixels, name: str, known: Sequence[Sheet] = ()) -> tuple[Sheet, Array]:
    """Find the sheet in a photograph, however it is turned.

    Args:
        grey: uint8 ``(height, width)``.
        name: Of the photograph, for messages.
        known: The sheets that it may be; by default, the printed pattern says which it is.

    Returns:
        The sheet, and the projection ``(3, 3)`` from millimetres on it to pixels.

    Raises:
        LenetError: when four corner marks are not found, or the pattern cannot be read.
    """
    flat = flatten(ndimage.gaussian_filter(grey.astype(np.float64), 0.7), max(9, round(max(grey.shape) * AROUND)))
    most = 0
    for threshold in DARK:
        marks = _find_marks(flat < threshold)
        most = max(most, len(marks))
        projections = [project_onto(corners) for corners in _quadrilaterals(marks)]
        for (right, down), projection, (x, y) in product(SHIFTS, projections, PATTERNS):
            sheet = _identify(_read_bits(flat, projection, (x + right, y + down)), known)
            if sheet is not None:
                return sheet, projection
    if most < 4:
        raise LenetError(f"{name}: {most} of the sheet's four corner marks were found; photograph the whole page, flat")
    hint = "check that --classes are those printed on it" if known else "name the classes with --classes, such as 0-9"
    raise LenetError(f"{name}: the sheet's pattern of black cells cannot be read; {hint}, or take a sharper photograph")


def project_onto(corners: Array) -> Array:
    """The projection ``(3, 3)`` that takes the centres of the marks to ``corners``, ``(4, 2)``."""
    rows, right = [], []
    for (x, y), (u, v) in zip(MARKS, corners, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return np.append(np.linalg.solve(np.array(rows), np.array(right)), 1).reshape(3, 3)


def sample(image: Array, projection: Array, x: Array, y: Array) -> Array:
    """The values of ``image`` at places of the sheet in millimetres, in the shape of ``x`` and ``y``."""
    u, v, w = np.tensordot(projection, np.stack([x, y, np.ones_like(x)]), 1)
    found: Array = ndimage.map_coordinates(image, [v / w, u / w], order=1, mode="nearest")
    return found


def _find_marks(dark: npt.NDArray[np.bool_]) -> Array:
    """Centres ``(n, 2)`` of rings with a square at their middle, the largest first."""
    labels, count = ndimage.label(dark)
    if not count:
        return np.empty((0, 2))
    y, x = np.nonzero(dark)
    of = labels[y, x]
    area = np.bincount(of, minlength=count + 1).clip(1)
    centre = np.stack([np.bincount(of, side, count + 1) / area for side in (x, y)], axis=1)
    inner = labels[tuple(centre[:, ::-1].round().astype(int).T)]
    ring = np.arange(count + 1)
    ratio = area / area[inner]  # 24 modules to 9
    apart = np.hypot(*(centre - centre[inner]).T)
    chosen = np.flatnonzero(
        (inner > 0) & (inner != ring) & (area >= 40) & (ratio > 1.3) & (ratio < 6) & (apart < 0.2 * np.sqrt(area))
    )
    around = ndimage.find_objects(labels)
    sides = np.array([[(part.stop - part.start) for part in box] for box in around])
    wider = sides[chosen - 1] / sides[inner[chosen] - 1]  # 7 modules to 3
    chosen = chosen[((wider > 1.6) & (wider < 3.4)).all(axis=1)]
    both = area[chosen, None] + area[inner[chosen], None]
    middle = (centre[chosen] * area[chosen, None] + centre[inner[chosen]] * area[inner[chosen], None]) / both
    return np.asarray(middle[np.argsort(-area[chosen], kind="stable")][:MOST_MARKS])


def _quadrilaterals(marks: Array) -> list[Array]:
    """Four marks in clockwise order, from each of them; large quadrilaterals first."""
    found = []
    for four in combinations(range(len(marks)), 4):
        corners = marks[list(four)]
        away = corners - corners.mean(axis=0)
        corners = corners[np.argsort(np.arctan2(away[:, 1], away[:, 0]))]
        side, following = np.roll(corners, -1, 0) - corners, np.roll(corners, -2, 0) - np.roll(corners, -1, 0)
        turns = side[:, 0] * following[:, 1] - side[:, 1] * following[:, 0]
        if (turns > 0).all():
            found.append((turns.sum(), corners))
    found.sort(key=lambda it: -it[0])
    return [np.roll(corners, turn, axis=0) for _, corners in found[:MOST_TRIED] for turn in range(4)]


def _identify(bits: Bits, known: Sequence[Sheet]) -> Sheet | None:
    if not known:
        return Sheet.from_bits(bits)
    wrong = [float((bits != sheet.bits).mean()) for sheet in known]
    return known[int(np.argmin(wrong))] if min(wrong) < WRONG_BITS else None


def _read_bits(flat: Array, projection: Array, corner: tuple[float, float]) -> Bits:
    """The cells of a pattern; black is what is nearer to the darker than to the brighter half."""
    within = np.array([-0.2, 0.0, 0.2])
    rows, columns = (np.add.outer(np.arange(count) + 0.5, within).ravel() * CELL for count in BITS)
    y, x = np.meshgrid(corner[1] + rows, corner[0] + columns, indexing="ij")
    cells = sample(flat, projection, x, y).reshape(BITS[0], 3, BITS[1], 3).mean(axis=(1, 3))
    ordered = np.sort(cells, axis=None)
    middle = len(ordered) // 2
    return np.asarray(cells < (ordered[:middle].mean() + ordered[middle:].mean()) / 2)
