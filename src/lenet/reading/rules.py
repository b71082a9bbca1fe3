"""Ruled and squared paper: its lines are found, followed over the sheet, and taken out from under the writing."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lenet.reading.ink import Contrast, Mask, Strength

# Lines are looked for on a mask of at most this many pixels a side; no smaller picture shows paper.
COARSE, LEAST_SIDE = 480, 64
# Pixels down to one across, at most: 14 degrees, in steps small enough for a line to stay in its row.
STEEPEST, STEPS = 0.25, 101
# A line is inked along this share of its way over the picture, and in this many of its ten tenths.
INKED, TENTHS = 0.6, 9
# Thickest line, as a share of the picture's longer side.
THICKEST = 0.012


class Rule(NamedTuple):
    """A line: ``row`` where it crosses the middle column, and pixels down to one across."""

    row: float
    slope: float


def find_rules(contrast: Contrast) -> Mask:
    """Where the paper's own lines lie, ``(height, width)``, without the strokes that cross them."""
    visible = contrast.visible
    rules = np.zeros_like(visible)
    if min(visible.shape) >= LEAST_SIDE:
        for mask, values, found in (
            (visible, contrast.values, rules),
            (visible.T, contrast.values.T, rules.T),
        ):
            for rule in _find(mask):
                _mark(mask & ~found, values, rule, found)
    return rules


def _find(mask: Mask) -> list[Rule]:
    """Lines from left to right: rows of the sheared picture that are inked almost all the way."""
    factor = max(1, -(-max(mask.shape) // COARSE))
    y, x = _coarse(mask, factor)
    height, width = -(-mask.shape[0] // factor), -(-mask.shape[1] // factor)
    if len(x) == 0:
        return []
    margin = int(np.ceil(STEEPEST * width / 2)) + 1
    columns = np.arange(width) - width / 2
    slopes = np.linspace(-STEEPEST, STEEPEST, STEPS)
    shares = np.zeros((STEPS, height + 2 * margin))
    for index, slope in enumerate(slopes):
        rows = np.floor(y - slope * (x - width / 2)).astype(np.int64) + margin
        inked = np.bincount(rows, minlength=height + 2 * margin)
        # How many columns each row has inside the picture.
        start = np.arange(height + 2 * margin)[:, np.newaxis] - margin + slope * columns[[0, -1]]
        low, high = start.min(axis=1), start.max(axis=1)
        inside = np.clip(np.minimum(high, height) - np.maximum(low, 0), 0, None) / np.maximum(high - low, 1e-9)
        if slope == 0:
            inside = ((low >= 0) & (high < height)).astype(float)
        shares[index] = np.where(inside > 0.4, inked / np.maximum(inside * width, 1), 0)
    rules = []
    while shares.max() >= INKED:
        index, row = np.unravel_index(int(shares.argmax()), shares.shape)
        slope = float(slopes[index])
        level = row - margin + 0.5
        if _tenths(y, x, level, slope, height, width) >= TENTHS:
            rules.append(Rule(float(level * factor), slope))
            # What is nearly parallel and near is the same line again.
        near = np.abs(np.arange(shares.shape[1]) - row) <= 2
        shares[:, near] = 0
    return rules


def _coarse(mask: Mask, factor: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows and columns of the inked pixels of the mask shrunk by ``factor``."""
    y, x = np.nonzero(mask)
    width = -(-mask.shape[1] // factor)
    cells = np.unique((y // factor) * width + x // factor)
    return cells // width, cells % width


def _tenths(
    y: npt.NDArray[np.int64], x: npt.NDArray[np.int64], level: float, slope: float, height: int, width: int
) -> int:
    """In how many tenths of its way the line is inked at least half."""
    columns = np.arange(width)
    rows = level + slope * (columns - width / 2)
    way = columns[(rows >= 0) & (rows < height)]
    on_line = np.abs(y + 0.5 - level - slope * (x - width / 2)) <= 1.5
    inked = np.isin(way, x[on_line])
    return sum(bool(part.mean() >= 0.5) for part in np.array_split(inked, 10) if part.size)


def _mark(mask: Mask, values: Strength, rule: Rule, found: Mask) -> None:
    """Add the line to ``found``, but not the strokes that cross it or are darker than it."""
    height, width = mask.shape
    reach = max(3, round(0.008 * max(mask.shape)))
    columns = np.arange(width)
    middle = rule.row + rule.slope * (columns - width / 2)
    middle = middle + _drift(mask, middle, reach)
    offsets = np.arange(-3 * reach, 3 * reach + 1)
    rows = np.round(middle).astype(np.int64)[:, np.newaxis] + offsets
    inside = (rows >= 0) & (rows < height)
    place = np.clip(rows, 0, height - 1), np.broadcast_to(columns[:, np.newaxis], rows.shape)
    band, darkness = mask[place] & inside, values[place]
    inked = band[:, offsets == 0].any(axis=1)
    thickness = float(np.median(_run_lengths(band[inked]))) if inked.any() else 0.0
    if not 0 < thickness <= max(3.0, THICKEST * max(mask.shape)):
        return
    half = int(np.ceil(thickness / 2)) + 1
    line = float(np.median(darkness[inked][:, offsets == 0]))
    above = band[:, (offsets < -half) & (offsets >= -half - 2)].all(axis=1)
    below = band[:, (offsets > half) & (offsets <= half + 2)].all(axis=1)
    crossed = ndimage.maximum_filter1d(above, 2 * half + 1) & ndimage.maximum_filter1d(below, 2 * half + 1)
    rim = band & (np.abs(offsets) <= half) & ~crossed[:, np.newaxis] & (darkness < 1.4 * line)
    found[place[0][rim], place[1][rim]] = True


def _drift(mask: Mask, middle: npt.NDArray[np.float64], reach: int) -> npt.NDArray[np.float64]:
    """How far the ink lies from a straight line, smoothed along it, for paper that is not flat."""
    height, width = mask.shape
    offsets = np.arange(-reach, reach + 1)
    rows = np.round(middle).astype(np.int64)[:, np.newaxis] + offsets
    inside = (rows >= 0) & (rows < height)
    band = mask[np.clip(rows, 0, height - 1), np.arange(width)[:, np.newaxis]] & inside
    count = band.sum(axis=1)
    thin = (count > 0) & (count < len(offsets))
    if not thin.any():
        return np.zeros(width)
    seen = np.flatnonzero(thin)
    drift = (band[seen] * offsets).sum(axis=1) / count[seen]
    drift = ndimage.median_filter(drift, size=max(3, len(seen) // 20) | 1, mode="nearest")
    return np.asarray(np.interp(np.arange(width), seen, drift))


def _run_lengths(band: Mask) -> npt.NDArray[np.int64]:
    """For each row, how many inked pixels touch the one nearest to its middle."""
    centre = band.shape[1] // 2
    down = np.cumprod(band[:, centre:], axis=1).sum(axis=1)
    up = np.cumprod(band[:, centre::-1], axis=1).sum(axis=1)
    return np.asarray(np.maximum(down + up - 1, 1), np.int64)
