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
    """Accuracy under damage.

    Attributes:
        n: Number of images that each accuracy was measured on.
        clean: Accuracy without damage, 0 to 1.
        corruptions: The kinds of damage.
        accuracy: ``(kinds, 5)``, for severities 1 to 5.
    """

    n: int
    clean: float
    corruptions: tuple[Corruption, ...]
    accuracy: npt.NDArray[np.float64]

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
                kind.name: {
                    "mnist_c": kind.mnist_c,
                    "levels": list(kind.levels),
                    "unit": kind.unit,
                    "accuracy": row.tolist(),
                }
                for kind, row in zip(self.corruptions, self.accuracy, strict=True)
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

    return Robustness(
        n=len(sample),
        clean=accuracy(sample.images),
        corruptions=CORRUPTIONS,
        accuracy=np.array(
            [
                [accuracy(corrupt(sample.images, kind, 1 + step, seed)) for step in range(SEVERITIES)]
                for kind in CORRUPTIONS
            ]
        ),
    )
