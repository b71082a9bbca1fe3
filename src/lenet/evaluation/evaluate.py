"""Evaluation: the answers of a model compared with the labels of a data set."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lenet.datasets import Dataset
from lenet.datasets.dataset import Images
from lenet.errors import LenetError, did_you_mean
from lenet.evaluation import metrics
from lenet.evaluation.metrics import Counts, Floats
from lenet.model.runtime import Model

# ``Dataset.sha256`` of MNIST's own test part, and its images whose label at most two of five people agreed with;
# counted in mturk/mnist_mturk.json of the data of Northcutt, Athalye and Mueller, "Pervasive Label Errors in Test Sets
# Destabilize Machine Learning Benchmarks", NeurIPS 2021.
MNIST_TEST_SHA256 = "f5d504263c2599ab43cbdaadd867e048650ff9bcd139cee9297adcee6ae56422"
MNIST_CONTESTED = (947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729)
# Mistakes on a sheet.
MISTAKES_SHOWN = 24


class Confused(NamedTuple):
    """A pair of classes that the model confuses."""

    truth: str
    answer: str
    n: int
    rate: float  # share of all images of ``truth``, 0 to 1


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The answers of a model to a data set, beside the labels."""

    model: str
    data: str
    class_names: tuple[str, ...]
    truth: Counts  # labels ``(n,)``
    logits: npt.NDArray[np.float32]  # ``(n, classes)``
    probabilities: npt.NDArray[np.float32]  # ``(n, classes)``
    # Whether the model calls each image unknown, ``(n,)``; None when it has no threshold.
    unknown: npt.NDArray[np.bool_] | None = None
    # Names of the groups of writers, and the group of each image, ``(n,)``; None when they are not known.
    groups: tuple[str, ...] = ()
    group_of: Counts | None = None
    contested: tuple[int, ...] = ()  # indices of images whose label most people did not agree with

    def __repr__(self) -> str:
        low, high = metrics.wilson_interval(self.correct, self.n)
        interval = f"95 % interval {low:.2%} to {high:.2%}"
        return f"<Evaluation of {self.model} on {self.data}: {self.correct:,} of {self.n:,} right, {interval}>"

    def _repr_png_(self) -> bytes:
        """The confusion matrix, for notebooks."""
        from lenet.figures.evaluation import confusion
        from lenet.figures.render import as_png

        return as_png(confusion(self.confusion, self.class_names))

    @property
    def n(self) -> int:
        """Number of images."""
        return len(self.truth)

    @property
    def predicted(self) -> Counts:
        """The most probable label of each image, ``(n,)``."""
        return np.asarray(self.probabilities.argmax(axis=1))

    @property
    def correct(self) -> int:
        """Number of right answers."""
        return int((self.predicted == self.truth).sum())

    @property
    def accuracy(self) -> float:
        """Share of right answers, 0 to 1."""
        return self.correct / self.n

    @property
    def confusion(self) -> Counts:
        """Counts ``(classes, classes)``: row = truth, column = prediction."""
        return metrics.confusion_matrix(self.truth, self.predicted, len(self.class_names))

    @property
    def confusion_rates(self) -> Floats:
        """Shares of each truth's images ``(classes, classes)``, rows summing to 1; a class without images has zeros."""
        return np.asarray(self.confusion / np.maximum(1, self.confusion.sum(axis=1, keepdims=True)))

    @property
    def kept(self) -> float | None:
        """Share of the images that the model does not call unknown, 0 to 1; None when it has no threshold."""
        return None if self.unknown is None else float(1 - self.unknown.mean())

    @property
    def per_group(self) -> dict[str, dict[str, Any]]:
        """Number of images of each group of writers, how many are read correctly, and their share."""
        if self.group_of is None:
            return {}
        n = np.bincount(self.group_of, minlength=len(self.groups))
        right = np.bincount(self.group_of, self.predicted == self.truth, len(self.groups)).astype(int)
        rows = zip(self.groups, n.tolist(), right.tolist(), strict=True)
        return {name: {"n": n, "correct": right, "accuracy": right / n} for name, n, right in rows if n}

    @property
    def without_contested(self) -> dict[str, Any]:
        """Number of images without the contested ones, how many of them are read correctly, and their share."""
        right = np.delete(self.predicted == self.truth, self.contested)
        return {"n": len(right), "correct": int(right.sum()), "accuracy": float(right.mean())}

    def most_confused(self, most: int = 5) -> list[Confused]:
        """The pairs confused most often, at most ``most``."""
        wrong = self.confusion - np.diag(np.diag(self.confusion))
        pairs = (divmod(int(index), len(wrong)) for index in np.argsort(-wrong, axis=None, kind="stable")[:most])
        names, rates = self.class_names, self.confusion_rates
        return [
            Confused(names[truth], names[answer], int(wrong[truth, answer]), float(rates[truth, answer]))
            for truth, answer in pairs
            if wrong[truth, answer]
        ]

    def mistakes(self) -> Counts:
        """Indices of the images with a wrong answer, the most confident first."""
        wrong = np.flatnonzero(self.predicted != self.truth)
        return wrong[np.argsort(-self.probabilities[wrong].max(axis=1), kind="stable")]

    def confused(self, truth: str, answer: str) -> Counts:
        """Indices of the images of the class ``truth`` that are read as ``answer``, those of the highest loss first.

        Raises:
            LenetError: for a class that the model does not know.
        """
        place = {name: label for label, name in enumerate(self.class_names)}
        for name in (truth, answer):
            if name not in place:
                known = ", ".join(self.class_names[:20])
                raise LenetError(f"no class is named {name!r}; there are {known}{did_you_mean(name, place)}")
        chosen = np.flatnonzero((self.truth == place[truth]) & (self.predicted == place[answer]))
        return chosen[np.argsort(self.probabilities[chosen, place[truth]], kind="stable")]

    def figure_arguments(self, images: Images) -> dict[str, tuple[Any, ...]]:
        """Arguments of the functions of ``lenet.figures`` that draw the evaluated ``images``, by name."""
        truth, probabilities, wrong = self.truth, self.probabilities, self.mistakes()[:MISTAKES_SHOWN]
        error = metrics.expected_calibration_error(probabilities, truth)
        return {
            "confusion": (self.confusion, self.class_names),
            "mistakes": (images[wrong], truth[wrong], probabilities[wrong], self.class_names),
            "calibration": (*metrics.reliability(probabilities, truth), error),
        }

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as ``lenet evaluate --json`` prints them."""
        per_class = (*metrics.precision_recall_f1(self.confusion), self.confusion.sum(axis=1))
        bins = metrics.reliability(self.probabilities, self.truth)
        return {
            **{name: getattr(self, name) for name in ("model", "data", "n", "correct", "accuracy")},
            "accuracy_interval": list(metrics.wilson_interval(self.correct, self.n)),
            "loss": metrics.cross_entropy(self.probabilities, self.truth),
            "expected_calibration_error": metrics.expected_calibration_error(self.probabilities, self.truth),
            "per_class": {
                name: dict(zip(("precision", "recall", "f1", "n"), values, strict=True))
                for name, *values in zip(self.class_names, *map(np.ndarray.tolist, per_class), strict=True)
            },
            "per_group": self.per_group,
            "confusion": self.confusion.tolist(),
            "confusion_rates": self.confusion_rates.tolist(),
            "most_confused": [pair._asdict() for pair in self.most_confused()],
            "reliability": {name: bins[place].tolist() for place, name in enumerate(("n", "confidence", "accuracy"))},
            "kept_as_known": self.kept,
            "contested_labels": len(self.contested),
            "without_contested": self.without_contested,
        }


def evaluate(model: Model, dataset: Dataset) -> Evaluation:
    """Classify every image of ``dataset`` with ``model``, in one pass; classes are matched by name.

    Raises:
        LenetError: for images of another shape, of a class that the model does not know, or arguments of other types.
    """
    if not (isinstance(model, Model) and isinstance(dataset, Dataset)):
        raise LenetError(
            f"evaluate takes a Model and a Dataset, not {type(model).__name__} and {type(dataset).__name__}: write "
            "evaluate(Model.load(…), load_dataset(…))"
        )
    dataset = dataset.with_classes(model.class_names)
    logits, probabilities, unknown = model.classify(dataset.images)
    return Evaluation(
        model=model.name,
        data=dataset.name,
        class_names=model.class_names,
        truth=dataset.labels,
        logits=logits,
        probabilities=probabilities,
        unknown=None if model.metadata.unknown_threshold is None else unknown,
        groups=dataset.groups,
        group_of=dataset.group_of,
        contested=MNIST_CONTESTED if dataset.sha256 == MNIST_TEST_SHA256 else (),
    )
