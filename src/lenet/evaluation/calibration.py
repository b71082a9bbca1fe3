"""Calibrated probabilities and a threshold for unknown images, both fitted on images that were held out of training."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.datasets import Dataset
from lenet.evaluation.metrics import Counts
from lenet.evaluation.unknown import fit_threshold, highest_logit
from lenet.model.metadata import Metadata
from lenet.model.preprocessing import softmax
from lenet.model.runtime import Model

# Where the best temperature lies outside, the images are too few or too easy to determine it.
LOWEST, HIGHEST, TOLERANCE = 0.2, 5.0, 1e-6
# The threshold leaves 1 % of the images below it; of fewer images than these, that is less than one.
FEWEST_IMAGES = 100


def fit_temperature(logits: npt.NDArray[Any], truth: Counts) -> float:
    """The temperature that maximises the likelihood of the labels ``truth``, between ``LOWEST`` and ``HIGHEST``.

    Dividing all ``logits`` ``(n, classes)`` by one number changes no answer, only its confidence.
    Source: Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.
    """
    logits = logits.astype(np.float64)
    right = logits[np.arange(len(truth)), truth].mean()
    low, high = LOWEST, HIGHEST
    while high / low > 1 + TOLERANCE:
        middle = math.sqrt(low * high)
        expected = (softmax(logits / middle) * logits).sum(axis=1).mean()
        # The loss is convex in 1 / temperature, and ``expected - right`` is its derivative.
        low, high = (middle, high) if expected > right else (low, middle)
    return low


def calibrate(model: Model, held_out: Dataset) -> Metadata:
    """The model's metadata with the temperature and the threshold for unknown images that fit ``held_out``.

    These are images that it was not trained on, never the test part; fewer than ``FEWEST_IMAGES`` change nothing.
    """
    if len(held_out) < FEWEST_IMAGES:
        return model.metadata
    logits = model.logits(held_out.images)
    return replace(
        model.metadata,
        temperature=fit_temperature(logits, held_out.labels),
        unknown_threshold=fit_threshold(highest_logit(logits)),
    )
