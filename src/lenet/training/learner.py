"""The network as training computes it: the same function as ``LeNet.build``, in the cheapest order.

Max-pooling before ReLU gives the same values and pools four times fewer of them; logits are left unscaled for a
stable loss; dropout exists only here. Three more things are folded away when the weights go back into the network:

- *Gain*: pixels enter multiplied by ``recipe.input_gain``, since Adam learns faster from inputs of variance near 1; the
  first kernels take the factor over in the end.
- *View*: with ``recipe.view = "centre"`` only those places of the last feature maps are learnt from that no padding
  has touched. MNIST's digits lie in the middle, so the border says next to nothing, and convolutions without it take
  a third of the time. The network's weights for the places left out are zero: the saved graph is the whole LeNet.
- *Normalisation*: with ``recipe.normalisation = "batch"`` all layers but the last have their outputs normalised over
  the batch. Known means and variances make that a factor and a sum for every channel, which kernel and bias take over.
  There is no factor to learn: it would be the next layer's, as ReLU and pooling hand factors above zero on.

``tests/training/test_learner.py`` holds all of it against the Keras network.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.backend import tf
from lenet.model.preprocessing import PIXEL_SCALE
from lenet.training.normalise import EPSILON, Running, normalise
from lenet.training.recipe import Recipe

# The order in which a Keras LeNet lists its variables.
NAMES = tuple(f"{layer}/{kind}" for layer in ("conv1", "conv2", "dense1", "dense2") for kind in ("kernel", "bias"))


@dataclass(frozen=True)
class Window:
    """Places ``first`` to ``last`` of a feature map's rows or columns after the second pooling, of ``size`` in all."""

    first: int
    last: int
    size: int

    @classmethod
    def centre(cls, pixels: int, kernel_size: int) -> "Window":
        """The places that no padding has touched; may be none."""
        # Two convolutions reach `reach` pixels each, the second over pixels twice as wide; a place is 4 pixels.
        reach = kernel_size // 2
        return cls(-(-3 * reach // 4), (pixels - 3 * reach) // 4, pixels // 4)

    def pixels(self, kernel_size: int) -> slice:
        """The input pixels that these places look at."""
        reach = 3 * (kernel_size // 2)
        return slice(4 * self.first - reach, 4 * self.last + reach)


class Learner:
    """The weights while they are learnt, and the network's function of them."""

    def __init__(self, network: Any, recipe: Recipe, precision: str) -> None:
        """Take over the network's weights.

        Args:
            network: built by ``LeNet.build``; not changed before ``write_back``.
            recipe: whose gain, view, normalisation and dropout are used.
            precision: ``float32`` or ``bfloat16``, in which convolutions and products are computed.
        """
        self.network = network
        self.recipe = recipe
        self.dtype = tf.bfloat16 if precision == "bfloat16" else tf.float32
        _, height, width, _ = network.input_shape
        windows = [Window.centre(pixels, recipe.kernel_size) for pixels in (height, width)]
        # An even kernel's padding is lopsided, and small pictures have no centre: both are seen whole.
        self._whole = (
            recipe.view == "whole"
            or recipe.kernel_size % 2 == 0
            or any(window.first >= window.last for window in windows)
        )
        if self._whole:
            windows = [Window(0, window.size, window.size) for window in windows]
        self._rows, self._columns = windows
        self._filters = network.get_layer("conv2").filters
        arrays = {name: value.numpy() for name, value in zip(NAMES, network.weights, strict=True)}
        places = self._places(arrays["dense1/kernel"])[self._inside]
        arrays["dense1/kernel"] = places.reshape(-1, places.shape[-1])
        self.weights = {name: tf.Variable(array, name=name) for name, array in arrays.items()}
        self._normalised = ("conv1", "conv2", "dense1") if recipe.normalisation == "batch" else ()
        # What steps change beside the weights.
        self.statistics: dict[str, Any] = {}
        for layer in self._normalised:
            channels = arrays[f"{layer}/bias"].shape
            self.statistics[f"{layer}/mean"] = tf.Variable(tf.zeros(channels))
            self.statistics[f"{layer}/variance"] = tf.Variable(tf.ones(channels))
            self.statistics[f"{layer}/batches"] = tf.Variable(0.0)

    def logits(self, images: Any, seed: Any = None) -> Any:
        """Logits ``(n, classes)``, float32.

        Args:
            images: float32 ``(n, height, width, depth)`` in [0, 1].
            seed: two integers that decide what is left out while learning; without them nothing is, and the running
                means of normalisation are used and left alone.
        """
        weights = {name: tf.cast(value, self.dtype) for name, value in self.weights.items()}
        learning = seed is not None
        dropout = self.recipe.dropout if learning else 0.0
        x = images if self._whole else self._crop(images)
        x = tf.cast(x * self.recipe.input_gain, self.dtype)
        for layer in ("conv1", "conv2"):
            x = tf.nn.conv2d(x, weights[f"{layer}/kernel"], strides=1, padding="SAME" if self._whole else "VALID")
            x = tf.nn.max_pool2d(x, ksize=2, strides=2, padding="VALID")
            x = tf.nn.relu(self._add_bias(x, layer, learning=learning))
        x = tf.reshape(x, (-1, weights["dense1/kernel"].shape[0]))
        if dropout:
            x = tf.nn.experimental.stateless_dropout(x, dropout, seed=seed)
        x = tf.nn.relu(self._add_bias(x @ weights["dense1/kernel"], "dense1", learning=learning))
        if dropout:
            x = tf.nn.experimental.stateless_dropout(x, dropout, seed=seed + 1)
        return tf.cast(x @ weights["dense2/kernel"] + weights["dense2/bias"], tf.float32)

    def write_back(self) -> None:
        """Give the network what was learnt, gain, view and normalisation folded into it."""
        learnt = {name: value.numpy() for name, value in self.weights.items()}
        for layer in self._normalised:
            factor = 1 / np.sqrt(self.statistics[f"{layer}/variance"].numpy() + np.float32(EPSILON))
            learnt[f"{layer}/kernel"] = learnt[f"{layer}/kernel"] * factor
            learnt[f"{layer}/bias"] = learnt[f"{layer}/bias"] - self.statistics[f"{layer}/mean"].numpy() * factor
        learnt["conv1/kernel"] = learnt["conv1/kernel"] * np.float32(self.recipe.input_gain)
        kernel = np.zeros(self.network.get_layer("dense1").kernel.shape, np.float32)
        places = self._places(kernel)
        places[self._inside] = learnt["dense1/kernel"].reshape(places[self._inside].shape)
        learnt["dense1/kernel"] = places.reshape(kernel.shape)
        for variable, name in zip(self.network.weights, NAMES, strict=True):
            variable.assign(learnt[name])

    def _add_bias(self, x: Any, layer: str, *, learning: bool) -> Any:
        """Add a layer's bias, after normalising where the recipe asks for that."""
        bias = self.weights[f"{layer}/bias"]
        if layer not in self._normalised:
            return tf.nn.bias_add(x, tf.cast(bias, self.dtype))
        running = Running(*(self.statistics[f"{layer}/{kind}"] for kind in ("mean", "variance", "batches")))
        return normalise(x, running, tf.ones_like(bias), bias, learning=learning)

    @property
    def _inside(self) -> tuple[slice, slice]:
        return slice(self._rows.first, self._rows.last), slice(self._columns.first, self._columns.last)

    def _crop(self, images: Any) -> Any:
        size = self.recipe.kernel_size
        return images[:, self._rows.pixels(size), self._columns.pixels(size)]

    def _places(self, kernel: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The first dense layer's weights as ``(rows, columns, filters, units)``."""
        return kernel.reshape(self._rows.size, self._columns.size, self._filters, -1)


def scale(images: Any) -> Any:
    """A uint8 tensor as ``lenet.model.preprocessing.scale_pixels`` makes it: float32 in [0, 1]."""
    return tf.cast(images, tf.float32) * PIXEL_SCALE
