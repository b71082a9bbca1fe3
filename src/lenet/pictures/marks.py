"""Marks, and what was looked at to find them."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.pictures.mnist_form import Strength
from lenet.pictures.picture import Box, Pixels

# The boxes of marks have so many times the pixels of their picture together, at most; those of nested drawings, which
# are no writing, have more.
MOST_OVERLAP = 3
# A mark with this share of its ink on rules is part of them, where their height and width are so many times the mark's.
ON_RULES, RUNS_ON = 0.5, 1.5
Probabilities = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Mark:
    """Strokes that belong together.

    Attributes:
        box: Left, top, right, bottom in pixels of what was looked at; right and bottom are exclusive.
        strength: Of this mark's ink inside the box, float32 ``(height, width)``, 0 to 1; 0 for other ink.
        separator: Which separator it is; none by default.
        kinds: Probability of each of the finder's kinds, ``(18,)``, the ten digits first; None where it did not look.
        parts: Marks that it may be instead, left to right, where its pixels point to several middles.
    """

    box: Box
    strength: Strength
    separator: str = ""
    kinds: Probabilities | None = None
    parts: "tuple[Mark, ...]" = ()

    @property
    def width(self) -> int:
        """Pixels across."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> int:
        """Pixels down."""
        return self.box[3] - self.box[1]

    @property
    def centre(self) -> tuple[float, float]:
        """Of the box: across, down."""
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2


@dataclass(frozen=True, eq=False)
class FoundMarks:
    """The marks on a picture and how they were found.

    Attributes:
        marks: In no particular order.
        pixels: What was looked at: the picture, perhaps scaled, perhaps with a margin, uint8 ``(height, width, 3)``.
        strength: Of ink, float32 ``(height, width)``, 0 to 1.
        mask: Where there is ink, ``(height, width)``.
        zoom: Pixels of ``pixels`` to one of the picture.
        margin: Width of the margin, in pixels of ``pixels``.
        rules: Where printed lines of paper, tables and boxes are; None when they were not looked for.
        rule_zoom: Pixels of ``rules`` to one of ``pixels``.
        rings: Where rings and frames are, ``(height, width)`` of ``pixels`` without the margin; None when they were not
            looked for.
    """

    marks: list[Mark]
    pixels: Pixels
    strength: Strength
    mask: npt.NDArray[np.bool_]
    zoom: float
    margin: int = 0
    rules: npt.NDArray[np.bool_] | None = None
    rule_zoom: float = 1.0
    rings: npt.NDArray[np.bool_] | None = None

    def without_margin(self, stage: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Cut the margin off an array ``(height, width[, 3])``."""
        height, width = self.mask.shape
        return stage[self.margin : height - self.margin, self.margin : width - self.margin]

    def with_rules_of(self, other: "FoundMarks") -> "FoundMarks":
        """The same with the rules that were seen on the picture in another way."""
        return replace(self, rules=other.rules, rule_zoom=other.rule_zoom * other.zoom / self.zoom)

    def off_rules(self, marks: list[Mark]) -> list[Mark]:
        """The marks but those that lie on rules which run on beyond them."""
        if self.rules is None or not marks:
            return marks
        from scipy import ndimage  # not needed for pictures in MNIST's form, and slow to import

        pieces, _ = ndimage.label(self.rules, np.ones((3, 3)))
        extents = np.array([0, *(sum(pieces[window].shape) for window in ndimage.find_objects(pieces))])
        last = np.array(pieces.shape) - 1
        kept = []
        for mark in marks:
            places = (np.argwhere(mark.strength > 0.5) + mark.box[1::-1] - self.margin) * self.rule_zoom
            row, column = np.clip(places, 0, last).astype(int).T
            on = extents[pieces[row, column]] > RUNS_ON * self.rule_zoom * (mark.height + mark.width)
            if not len(on) or on.mean() <= ON_RULES:
                kept.append(mark)
        return kept

    def joined(self) -> Mark:
        """All marks as one; where there is none, all ink of the picture."""
        if len(self.marks) == 1:
            return self.marks[0]
        if not self.marks:
            strength = np.where(self.mask, self.strength, np.float32(0))
            return Mark((0, 0, strength.shape[1], strength.shape[0]), strength)
        boxes = np.array([mark.box for mark in self.marks])
        left, top, right, bottom = (int(edge) for edge in (*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)))
        strength = np.zeros((bottom - top, right - left), np.float32)
        for mark in self.marks:
            x, y = mark.box[0] - left, mark.box[1] - top
            window = strength[y : y + mark.height, x : x + mark.width]
            np.maximum(window, mark.strength, out=window)
        return Mark((left, top, right, bottom), strength)
