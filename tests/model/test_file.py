"""Nothing that a model file says is trusted, and nothing that it holds is lost."""

import pickle
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from lenet import LenetError, Model
from lenet.model.file import MOST_BYTES, decode_model, encode_model, read_model, write_model
from lenet.model.graph import WEIGHTS
from lenet.model.metadata import Metadata

rng = np.random.default_rng(0)
SMALL = {
    "conv1/kernel": (3, 1, 3, 3), "conv1/bias": (3,), "conv2/kernel": (4, 3, 3, 3), "conv2/bias": (4,),
    "dense1/kernel": (16, 5), "dense1/bias": (5,), "dense2/kernel": (5, 2), "dense2/bias": (2,),
}  # fmt: skip
ARRAYS = {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in SMALL.items()}
METADATA = Metadata(("aye", "no"), 8, 8, 1, temperature=1.5, unknown_threshold=-2.5, recipe={"name": "x"}, seed=3)


@pytest.fixture
def content() -> bytes:
    return encode_model(ARRAYS, METADATA)


def refused(content: bytes, says: str) -> None:
    with pytest.raises(LenetError, match=says) as caught:
        decode_model(content)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_all_comes_back(content, tmp_path):
    write_model(tmp_path / "m.onnx", ARRAYS, METADATA)
    assert (tmp_path / "m.onnx").read_bytes() == content
    file = read_model(tmp_path / "m.onnx")
    assert file.metadata == METADATA
    for name in WEIGHTS:
        np.testing.assert_array_equal(file.weights[name], ARRAYS[name])


def test_the_graph_is_clean_and_the_onnx_checker_accepts_it(run):
    model = onnx.load(run.path / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert [(node.op_type, node.name) for node in model.graph.node] == [
        ("Conv", "conv1"), ("Relu", "relu1"), ("MaxPool", "pool1"), ("Conv", "conv2"), ("Relu", "relu2"),
        ("MaxPool", "pool2"), ("Flatten", "flatten"), ("Gemm", "dense1"), ("Relu", "relu3"), ("Gemm", "dense2"),
        ("Softmax", "probabilities"),
    ]  # fmt: skip
    assert [node.output[0] for node in model.graph.node] == [node.name for node in model.graph.node]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "n"
    assert model.opset_import[0].version == 17


def test_the_file_says_where_it_came_from(run, mnist):
    metadata = read_model(run.path / "model.onnx").metadata
    assert metadata.class_names == tuple("0123456789")
    assert (metadata.height, metadata.width, metadata.depth) == (28, 28, 1)
    assert metadata.test_n == 10_000
    assert metadata.test_accuracy == run.metrics["test"]["accuracy"]
    assert metadata.recipe["name"] == "fast"
    assert metadata.training_data_sha256 == mnist.sha256
    assert "keras" in metadata.versions


def test_every_flipped_byte_is_noticed(content):
    positions = np.unique(np.linspace(0, len(content) - 1, 700).astype(int))
    for position in positions:
        for bit in (1, 128):
            broken = bytearray(content)
            broken[position] ^= bit
            refused(bytes(broken), ".")


def test_every_cut_is_noticed(content):
    for length in np.linspace(0, len(content) - 1, 200).astype(int):
        refused(content[:length], ".")
    refused(content + b"\0", ".")
    refused(content + content, ".")


def changed(content: bytes, change, fresh_digest: bool = False) -> bytes:
    """The file after ``change`` to its protobuf, with a digest that fits again when asked."""
    import hashlib

    model = onnx.ModelProto.FromString(content)
    change(model)
    if fresh_digest:
        kept = [entry for entry in model.metadata_props if entry.key != "sha256"]
        del model.metadata_props[:]
        model.metadata_props.extend(kept)
        digest = hashlib.sha256(model.SerializeToString(deterministic=True)).hexdigest()
        model.metadata_props.append(onnx.StringStringEntryProto(key="sha256", value=digest))
    return model.SerializeToString(deterministic=True)


def foreign_operator(model):
    model.graph.node[1].op_type = "Sigmoid"


def foreign_domain(model):
    model.graph.node[1].domain = "com.evil"


def extra_node(model):
    model.graph.node.append(helper.make_node("Identity", ["probabilities"], ["again"]))


def outside_data(model):
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.append(onnx.StringStringEntryProto(key="location", value="../../etc/passwd"))


def function(model):
    model.functions.append(onnx.FunctionProto(name="f", domain="d"))


def replaced(name, array):
    def change(model):
        for tensor in model.graph.initializer:
            if tensor.name == name:
                tensor.CopyFrom(numpy_helper.from_array(array, name))

    return change


def huge_shape(model):
    tensor = model.graph.initializer[4]
    del tensor.dims[:]
    tensor.dims.extend([16, 10**9])


def negative_shape(model):
    tensor = model.graph.initializer[4]
    del tensor.dims[:]
    tensor.dims.extend([-16, -5])


def half_floats(model):
    model.graph.initializer[1].data_type = TensorProto.FLOAT16


def entry(key, value):
    def change(model):
        for pair in model.metadata_props:
            if pair.key == key:
                pair.value = value

    return change


def without(key):
    def change(model):
        kept = [pair for pair in model.metadata_props if pair.key != key]
        del model.metadata_props[:]
        model.metadata_props.extend(kept)

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (foreign_operator, "damaged or was changed"),
        (foreign_domain, "damaged or was changed"),
        (extra_node, "damaged or was changed"),
        (function, "damaged or was changed"),
        (outside_data, "lies in another file"),
        (replaced("conv1/bias", np.full(3, np.nan, np.float32)), "not finite"),
        (replaced("conv1/bias", np.full(3, np.inf, np.float32)), "not finite"),
        (replaced("conv1/bias", np.zeros(4, np.float32)), "conv1/bias has shape"),
        (replaced("dense2/kernel", np.zeros((5, 3), np.float32)), "dense2/kernel has shape"),
        (replaced("conv2/kernel", np.zeros((4, 3, 3, 5), np.float32)), "conv2/kernel has shape"),
        (replaced("conv2/kernel", np.zeros((4, 9), np.float32)), "LeNet's shapes"),
        (huge_shape, "not the float32 that it claims"),
        (negative_shape, "not the float32 that it claims"),
        (half_floats, "not the float32 that it claims"),
        (entry("format_version", "2"), "format version"),
        (entry("class_names", '["a", "a"]'), "class_names"),
        (entry("class_names", '["only"]'), "class_names"),
        (entry("class_names", '["a\\u001b[2J", "b"]'), "class_names"),
        (entry("class_names", '"ab"'), "class_names"),
        (entry("height", "0"), "height"),
        (entry("height", "true"), "height"),
        (entry("width", "1e9"), "width"),
        (entry("temperature", "0"), "temperature"),
        (entry("temperature", "NaN"), "temperature"),
        (entry("unknown_threshold", '"low"'), "unknown_threshold"),
        (entry("test_accuracy", "1.5"), "test_accuracy"),
        (entry("pixel_scale", "1.0"), "pixel_scale"),
        (entry("recipe", "[" * 100_000), "JSON"),
        (entry("recipe", "{"), "JSON"),
        (without("seed"), "missing or foreign: seed"),
        (without("sha256"), "not written by lenet"),
    ],
)
def test_a_forger_who_mends_the_digest_is_refused_too(content, change, says):
    refused(changed(content, change, fresh_digest="lenet" not in says), says)


def test_a_million_empty_fields_are_refused_before_they_are_parsed():
    crowd = b"\x0a\x00" * (MOST_BYTES // 4)  # a million nodes without content, in a graph
    length = len(crowd)
    varint = bytes((length >> shift & 0x7F) | (0x80 if length >> shift + 7 else 0) for shift in range(0, 28, 7))
    tracemalloc.start()
    refused(b"\x3a" + varint + crowd, "more fields")
    assert tracemalloc.get_traced_memory()[1] < 10 * length
    tracemalloc.stop()


def test_foreign_files(tmp_path):
    for name, content in {
        "empty.onnx": b"",
        "pickle.onnx": pickle.dumps({"a": print}),
        "text.onnx": b"this is no model",
        "png.onnx": b"\x89PNG\r\n\x1a\n" + bytes(100),
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(LenetError, match=name):
            Model.load(tmp_path / name)
    with (tmp_path / "large.onnx").open("wb") as file:
        file.truncate(10**9)
    with pytest.raises(LenetError, match="1,000,000,000 bytes"):
        Model.load(tmp_path / "large.onnx")
    with pytest.raises(LenetError, match="no such model"):
        Model.load(tmp_path / "none.onnx")
    with pytest.raises(LenetError, match=r"no model\.onnx"):
        Model.load(tmp_path)


LOAD_ALL = """
import re, sys
from lenet import LenetError, Model
for path in sys.argv[1:]:
    try:
        Model.load(path)
        print("loaded", path)
    except LenetError as error:
        print("refused", error)
print(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")
def test_the_largest_hostile_files_take_no_more_than_300_megabytes(tmp_path):
    units = MOST_BYTES // 4 // 2500
    shapes = {
        "conv1/kernel": (20, 1, 5, 5), "conv1/bias": (20,), "conv2/kernel": (50, 20, 5, 5), "conv2/bias": (50,),
        "dense1/kernel": (2450, units), "dense1/bias": (units,), "dense2/kernel": (units, 10), "dense2/bias": (10,),
    }  # fmt: skip
    large = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    whole = encode_model(large, replace(METADATA, class_names=tuple("0123456789"), height=28, width=28))
    assert 0.9 * MOST_BYTES < len(whole) <= MOST_BYTES
    middle = len(whole) // 2
    hostile = {
        "flipped": whole[:middle] + b"\x01" + whole[middle + 1 :],
        "cut": whole[:-1],
        "nan": whole[:middle] + b"\xff" * 400_000 + whole[middle + 400_000 :],
        "empty": bytes(MOST_BYTES),
        "fields": b"\x3a\x00" * (MOST_BYTES // 2),
    }
    for name, content in hostile.items():
        (tmp_path / name).write_bytes(content)
    with (tmp_path / "giga").open("wb") as file:
        file.truncate(10**9)
    paths = [str(tmp_path / name) for name in (*hostile, "giga")]
    done = subprocess.run([sys.executable, "-c", LOAD_ALL, *paths], capture_output=True, text=True, check=True)
    *lines, peak = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["refused"] * len(paths)
    assert int(peak) * 1024 < 300e6


def test_an_unsaveable_model_is_not_written(tmp_path):
    with pytest.raises(LenetError, match="not finite"):
        write_model(tmp_path / "m.onnx", ARRAYS | {"conv1/bias": np.full(3, np.nan, np.float32)}, METADATA)
    assert not list(tmp_path.iterdir())


def test_metadata_of_another_kind_cannot_even_be_made():
    with pytest.raises(LenetError, match="temperature"):
        replace(METADATA, temperature=float("inf"))
