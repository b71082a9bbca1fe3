"""The model file: one ``.onnx`` with everything that is needed to use a model.

Arrays and metadata of a file are verified, and the graph that runs is rebuilt from them; a file with another graph is
refused. So ONNX Runtime gets no foreign operators, no external data and no unexpected shapes. A SHA-256 over the whole
file detects damage.
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
from lenet.model.graph import IR_VERSION, OPSET, Array, Weights, build_graph, onnx_shapes, to_keras_layout
from lenet.model.metadata import Metadata
from lenet.model.wire import refuse_crowded

# The tutorial's LeNet has 5 MB, one for pictures of 64×64 pixels 28 MB. Verifying a file takes five times its size.
MOST_BYTES = 32 << 20
DIGEST = "sha256"


@dataclass(frozen=True)
class ModelFile:
    """A verified model file."""

    content: bytes  # bytes as ``encode_model`` writes them, which ONNX Runtime runs
    weights: Weights  # arrays by name, in Keras's layout
    metadata: Metadata

    @property
    def sha256(self) -> str:
        """SHA-256 of ``content``."""
        return hashlib.sha256(self.content).hexdigest()


def encode_model(weights: Weights, metadata: Metadata) -> bytes:
    """Bytes of a model file; always the same for the same metadata and ``weights``, by name and in Keras's layout."""
    model = _make_model(weights, metadata)
    properties = metadata.to_properties()
    helper.set_model_props(model, properties)
    helper.set_model_props(model, {**properties, DIGEST: _digest(model)})
    return bytes(model.SerializeToString(deterministic=True))


def write_model(path: Path, weights: Weights, metadata: Metadata) -> None:
    """Write a model file atomically; LenetError when that fails, or ``read_model`` would refuse it."""
    content = encode_model(weights, metadata)
    decode_model(content)
    write_bytes(path, content)


def read_model(path: Path) -> ModelFile:
    """Read and verify a model file; nothing in it is trusted. A LenetError names the file and what is wrong with it."""
    content = read_bytes(path, MOST_BYTES, "model file")
    try:
        return decode_model(content)
    except LenetError as error:
        raise LenetError(f"{path}: is not a usable model file: {error}") from error


def decode_model(content: bytes) -> ModelFile:
    """Verify and decode the bytes of a model file; LenetError for one that no version of ``encode_model`` wrote."""
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
        raise LenetError("its metadata is not text")  # invalid UTF-8 is returned as bytes
    digest = properties.pop(DIGEST, None)
    if digest is None and "training_data_sha256" in properties:
        raise LenetError("it is an export for other tools; name the model that it was exported from")
    if digest is None:
        raise LenetError("it was not written by lenet: it carries no SHA-256 of itself")
    arrays = {tensor.name: _array(tensor) for tensor in model.graph.initializer}
    helper.set_model_props(model, properties)
    if _digest(model) != digest:
        raise LenetError("it is damaged or was changed after it was written (its SHA-256 does not match)")
    metadata = Metadata.from_properties(properties, {name: array.shape for name, array in arrays.items()})
    _check_shapes(arrays, metadata)
    weights = to_keras_layout(arrays, metadata.layers)
    if _graph(model) != _graph(_make_model(weights, metadata)):
        raise LenetError("its graph is not the one of its network")
    return ModelFile(encode_model(weights, metadata), weights, metadata)


def _make_model(weights: Weights, metadata: Metadata) -> onnx.ModelProto:
    return helper.make_model(
        build_graph(weights, metadata.layers),
        producer_name="lenet",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )


def _digest(model: onnx.ModelProto) -> str:
    return hashlib.sha256(model.SerializeToString(deterministic=True)).hexdigest()


def _graph(model: onnx.ModelProto) -> bytes:
    """The model without its arrays and metadata, which are removed from it."""
    del model.graph.initializer[:], model.metadata_props[:]
    return bytes(model.SerializeToString(deterministic=True))


def _array(tensor: onnx.TensorProto) -> Array:
    if tensor.data_location != TensorProto.DEFAULT or tensor.external_data:
        raise LenetError(f"its array {tensor.name} is in another file")
    shape = tuple(tensor.dims)
    if tensor.data_type != TensorProto.FLOAT or min(shape, default=0) < 1 or 4 * prod(shape) != len(tensor.raw_data):
        raise LenetError(f"its array {tensor.name} of shape {shape} is not the float32 that it claims to be")
    array = np.frombuffer(tensor.raw_data, "<f4").reshape(shape)
    if not np.isfinite(array).all():
        raise LenetError(f"its array {tensor.name} holds values that are not finite")
    return array


def _check_shapes(arrays: Weights, metadata: Metadata) -> None:
    """Refuse arrays that are not those of the network."""
    expected = onnx_shapes(metadata.layers)
    if odd := sorted(arrays.keys() ^ expected.keys()):
        raise LenetError(f"its arrays are not those of its network: {odd[0][:100]!r} is missing or too many")
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            raise LenetError(f"its array {name} has shape {arrays[name].shape}, its network needs {shape}")
