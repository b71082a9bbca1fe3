"""Accuracy on damaged images: which kinds of damage, and how much, the network tolerates."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.datasets import Dataset
from lenet.datasets.dataset import Images
from lenet.errors import LenetError
from lenet.evaluation.corruptions import CORRUPTIONS, SEVERITIES, Corruption, corrupt
from lenet.model.runtime import Model

# The severity at which kinds are compared.
MIDDLE = 3


@dataclass(frozen=True, eq=False)
class Robustness:
    """Accuracy under damage."""

    n: int  # number of images that each accuracy was measured on
    clean: float  # accuracy without damage, 0 to 1
    corruptions: tuple[Corruption, ...]
    accuracy: npt.NDArray[np.float64]  # ``(kinds, 5)``, for severities 1 to 5

    @property
    def mnist_c_mean(self) -> float:
        """Mean accuracy of the fifteen MNIST-C-style kinds at the middle severity."""
        chosen = [kind.mnist_c for kind in self.corruptions]
        return float(self.accuracy[chosen, MIDDLE - 1].mean())

    @property
    def worst(self) -> tuple[Corruption, float]:
        """The kind with the lowest accuracy at the middle severity, and that accuracy."""
        index = int(self.accuracy[:, MIDDLE - 1].argmin())
        return self.corruptions[index], float(self.accuracy[index, MIDDLE - 1])

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as ``lenet evaluate --robustness --json`` prints them."""
        worst, accuracy = self.worst
        return {
            "n": self.n,
            "clean_accuracy": self.clean,
            "mnist_c_style_mean": self.mnist_c_mean,
            "worst": {"kind": worst.name, "severity": MIDDLE, "accuracy": accuracy},
            "kinds": {
                kind.name: {"mnist_c": kind.mnist_c, "levels": list(kind.levels), "unit": kind.unit, "accuracy": row}
                for kind, row in zip(self.corruptions, self.accuracy.tolist(), strict=True)
            },
        }


def measure_robustness(model: Model, dataset: Dataset, count: int = 1000, seed: int = 0) -> Robustness:
    """Classify a stratified sample of ``dataset`` under every kind and severity of damage.

    Args:
        model: The model.
        dataset: Images that it was not trained on.
        count: Number of images in the sample; all when there are no more.
        seed: Of the sample, and of every random direction and place.

    Raises:
        LenetError: for images of another shape, or a count below 1.
    """
    if count < 1:
        raise LenetError(f"--count {count}: at least one image is needed")
    sample = dataset.hold_out(count, seed).test if count < len(dataset) else dataset

    def accuracy(images: Images) -> float:
        return float((model.logits(images).argmax(axis=1) == sample.labels).mean())

    severities = range(1, SEVERITIES + 1)
    measured = [[accuracy(corrupt(sample.images, kind, number, seed)) for number in severities] for kind in CORRUPTIONS]
    return Robustness(len(sample), accuracy(sample.images), CORRUPTIONS, np.array(measured))
