"""What the inference thread does: drawings that wait together go through the network together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lenet.datasets.dataset import Images
from lenet.model.runtime import Model


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of a model.

    Attributes:
        model: who is asked.
        prepare: gives the images, uint8 ``(n, height, width, depth)``; it is called in the inference thread.
    """

    model: Model
    prepare: Callable[[], Images]


@dataclass(frozen=True, eq=False)
class Judged:
    """The images and what the model says of them.

    Attributes:
        images: as prepared.
        probabilities: ``(n, classes)``.
        unknown: ``(n,)``.
        together: images that went through the network in one go, those of others included.
    """

    images: Images
    probabilities: npt.NDArray[np.float32]
    unknown: npt.NDArray[np.bool_]
    together: int


def answer_together(questions: Sequence[Question]) -> list[Judged | Exception]:
    """Answer questions with one call a model; one that cannot be prepared fails alone."""
    answers: dict[int, Judged | Exception] = {}
    batches: dict[Model, dict[int, Images]] = {}
    for place, question in enumerate(questions):
        try:
            batches.setdefault(question.model, {})[place] = question.prepare()
        except Exception as error:
            answers[place] = error
    for model, batch in batches.items():
        if batch:
            answers |= _judge(model, batch)
    return [answers[place] for place in range(len(questions))]


def _judge(model: Model, batch: dict[int, Images]) -> dict[int, Judged]:
    images = np.concatenate(list(batch.values()))
    probabilities, unknown = model.judge(images)
    judged, start = {}, 0
    for place, own in batch.items():
        part = slice(start, start := start + len(own))
        judged[place] = Judged(own, probabilities[part], unknown[part], len(images))
    return judged
