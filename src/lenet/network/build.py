"""Keras networks of an architecture, the tutorial's ``LeNet.build`` among them; and the inverse, ``layers_of``."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, assert_never

from lenet.backend import keras
from lenet.errors import LenetError
from lenet.network.architecture import (
    ACTIVATIONS,
    Activation,
    Architecture,
    Conv,
    Dense,
    Flatten,
    PlacedLayer,
    Pool,
    Softmax,
)
from lenet.network.named import NETWORKS
from lenet.weights import load_weights


class LeNet:
    """Two convolutions that find strokes, two dense layers that decide."""

    @staticmethod
    def build(
        width: int,
        height: int,
        depth: int,
        classes: int,
        weights_path: str | Path | None = None,
        *,
        filters: tuple[int, ...] | None = None,
        kernel_size: int | None = None,
        dense_units: int | None = None,
        initializer: str = "glorot_uniform",
        **tutorial_spelling: Any,
    ) -> keras.Sequential:
        """Build the network ``lenet`` of ``lenet.network.named``, the tutorial's, as a Keras network.

        Args:
            width: Of the input in pixels.
            height: Of the input in pixels.
            depth: Channels of the input: 1 for grey, 3 for colour.
            classes: Number of outputs, at least 2.
            weights_path: Weights to load into the finished network; also accepted as ``weightsPath``.
            filters: Number of kernels of each convolution; (20, 50) when not given.
            kernel_size: Side of the kernels in pixels; 5 when not given.
            dense_units: Units of the hidden dense layer; 500 when not given.
            initializer: Name of the Keras initializer of the kernels.

        Returns:
            A network from ``(n, height, width, depth)`` in [0, 1] to probabilities ``(n, classes)``.

        Raises:
            LenetError: for a size that no LeNet can have, or weights that do not fit.
        """
        weights_path = tutorial_spelling.pop("weightsPath", weights_path)
        if tutorial_spelling:
            raise TypeError(f"LeNet.build() got an unexpected keyword argument {next(iter(tutorial_spelling))!r}")
        lenet = NETWORKS["lenet"].change(filters=filters, kernel_size=kernel_size, dense_units=dense_units)
        return build(lenet, width, height, depth, classes, weights_path, initializer=initializer)


def build(
    architecture: Architecture,
    width: int,
    height: int,
    depth: int,
    classes: int,
    weights_path: str | Path | None = None,
    *,
    initializer: str = "glorot_uniform",
) -> keras.Sequential:
    """Build any architecture as a Keras network; arguments and result as for ``LeNet.build``.

    Raises:
        LenetError: for an input that the architecture cannot take, or weights that do not fit.

    Example:
        >>> build(Architecture.parse("conv 8 3, tanh, avgpool 2"), width=28, height=28, depth=1, classes=10)
    """
    layers = [_keras_layer(placed, initializer) for placed in architecture.place(height, width, depth, classes)]
    network = keras.Sequential([keras.Input((height, width, depth), name="pixels"), *layers], name="lenet")
    if weights_path is not None and (said := load_weights(network, weights_path)):
        warnings.warn(said, stacklevel=3)
    return network


def _keras_layer(placed: PlacedLayer, initializer: str) -> keras.Layer:
    layers, name = keras.layers, placed.name
    match placed.layer:
        case Conv(filters, size, stride, padding):
            return layers.Conv2D(filters, size, stride, padding, kernel_initializer=initializer, name=name)
        case Activation(kind):
            return layers.Activation(kind, name=name)
        case Pool("max", size):
            return layers.MaxPooling2D(size, name=name)
        case Pool(_, size):
            return layers.AveragePooling2D(size, name=name)
        case Flatten():
            return layers.Flatten(name=name)
        case Dense(units):
            return layers.Dense(units, kernel_initializer=initializer, name=name)
        case Softmax():
            return layers.Softmax(name=name)
        case _ as missing:
            assert_never(missing)


def layers_of(network: Any) -> tuple[PlacedLayer, ...]:
    """The placed layers that compute what ``network`` computes, a Keras ``Sequential`` from pixels to probabilities.

    Their weights are ``network.weights`` in order. The user may have written the network.

    Raises:
        LenetError: for a layer, or a setting of a layer, that ``Architecture`` does not know.
    """
    if not isinstance(network, keras.Model):
        raise LenetError(f"{network!r:.40} is no Keras network; give a keras.Sequential")
    *hidden, last = _flat_layers(network)
    if last != "softmax" or not hidden or not isinstance(hidden[-1], Dense):
        raise LenetError(f"the network {network.name!r} does not end with a dense layer and a softmax")
    _, height, width, depth = network.input_shape
    layers = tuple(layer for layer in hidden[:-1] if not isinstance(layer, str))
    placed_layers = Architecture(layers).place(height, width, depth, hidden[-1].units)
    shapes = [shape for placed in placed_layers for shape in placed.weight_shapes.values()]
    if [tuple(variable.shape) for variable in network.weights] != shapes:
        raise LenetError(
            f"the network {network.name!r} has weights of other shapes than its layers need; is it flattened?"
        )
    return placed_layers


def _flat_layers(network: Any) -> list[Any]:
    """Its layers, with the activations that Keras layers carry as layers of their own; ``softmax`` as a word."""
    found: list[Any] = []
    kinds = keras.layers
    for layer in network.layers:
        match layer:
            case kinds.Conv2D():
                size, stride = layer.kernel_size, layer.strides
                plain = layer.dilation_rate == (1, 1) and layer.groups == 1 and layer.use_bias
                _require(plain and len(set(size)) == len(set(stride)) == 1, layer)
                found.append(Conv(layer.filters, size[0], stride[0], layer.padding))
            case kinds.MaxPooling2D() | kinds.AveragePooling2D():
                size = tuple(layer.pool_size)
                _require(size == tuple(layer.strides) and len(set(size)) == 1 and layer.padding == "valid", layer)
                found.append(Pool("max" if isinstance(layer, kinds.MaxPooling2D) else "average", size[0]))
            case kinds.Dense():
                _require(layer.use_bias and len(layer.kernel.shape) == 2, layer)
                found.append(Dense(layer.units))
            case kinds.Flatten() | kinds.InputLayer():
                continue
            case kinds.Softmax():
                found.append("softmax")
            case kinds.ReLU():
                _require(layer.max_value is None and not layer.negative_slope and not layer.threshold, layer)
                found.append(Activation("relu"))
            case kinds.Activation():
                pass
            case _:
                _require(False, layer)
        activation: Any = getattr(getattr(layer, "activation", None), "__name__", "linear")
        if activation == "softmax":
            found.append(activation)
        elif activation != "linear":
            _require(activation in ACTIVATIONS, layer)
            found.append(Activation(activation))
    return found


def _require(known: bool, layer: Any) -> None:
    if not known:
        raise LenetError(
            f"layer {layer.name!r} ({type(layer).__name__}) has a kind or a setting that lenet cannot train; use "
            f"Conv2D, MaxPooling2D, AveragePooling2D, Dense, Flatten, Softmax and the activations "
            f"{', '.join(ACTIVATIONS)}"
        )
