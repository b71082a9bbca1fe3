"""Reader: a picture → the digits on it, or the class of the whole picture."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lenet.model.runtime import Model
from lenet.pictures.framing import Framing
from lenet.pictures.picture import Picture, Pixels, Source, open_picture
from lenet.reading.result import Digit, PictureStages, Reading, candidates

if TYPE_CHECKING:  # what finds marks needs SciPy, which takes a third of a second to import
    from lenet.pictures.segment import Mark

# If more marks than these (number, and share of all) are unknown, all are: the writing is no digits.
FEW, MANY = 2, 0.1
# Only texture has more marks; to look at each for cuts would take long.
MOST_CUT = 500


class Reader:
    """Reads pictures with a model. Safe to share between threads.

    A model with framing ``mark`` finds and reads all marks of a picture; one with framing ``whole`` gives one answer
    for the picture.

    Example:
        >>> Reader(Model.load()).read("photo.jpg").text
    """

    def __init__(self, model: Model | None = None) -> None:
        """Take a model; the bundled one when none is given."""
        self.model = model or Model.load()
        about = self.model.metadata
        self.framing = Framing(about.framing, about.height, about.width, about.depth, about.inverted)

    @property
    def _reads_digits(self) -> bool:
        """Whether touching marks can be cut apart: letters such as m and w are wide and look like two others."""
        return set(self.model.class_names) <= set("0123456789")

    def read(self, source: Source, name: str | None = None) -> Reading:
        """Read a picture.

        Args:
            source: A path, a file's bytes, an array ``(height, width[, 1, 3 or 4])`` or a Pillow image.
            name: What to call it in an error.

        Raises:
            LenetError: when it cannot be decoded.
        """
        picture = open_picture(source, name)
        if self.framing.kind == "whole":
            return self._read_whole(picture)
        ready = self.framing.find_ready(picture)
        return self._read_marks(picture) if ready is None else self._read_ready(picture, ready)

    def _read_whole(self, picture: Picture) -> Reading:
        image = self.framing.frame(picture)
        answers = self.model.classify(image[np.newaxis])
        digit = self._digit((0, 0, *picture.size), image, answers.probabilities[0], bool(answers.unknown[0]))
        none = np.zeros(picture.pixels.shape[:2], np.float32)
        return Reading((), PictureStages(picture.pixels, picture.scale, none, none > 0), digit)

    def _read_ready(self, picture: Picture, image: Pixels) -> Reading:
        """Read a picture in MNIST's form, which is one mark."""
        answers = self.model.classify(image[np.newaxis])
        rows, columns = np.flatnonzero(image.any(axis=(1, 2))), np.flatnonzero(image.any(axis=(0, 2)))
        box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
        digit = self._digit(box, image, answers.probabilities[0], bool(answers.unknown[0]))
        strength = image[..., 0].astype(np.float32) / np.float32(255)
        return Reading(((digit,),), PictureStages(picture.pixels, picture.scale, strength, strength > 0.5))

    def _read_marks(self, picture: Picture) -> Reading:
        from lenet.pictures.marks import find_marks
        from lenet.reading.answers import AnsweredMarks
        from lenet.reading.fragments import join_fragments
        from lenet.reading.lines import in_lines
        from lenet.reading.touching import cut_apart

        found = find_marks(picture)
        answered = AnsweredMarks(self.model)
        marks = found.marks
        if self._reads_digits and len(marks) <= MOST_CUT:
            size = float(np.median([mark.height for mark in marks])) if marks else 0.0
            marks = [digit for mark in marks for digit in cut_apart(mark, size, answered.confidence)]
        lines = in_lines(join_fragments(marks, found, answered))
        marks = [mark for line in lines for mark in line]
        answered.add(marks)
        unknown = np.array([answered[mark].unknown for mark in marks], bool)
        all_unknown = bool(unknown.sum() > FEW + MANY * len(marks))
        sheet = found.sheet
        scale = picture.scale / sheet.zoom

        def digit(mark: "Mark") -> Digit:
            answer = answered[mark]
            left, top, right, bottom = (round(max(0, edge - sheet.margin) * scale) for edge in mark.box)
            box = (left, top, min(right, picture.size[0]), min(bottom, picture.size[1]))
            return self._digit(box, answer.image, answer.probabilities, all_unknown or answer.unknown)

        read = tuple(tuple(digit(mark) for mark in line) for line in lines)
        stages = (sheet.without(stage) for stage in (sheet.pixels, found.ink.strength, found.ink.mask))
        return Reading(read, PictureStages(next(stages), scale, next(stages), next(stages)))

    def _digit(
        self, box: tuple[int, int, int, int], image: Pixels, probabilities: npt.NDArray[np.float32], unknown: bool
    ) -> Digit:
        return Digit(box, image, probabilities, candidates(probabilities, self.model.class_names), unknown)
