"""Calibrated probabilities and a threshold for unknown images, both fitted on images that were held out of training."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from lenet.datasets import Dataset
from lenet.evaluation.metrics import Counts, cross_entropy
from lenet.evaluation.unknown import fit_threshold, highest_logit
from lenet.model.metadata import Metadata
from lenet.model.preprocessing import softmax
from lenet.model.runtime import Model

# Where the best temperature lies outside, the images are too few or too easy to determine it.
LOWEST, HIGHEST = 0.2, 5.0
# The threshold leaves 1 % of the images below it; of fewer images than these, that is less than one.
FEWEST_IMAGES = 100


def fit_temperature(logits: npt.NDArray[Any], truth: Counts) -> float:
    """The temperature that maximises the likelihood of the labels ``truth``, between ``LOWEST`` and ``HIGHEST``.

    Dividing all ``logits`` ``(n, classes)`` by one number changes no answer, only its confidence.
    Source: Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.
    """
    logits = logits.astype(np.float64)
    found = minimize_scalar(  # the loss has one minimum: it is convex in 1 / temperature
        lambda logarithm: cross_entropy(softmax(logits / np.exp(logarithm)), truth),
        bounds=(np.log(LOWEST), np.log(HIGHEST)),
        method="bounded",
        options={"xatol": 1e-6},
    )
    return float(np.exp(found.x))


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
