"""The network that finds marks on pages, in Keras, and from and to ONNX."""

from pathlib import Path
from typing import Any

import numpy as np

from lenet.pictures.finder import KINDS

WIDTHS = (16, 24, 48, 64, 96)
KIND_WIDTH = 48


def build() -> Any:
    """A small U-Net (Ronneberger et al., 2015); outputs as of Panoptic-DeepLab (Cheng et al., 2020)."""
    import keras
    from keras import layers

    def conv(x: Any, width: int, name: str, size: int = 3, stride: int = 1) -> Any:
        x = layers.Conv2D(width, size, stride, "same", use_bias=False, name=name)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.98, epsilon=1e-3, name=f"{name}_bn")(x))

    x = pixels = layers.Input((None, None, 3))
    x = conv(x, WIDTHS[0], "stem", 6, 2)
    skips = []
    for level, width in enumerate(WIDTHS):
        if level:
            x = layers.MaxPool2D()(x)
        x = conv(conv(x, width, f"down{level}a"), width, f"down{level}b")
        skips.append(x)
    for level in reversed(range(len(WIDTHS) - 1)):
        x = layers.UpSampling2D()(conv(x, WIDTHS[level], f"lateral{level}", 1))
        x = layers.Add()([x, skips[level]])
        x = conv(conv(x, WIDTHS[level], f"up{level}a"), WIDTHS[level], f"up{level}b")
        if level == 1:
            kind = conv(conv(x, KIND_WIDTH, "kinda"), KIND_WIDTH, "kindb")
            kinds = layers.Conv2D(len(KINDS), 1, name="kinds", dtype="float32")(kind)
    return keras.Model(pixels, [layers.Conv2D(8, 1, name="answer", dtype="float32")(x), kinds])


def load_onnx(model: Any, path: Path) -> None:
    """Take the kernels and biases of a finder; ``ValueError`` for a file of another network."""
    import keras
    import onnx
    from onnx import numpy_helper

    arrays = {
        tensor.name: numpy_helper.to_array(tensor).astype(np.float32)
        for tensor in onnx.load(path).graph.initializer
        if tensor.name.endswith("/half")
    }
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    if set(arrays) != {f"{layer.name}/{part}/half" for layer in convolutions for part in ("kernel", "bias")}:
        raise ValueError(f"{path}: no finder of this form; give a file that train_finder.py wrote")
    for layer in convolutions:
        kernel, bias = arrays[f"{layer.name}/kernel/half"].transpose(2, 3, 1, 0), arrays[f"{layer.name}/bias/half"]
        if layer.use_bias:
            layer.set_weights([kernel, bias])
        else:
            layer.set_weights([kernel])
            normal = model.get_layer(f"{layer.name}_bn")
            one, zero = np.ones_like(bias), np.zeros_like(bias)
            normal.set_weights([one, bias, zero, one - np.float32(1e-3)])


def average(paths: list[Path]) -> Any:
    """The mean weights of finders of one training, often better than each (Izmailov et al., 2018)."""
    import onnx
    from onnx import numpy_helper

    first, *others = (onnx.load(path) for path in paths)
    for tensor, *same in zip(*(made.graph.initializer for made in (first, *others)), strict=True):
        mean = np.mean([numpy_helper.to_array(each).astype(np.float32) for each in (tensor, *same)], axis=0)
        mean = mean.astype(numpy_helper.to_array(tensor).dtype)
        tensor.CopyFrom(numpy_helper.from_array(mean, tensor.name))
    return first


def to_onnx(model: Any) -> Any:
    """The network with its normalisation folded into the convolutions; pixels ``(n, 3, height, width)``, 0 to 1."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes, arrays = [], []
    float16 = lambda name, array: numpy_helper.from_array(np.ascontiguousarray(array, np.float16), name)  # noqa: E731

    def node(kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def conv(x: str, name: str, stride: int = 1, relu: bool = True) -> str:
        kernel, *bias = (np.asarray(each, np.float32) for each in model.get_layer(name).get_weights())
        shift = bias[0] if bias else np.zeros(kernel.shape[-1], np.float32)
        if relu:
            gamma, beta, mean, variance = (
                np.asarray(each, np.float32) for each in model.get_layer(f"{name}_bn").get_weights()
            )
            factor = gamma / np.sqrt(variance + 1e-3)
            kernel, shift = kernel * factor, beta - mean * factor
        size = kernel.shape[0]
        pad = (size - stride) // 2
        for suffix, array in (("kernel", kernel.transpose(3, 2, 0, 1)), ("bias", shift)):
            arrays.append(float16(f"{name}/{suffix}/half", array))
            node("Cast", [f"{name}/{suffix}/half"], f"{name}/{suffix}", to=TensorProto.FLOAT)
        x = node(
            "Conv",
            [x, f"{name}/kernel", f"{name}/bias"],
            name,
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=[pad] * 4,
        )
        return node("Relu", [x], f"{name}/relu") if relu else x

    x = conv("pixels", "stem", 2)
    skips = []
    for level in range(len(WIDTHS)):
        if level:
            x = node("MaxPool", [x], f"pool{level}", kernel_shape=[2, 2], strides=[2, 2])
        x = conv(conv(x, f"down{level}a"), f"down{level}b")
        skips.append(x)
    arrays.append(numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "twice"))
    for level in reversed(range(len(WIDTHS) - 1)):
        x = conv(x, f"lateral{level}")
        x = node(
            "Resize",
            [x, "", "twice"],
            f"enlarged{level}",
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
        x = node("Add", [x, skips[level]], f"sum{level}")
        x = conv(conv(x, f"up{level}a"), f"up{level}b")
        if level == 1:
            conv(conv(conv(x, "kinda"), "kindb"), "kinds", relu=False)
    conv(x, "answer", relu=False)
    shape = lambda channels: ["n", channels, "height", "width"]  # noqa: E731
    graph = helper.make_graph(
        nodes,
        "finder",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, shape(3))],
        [
            helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["n", 8, "height/2", "width/2"]),
            helper.make_tensor_value_info("kinds", TensorProto.FLOAT, ["n", len(KINDS), "height/4", "width/4"]),
        ],
        arrays,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made)
    return made
