"""Honest probabilities and a bound for the unknown, both fitted on images that took no part in the training."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from lenet.datasets import Dataset
from lenet.evaluation.metrics import Counts, cross_entropy
from lenet.evaluation.unknown import fit_threshold
from lenet.model.metadata import Metadata
from lenet.model.preprocessing import softmax
from lenet.model.runtime import Model

# Where the best temperature lies outside, the images are too few or too easy to tell it.
LOWEST, HIGHEST = 0.2, 5.0
# The threshold leaves 1 % of the images below it; of fewer than these, that is not even one image.
FEWEST_IMAGES = 100


def fit_temperature(logits: npt.NDArray[Any], truth: Counts) -> float:
    """The temperature that gives the truth the highest likelihood, between ``LOWEST`` and ``HIGHEST``.

    Dividing all logits by one number changes no answer, only how sure it sounds.
    Source: Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.

    Args:
        logits: ``(n, classes)``, of images that the network did not learn from.
        truth: their labels ``(n,)``.
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
    """The model's metadata with the temperature and the unknown-threshold that ``held_out`` asks for.

    Args:
        model: as trained.
        held_out: images that it did not learn from; never the test part, which is there to measure. Of fewer than
            ``FEWEST_IMAGES``, nothing is fitted.
    """
    if len(held_out) < FEWEST_IMAGES:
        return model.metadata
    return replace(
        model.metadata,
        temperature=fit_temperature(model.logits(held_out.images), held_out.labels),
        unknown_threshold=fit_threshold(model.unknown_scores(held_out.images)),
    )
