"""The check that the answers of an exported file are the model's."""

from dataclasses import dataclass

import numpy as np

from lenet.errors import LenetError
from lenet.evaluation import Evaluation
from lenet.export.target import Probabilities

# Float32 sums in another order change probabilities by some 1e-6, a defect by far more.
ROUNDING = 1e-4
# Bounds on what quantization may cost.
LOWEST_AGREEMENT = 0.995
HIGHEST_LOSS = 0.005


@dataclass(frozen=True)
class Proof:
    """Result of the check.

    Attributes:
        data: Name of the data set.
        n: Number of images.
        agreeing: Number of images with the same label as the model's.
        largest_difference: Largest difference of a probability from the model's.
        correct: Number of images that the exported file classifies correctly.
        model_correct: Number of images that the model classifies correctly.
    """

    data: str
    n: int
    agreeing: int
    largest_difference: float
    correct: int
    model_correct: int

    @property
    def accuracy(self) -> float:
        """Accuracy of the exported file, 0 to 1."""
        return self.correct / self.n

    @property
    def model_accuracy(self) -> float:
        """Accuracy of the model on the same images, 0 to 1."""
        return self.model_correct / self.n


def prove(model: Evaluation, exported: Probabilities, reference: Probabilities | None) -> Proof:
    """Compare an exported file's probabilities with the model's.

    Args:
        model: Evaluation of the model on the images.
        exported: Probabilities of the exported file, ``(n, classes)``.
        reference: Expected probabilities up to float32 rounding, where they are known.

    Raises:
        LenetError: when they differ too much; says by how much.
    """
    if exported.shape != model.probabilities.shape or not np.isfinite(exported).all():
        raise LenetError("the exported file does not give one finite probability for each class; nothing was kept")
    if reference is not None and (deviation := float(np.abs(exported - reference).max())) > ROUNDING:
        raise LenetError(f"the exported file computes wrongly: off by up to {deviation:.2g}; nothing was kept")
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
            f"the exported file agrees with the model on {proof.agreeing:,} of {proof.n:,} images, accuracy "
            f"{proof.accuracy:.2%} instead of {proof.model_accuracy:.2%}; nothing was kept"
        )
    return proof
