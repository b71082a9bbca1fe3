"""Reader: a picture of handwriting → the digits on it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lenet.datasets.dataset import Images
from lenet.errors import LenetError
from lenet.model.runtime import Model
from lenet.reading.normalise import Normalised, is_like_mnist
from lenet.reading.picture import Picture, Source, open_picture
from lenet.reading.sheet import Sheet, with_margin

UNKNOWN = "?"
CANDIDATES = 3
# Where so many marks and this share of all are unknown besides, the writing is no digits at all.
FEW, MANY = 2, 0.1
# Only texture has more marks; to look at each for cuts would take long.
MOST_CUT = 500


class Candidate(NamedTuple):
    """What a mark may be, and how probable that is."""

    label: str
    probability: float


@dataclass(frozen=True, eq=False)
class Digit:
    """One mark of a picture, read.

    Attributes:
        box: left, top, right, bottom in pixels of the full, upright picture.
        image: what the network saw, uint8 ``(height, width)``.
        top: the three likeliest classes, the best first.
        unknown: whether it is rather no digit, or not sure enough.
    """

    box: tuple[int, int, int, int]
    image: npt.NDArray[np.uint8]
    top: tuple[Candidate, ...]
    unknown: bool

    @property
    def label(self) -> str:
        """The likeliest class."""
        return self.top[0].label

    @property
    def probability(self) -> float:
        """Of ``label``, 0 to 1, calibrated."""
        return self.top[0].probability

    @property
    def shown(self) -> str:
        """``label``, or ``?`` when it is unknown."""
        return UNKNOWN if self.unknown else self.label

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as ``lenet predict --json`` prints them."""
        return {
            "label": self.label,
            "probability": self.probability,
            "unknown": self.unknown,
            "box": list(self.box),
            "top": [list(candidate) for candidate in self.top],
        }


@dataclass(frozen=True, eq=False)
class Stages:
    """How a picture was read, for who wants to see it.

    Attributes:
        pixels: the upright picture, perhaps shrunk or enlarged, uint8 ``(height, width, 3)``.
        scale: pixels of the full picture to one of ``pixels``.
        strength: how inked each pixel is, float32 ``(height, width)``.
        mask: what was taken for writing, ``(height, width)``.
    """

    pixels: npt.NDArray[np.uint8]
    scale: float
    strength: npt.NDArray[np.float32]
    mask: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Reading:
    """What stands on a picture.

    Attributes:
        lines: the digits of each line of writing, top to bottom, left to right.
        stages: how it was read.
    """

    lines: tuple[tuple[Digit, ...], ...]
    stages: Stages

    @property
    def digits(self) -> tuple[Digit, ...]:
        """All digits in reading order."""
        return tuple(digit for line in self.lines for digit in line)

    @property
    def rows(self) -> list[str]:
        """One string a line of writing, unknown marks as ``?``."""
        return ["".join(digit.shown for digit in line) for line in self.lines]

    @property
    def text(self) -> str:
        """The digits with blanks between them, one line of text a line of writing."""
        return "\n".join(" ".join(digit.shown for digit in line) for line in self.lines)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as ``lenet predict --json`` prints them."""
        return {"text": self.text, "rows": self.rows, "digits": [digit.to_dict() for digit in self.digits]}


class Reader:
    """Reads pictures with a model. Safe to share between threads.

    Example:
        >>> Reader(Model.load()).read("photo.jpg").text
    """

    def __init__(self, model: Model | None = None) -> None:
        """Take a model; the bundled one when none is given.

        Raises:
            LenetError: when it does not read grey images.
        """
        self.model = model or Model.load()
        if self.model.input_shape[2] != 1:
            raise LenetError(f"{self.model.name}: takes colour images; marks on paper are read with grey ones")

    def read(self, source: Source, name: str | None = None) -> Reading:
        """Find and read the digits of a picture.

        Args:
            source: a path, a file's bytes, an array ``(height, width[, 1, 3 or 4])`` or a Pillow image.
            name: what to call it in an error.

        Raises:
            LenetError: when it cannot be decoded.
        """
        picture = open_picture(source, name)
        ready = _ready_image(picture)
        if ready is not None and self.model.input_shape[:2] == ready.shape:
            return self._read_ready(picture, ready)

        from lenet.reading.ink import find_contrast, find_ink
        from lenet.reading.lines import in_lines
        from lenet.reading.normalise import normalise
        from lenet.reading.rules import find_rules
        from lenet.reading.segment import Mark, find_marks
        from lenet.reading.touching import cut_apart

        height, width, _ = self.model.input_shape
        sheet = with_margin(picture.pixels)
        contrast = find_contrast(sheet.pixels)
        rules = np.zeros(contrast.values.shape, bool)
        if sheet.zoom == 1:  # the margin has no lines, and what is enlarged is too small for any
            sheet.without(rules)[:] = find_rules(replace(contrast, values=sheet.without(contrast.values)))
        ink = find_ink(contrast, rules)

        def confidence(marks: Sequence[Mark]) -> npt.NDArray[np.float32]:
            images = [normalise(mark.strength, height, width).image for mark in marks]
            return np.asarray(self.model.predict(np.stack(images)[..., np.newaxis]).max(axis=1))

        found = find_marks(ink)
        if len(found) <= MOST_CUT:
            size = float(np.median([mark.height for mark in found])) if found else 0.0
            found = [digit for mark in found for digit in cut_apart(mark, size, confidence)]
        lines = in_lines(found)
        marks = [mark for line in lines for mark in line]
        made = [normalise(mark.strength, height, width) for mark in marks]
        digits = iter(self._digits(made, [_full_box(mark.box, sheet, picture) for mark in marks]))
        read = tuple(tuple(next(digits) for _ in line) for line in lines)
        pixels, strength, mask = (sheet.without(stage) for stage in (sheet.pixels, ink.strength, ink.mask))
        return Reading(read, Stages(pixels, picture.scale / sheet.zoom, strength, mask))

    def _read_ready(self, picture: Picture, image: npt.NDArray[np.uint8]) -> Reading:
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
        strength = image.astype(np.float32) / np.float32(255)
        return Reading(
            (tuple(self._digits([Normalised(image, True)], [box])),),
            Stages(picture.pixels, picture.scale, strength, strength > 0.5),
        )

    def _digits(self, marks: Sequence[Normalised], boxes: Sequence[tuple[int, int, int, int]]) -> list[Digit]:
        if not marks:
            return []
        batch: Images = np.stack([mark.image for mark in marks])[..., np.newaxis]
        probabilities, unknown = self.model.judge(batch)
        unknown = unknown | np.array([not mark.digit_shaped for mark in marks])
        if unknown.sum() > FEW + MANY * len(marks):
            unknown[:] = True  # writing of another kind, some of which happens to look like digits
        found = []
        for mark, box, row, doubt in zip(marks, boxes, probabilities, unknown, strict=True):
            found.append(Digit(box, mark.image, candidates(row, self.model.class_names), bool(doubt)))
        return found


def candidates(probabilities: npt.NDArray[np.float32], class_names: Sequence[str]) -> tuple[Candidate, ...]:
    """The three likeliest classes, the best first, of probabilities ``(classes,)``."""
    likeliest = np.argsort(-probabilities, kind="stable")[:CANDIDATES]
    return tuple(Candidate(class_names[label], float(probabilities[label])) for label in likeliest)


def _ready_image(picture: Picture) -> npt.NDArray[np.uint8] | None:
    """The picture itself where it is already an image as MNIST has them, in either polarity."""
    grey = picture.pixels[..., 0]
    if not (picture.pixels == grey[..., np.newaxis]).all():
        return None
    for image in (grey, 255 - grey):
        if is_like_mnist(image):
            return image
    return None


def _full_box(box: tuple[int, int, int, int], sheet: Sheet, picture: Picture) -> tuple[int, int, int, int]:
    """From pixels of the sheet to pixels of the full picture."""
    scale = picture.scale / sheet.zoom
    left, top, right, bottom = (round(max(0, edge - sheet.margin) * scale) for edge in box)
    return left, top, min(right, picture.size[0]), min(bottom, picture.size[1])
