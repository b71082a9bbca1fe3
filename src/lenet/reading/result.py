"""What is read from a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

UNKNOWN = "?"
CANDIDATES = 3


class Candidate(NamedTuple):
    """A class and its probability."""

    label: str
    probability: float


def candidates(probabilities: npt.NDArray[np.float32], class_names: Sequence[str]) -> tuple[Candidate, ...]:
    """The three most probable classes, the best first, from probabilities ``(classes,)``."""
    best = np.argsort(-probabilities, kind="stable")[:CANDIDATES]
    return tuple(Candidate(class_names[label], float(probabilities[label])) for label in best)


@dataclass(frozen=True, eq=False)
class Digit:
    """One mark of a picture, classified; with a ``whole`` model, the picture itself.

    Attributes:
        box: Left, top, right, bottom in pixels of the full, upright picture.
        image: Image that the network saw, uint8 ``(height, width, depth)``.
        probabilities: Of all classes, float32 ``(classes,)``, calibrated.
        top: The three most probable classes, the best first.
        unknown: Whether it looks like none of the classes.
    """

    box: tuple[int, int, int, int]
    image: npt.NDArray[np.uint8]
    probabilities: npt.NDArray[np.float32]
    top: tuple[Candidate, ...]
    unknown: bool

    @property
    def label(self) -> str:
        """The most probable class."""
        return self.top[0].label

    @property
    def probability(self) -> float:
        """Probability of ``label``, 0 to 1."""
        return self.top[0].probability

    @property
    def shown(self) -> str:
        """``label``, or ``?`` when it is unknown."""
        return UNKNOWN if self.unknown else self.label

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as ``lenet predict --json`` prints them."""
        return {**self.answer(), "box": list(self.box)}

    def answer(self) -> dict[str, Any]:
        """The same without the place."""
        return {
            "label": self.label,
            "probability": self.probability,
            "unknown": self.unknown,
            "top": [list(candidate) for candidate in self.top],
        }


@dataclass(frozen=True, eq=False)
class PictureStages:
    """The steps in which a picture was read.

    Attributes:
        pixels: The upright picture, perhaps shrunk or enlarged, uint8 ``(height, width, 3)``.
        scale: Pixels of the full picture to one of ``pixels``.
        strength: Strength of ink, float32 ``(height, width)``, 0 to 1; all 0 with a ``whole`` model.
        mask: Where there is writing, ``(height, width)``.
    """

    pixels: npt.NDArray[np.uint8]
    scale: float
    strength: npt.NDArray[np.float32]
    mask: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Reading:
    """What is read from a picture: digits with a ``mark`` model, one answer with a ``whole`` model.

    Attributes:
        lines: Digits of each line of writing, top to bottom, left to right; empty with a ``whole`` model.
        stages: The steps in which it was read.
        whole: The answer for the whole picture; None with a ``mark`` model.
    """

    lines: tuple[tuple[Digit, ...], ...]
    stages: PictureStages
    whole: Digit | None = None

    @property
    def digits(self) -> tuple[Digit, ...]:
        """All digits in reading order."""
        return tuple(digit for line in self.lines for digit in line)

    @property
    def answers(self) -> tuple[Digit, ...]:
        """The digits, or the answer for the whole picture."""
        return self.digits if self.whole is None else (self.whole,)

    @property
    def rows(self) -> list[str]:
        """One string for each line of writing, unknown marks as ``?``; the answer for a whole picture."""
        if self.whole is not None:
            return [self.whole.shown]
        return ["".join(digit.shown for digit in line) for line in self.lines]

    @property
    def text(self) -> str:
        """The digits with blanks between them, one line of text for each line of writing."""
        if self.whole is not None:
            return self.whole.shown
        return "\n".join(" ".join(digit.shown for digit in line) for line in self.lines)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as ``lenet predict --json`` prints them."""
        plain = {"text": self.text, "rows": self.rows, "digits": [digit.to_dict() for digit in self.digits]}
        return plain if self.whole is None else plain | self.whole.answer()
