"""LeNet as an ONNX graph: one node a layer, each tensor named after the layer it leaves."""

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

Array = npt.NDArray[np.float32]
Weights = dict[str, Array]

# Old enough for every runtime in use, new enough for all that a LeNet needs.
OPSET = 17
IR_VERSION = 8

LAYERS = (
    "conv1", "relu1", "pool1", "conv2", "relu2", "pool2", "flatten", "dense1", "relu3", "dense2", "probabilities",
)  # fmt: skip
WEIGHTS = tuple(f"{layer}/{kind}" for layer in ("conv1", "conv2", "dense1", "dense2") for kind in ("kernel", "bias"))
INPUT, LOGITS, OUTPUT = "pixels", "dense2", "probabilities"


def build_graph(weights: Weights, height: int, width: int) -> onnx.GraphProto:
    """Build the graph for pixels ``(n, depth, height, width)`` in [0, 1]; outputs probabilities, then logits.

    Args:
        weights: the arrays of ``WEIGHTS`` in ONNX's layout: kernels ``(filters, depth, k, k)``, dense ``(in, out)``
            with the inputs of ``dense1`` in channel, row, column order.
        height: pixels down.
        width: pixels across.
    """
    depth = weights["conv1/kernel"].shape[1]
    classes = weights["dense2/kernel"].shape[1]
    pooling = {"kernel_shape": [2, 2], "strides": [2, 2]}

    def layer(kind: str, name: str, source: str, **attributes: object) -> onnx.NodeProto:
        parameters = [f"{name}/kernel", f"{name}/bias"] if f"{name}/kernel" in weights else []
        return helper.make_node(kind, [source, *parameters], [name], name=name, **attributes)

    nodes = [
        layer("Conv", "conv1", INPUT, **_same_padding(weights["conv1/kernel"])),
        layer("Relu", "relu1", "conv1"),
        layer("MaxPool", "pool1", "relu1", **pooling),
        layer("Conv", "conv2", "pool1", **_same_padding(weights["conv2/kernel"])),
        layer("Relu", "relu2", "conv2"),
        layer("MaxPool", "pool2", "relu2", **pooling),
        layer("Flatten", "flatten", "pool2"),
        layer("Gemm", "dense1", "flatten"),
        layer("Relu", "relu3", "dense1"),
        layer("Gemm", "dense2", "relu3"),
        layer("Softmax", "probabilities", "dense2", axis=1),
    ]
    return helper.make_graph(
        nodes,
        "lenet",
        inputs=[helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["n", depth, height, width])],
        outputs=[helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", classes]) for name in (OUTPUT, LOGITS)],
        initializer=[numpy_helper.from_array(np.ascontiguousarray(weights[name]), name) for name in WEIGHTS],
    )


def from_keras_layout(weights: Weights, height: int, width: int) -> Weights:
    """Turn Keras's layout (kernels ``(k, k, depth, filters)``, row-column-channel flattening) into ONNX's."""
    filters = weights["conv2/kernel"].shape[3]
    rows, columns = height // 4, width // 4
    dense1 = weights["dense1/kernel"]
    return {
        **weights,
        "conv1/kernel": weights["conv1/kernel"].transpose(3, 2, 0, 1),
        "conv2/kernel": weights["conv2/kernel"].transpose(3, 2, 0, 1),
        "dense1/kernel": dense1.reshape(rows, columns, filters, -1).transpose(2, 0, 1, 3).reshape(dense1.shape),
    }


def to_keras_layout(weights: Weights, height: int, width: int) -> Weights:
    """The other way round than ``from_keras_layout``."""
    filters = weights["conv2/kernel"].shape[0]
    rows, columns = height // 4, width // 4
    dense1 = weights["dense1/kernel"]
    return {
        **weights,
        "conv1/kernel": weights["conv1/kernel"].transpose(2, 3, 1, 0),
        "conv2/kernel": weights["conv2/kernel"].transpose(2, 3, 1, 0),
        "dense1/kernel": dense1.reshape(filters, rows, columns, -1).transpose(1, 2, 0, 3).reshape(dense1.shape),
    }


def _same_padding(kernel: Array) -> dict[str, list[int]]:
    """Padding that keeps height and width; an even kernel's odd pixel goes below and right, as TensorFlow has it."""
    size = kernel.shape[2]
    before, after = (size - 1) // 2, size // 2
    return {"kernel_shape": [size, size], "pads": [before, before, after, after]}
