"""The network as training computes it: the same function as the Keras network, in the cheapest order.

Max-pooling moves before the activation: for a monotone one the values are the same, and fewer of them are computed.
Logits are left without softmax for a stable loss, and dropout exists only here. Four more things become part of the
weights when they are copied back to the Keras network:

- *Gain*: pixels are multiplied by ``recipe.input_gain``, since Adam learns faster from inputs of variance near 1; the
  first kernel is multiplied by it at the end.
- *View*: with ``recipe.view = "centre"`` only those places of the last feature maps are computed that no padding
  reaches. MNIST's digits are centred, so the border holds next to no information, and convolutions without it take a
  third of the time. The saved weights for the other places are zero.
- *Normalisation*: with ``recipe.normalisation = "batch"`` the outputs of all layers but the last are normalised over
  the batch. With the moving averages, that is a factor and a sum for each channel, folded into kernel and bias.
- *Grid*: with ``recipe.weight_bits`` each kernel is rounded before it is used, to few values for each filter; the
  gradient passes as if it were not (Bengio, Léonard and Courville, 2013). The saved kernels are the rounded ones.

``tests/training/test_learner.py`` compares all of it with the Keras network.
"""

from collections.abc import Sequence
from math import prod
from typing import Any, assert_never

import numpy as np

from lenet.backend import tf
from lenet.model.preprocessing import PIXEL_SCALE
from lenet.network.architecture import Activation, Conv, Dense, Flatten, PlacedLayer, Pool, Softmax
from lenet.network.build import layers_of
from lenet.training.adapt import centre_view
from lenet.training.recipe import Recipe

# Of batch normalisation: weight of the old value in the moving averages once there are many batches, and the term that
# keeps a variance off 0.
MOMENTUM, EPSILON = 0.98, 1e-3
# Half the distance between the values of the best uniform quantizer of a standard normal variable, by bits.
HALF_STEPS = {2: 0.498, 4: 0.1676}


class Learner:
    """The weights during training, and the network's function of them."""

    def __init__(self, network: Any, recipe: Recipe, precision: str) -> None:
        """Copy the weights of a Keras network, which is not changed before ``write_back``.

        Convolutions and products are computed in ``precision``, ``float32`` or ``bfloat16``.

        Raises:
            LenetError: for a layer that ``Architecture`` does not know.
        """
        self.network, self.recipe = network, recipe
        self.dtype = tf.bfloat16 if precision == "bfloat16" else tf.float32
        layers = layers_of(network)
        self._order = _pooling_first(layers)
        self._names = [name for placed in layers for name in placed.weight_shapes]
        self._weighted = [placed.name for placed in layers if placed.weight_shapes]
        self._flattened = next(placed.input_shape for placed in layers if isinstance(placed.layer, Flatten))
        self._after_flatten = next(placed.name for placed in layers if isinstance(placed.layer, Dense)) + "/kernel"
        self._view = centre_view(layers) if recipe.view == "centre" else None
        arrays = {name: value.numpy() for name, value in zip(self._names, network.weights, strict=True)}
        if self._view:
            places = arrays[self._after_flatten].reshape(*self._flattened, -1)[self._view.places]
            arrays[self._after_flatten] = places.reshape(-1, places.shape[-1])
        self.weights = {name: tf.Variable(array, name=name) for name, array in arrays.items()}
        self._normalised = self._weighted[:-1] if recipe.normalisation == "batch" else []
        # What steps change beside the weights: moving averages, and the number of batches so far.
        self.statistics: dict[str, Any] = {}
        for layer in self._normalised:
            channels = arrays[f"{layer}/bias"].shape
            self.statistics[f"{layer}/mean"] = tf.Variable(tf.zeros(channels))
            self.statistics[f"{layer}/variance"] = tf.Variable(tf.ones(channels))
            self.statistics[f"{layer}/batches"] = tf.Variable(0.0)

    def logits(self, images: Any, seed: Any = None, moments: dict[str, Any] | None = None) -> Any:
        """Logits ``(n, classes)``, float32.

        Args:
            images: float32 ``(n, height, width, depth)`` in [0, 1].
            seed: Two integers that decide the dropout of a training step. Without them there is no dropout, and
                normalisation uses its moving averages.
            moments: Where given, a training step puts mean and variance of this part of the batch into it, by name, and
                leaves the moving averages to ``update_statistics``.
        """
        training = seed is not None
        dense = 0
        if self._view:
            images = images[:, *self._view.pixels]
        x = tf.cast(images * self.recipe.input_gain, self.dtype)
        unbiased = ""  # a convolution whose bias is still to be added, since max-pooling comes first
        for placed in self._order:
            layer = placed.layer
            if unbiased and not (isinstance(layer, Pool) and layer.kind == "max"):
                x, unbiased = self._add_bias(x, unbiased, training, moments), ""
            match layer:
                case Conv(_, _, stride, padding):
                    x = tf.nn.conv2d(
                        x, self._kernel(placed), strides=stride, padding="VALID" if self._view else padding.upper()
                    )
                    unbiased = placed.name
                case Pool("max", size):
                    x = tf.nn.max_pool2d(x, ksize=size, strides=size, padding="VALID")
                case Pool(_, size):
                    x = tf.nn.avg_pool2d(x, ksize=size, strides=size, padding="VALID")
                case Activation(kind):
                    x = getattr(tf.nn, kind)(x)
                case Flatten():
                    x = tf.reshape(x, (-1, prod(x.shape[1:])))
                case Dense():
                    if training and self.recipe.dropout:
                        # A step has four consecutive seeds, the last two for dropout; later layers use distant ones.
                        own = seed + tf.constant([500_009 * (dense // 2), dense % 2])
                        x = tf.nn.experimental.stateless_dropout(x, self.recipe.dropout, seed=own)
                    x = self._add_bias(x @ self._kernel(placed), placed.name, training, moments)
                    dense += 1
                case Softmax():
                    pass  # part of the loss
                case _ as missing:
                    assert_never(missing)
        return tf.cast(x, tf.float32)

    def probabilities(self, images: Any) -> Any:
        """Softmax of ``logits(images)``, which another network can be distilled from."""
        return tf.nn.softmax(self.logits(images))

    def write_back(self) -> None:
        """Give the network the weights, with gain, view and normalisation folded into them."""
        learnt = {name: value.numpy() for name, value in self.weights.items()}
        if self.recipe.weight_bits:
            kernels = (f"{layer}/kernel" for layer in self._weighted)
            learnt |= {name: on_grid(self.weights[name], self.recipe.weight_bits).numpy() for name in kernels}
        for layer in self._normalised:
            factor = 1 / np.sqrt(self.statistics[f"{layer}/variance"].numpy() + np.float32(EPSILON))
            learnt[f"{layer}/kernel"] = learnt[f"{layer}/kernel"] * factor
            learnt[f"{layer}/bias"] = learnt[f"{layer}/bias"] - self.statistics[f"{layer}/mean"].numpy() * factor
        first = f"{self._weighted[0]}/kernel"
        learnt[first] = learnt[first] * np.float32(self.recipe.input_gain)
        if self._view:
            cut = learnt[self._after_flatten]
            places = np.zeros((*self._flattened, cut.shape[-1]), np.float32)
            places[self._view.places] = cut.reshape(places[self._view.places].shape)
            learnt[self._after_flatten] = places.reshape(-1, cut.shape[-1])
        for variable, name in zip(self.network.weights, self._names, strict=True):
            variable.assign(learnt[name])

    def _kernel(self, placed: PlacedLayer) -> Any:
        kernel = self.weights[f"{placed.name}/kernel"]
        if self.recipe.weight_bits:
            kernel = kernel + tf.stop_gradient(on_grid(kernel, self.recipe.weight_bits) - kernel)
        return tf.cast(kernel, self.dtype)

    def _add_bias(self, x: Any, layer: str, training: bool, moments: dict[str, Any] | None) -> Any:
        """Add a layer's bias, after normalisation where the recipe asks for it.

        A training step normalises with the batch's own mean and variance, and updates the moving averages, in which
        the first batches have equal weight: otherwise the initial values would dominate a short training. Source: Ioffe
        and Szegedy, "Batch Normalization", ICML 2015.
        """
        bias = self.weights[f"{layer}/bias"]
        if layer not in self._normalised:
            return tf.nn.bias_add(x, tf.cast(bias, self.dtype))
        mean, variance = self.statistics[f"{layer}/mean"], self.statistics[f"{layer}/variance"]
        # In float32, which TensorFlow normalises much faster than bfloat16.
        maps = tf.cast(x if x.shape.rank == 4 else x[:, tf.newaxis, tf.newaxis], tf.float32)
        known = () if training else (mean, variance)
        maps, batch_mean, batch_variance = tf.compat.v1.nn.fused_batch_norm(
            maps, tf.ones_like(bias), bias, *known, epsilon=EPSILON, is_training=training
        )
        of_batch = {f"{layer}/mean": batch_mean, f"{layer}/variance": batch_variance}
        if moments is not None:
            moments |= of_batch
        elif training:
            self.update_statistics(of_batch)
        return tf.cast(tf.reshape(maps, tf.shape(x)), x.dtype)

    def update_statistics(self, moments: dict[str, Any]) -> None:
        """Move the averages towards the mean and the variance of a batch, of each layer that is named."""
        for layer in dict.fromkeys(name.rpartition("/")[0] for name in moments):
            share = tf.maximum(1 - MOMENTUM, 1 / self.statistics[f"{layer}/batches"].assign_add(1.0))
            for name in (f"{layer}/mean", f"{layer}/variance"):
                self.statistics[name].assign_sub(share * (self.statistics[name] - moments[name]))


def on_grid(kernel: Any, bits: int) -> Any:
    """A kernel ``(…, filters)`` rounded to odd multiples of a step, ``2 ** bits`` values for each filter.

    The step is the one that loses least of normally distributed weights, or a smaller one that reaches the largest
    weight: some weight always has the largest multiple, so that an export finds the step. Source of the steps: Max,
    "Quantizing for Minimum Distortion", 1960.
    """
    largest, axes = 2**bits - 1, list(range(kernel.shape.rank - 1))
    step = tf.reduce_max(tf.abs(kernel), axes) / largest
    if bits in HALF_STEPS:
        step = tf.minimum(step, HALF_STEPS[bits] * tf.sqrt(tf.reduce_mean(tf.square(kernel), axes)))
    step = tf.maximum(step, 1e-12)
    places = tf.clip_by_value(tf.round((kernel / step + largest) / 2), 0, largest)
    return step * (2 * places - largest)


def scale(images: Any) -> Any:
    """``lenet.model.preprocessing.scale_pixels`` for a uint8 tensor: float32 in [0, 1]."""
    return tf.cast(images, tf.float32) * PIXEL_SCALE


def _pooling_first(layers: Sequence[PlacedLayer]) -> list[PlacedLayer]:
    """The layers with max-pooling before the activations that it follows; all kinds of activation are monotone."""
    order = list(layers)
    for place in range(len(order) - 1):
        first, second = order[place].layer, order[place + 1].layer
        if isinstance(first, Activation) and isinstance(second, Pool) and second.kind == "max":
            order[place : place + 2] = [order[place + 1], order[place]]
    return order
