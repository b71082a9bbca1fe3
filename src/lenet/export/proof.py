"""The proof that an exported thing reads as its model does."""

from dataclasses import dataclass

import numpy as np

from lenet.datasets import Dataset
from lenet.errors import LenetError
from lenet.evaluation import Evaluation
from lenet.export.target import Probabilities

# Two ways to add the same float32 numbers differ by some 1e-6; a defect moves some probability by far more.
ROUNDING = 1e-4
# What quantization may cost. Below either, the export is of no use, whatever the reason.
LOWEST_AGREEMENT = 0.995
HIGHEST_LOSS = 0.005


@dataclass(frozen=True)
class Proof:
    """What was measured.

    Attributes:
        data: the images' name.
        n: how many.
        agreeing: how many get the model's own label.
        largest_difference: of any probability to the model's.
        correct: how many the exported thing reads right.
        model_correct: how many the model reads right.
    """

    data: str
    n: int
    agreeing: int
    largest_difference: float
    correct: int
    model_correct: int

    @property
    def accuracy(self) -> float:
        """Of the exported thing, 0 to 1."""
        return self.correct / self.n

    @property
    def model_accuracy(self) -> float:
        """Of the model on the same images, 0 to 1."""
        return self.model_correct / self.n


def sample(dataset: Dataset, most: int) -> Dataset:
    """At most so many images, evenly spaced over the whole."""
    if len(dataset) <= most:
        return dataset
    return dataset.take(np.linspace(0, len(dataset) - 1, most).astype(np.int64), dataset.name)


def prove(model: Evaluation, exported: Probabilities, reference: Probabilities | None) -> Proof:
    """Hold what the exported thing says against what it must say.

    Args:
        model: what the model says of the images, and the truth.
        exported: what the exported thing says, ``(n, classes)``.
        reference: what it must say but for rounding, where that is known.

    Raises:
        LenetError: when they do not match; names by how much.
    """
    if exported.shape != model.probabilities.shape or not np.isfinite(exported).all():
        raise LenetError("what was exported does not give one finite probability a class; nothing was kept")
    if reference is not None and (deviation := float(np.abs(exported - reference).max())) > ROUNDING:
        raise LenetError(f"what was exported computes wrongly: off by up to {deviation:.2g}; nothing was kept")
    labels = exported.argmax(axis=1)
    proof = Proof(
        data=model.data,
        n=model.n,
        agreeing=int((labels == model.predicted).sum()),
        largest_difference=float(np.abs(exported - model.probabilities).max()),
        correct=int((labels == model.truth).sum()),
        model_correct=model.correct,
    )
    if proof.agreeing < LOWEST_AGREEMENT * proof.n or proof.accuracy < proof.model_accuracy - HIGHEST_LOSS:
        raise LenetError(
            f"what was exported reads {proof.agreeing:,} of {proof.n:,} images as the model does, {proof.accuracy:.2%} "
            f"right instead of {proof.model_accuracy:.2%}; nothing was kept"
        )
    return proof
