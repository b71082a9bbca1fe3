"""The network: LeNet as one list of layers, top to bottom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lenet.backend import keras
from lenet.errors import LenetError
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
        filters: tuple[int, int] = (20, 50),
        kernel_size: int = 5,
        dense_units: int = 500,
        initializer: str = "glorot_uniform",
        **tutorial_spelling: Any,
    ) -> keras.Sequential:
        """Build a LeNet; its input is ``(n, height, width, depth)`` in [0, 1], its output ``(n, classes)``.

        The layers are those of LeCun et al., "Gradient-Based Learning Applied to Document Recognition", 1998,
        in the modern shape with ReLU, max-pooling and softmax.

        Args:
            width: pixels across, at least 4.
            height: pixels down, at least 4.
            depth: 1 for grey, 3 for colour.
            classes: how many labels there are, at least 2.
            weights_path: weights to load into the finished network; also accepted as ``weightsPath``.
            filters: kernels of the first and the second convolution.
            kernel_size: side of each kernel in pixels.
            dense_units: units of the hidden dense layer.
            initializer: how Keras draws the kernels at first, by its name.

        Raises:
            LenetError: a size that no LeNet can have, or weights that do not fit.
        """
        weights_path = tutorial_spelling.pop("weightsPath", weights_path)
        if tutorial_spelling:
            raise TypeError(f"LeNet.build() got an unexpected keyword argument {next(iter(tutorial_spelling))!r}")
        check_sizes(width, height, depth, classes, filters, kernel_size, dense_units)
        layers = keras.layers
        network = keras.Sequential(
            [
                keras.Input((height, width, depth), name="pixels"),
                layers.Conv2D(filters[0], kernel_size, padding="same", kernel_initializer=initializer, name="conv1"),
                layers.ReLU(name="relu1"),
                layers.MaxPooling2D(2, strides=2, name="pool1"),
                layers.Conv2D(filters[1], kernel_size, padding="same", kernel_initializer=initializer, name="conv2"),
                layers.ReLU(name="relu2"),
                layers.MaxPooling2D(2, strides=2, name="pool2"),
                layers.Flatten(name="flatten"),
                layers.Dense(dense_units, kernel_initializer=initializer, name="dense1"),
                layers.ReLU(name="relu3"),
                layers.Dense(classes, kernel_initializer=initializer, name="dense2"),
                layers.Softmax(name="probabilities"),
            ],
            name="lenet",
        )
        if weights_path is not None:
            load_weights(network, weights_path)
        return network


def count_parameters(
    width: int, height: int, depth: int, classes: int, filters: tuple[int, int], kernel_size: int, dense_units: int
) -> int:
    """How many numbers such a network learns: 1,256,080 for the tutorial's."""
    places = (width // 4) * (height // 4)
    convolutions = (depth * kernel_size**2 + 1) * filters[0] + (filters[0] * kernel_size**2 + 1) * filters[1]
    return convolutions + (places * filters[1] + 1) * dense_units + (dense_units + 1) * classes


def check_sizes(
    width: int, height: int, depth: int, classes: int, filters: tuple[int, ...], kernel_size: int, dense_units: int
) -> None:
    """Refuse what cannot be a LeNet, in one line.

    Raises:
        LenetError: names the value at fault.
    """
    if width < 4 or height < 4:
        raise LenetError(f"pictures of {width}×{height} pixels are too small for two poolings: at least 4×4 is needed")
    if depth < 1:
        raise LenetError(f"depth is {depth}: it must be 1 (grey) or more")
    if classes < 2:
        raise LenetError(f"there is {classes} class: a classifier needs at least two")
    if len(filters) != 2 or min(filters) < 1:
        raise LenetError(f"filters are {','.join(map(str, filters))}: two positive numbers are needed, such as 20,50")
    if kernel_size < 1 or dense_units < 1:
        raise LenetError("kernel size and dense units must be at least 1")
