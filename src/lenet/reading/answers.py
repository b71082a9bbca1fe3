"""A model's answers for the marks of one picture; each mark is framed and classified once."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lenet.model.runtime import Model
from lenet.pictures.marks import Mark
from lenet.pictures.mnist_form import frame_mark
from lenet.pictures.picture import Pixels

# Marks at once: the memory of feature maps grows with them.
AT_ONCE = 64


class MarkAnswer(NamedTuple):
    """What a model says about one mark.

    Attributes:
        image: uint8 ``(height, width, 1)``.
        probabilities: ``(classes,)``.
        unknown: Whether it has no digit's strokes or looks like none of the classes.
        finder: The finder's probabilities of the classes, ``(classes,)``; None where it did not look.
    """

    image: Pixels
    probabilities: npt.NDArray[np.float32]
    unknown: bool
    finder: npt.NDArray[np.float32] | None = None


class AnsweredMarks(dict[Mark, MarkAnswer]):
    """Answers by mark."""

    def __init__(self, model: Model) -> None:
        """Begin with none."""
        super().__init__()
        self._model = model

    def add(self, marks: Sequence[Mark]) -> None:
        """Frame and classify those that are new."""
        new = [mark for mark in marks if mark not in self]
        for start in range(0, len(new), AT_ONCE):
            self._classify(new[start : start + AT_ONCE])

    def _classify(self, new: Sequence[Mark]) -> None:
        height, width, _ = self._model.input_shape
        framed = [frame_mark(mark.strength, height, width) for mark in new]
        images = np.stack([each.image for each in framed])[..., np.newaxis]
        answers = self._model.classify(images)
        for mark, frame, image, row, unknown in zip(
            new, framed, images, answers.probabilities, answers.unknown, strict=True
        ):
            finder = None if mark.kinds is None else mark.kinds[[int(name) for name in self._model.class_names]]
            self[mark] = MarkAnswer(image, row, bool(unknown) or not frame.digit_shaped, finder)

    def confidence(self, marks: Sequence[Mark]) -> npt.NDArray[np.float32]:
        """The highest probability of each mark, ``(n,)``."""
        self.add(marks)
        return np.array([self[mark].probabilities.max() for mark in marks], np.float32)
