"""The metrics of classification, each a few lines on arrays."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# Two-sided 95 % quantile of the normal distribution.
Z_95 = 1.959963984540054


def confusion_matrix(truth: Counts, predicted: Counts, classes: int) -> Counts:
    """Counts ``(classes, classes)``: row = truth, column = prediction."""
    return np.bincount(truth * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def precision_recall_f1(confusion: Counts) -> tuple[Floats, Floats, Floats]:
    """Per-class precision, recall and F1, each ``(classes,)``; 0 for a class without predictions or images."""
    hits = np.diag(confusion).astype(np.float64)
    precision = _ratio(hits, confusion.sum(axis=0))
    recall = _ratio(hits, confusion.sum(axis=1))
    return precision, recall, _ratio(2 * precision * recall, precision + recall)


def wilson_interval(correct: int, n: int) -> tuple[float, float]:
    """The 95 % score interval of a proportion (Wilson, JASA 22, 1927), which also holds near 100 %."""
    rate, square = correct / n, Z_95 * Z_95
    centre = (rate + square / (2 * n)) / (1 + square / n)
    half = Z_95 / (1 + square / n) * math.sqrt(rate * (1 - rate) / n + square / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def cross_entropy(probabilities: npt.NDArray[np.floating], truth: Counts) -> float:
    """Mean negative logarithm of the probability of the true class, in nats."""
    chosen = probabilities[np.arange(len(truth)), truth].astype(np.float64)
    return float(-np.log(np.maximum(chosen, np.finfo(np.float32).tiny)).mean())


def expected_calibration_error(probabilities: npt.NDArray[np.floating], truth: Counts, bins: int = 15) -> float:
    """Mean gap between confidence and accuracy over bins of equal width, weighted by their counts.

    Source: Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.
    """
    counts, confidence, accuracy = reliability(probabilities, truth, bins)
    return float((counts * np.abs(confidence - accuracy)).sum() / counts.sum())


def reliability(
    probabilities: npt.NDArray[np.floating], truth: Counts, bins: int = 15
) -> tuple[Counts, Floats, Floats]:
    """Per bin of the highest probability: count, mean confidence and accuracy, each ``(bins,)``; 0 where empty."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == truth
    index = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    counts = np.bincount(index, minlength=bins)
    return (
        counts,
        _ratio(np.bincount(index, confidence, bins), counts),
        _ratio(np.bincount(index, right, bins), counts),
    )


def _ratio(above: npt.NDArray[Any], below: npt.NDArray[Any]) -> Floats:
    return np.asarray(np.divide(above, below, out=np.zeros(len(above)), where=below > 0))
