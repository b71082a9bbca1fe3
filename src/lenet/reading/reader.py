"""Reader: a picture → the digits on it, or the class of the whole picture."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from lenet.errors import LenetError
from lenet.model.runtime import Model
from lenet.pictures.framing import Framing
from lenet.pictures.picture import Picture, Pixels, Source, open_picture
from lenet.reading.lines import words
from lenet.reading.result import Digit, PictureStages, Reading, Separator, candidates

if TYPE_CHECKING:  # what finds marks needs SciPy, which takes a third of a second to import
    from lenet.pictures.marks import FoundMarks, Mark
    from lenet.reading.agreement import Seen
    from lenet.reading.known import Known


# Evidence for the marks that are detected must be so much higher than for those that contrast shows. Where it shows one
# that fills the picture, it must be that of many: fragments of one character may look like several.
CLEARLY, MANY_MARKS = 0.5, 6.0
# The picture is also looked at in sizes near the best: what is writing is read alike.
NEAR = (0.74, 1.35)
# But not where there are more marks than this, which would take seconds.
MOST_LOOKED_AT_AGAIN = 400


class Reader:
    """Reads pictures with a model. Safe to share between threads.

    A model with framing ``mark`` finds and reads all marks of a picture; one with framing ``whole`` gives one answer
    for the picture.

    Example:
        >>> Reader(Model.load()).read("photo.jpg").text
    """

    def __init__(self, model: Model | None = None) -> None:
        """Take a model; the bundled one when none is given."""
        if model is not None and not isinstance(model, Model):
            raise LenetError(f"Reader takes a Model, not {type(model).__name__}: write Reader(Model.load(…))")
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
        return Reading((), _no_ink(picture), digit)

    def _read_ready(self, picture: Picture, image: Pixels) -> Reading:
        """Read a picture in MNIST's form, which is one mark."""
        answers = self.model.classify(image[np.newaxis])
        rows, columns = np.flatnonzero(image.any(axis=(1, 2))), np.flatnonzero(image.any(axis=(0, 2)))
        box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
        digit = self._digit(box, image, answers.probabilities[0], bool(answers.unknown[0]))
        strength = image[..., 0].astype(np.float32) / np.float32(255)
        return Reading(((digit,),), PictureStages(picture.pixels, picture.scale, strength, strength > 0.5))

    def _read_marks(self, picture: Picture) -> Reading:
        """Find marks by contrast, and where the classes are digits, detect them; take what the network knows better.

        Training finds the ink of its pictures by contrast, too: so a picture of one character is framed as in training.
        All other marks are known when they are read alike in several ways.
        """
        from lenet.pictures.detect import detect_at, largest_size
        from lenet.reading.agreement import agreed, seen_by
        from lenet.reading.known import known

        if picture.pixels.min() == picture.pixels.max():  # as empty pages of a document are
            return Reading((), _no_ink(picture))
        best, others, size, rings = self._best_way(picture)
        if not others:
            return self._reading(picture, best.with_unknown(best.characters if best.all_unknown else []))
        most = max(len(best.characters), *(len(other.answers) for other in others))
        factors = NEAR if most <= MOST_LOOKED_AT_AGAIN else ()
        near = {min(largest_size(picture), max(1, round(factor * size))) for factor in factors} - {size}
        others += [seen_by(known(detect_at(picture, other, rings), self.model, digits=True)) for other in sorted(near)]
        return self._reading(picture, agreed(best, others).in_table())

    def _best_way(self, picture: Picture) -> "tuple[Known, list[Seen], int, npt.NDArray[np.bool_] | None]":
        """The way in which marks are known best, what the others see, the size that shows writing best, and rings.

        What a way looked at takes much memory: only that of the best is kept.
        """
        from lenet.pictures.contrast import find_marks
        from lenet.pictures.detect import detect_at, writing_sizes
        from lenet.reading.agreement import seen_by
        from lenet.reading.known import known

        found = find_marks(picture, self._reads_digits)
        if not self._reads_digits:
            return known(found, self.model, digits=False), [], 0, found.rings
        size, *more = writing_sizes(picture, found.rings)
        detected, others = known(detect_at(picture, size, found.rings), self.model, digits=True), []
        for other in more:
            also = known(detect_at(picture, other, found.rings), self.model, digits=True)
            worse, detected = sorted((detected, also), key=lambda way: way.evidence)
            others.append(seen_by(worse))
        contrast = known(found.with_lines_of(detected.found), self.model, digits=True)
        fragments = contrast.is_one_character and detected.in_table().table is None
        # What is unknown as one character may be a frame, or the sheet itself, with others on it.
        framed = contrast.evidence < 0 and detected.all_sure
        if fragments and detected.evidence <= MANY_MARKS and not framed:
            return contrast, [], size, found.rings
        if detected.evidence > contrast.evidence + CLEARLY or fragments:
            return detected, [*others, seen_by(contrast)], size, found.rings
        return contrast, [*others, seen_by(detected)], size, found.rings

    def _reading(self, picture: Picture, way: "Known") -> Reading:
        found, answered = way.found, way.answered
        scale = picture.scale / found.zoom

        cells, boxed = (way.table.cells, way.table.boxed) if way.table else ({}, frozenset())
        word_of = words(way.lines, way.size, cells, boxed)

        def read(mark: "Mark") -> Digit | Separator:
            left, top, right, bottom = (round(max(0, edge - found.margin) * scale) for edge in mark.box)
            box = (left, top, min(right, picture.size[0]), min(bottom, picture.size[1]))
            if mark not in answered:
                return Separator(mark.separator, box, word_of[mark], cells.get(mark))
            answer = answered[mark]
            word, cell = word_of[mark], cells.get(mark)
            return self._digit(box, answer.image, answer.probabilities, answer.unknown, word, cell)

        lines = tuple(tuple(map(read, line)) for line in way.lines)
        return Reading(
            lines, _stages(picture, found), table=(way.table.rows, way.table.columns) if way.table and cells else None
        )

    def _digit(
        self,
        box: tuple[int, int, int, int],
        image: Pixels,
        probabilities: npt.NDArray[np.float32],
        unknown: bool,
        word: int = 0,
        cell: tuple[int, int] | None = None,
    ) -> Digit:
        top = candidates(probabilities, self.model.class_names)
        return Digit(box, image, probabilities, top, unknown, word, cell)


def _no_ink(picture: Picture) -> PictureStages:
    none = np.zeros(picture.pixels.shape[:2], np.float32)
    return PictureStages(picture.pixels, picture.scale, none, none > 0)


def _stages(picture: Picture, found: "FoundMarks") -> PictureStages:
    pixels, strength, mask = (found.without_margin(stage) for stage in (found.pixels, found.strength, found.mask))
    if found.zoom >= 1:
        return PictureStages(pixels, picture.scale / found.zoom, strength, mask)
    size = picture.pixels.shape[1::-1]
    strength = np.asarray(Image.fromarray(strength).resize(size, Image.Resampling.BILINEAR))
    return PictureStages(picture.pixels, picture.scale, strength, strength > 0.5)
