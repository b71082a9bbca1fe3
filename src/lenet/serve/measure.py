"""Models measured on test images: what they mistake, and which of two is better."""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from lenet.datasets import Dataset
from lenet.errors import LenetError
from lenet.evaluation import Evaluation, data_for, evaluate, part_for
from lenet.model.runtime import Model
from lenet.serve.schema import image_rows

# Images in one answer.
MOST_MISTAKES, MOST_DISAGREEMENTS = 100, 40
# A difference is more than chance when it, or a larger one, has a lower probability for two equal models.
SIGNIFICANT = 0.05


class Measured(NamedTuple):
    """The answers of a model to its test images."""

    part: Dataset
    evaluation: Evaluation

    def sample(self, index: int, read: Any) -> dict[str, Any]:
        """An image, its class, and what was read."""
        label = self.part.class_names[self.part.labels[index]]
        return {"image": image_rows(self.part.images[index]), "label": label, "read": read}


@lru_cache(maxsize=4)
def measure(model: Model) -> Measured:
    """Classify the test part of the data that a model was trained on; LenetError when that is not there."""
    part = part_for(model.metadata, data_for(model.metadata))
    part = part.take(np.arange(len(part)))  # without the training part in the memory
    return Measured(part, evaluate(model, part))


def card(model: Model) -> dict[str, Any]:
    """``answers.Card``: how often a model is wrong, and what it mistakes for what."""
    about = model.metadata
    try:
        evaluation = measure(model).evaluation
    except LenetError:
        correct = round((about.test_accuracy or 0) * about.test_n)
        return {"n": about.test_n, "correct": correct, "class_names": about.class_names, "confusion": None}
    return {name: getattr(evaluation, name) for name in ("n", "correct", "class_names")} | {
        "confusion": evaluation.confusion.tolist()
    }


def mistakes(model: Model, truth: str | None, read: str | None) -> dict[str, Any]:
    """``answers.Mistakes``: the images that a model reads incorrectly, or those of one class read as another.

    Raises:
        LenetError: when the test part is not there.
    """
    measured = measure(model)
    evaluation, names = measured.evaluation, measured.evaluation.class_names
    if truth is None or read is None:
        chosen = evaluation.mistakes()
    else:
        pair = [names.index(name) if name in names else -1 for name in (truth, read)]
        chosen = np.flatnonzero((evaluation.truth == pair[0]) & (evaluation.predicted == pair[1]))
    shown = chosen[:MOST_MISTAKES].tolist()
    return {"n": len(chosen), "images": [measured.sample(i, names[evaluation.predicted[i]]) for i in shown]}


def compare(first: Model, second: Model) -> dict[str, Any]:
    """``answers.Comparison``: two models on the same test images.

    Source of the test: McNemar, "Note on the Sampling Error of the Difference Between Correlated Proportions or
    Percentages", Psychometrika 12, 1947, with the binomial distribution.
    """
    from scipy.stats import binomtest  # which takes long to import

    try:
        both = measure(first), measure(second)
    except LenetError:
        return _not_comparable()
    if both[0].part.sha256 != both[1].part.sha256:
        return _not_comparable()
    truth = np.array(both[0].part.class_names)[both[0].part.labels]
    read = [np.array(one.evaluation.class_names)[one.evaluation.predicted] for one in both]
    right = [answers == truth for answers in read]
    only = [int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())]
    p = float(binomtest(only[0], sum(only)).pvalue) if any(only) else 1.0
    differing = np.flatnonzero(read[0] != read[1])[:MOST_DISAGREEMENTS].tolist()
    return {
        "n": len(truth),
        "right": [int(it.sum()) for it in right],
        "only": only,
        "p": p,
        "code": "chance" if p >= SIGNIFICANT else "better" if only[0] > only[1] else "worse",
        "disagree": [both[0].sample(index, [str(answers[index]) for answers in read]) for index in differing],
    }


def _not_comparable() -> dict[str, Any]:
    return {"n": 0, "right": None, "only": None, "p": None, "code": "not comparable", "disagree": []}
