"""Evaluation: a model held against labelled images."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lenet.datasets import Dataset
from lenet.evaluation.metrics import (
    Counts,
    Floats,
    confusion_matrix,
    cross_entropy,
    expected_calibration_error,
    precision_recall_f1,
    reliability,
    wilson_interval,
)
from lenet.model.runtime import Model

# ``Dataset.sha256`` of MNIST's own test part, and how many of its labels human judges found to be wrong: Northcutt,
# Athalye and Mueller, "Pervasive Label Errors in Test Sets Destabilize Machine Learning Benchmarks", NeurIPS 2021.
MNIST_TEST_SHA256 = "f5d504263c2599ab43cbdaadd867e048650ff9bcd139cee9297adcee6ae56422"
MNIST_WRONG_LABELS = 15


class Confused(NamedTuple):
    """A pair of classes that the model takes for one another.

    Attributes:
        truth: the class that was there.
        answer: the class that was read.
        n: how often.
        rate: share of all images of ``truth``, 0 to 1.
    """

    truth: str
    answer: str
    n: int
    rate: float


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a model made of a data set.

    Attributes:
        model: its name.
        data: the data set's name.
        class_names: one a class.
        truth: labels ``(n,)``.
        probabilities: ``(n, classes)``.
        unknown: which images the model calls unknown, ``(n,)``; None when it has no threshold for that.
        known_wrong_labels: how many of the labels are known to be wrong, so that an honest reader errs there.
    """

    model: str
    data: str
    class_names: tuple[str, ...]
    truth: Counts
    probabilities: npt.NDArray[np.float32]
    unknown: npt.NDArray[np.bool_] | None = None
    known_wrong_labels: int = 0

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

    @property
    def confusion_rates(self) -> Floats:
        """Shares of each truth's images ``(classes, classes)``, rows summing to 1; a class without images has zeros."""
        return np.asarray(self.confusion / np.maximum(1, self.confusion.sum(axis=1, keepdims=True)))

    @property
    def kept(self) -> float | None:
        """Share of the images that the model does not call unknown, 0 to 1; None when it has no threshold."""
        return None if self.unknown is None else float(1 - self.unknown.mean())

    def most_confused(self, most: int = 5) -> list[Confused]:
        """The pairs taken for one another most often, at most so many."""
        wrong = self.confusion - np.diag(np.diag(self.confusion))
        pairs = (divmod(int(index), len(wrong)) for index in np.argsort(-wrong, axis=None, kind="stable")[:most])
        names, rates = self.class_names, self.confusion_rates
        return [
            Confused(names[truth], names[answer], int(wrong[truth, answer]), float(rates[truth, answer]))
            for truth, answer in pairs
            if wrong[truth, answer]
        ]

    def mistakes(self) -> Counts:
        """Indices of the images read wrong, the most confident first."""
        wrong = np.flatnonzero(self.predicted != self.truth)
        return wrong[np.argsort(-self.probabilities[wrong].max(axis=1), kind="stable")]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as ``lenet evaluate --json`` prints them."""
        precision, recall, f1 = precision_recall_f1(self.confusion)
        counts, confidence, accuracy = reliability(self.probabilities, self.truth)
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
            "confusion_rates": self.confusion_rates.tolist(),
            "most_confused": [pair._asdict() for pair in self.most_confused()],
            "reliability": {
                "n": counts.tolist(),
                "confidence": confidence.tolist(),
                "accuracy": accuracy.tolist(),
            },
            "kept_as_known": self.kept,
            "known_wrong_labels": self.known_wrong_labels,
        }


def evaluate(model: Model, dataset: Dataset) -> Evaluation:
    """Read every image of ``dataset`` with ``model``; classes are matched by name.

    Raises:
        LenetError: when the images are not the model's, or of a class that it does not know.
    """
    dataset = dataset.with_classes(model.class_names)
    threshold = model.metadata.unknown_threshold
    return Evaluation(
        model.name,
        dataset.name,
        model.class_names,
        dataset.labels,
        model.predict(dataset.images),
        None if threshold is None else model.unknown_scores(dataset.images) < threshold,
        MNIST_WRONG_LABELS if dataset.sha256 == MNIST_TEST_SHA256 else 0,
    )
