"""Reader: a picture → the digits on it, or the class of the whole picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from lenet.errors import LenetError
from lenet.model.runtime import Model
from lenet.pictures.framing import Framing
from lenet.pictures.picture import Box, Picture, Pixels, Source, open_picture
from lenet.reading.lines import words
from lenet.reading.result import Digit, PictureStages, Reading, Separator, candidates

if TYPE_CHECKING:  # what finds marks needs SciPy, which takes a third of a second to import
    from lenet.pictures.marks import FoundMarks, Mark
    from lenet.reading.mark_reading import MarkReading


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
        if ready is not None:
            return self._read_ready(picture, ready)
        if picture.pixels.min() == picture.pixels.max():  # as empty pages of a document are
            return Reading((), _no_ink(picture))
        from lenet.reading.ways import read_marks

        return self._reading(picture, read_marks(picture, self.model, self._reads_digits))

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

    def _reading(self, picture: Picture, way: "MarkReading") -> Reading:
        found, answered = way.found, way.answered
        scale = picture.scale / found.zoom
        turned = picture.turned(way.degrees).size if way.degrees else picture.size
        cells, boxed = (way.table.cells, way.table.boxed) if way.table else ({}, frozenset())
        word_of = words(way.lines, way.size, cells, boxed)

        def read(mark: "Mark") -> Digit | Separator:
            left, top, right, bottom = (round(max(0, edge - found.margin) * scale) for edge in mark.box)
            box = _turned_back((left, top, right, bottom), way.degrees, turned, picture.size)
            if mark not in answered:
                return Separator(mark.separator, box, word_of[mark], cells.get(mark))
            answer = answered[mark]
            word, cell = word_of[mark], cells.get(mark)
            return self._digit(box, answer.image, answer.probabilities, answer.unknown, word, cell)

        lines = tuple(tuple(map(read, line)) for line in way.lines)
        return Reading(
            lines,
            _stages(picture, found, way.degrees),
            table=(way.table.rows, way.table.columns) if way.table and cells else None,
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


def _turned_back(box: Box, degrees: float, turned: tuple[int, int], size: tuple[int, int]) -> Box:
    """The box around a box of a picture that was turned counterclockwise, on the one before; of both, the size."""
    middle = np.array(turned) / 2
    corners = np.array([(x, y) for x in box[::2] for y in box[1::2]]) - middle
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    corners = corners @ np.array([(cosine, sine), (-sine, cosine)]) + np.array(size) / 2
    edges = np.rint([corners.min(axis=0), corners.max(axis=0)]).clip(0, size).astype(int)
    left, top, right, bottom = edges.ravel().tolist()
    return left, top, right, bottom


def _stages(picture: Picture, found: "FoundMarks", degrees: float) -> PictureStages:
    shape = [round(side * found.zoom) for side in picture.pixels.shape[:2]]
    looked_at = (found.pixels, found.strength, found.mask)
    pixels, strength, mask = (_stage(found.without_margin(stage), degrees, shape) for stage in looked_at)
    if found.zoom >= 1:
        return PictureStages(pixels, picture.scale / found.zoom, strength, mask)
    size = picture.pixels.shape[1::-1]
    strength = np.asarray(Image.fromarray(strength).resize(size, Image.Resampling.BILINEAR))
    return PictureStages(picture.pixels, picture.scale, strength, strength > 0.5)


def _stage(turned: npt.NDArray[Any], degrees: float, shape: Sequence[int]) -> npt.NDArray[Any]:
    """What was looked at after a turn counterclockwise, as before that, in the middle and with the shape of then."""
    if degrees % 90 == 0:
        return np.rot90(turned, -round(degrees / 90))
    back = np.asarray(Image.fromarray(turned).rotate(-degrees, expand=True))
    top, left = ((old - new) // 2 for old, new in zip(back.shape, shape, strict=False))
    return back[top : top + shape[0], left : left + shape[1]]
