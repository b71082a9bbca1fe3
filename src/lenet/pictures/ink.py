"""Ink on paper: how strongly each pixel is inked, whatever the light, the paper and the pen."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

Mask = npt.NDArray[np.bool_]
Strength = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int32]

# Light changes slowly, so it is estimated on a picture of at most this many pixels a side.
LIGHT_SIDE = 256
# Ink is darker than its paper by at least this share of the paper's brightness,
LEAST_CONTRAST = 0.1
# which counts as at least this many of 255 grey levels, since in the dark noise is as bright as its paper.
DARKEST_PAPER = 100.0
# Grain of paper and camera stays below this many standard deviations; smaller pictures than this show none.
GRAIN = 6.0
GRAINY_SIDE = 200
# A stroke holds a pixel of this share of the pen's darkness, and reaches as far as the other.
SEED, EDGE = 0.6, 0.4


@dataclass(frozen=True, eq=False)
class Contrast:
    """How a picture differs from its paper.

    Attributes:
        values: float32 ``(height, width)``, 0 for paper, up to 1, with the paper's grain.
        floor: Values above it are more than grain.
        bright: Whether the ink is brighter than its ground.
    """

    values: Strength
    floor: float
    bright: bool

    @property
    def visible(self) -> Mask:
        """Where there is more than paper."""
        return np.asarray(self.values > self.floor)


@dataclass(frozen=True, eq=False)
class Ink:
    """The ink of a picture.

    Attributes:
        strength: float32 ``(height, width)``, 0 for paper, 0.5 at the rim of a stroke, 1 for full ink.
        mask: Where there is ink, ``(height, width)``.
    """

    strength: Strength
    mask: Mask


def find_contrast(pixels: npt.NDArray[np.uint8]) -> Contrast:
    """Even out light and shadow, and find which tone is the ink's.

    Args:
        pixels: ``(height, width, 3)``.
    """
    grey = np.asarray(Image.fromarray(pixels).convert("L")).astype(np.float32)
    bright = ink_is_bright(grey)
    values = _evened(255 - grey if bright else grey)
    if min(values.shape) >= GRAINY_SIDE:
        values = ndimage.gaussian_filter(values, 0.8)
    rows = values[:: max(1, values.shape[0] // 512)]
    # Pixels so far apart share no noise through the smoothing, and mostly lie on the same paper or the same stroke.
    grain = 1.05 * float(np.median(np.abs(rows[:, 3:] - rows[:, :-3]))) if rows.shape[1] > 3 else 0.0
    paper = float(np.percentile(rows, 30))
    return Contrast(values, max(LEAST_CONTRAST, paper + GRAIN * grain), bright)


def find_ink(contrast: Contrast, rules: Mask) -> Ink:
    """Separate this pen's ink from everything fainter: seeds of its darkness, grown to the rims of their strokes.

    Args:
        contrast: Of the picture.
        rules: Where the paper's own lines are, which are left out.

    Returns:
        An empty mask when there is no ink.
    """
    values = contrast.values
    written = values[contrast.visible & ~rules]
    if written.size == 0:
        return Ink(np.zeros_like(values), np.zeros(values.shape, bool))
    pen = float(np.percentile(written, 85))
    edge = max(EDGE * pen, contrast.floor)
    labels, count = strokes((values > edge) & ~rules)
    seeded = np.zeros(count + 1, bool)
    seeded[labels[values > max(SEED * pen, edge)]] = True
    seeded[0] = False
    strength = np.clip(values / np.float32(2 * edge), 0, 1)
    return Ink(strength, seeded[labels])


def ink_is_bright(grey: Strength) -> bool:
    """Whether light strokes are on a dark ground: compared with its surroundings, ink is rare and differs much."""
    small = _shrunk(grey, LIGHT_SIDE)
    cubes = (small - ndimage.gaussian_filter(small, max(small.shape) / 10)).astype(np.float64) ** 3
    # Where it is nearly even, there is only light and shadow on paper.
    return float(np.clip(cubes, 0, None).sum()) > 1.5 * float(-np.clip(cubes, None, 0).sum())


def _evened(grey: Strength) -> Strength:
    """Contrast of dark ink against the paper around it, about 0 to 1: light and shadow divided away."""
    small = _shrunk(grey, LIGHT_SIDE)
    # A small picture is the crop of one digit, whose broad strokes must not be taken for shadow.
    reach = max(3, round(max(small.shape) * (0.5 if max(grey.shape) <= LIGHT_SIDE else 0.2))) | 1
    # Mirrored at the border, the edge of a shadow would become a notch, which the closing fills.
    paper = np.pad(ndimage.gaussian_filter(small, 1, mode="nearest"), reach, mode="edge")
    paper = ndimage.grey_closing(paper, size=(reach, reach))[reach:-reach, reach:-reach]
    paper = ndimage.gaussian_filter(paper, max(small.shape) / 64, mode="nearest")
    paper = np.asarray(Image.fromarray(paper).resize(grey.shape[::-1], Image.Resampling.BILINEAR))
    return np.asarray((paper - grey) / np.maximum(paper, DARKEST_PAPER))


def _shrunk(grey: Strength, side: int) -> Strength:
    height, width = grey.shape
    factor = max(1.0, max(height, width) / side)
    size = (max(1, round(width / factor)), max(1, round(height / factor)))
    if size == (width, height):
        return grey
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BOX))


def strokes(mask: Mask) -> Any:
    """Labels ``(height, width)`` of connected strokes, and how many there are."""
    return ndimage.label(mask, structure=np.ones((3, 3)))


def shrunk(labels: npt.NDArray[Any], factor: int) -> npt.NDArray[Any]:
    """Numbers of strokes with so many pixels each way joined to one, which has the highest number."""
    rows, columns = (np.arange(0, side, factor) for side in labels.shape)
    return np.maximum.reduceat(np.maximum.reduceat(labels, rows, axis=0), columns, axis=1)
