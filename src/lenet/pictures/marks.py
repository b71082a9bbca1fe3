"""A picture → the marks on it; the same for training and for reading."""

from dataclasses import dataclass, replace

import numpy as np

from lenet.pictures.ink import Ink, find_contrast, find_ink
from lenet.pictures.picture import Picture
from lenet.pictures.rules import find_rules
from lenet.pictures.segment import Mark, segment
from lenet.pictures.sheet import Sheet, with_margin


@dataclass(frozen=True, eq=False)
class FoundMarks:
    """The marks on a picture and how they were found.

    Attributes:
        marks: In no particular order, boxes in pixels of the sheet.
        sheet: The picture, perhaps enlarged, perhaps with a margin.
        ink: Of the sheet.
    """

    marks: list[Mark]
    sheet: Sheet
    ink: Ink

    def joined(self) -> Mark:
        """All marks as one; where there is none, all ink of the picture."""
        if len(self.marks) == 1:
            return self.marks[0]
        if not self.marks:
            strength = np.where(self.ink.mask, self.ink.strength, np.float32(0))
            return Mark((0, 0, strength.shape[1], strength.shape[0]), strength)
        left, top, right, bottom = (
            int(edge)
            for edge in (
                *np.min([mark.box[:2] for mark in self.marks], axis=0),
                *np.max([mark.box[2:] for mark in self.marks], axis=0),
            )
        )
        strength = np.zeros((bottom - top, right - left), np.float32)
        for mark in self.marks:
            x, y = mark.box[0] - left, mark.box[1] - top
            window = strength[y : y + mark.height, x : x + mark.width]
            np.maximum(window, mark.strength, out=window)
        return Mark((left, top, right, bottom), strength)


def find_marks(picture: Picture) -> FoundMarks:
    """Find the ink of a picture and join it to marks."""
    sheet = with_margin(picture.pixels)
    contrast = find_contrast(sheet.pixels)
    rules = np.zeros(contrast.values.shape, bool)
    if sheet.zoom == 1:  # the margin has no lines, and what is enlarged is too small for any
        sheet.without(rules)[:] = find_rules(replace(contrast, values=sheet.without(contrast.values)))
    ink = find_ink(contrast, rules)
    return FoundMarks(segment(ink), sheet, ink)
