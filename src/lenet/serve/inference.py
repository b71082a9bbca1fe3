"""What the inference thread does: drawings that wait at the same time go through the network as one batch."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from lenet.datasets.dataset import Images
from lenet.model.runtime import Answers, Model


class Question(NamedTuple):
    """Images for a model.

    Attributes:
        model: The model that classifies them.
        prepare: Returns the images, uint8 ``(n, height, width, depth)``; it is called in the inference thread.
    """

    model: Model
    prepare: Callable[[], Images]


class Classified(NamedTuple):
    """The answers to the images of a question.

    Attributes:
        answers: For these images.
        batch_size: Number of images in the batch, those of other questions included.
    """

    answers: Answers
    batch_size: int


def classify_batch(questions: Sequence[Question]) -> list[Classified | Exception]:
    """Answer questions with one call for each model; a question that cannot be prepared fails alone."""
    results: dict[int, Classified | Exception] = {}
    batches: defaultdict[Model, dict[int, Images]] = defaultdict(dict)
    for place, question in enumerate(questions):
        try:
            batches[question.model][place] = question.prepare()
        except Exception as error:
            results[place] = error
    for model, batch in batches.items():
        images = np.concatenate(list(batch.values()))
        answers = model.classify(images)
        start = 0
        for place, own in batch.items():
            part = slice(start, start := start + len(own))
            own_answers = Answers(answers.logits[part], answers.probabilities[part], answers.unknown[part])
            results[place] = Classified(own_answers, len(images))
    return [results[place] for place in range(len(questions))]
