"""Keras networks of an architecture, the tutorial's ``LeNet.build`` among them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, assert_never

from lenet.backend import keras
from lenet.network.architecture import Activation, Architecture, Conv, Dense, Flatten, PlacedLayer, Pool, Softmax
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
    placed_layers = architecture.place(height, width, depth, classes)
    network = keras.Sequential([keras.Input((height, width, depth), name="pixels")], name="lenet")
    for placed in placed_layers:
        network.add(_keras_layer(placed, initializer))
    if weights_path is not None:
        load_weights(network, weights_path)
    return network


def _keras_layer(placed: PlacedLayer, initializer: str) -> keras.Layer:
    layers, name = keras.layers, placed.name
    match placed.layer:
        case Conv(filters, size, stride, padding):
            return layers.Conv2D(
                filters, size, strides=stride, padding=padding, kernel_initializer=initializer, name=name
            )
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
