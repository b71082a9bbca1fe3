"""The gradient of a logit through any network: backpropagation for one image, one case for each kind of layer."""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import assert_never

import numpy as np

from lenet.model.graph import Array, Weights
from lenet.network.architecture import Activation, Conv, Dense, Flatten, PlacedLayer, Pool, Softmax

SLOPES: dict[str, Callable[[Array], Array]] = {
    "relu": lambda values: (values > 0).astype(np.float32),
    "tanh": lambda values: np.float32(1) - np.tanh(values) ** 2,
    "sigmoid": lambda values: (np.float32(1) - np.tanh(values / 2) ** 2) / np.float32(4),
}


def logit_gradient(
    layers: Sequence[PlacedLayer], weights: Weights, inputs: Mapping[str, Array], label: int, target: str
) -> Array:
    """Gradient of the logit of ``label`` with respect to the input of the layer ``target``, of this input's shape.

    ``inputs`` has the input of each layer for one image, by the layer's name; ``target`` is a name.
    """
    start = next(number for number, placed in enumerate(layers) if placed.name == target)
    gradient = np.zeros(layers[-1].input_shape, np.float32)
    gradient[label] = 1
    for placed in reversed(layers[start:-1]):  # the last layer is the softmax, which the logits come before
        gradient = _backward(placed, weights, inputs[placed.name], gradient)
    return gradient


def _backward(placed: PlacedLayer, weights: Weights, values: Array, gradient: Array) -> Array:
    """From the gradient by a layer's output to the gradient by its input, which had these ``values``."""
    match placed.layer:
        case Conv() as layer:
            return _backward_conv(layer, weights[f"{placed.name}/kernel"], values, gradient)
        case Activation(kind):
            return gradient * SLOPES[kind](values)
        case Pool() as layer:
            return _backward_pool(layer, values, gradient)
        case Flatten():
            return gradient.reshape(values.shape)
        case Dense():
            return weights[f"{placed.name}/kernel"] @ gradient
        case Softmax():
            raise ValueError("the softmax comes after the logits")
        case _ as missing:
            assert_never(missing)


def _backward_conv(layer: Conv, kernel: Array, values: Array, gradient: Array) -> Array:
    height, width, depth = values.shape
    (top, bottom), (left, right) = layer.padding_for(height), layer.padding_for(width)
    padded = np.zeros((top + height + bottom, left + width + right, depth), np.float32)
    rows, columns = (layer.stride * (side - 1) + 1 for side in gradient.shape[:2])
    for row, column in product(range(layer.kernel_size), repeat=2):
        reached = padded[row : row + rows : layer.stride, column : column + columns : layer.stride]
        reached += gradient @ kernel[row, column].T
    return padded[top : top + height, left : left + width]


def _backward_pool(layer: Pool, values: Array, gradient: Array) -> Array:
    (rows, columns, channels), size = gradient.shape, layer.size
    # An incomplete last row or column of pixels is in no square.
    pooled = values[: rows * size, : columns * size]
    squares = pooled.reshape(rows, size, columns, size, channels).transpose(0, 2, 4, 1, 3)
    squares = squares.reshape(rows, columns, channels, size * size)
    if layer.kind == "max":  # the first of several that are equally high, as ONNX Runtime and TensorFlow have it
        shares = np.zeros_like(squares)
        np.put_along_axis(shares, squares.argmax(axis=-1)[..., np.newaxis], 1, axis=-1)
    else:
        shares = np.full_like(squares, 1 / size**2)
    spread = (shares * gradient[..., np.newaxis]).reshape(rows, columns, channels, size, size)
    result = np.zeros_like(values)
    result[: rows * size, : columns * size] = spread.transpose(0, 3, 1, 4, 2).reshape(pooled.shape)
    return result
