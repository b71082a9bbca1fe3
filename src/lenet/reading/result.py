"""What is read from a picture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lenet.pictures.picture import Box

if TYPE_CHECKING:
    from PIL import Image

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
        probabilities: Of all classes, float32 ``(classes,)``: the model's, which are calibrated; where the finder saw
            the mark, too, pooled with its own.
        top: The three most probable classes, the best first.
        unknown: Whether it looks like none of the classes.
        word: Number of its word on the line, from 0 on.
        cell: Row and column of its table, from 0 on; None outside tables.
    """

    box: Box
    image: npt.NDArray[np.uint8]
    probabilities: npt.NDArray[np.float32]
    top: tuple[Candidate, ...]
    unknown: bool
    word: int = 0
    cell: tuple[int, int] | None = None

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
        cell = {} if self.cell is None else {"cell": list(self.cell)}
        return {**self.answer(), "box": list(self.box), "word": self.word, **cell}

    def answer(self) -> dict[str, Any]:
        """The same without the place."""
        return {
            "label": self.label,
            "probability": self.probability,
            "unknown": self.unknown,
            "top": [list(candidate) for candidate in self.top],
        }


class Separator(NamedTuple):
    """A mark between digits, such as a point, a comma or a bar; ``word`` and ``cell`` as of ``Digit``."""

    shown: str
    box: Box
    word: int = 0
    cell: tuple[int, int] | None = None


class Token(NamedTuple):
    """What stands on a line: digits side by side, or one separator.

    Attributes:
        text: As it is shown.
        kind: ``number``, ``separator``, or ``unknown`` when one of the digits is.
        word: Number of its word on the line, from 0 on.
        row: Number of the line, from 0 on.
        box: Left, top, right, bottom in pixels of the full, upright picture.
    """

    text: str
    kind: str
    word: int
    row: int
    box: Box


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

    def place(self, box: Box) -> Box:
        """A box of the full picture in pixels of ``pixels``."""
        left, top, right, bottom = (round(edge / self.scale) for edge in box)
        return left, top, right, bottom


@dataclass(frozen=True, eq=False)
class Reading:
    """What is read from a picture: digits with a ``mark`` model, one answer with a ``whole`` model.

    Attributes:
        lines: Digits and separators of each line of writing, top to bottom; empty with a ``whole`` model.
        stages: The steps in which it was read.
        whole: The answer for the whole picture; None with a ``mark`` model.
        table: Rows and columns of the table that the digits' cells are of; None where there is none.
    """

    lines: tuple[tuple[Digit | Separator, ...], ...]
    stages: PictureStages
    whole: Digit | None = None
    table: tuple[int, int] | None = None

    @property
    def marks(self) -> tuple[Digit | Separator, ...]:
        """Digits and separators in reading order."""
        return tuple(chain.from_iterable(self.lines))

    @property
    def digits(self) -> tuple[Digit, ...]:
        """All digits in reading order."""
        return tuple(mark for mark in self.marks if isinstance(mark, Digit))

    @property
    def answers(self) -> tuple[Digit, ...]:
        """The digits, or the answer for the whole picture."""
        return self.digits if self.whole is None else (self.whole,)

    @property
    def rows(self) -> list[str]:
        """The digits of each line of writing, unknown marks as ``?``; the answer for a whole picture."""
        if self.whole is not None:
            return [self.whole.shown]
        return ["".join(mark.shown for mark in line if isinstance(mark, Digit)) for line in self.lines]

    @property
    def cells(self) -> list[list[str]] | None:
        """What stands in each cell of the table, row by row; empty cells as ``""``."""
        if self.table is None:
            return None
        rows, columns = self.table
        cells = [[""] * columns for _ in range(rows)]
        for mark in self.marks:
            if mark.cell is not None:
                cells[mark.cell[0]][mark.cell[1]] += mark.shown
        return cells

    @property
    def tokens(self) -> tuple[Token, ...]:
        """Numbers and separators in reading order."""
        return tuple(token for row, line in enumerate(self.lines) for token in _tokens(line, row))

    @property
    def text(self) -> str:
        """One line of text for each line of writing, with separators, and blanks between words."""
        if self.whole is not None:
            return self.whole.shown
        return "\n".join(
            " ".join("".join(mark.shown for mark in word) for _, word in groupby(line, lambda mark: mark.word))
            for line in self.lines
        )

    def __repr__(self) -> str:
        return f"<Reading {self.text!r}: {len(self.answers)} answer{'s' * (len(self.answers) != 1)}>"

    def annotated(self) -> "Image.Image":
        """The picture with a box and the answer for each digit and separator, unknown ones in orange."""
        from lenet.figures.reading import annotated

        marks = self.marks or self.answers
        boxes, shown = [self.stages.place(mark.box) for mark in marks], [mark.shown for mark in marks]
        return annotated(self.stages.pixels, boxes, shown, [text == UNKNOWN for text in shown])

    def _repr_png_(self) -> bytes:
        """``annotated``, for notebooks."""
        from lenet.figures.render import as_png

        return as_png(self.annotated())

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as ``lenet predict --json`` prints them."""
        plain = {
            "text": self.text,
            "rows": self.rows,
            "tokens": [token._asdict() for token in self.tokens],
            "digits": [digit.to_dict() for digit in self.digits],
            **({} if self.table is None else {"table": list(self.table)}),
        }
        return plain if self.whole is None else plain | self.whole.answer()


def _tokens(line: Sequence[Digit | Separator], row: int) -> Iterator[Token]:
    for (word, separates), marks in groupby(line, lambda mark: (mark.word, isinstance(mark, Separator))):
        for side_by_side in ([mark] for mark in marks) if separates else [list(marks)]:
            text = "".join(mark.shown for mark in side_by_side)
            kind = "separator" if separates else "unknown" if UNKNOWN in text else "number"
            left, top, right, bottom = zip(*(mark.box for mark in side_by_side), strict=True)
            yield Token(text, kind, word, row, (min(left), min(top), max(right), max(bottom)))
