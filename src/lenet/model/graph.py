"""The ONNX graph of a network: one node for each layer, whose output has the layer's name.

Weights have Keras's layout everywhere in the library; only this file and the files on the disk have ONNX's.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, assert_never

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from lenet.network.architecture import Activation, Conv, Dense, Flatten, PlacedLayer, Pool, Softmax

Array = npt.NDArray[np.float32]
Weights = dict[str, Array]

# Old enough for every runtime in use, new enough for all layers.
OPSET = 17
IR_VERSION = 8
INPUT, OUTPUT = "pixels", "probabilities"
ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}
POOLS = {"max": "MaxPool", "average": "AveragePool"}


def logits_name(layers: Sequence[PlacedLayer]) -> str:
    """Name of the last dense layer, the input of the softmax."""
    return layers[-2].name


def build_graph(weights: Weights, layers: Sequence[PlacedLayer]) -> onnx.GraphProto:
    """Build the graph for pixels ``(n, depth, height, width)`` in [0, 1]; its outputs are probabilities and logits."""
    height, width, depth = layers[0].input_shape
    arrays = to_onnx_layout(weights, layers)

    def declare(name: str, *shape: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape])

    return helper.make_graph(
        [_node(placed, source) for placed, source in zip(layers, [INPUT, *(it.name for it in layers)], strict=False)],
        "lenet",
        inputs=[declare(INPUT, depth, height, width)],
        outputs=[declare(name, *layers[-1].output_shape) for name in (OUTPUT, logits_name(layers))],
        initializer=[numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in arrays.items()],
    )


def _node(placed: PlacedLayer, source: str) -> onnx.NodeProto:
    inputs = [source, *placed.weight_shapes]
    attributes: dict[str, Any]
    match placed.layer:
        case Conv(_, size, stride) as layer:
            (top, bottom), (left, right) = (layer.padding_for(side) for side in placed.input_shape[:2])
            kind, attributes = "Conv", {"kernel_shape": [size, size], "pads": [top, left, bottom, right]}
            attributes |= {"strides": [stride, stride]} if stride > 1 else {}
        case Activation(activation):
            kind, attributes = ACTIVATIONS[activation], {}
        case Pool(pool, size):
            kind, attributes = POOLS[pool], {"kernel_shape": [size, size], "strides": [size, size]}
        case Flatten():
            kind, attributes = "Flatten", {}
        case Dense():
            kind, attributes = "Gemm", {}
        case Softmax():
            kind, attributes = "Softmax", {"axis": 1}
        case _ as missing:
            assert_never(missing)
    return helper.make_node(kind, inputs, [placed.name], name=placed.name, **attributes)


def onnx_shapes(layers: Sequence[PlacedLayer]) -> dict[str, tuple[int, ...]]:
    """Shapes of all arrays of a model file, by name, in the file's order."""
    shapes = {name: shape for placed in layers for name, shape in placed.weight_shapes.items()}
    return {name: (it[3], it[2], *it[:2]) if len(it) == 4 else it for name, it in shapes.items()}


def to_onnx_layout(weights: Weights, layers: Sequence[PlacedLayer]) -> Weights:
    """From Keras's layout: kernels become ``(filters, depth, k, k)``, flattened inputs channel, row, column."""
    arrays = {name: array.transpose(3, 2, 0, 1) if array.ndim == 4 else array for name, array in weights.items()}
    name, maps = _flattened(layers)
    arrays[name] = arrays[name].reshape(*maps, -1).transpose(2, 0, 1, 3).reshape(arrays[name].shape)
    return {name: arrays[name] for placed in layers for name in placed.weight_shapes}


def to_keras_layout(arrays: Weights, layers: Sequence[PlacedLayer]) -> Weights:
    """The inverse of ``to_onnx_layout``."""
    weights = {name: array.transpose(2, 3, 1, 0) if array.ndim == 4 else array for name, array in arrays.items()}
    name, (height, width, channels) = _flattened(layers)
    kernel = weights[name]
    weights[name] = kernel.reshape(channels, height, width, -1).transpose(1, 2, 0, 3).reshape(kernel.shape)
    return {name: np.ascontiguousarray(weights[name]) for placed in layers for name in placed.weight_shapes}


def _flattened(layers: Sequence[PlacedLayer]) -> tuple[str, tuple[int, ...]]:
    """Name of the kernel whose inputs are flattened maps, and the shape of these maps."""
    return next(
        (f"{dense.name}/kernel", placed.input_shape)
        for placed, dense in pairwise(layers)
        if isinstance(placed.layer, Flatten)
    )
