"""Ruled and squared paper: finds its lines, follows them over the sheet, and separates them from the writing."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lenet.pictures.ink import Contrast, Mask, Strength, shrunk

# Lines are searched on a mask of at most this many pixels a side; a picture below the other has none.
COARSE, LEAST_SIDE = 480, 64
# Pixels down to one across, at most: 14 degrees, in steps small enough for a line to stay in its row.
STEEPEST, STEPS = 0.25, 101
# A line is inked along this share of its way over the picture, and in this many of its ten tenths.
INKED, TENTHS = 0.6, 9
# Thickest line, as a share of the picture's longer side; and of the distance to the next where at least this many
# are parallel, as no writing is.
THICKEST, THICKEST_OF_GAP, PARALLEL = 0.012, 0.2, 4
# A printed line may be paler than any pen, and is known by its length.
FAINT = 0.5
# What is darker than the line by this factor was written over it.
DARKER = 1.4


class Rule(NamedTuple):
    """A line: ``row`` where it crosses the middle column, and pixels down to one across."""

    row: float
    slope: float


class FollowedRule(NamedTuple):
    """A rule as it runs: its row in each column ``(width,)``, and half its thickness; 0 when too thick."""

    rows: npt.NDArray[np.int64]
    half: int


def find_rules(contrast: Contrast) -> Mask:
    """Where the paper's own lines lie, ``(height, width)``, without the strokes that cross them."""
    visible = contrast.values > FAINT * contrast.floor
    rules = np.zeros_like(visible)
    if min(visible.shape) >= LEAST_SIDE:
        level, upright = _follow_rules(visible), _follow_rules(visible.T)
        # Where two lines cross, neither is a stroke to the other.
        without_level, without_upright = visible.copy(), visible.copy()
        for line in level:
            _fill(without_level, line, False)
        for line in upright:
            _fill(without_upright.T, line, False)
        for line in level:
            _add_rule(visible, without_upright, contrast.values, line, rules)
        for line in upright:
            _add_rule(visible.T, without_level.T, contrast.values.T, line, rules.T)
    return rules


def _follow_rules(mask: Mask) -> list[FollowedRule]:
    rules = _find(mask)
    thickest = max(3.0, THICKEST * max(mask.shape))
    if len(rules) >= PARALLEL:
        gaps = np.diff(sorted(rule.row for rule in rules))
        # Not the median: a thick line may be found twice, at its upper and its lower edge.
        thickest = max(thickest, THICKEST_OF_GAP * float(np.percentile(gaps, 75)))
    return [_followed(mask, rule, thickest) for rule in rules]


def _find(mask: Mask) -> list[Rule]:
    """Lines from left to right: rows of the sheared picture that are inked almost all the way."""
    factor = max(1, -(-max(mask.shape) // COARSE))
    coarse = shrunk(mask, factor)
    y, x = np.nonzero(coarse)
    height, width = coarse.shape
    if len(x) == 0:
        return []
    margin = int(np.ceil(STEEPEST * width / 2)) + 1
    columns = np.arange(width) - width / 2
    slopes = np.linspace(-STEEPEST, STEEPEST, STEPS)
    shares = np.zeros((STEPS, height + 2 * margin))
    for index, slope in enumerate(slopes):
        sheared = margin + np.floor(-slope * columns).astype(np.intp)
        inked = np.bincount(y + sheared[x], minlength=height + 2 * margin)
        # How many columns each row has inside the picture.
        start = np.arange(height + 2 * margin)[:, np.newaxis] - margin + slope * columns[[0, -1]]
        low, high = start.min(axis=1), start.max(axis=1)
        inside = np.clip(np.minimum(high, height) - np.maximum(low, 0), 0, None) / np.maximum(high - low, 1e-9)
        if slope == 0:
            inside = ((low >= 0) & (high < height)).astype(float)
        inked = inked + np.append(inked[1:], 0)  # a line may straddle two rows
        shares[index] = np.where(inside > 0.4, inked / np.maximum(inside * width, 1), 0)
    rules = []
    while shares.max() >= INKED:
        index, row = (int(place) for place in np.unravel_index(int(shares.argmax()), shares.shape))
        slope = float(slopes[index])
        level = row - margin + 1.0
        if _tenths(y, x, level, slope, height, width) >= TENTHS:
            rules.append(Rule(float(level * factor), slope))
            # What is nearly parallel and near is the same line again.
        near = np.abs(np.arange(shares.shape[1]) - row) <= 3
        shares[:, near] = 0
    return rules


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


def _followed(mask: Mask, rule: Rule, thickest: float) -> FollowedRule:
    """The line as it really runs, and how thick it is."""
    reach = max(3, round(0.008 * max(mask.shape)))
    columns = np.arange(mask.shape[1])
    middle = rule.row + rule.slope * (columns - mask.shape[1] / 2)
    middle = middle + _drift(mask, middle, reach)
    band = _band(mask, np.round(middle).astype(np.int64), np.arange(-3 * reach, 3 * reach + 1))
    inked = band[:, 3 * reach]
    thickness = float(np.median(_run_lengths(band[inked]))) if inked.any() else 0.0
    if thickness > thickest:
        thickness = 0.0
    return FollowedRule(np.round(middle).astype(np.int64), int(np.ceil(thickness / 2)) + 1 if thickness else 0)


def _add_rule(mask: Mask, strokes: Mask, values: Strength, line: FollowedRule, found: Mask) -> None:
    """Add the line to ``found``, but not the strokes that cross it or are darker than it."""
    if not line.half:
        return
    half = line.half
    across = np.arange(-half, half + 1)
    band, darkness = _band(mask, line.rows, across), _band(values, line.rows, across)
    if not band.any():
        return
    usual = float(np.median(darkness.max(axis=1)[band.any(axis=1)]))
    above = _band(strokes, line.rows, np.array([-half - 2, -half - 1])).all(axis=1)
    below = _band(strokes, line.rows, np.array([half + 1, half + 2])).all(axis=1)
    crossed = ndimage.maximum_filter1d(above, 2 * half + 1) & ndimage.maximum_filter1d(below, 2 * half + 1)
    _fill(found, line, True, band & ~crossed[:, np.newaxis] & (darkness < DARKER * usual))


def _band(array: npt.NDArray[Any], rows: npt.NDArray[np.int64], offsets: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """The pixels around a line, ``(columns, offsets)``; zero outside the picture."""
    places = rows[:, np.newaxis] + offsets
    inside = (places >= 0) & (places < array.shape[0])
    band = array[np.clip(places, 0, array.shape[0] - 1), np.arange(array.shape[1])[:, np.newaxis]]
    return np.asarray(np.where(inside, band, band.dtype.type(0)))


def _fill(mask: Mask, line: FollowedRule, value: bool, where: Mask | None = None) -> None:
    """Set the line's pixels, or those of ``where``, ``(columns, 2 · half + 1)``."""
    places = line.rows[:, np.newaxis] + np.arange(-line.half, line.half + 1)
    chosen = (places >= 0) & (places < mask.shape[0])
    if where is not None:
        chosen &= where
    if line.half:
        columns = np.broadcast_to(np.arange(mask.shape[1])[:, np.newaxis], places.shape)
        mask[places[chosen], columns[chosen]] = value


def _drift(mask: Mask, middle: npt.NDArray[np.float64], reach: int) -> npt.NDArray[np.float64]:
    """Distance of the ink from a straight line, smoothed along it, for paper that is not flat."""
    offsets = np.arange(-reach, reach + 1)
    band = _band(mask, np.round(middle).astype(np.int64), offsets)
    count = band.sum(axis=1)
    seen = np.flatnonzero((count > 0) & (count < len(offsets)))
    if len(seen) == 0:
        return np.zeros(len(middle))
    drift = (band[seen] * offsets).sum(axis=1) / count[seen]
    drift = ndimage.median_filter(drift, size=max(3, len(seen) // 20) | 1, mode="nearest")
    return np.asarray(np.interp(np.arange(len(middle)), seen, drift))


def _run_lengths(band: Mask) -> npt.NDArray[np.int64]:
    """For each row, how many inked pixels touch the one nearest to its middle."""
    centre = band.shape[1] // 2
    down = np.cumprod(band[:, centre:], axis=1).sum(axis=1)
    up = np.cumprod(band[:, centre::-1], axis=1).sum(axis=1)
    return np.asarray(np.maximum(down + up - 1, 1), np.int64)
