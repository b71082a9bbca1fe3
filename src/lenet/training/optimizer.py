"""One update of all weights with TensorFlow's fused kernels, in a third of the time of separate operations."""

from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.backend import tf
from lenet.training.recipe import Recipe


def learning_rates(recipe: Recipe, numbers: npt.NDArray[np.int64], steps: int) -> npt.NDArray[np.float32]:
    """Learning rates of the steps with these ``numbers``, counted from 1 to ``steps``."""
    if recipe.schedule == "constant":
        return np.full(len(numbers), recipe.learning_rate, np.float32)
    rising = np.minimum(numbers / max(1.0, recipe.warmup * steps), 1)
    falling = np.minimum((steps - numbers + 1) / (steps * (1 - recipe.warmup)), 1)
    if recipe.schedule == "cosine":
        rising, falling = ((1 - np.cos(np.pi * share)) / 2 for share in (rising, falling))
    return (recipe.learning_rate * rising * falling).astype(np.float32)


class Optimizer:
    """The moving averages of past gradients, and the update."""

    def __init__(self, recipe: Recipe, variables: dict[str, Any]) -> None:
        """Start with averages of 0 for ``variables``."""
        self.recipe = recipe
        self.variables = variables
        kept = {} if recipe.optimizer == "sgd" else variables
        self.mean = {name: tf.Variable(tf.zeros_like(value)) for name, value in kept.items()}
        self.square = {name: tf.Variable(tf.zeros_like(value)) for name, value in kept.items()}

    def apply(self, gradients: dict[str, Any], rate: Any, step: Any) -> None:
        """Update every variable once; ``step`` is the step's number from 1, a float scalar."""
        recipe = self.recipe
        for name, variable in self.variables.items():
            if recipe.optimizer == "sgd":
                tf.raw_ops.ResourceApplyGradientDescent(var=variable.handle, alpha=rate, delta=gradients[name])
                continue
            if recipe.weight_decay and name.endswith("kernel"):
                variable.assign_sub(rate * recipe.weight_decay * variable)
            # Adam: Kingma and Ba, ICLR 2015; decoupled decay: Loshchilov and Hutter, ICLR 2019.
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=self.mean[name].handle,
                v=self.square[name].handle,
                beta1_power=recipe.beta_1**step,
                beta2_power=recipe.beta_2**step,
                lr=rate,
                beta1=recipe.beta_1,
                beta2=recipe.beta_2,
                epsilon=1e-7,
                grad=gradients[name],
            )
