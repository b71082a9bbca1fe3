"""The model file: one ``.onnx`` that holds all that is needed to use a model.

A file is accepted only when it is, byte for byte, what this room would write for the arrays and metadata in it. So no
foreign operator, no outside data, no odd shape and no flipped bit reaches ONNX Runtime.
"""

import hashlib
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto, helper

from lenet.atomic import read_bytes, write_bytes
from lenet.errors import LenetError
from lenet.model.graph import IR_VERSION, OPSET, WEIGHTS, Weights, build_graph
from lenet.model.metadata import Metadata
from lenet.model.wire import refuse_crowded

# The tutorial's LeNet has 5 MB, one for pictures of 64×64 pixels 28 MB. Verifying a file takes five times its size.
MOST_BYTES = 32 << 20
DIGEST = "sha256"


@dataclass(frozen=True)
class ModelFile:
    """A verified model file.

    Attributes:
        content: its bytes, as ONNX Runtime takes them.
        weights: its arrays by name, in ONNX's layout.
        metadata: what it says about itself.
    """

    content: bytes
    weights: Weights
    metadata: Metadata


def encode_model(weights: Weights, metadata: Metadata) -> bytes:
    """The bytes of a model file: the same for the same arrays and metadata, always.

    Args:
        weights: the arrays of ``graph.WEIGHTS`` in ONNX's layout.
        metadata: what the file shall say about itself.
    """
    model = helper.make_model(
        build_graph(weights, metadata.height, metadata.width),
        producer_name="lenet",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    properties = metadata.to_properties()
    helper.set_model_props(model, properties)
    digest = hashlib.sha256(model.SerializeToString(deterministic=True)).hexdigest()
    helper.set_model_props(model, {**properties, DIGEST: digest})
    return bytes(model.SerializeToString(deterministic=True))


def write_model(path: Path, weights: Weights, metadata: Metadata) -> None:
    """Write a model file, whole or not at all.

    Raises:
        LenetError: when it cannot be written, or would be refused when read.
    """
    content = encode_model(weights, metadata)
    decode_model(content)
    write_bytes(path, content)


def read_model(path: Path) -> ModelFile:
    """Read and verify a model file; nothing in it is trusted.

    Raises:
        LenetError: one line that names the file and what is wrong with it.
    """
    content = read_bytes(path, MOST_BYTES, "model file")
    try:
        return decode_model(content)
    except LenetError as error:
        raise LenetError(f"{path}: is not a usable model file: {error}") from error


def decode_model(content: bytes) -> ModelFile:
    """Verify the bytes of a model file and take them apart.

    Raises:
        LenetError: for anything but what ``encode_model`` writes.
    """
    if not content:
        raise LenetError("it is empty")
    if len(content) > MOST_BYTES:
        raise LenetError(f"it has {len(content):,} bytes, at most {MOST_BYTES:,} are allowed")
    refuse_crowded(memoryview(content))
    try:
        model = onnx.ModelProto.FromString(content)
    except DecodeError:
        raise LenetError("it is not an ONNX file") from None
    properties = {entry.key: entry.value for entry in model.metadata_props}
    if not all(isinstance(text, str) for pair in properties.items() for text in pair):
        raise LenetError("its metadata is not text")  # bytes that are no UTF-8 come as they are
    digest = properties.pop(DIGEST, None)
    if digest is None:
        raise LenetError("it was not written by lenet: it carries no SHA-256 of itself")
    metadata = Metadata.from_properties(properties)
    weights = _weights(model.graph)
    del model  # its arrays are as large again
    _check_shapes(weights, metadata)
    if encode_model(weights, metadata) != content:
        raise LenetError("it is damaged or was changed after it was written (its SHA-256 does not fit)")
    return ModelFile(content, weights, metadata)


def _weights(graph: onnx.GraphProto) -> Weights:
    if tuple(tensor.name for tensor in graph.initializer) != WEIGHTS:
        raise LenetError("its arrays are not those of a LeNet")
    return {tensor.name: _array(tensor) for tensor in graph.initializer}


def _array(tensor: onnx.TensorProto) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    if tensor.data_location != TensorProto.DEFAULT or tensor.external_data:
        raise LenetError(f"its array {tensor.name} lies in another file")
    shape = tuple(tensor.dims)
    if tensor.data_type != TensorProto.FLOAT or min(shape, default=0) < 1 or 4 * prod(shape) != len(tensor.raw_data):
        raise LenetError(f"its array {tensor.name} of shape {shape} is not the float32 that it claims to be")
    array = np.frombuffer(tensor.raw_data, "<f4").reshape(shape)
    if not np.isfinite(array).all():
        raise LenetError(f"its array {tensor.name} holds values that are not finite")
    return array


def _check_shapes(weights: Weights, metadata: Metadata) -> None:
    """Hold every array's shape against the sizes that its neighbours and the metadata give."""
    shapes = {name: weights[name].shape for name in WEIGHTS}
    conv1, conv2, dense1 = shapes["conv1/kernel"], shapes["conv2/kernel"], shapes["dense1/kernel"]
    if len(conv1) != 4 or len(conv2) != 4 or len(dense1) != 2:
        raise LenetError("its arrays do not have a LeNet's shapes")
    flat = conv2[0] * (metadata.height // 4) * (metadata.width // 4)
    classes = len(metadata.class_names)
    expected = {
        "conv1/kernel": (conv1[0], metadata.depth, conv1[2], conv1[2]),
        "conv1/bias": (conv1[0],),
        "conv2/kernel": (conv2[0], conv1[0], conv1[2], conv1[2]),
        "conv2/bias": (conv2[0],),
        "dense1/kernel": (flat, dense1[1]),
        "dense1/bias": (dense1[1],),
        "dense2/kernel": (dense1[1], classes),
        "dense2/bias": (classes,),
    }
    for name, shape in expected.items():
        if shapes[name] != shape:
            raise LenetError(f"its array {name} has shape {shapes[name]}, a LeNet of its sizes needs {shape}")
