"""Marks → lines of writing, top to bottom, each from left to right."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lenet.pictures.segment import Mark

Floats = npt.NDArray[np.float64]

# Writing slopes by less than this, pixels down to one across: 12 degrees.
STEEPEST = 0.21
# Marks whose middles are this far apart, in heights of the writing, are on different lines.
APART = 0.5


def in_lines(marks: Sequence[Mark]) -> list[list[Mark]]:
    """Put marks in reading order, also where the lines slope."""
    if len(marks) < 2:
        return [list(marks)] if marks else []
    centres = np.array([mark.centre for mark in marks])
    size = float(np.median([mark.height for mark in marks]))
    slope = _slope(centres, size)
    level = centres[:, 1] - slope * centres[:, 0]
    order = np.argsort(level, kind="stable")
    breaks = np.flatnonzero(np.diff(level[order]) > APART * size) + 1
    return [[marks[index] for index in sorted(line, key=lambda i: centres[i, 0])] for line in np.split(order, breaks)]


def _slope(centres: Floats, size: float) -> float:
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
