"""Evaluation: a model held against labelled images."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.datasets import Dataset
from lenet.evaluation.metrics import (
    Counts,
    confusion_matrix,
    cross_entropy,
    expected_calibration_error,
    precision_recall_f1,
    wilson_interval,
)
from lenet.model.runtime import Model


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a model made of a data set.

    Attributes:
        model: its name.
        data: the data set's name.
        class_names: one a class.
        truth: labels ``(n,)``.
        probabilities: ``(n, classes)``.
    """

    model: str
    data: str
    class_names: tuple[str, ...]
    truth: Counts
    probabilities: npt.NDArray[np.float32]

    @property
    def n(self) -> int:
        """How many images."""
        return len(self.truth)

    @property
    def predicted(self) -> Counts:
        """The most probable label of each image, ``(n,)``."""
        return np.asarray(self.probabilities.argmax(axis=1))

    @property
    def correct(self) -> int:
        """How many were read right."""
        return int((self.predicted == self.truth).sum())

    @property
    def accuracy(self) -> float:
        """Share read right, 0 to 1."""
        return self.correct / self.n

    @property
    def confusion(self) -> Counts:
        """Counts ``(classes, classes)``: row = truth, column = prediction."""
        return confusion_matrix(self.truth, self.predicted, len(self.class_names))

    def mistakes(self) -> Counts:
        """Indices of the images read wrong, the most confident first."""
        wrong = np.flatnonzero(self.predicted != self.truth)
        return wrong[np.argsort(-self.probabilities[wrong].max(axis=1), kind="stable")]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as ``lenet evaluate --json`` prints them."""
        precision, recall, f1 = precision_recall_f1(self.confusion)
        return {
            "model": self.model,
            "data": self.data,
            "n": self.n,
            "correct": self.correct,
            "accuracy": self.accuracy,
            "accuracy_interval": list(wilson_interval(self.correct, self.n)),
            "loss": cross_entropy(self.probabilities, self.truth),
            "expected_calibration_error": expected_calibration_error(self.probabilities, self.truth),
            "per_class": {
                name: {
                    "precision": float(precision[label]),
                    "recall": float(recall[label]),
                    "f1": float(f1[label]),
                    "n": int((self.truth == label).sum()),
                }
                for label, name in enumerate(self.class_names)
            },
            "confusion": self.confusion.tolist(),
        }


def evaluate(model: Model, dataset: Dataset) -> Evaluation:
    """Read every image of ``dataset`` with ``model``; classes are matched by name.

    Raises:
        LenetError: when the images are not the model's, or of a class that it does not know.
    """
    dataset = dataset.with_classes(model.class_names)
    return Evaluation(model.name, dataset.name, model.class_names, dataset.labels, model.predict(dataset.images))
