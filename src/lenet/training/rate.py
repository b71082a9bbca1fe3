"""A learning rate for a recipe and its data, found by a short training with a rising one."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lenet.datasets import Dataset
from lenet.errors import LenetError
from lenet.network.build import layers_of
from lenet.training.adapt import adapt
from lenet.training.environment import choose_precision
from lenet.training.initial import build_network
from lenet.training.learner import Learner
from lenet.training.optimizer import Optimizer
from lenet.training.order import image_order
from lenet.training.recipe import Recipe
from lenet.training.step import stepper

# Rates from the first to the last step, and the share of the old mean in the smoothed loss.
LOWEST, HIGHEST, STEPS, SMOOTHING = 1e-5, 10.0, 150, 0.9
# The search ends when the smoothed loss is so many times its lowest; the rate found is this share of the rate there.
ENDED, SHARE = 3.0, 0.1


class FoundRate(NamedTuple):
    """The rates that were tried, the smoothed losses in nats, and the rate to use."""

    rates: npt.NDArray[np.float64]
    losses: npt.NDArray[np.float64]
    rate: float


def find_rate(dataset: Dataset, recipe: Recipe) -> FoundRate:
    """Train for 150 steps while the rate rises from 1e-5 to 10, and take a tenth of the rate with the lowest loss.

    Source: Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017.

    Args:
        dataset: The training part.
        recipe: Of the training; its own rate and schedule are not used.

    Raises:
        LenetError: when no rate lowers the loss.
    """
    network = build_network(dataset, recipe)
    recipe = adapt(recipe, dataset, layers_of(network))
    learner = Learner(network, recipe, choose_precision(recipe.precision))
    take_steps = stepper(learner, Optimizer(recipe, learner.weights), dataset, recipe, None)
    order = image_order(recipe.seed, len(dataset), 0, STEPS * recipe.batch_size).reshape(STEPS, 1, -1)
    rates = np.geomspace(LOWEST, HIGHEST, STEPS)
    losses: list[float] = []
    mean = 0.0
    for number, (batch, rate) in enumerate(zip(order, rates, strict=True)):
        plan = np.array([[rate, 1.0]], np.float32)
        loss = float(take_steps(dataset.images[batch], dataset.labels[batch], plan, number)[0])
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
        smoothed = mean / (1 - SMOOTHING ** (number + 1))
        if not np.isfinite(smoothed) or smoothed > ENDED * min(losses, default=np.inf):
            break
        losses.append(smoothed)
    best = int(np.argmin(losses)) if losses else 0
    if best == 0:
        raise LenetError(f"{dataset.name}: no learning rate lowers the loss; look at `lenet data check`")
    return FoundRate(rates[: len(losses)], np.array(losses), float(f"{SHARE * rates[best]:.2g}"))
