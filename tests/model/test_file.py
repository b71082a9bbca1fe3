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
from lenet.model.metadata import Metadata
from lenet.network.named import NETWORKS

rng = np.random.default_rng(0)
IMAGES = rng.integers(0, 256, (4, 8, 8, 1), np.uint8)
NETWORK = "conv 3 3, relu, maxpool 2, conv 4 3, tanh, avgpool 2, dense 5, relu"
METADATA = Metadata(
    ("aye", "no"), 8, 8, 1, network=NETWORK, framing="mark", temperature=1.5, unknown_threshold=-2.5,
    recipe={"name": "x"}, seed=3,
)  # fmt: skip
ARRAYS = {
    name: rng.normal(0, 0.3, shape).astype(np.float32)
    for placed in METADATA.layers
    for name, shape in placed.weight_shapes.items()
}


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
    assert file.weights.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(file.weights[name], array)


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


def renamed(model):
    model.graph.initializer[3].name = "conv3/bias"


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


def without(*keys):
    def change(model):
        kept = [pair for pair in model.metadata_props if pair.key not in keys]
        del model.metadata_props[:]
        model.metadata_props.extend(kept)

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (foreign_operator, "graph is not the one of its network"),
        (foreign_domain, "graph is not the one of its network"),
        (extra_node, "graph is not the one of its network"),
        (function, "graph is not the one of its network"),
        (outside_data, "is in another file"),
        (replaced("conv1/bias", np.full(3, np.nan, np.float32)), "not finite"),
        (replaced("conv1/bias", np.full(3, np.inf, np.float32)), "not finite"),
        (replaced("conv1/bias", np.zeros(4, np.float32)), "conv1/bias has shape"),
        (replaced("dense2/kernel", np.zeros((5, 3), np.float32)), "dense2/kernel has shape"),
        (replaced("conv2/kernel", np.zeros((4, 3, 3, 5), np.float32)), "conv2/kernel has shape"),
        (replaced("conv2/kernel", np.zeros((4, 9), np.float32)), "conv2/kernel has shape"),
        (renamed, "'conv2/bias' is missing or too many"),
        (entry("network", '"conv 3 3, relu, maxpool 2"'), "missing or too many"),
        (entry("network", '"conv 3 5, relu, maxpool 2, conv 4 3, tanh, avgpool 2, dense 5, relu"'), "has shape"),
        (entry("network", '"conv 3 3, tanh, maxpool 2, conv 4 3, tanh, avgpool 2, dense 5, relu"'), "graph is not"),
        (entry("network", '"conv 3 3, gelu"'), "layer 2, 'gelu': unknown layer"),
        (entry("network", '"conv 999999 99"'), "numbers an image"),
        (entry("network", '"dense 1' + "0" * 2000 + '"'), "characters"),
        (entry("network", "7"), "network is 7"),
        (entry("framing", '"crop"'), "framing is 'crop'"),
        (entry("inverted", "1"), "inverted is 1"),
        (huge_shape, "not the float32 that it claims"),
        (negative_shape, "not the float32 that it claims"),
        (half_floats, "not the float32 that it claims"),
        (entry("format_version", "3"), "format_version is 3"),
        (entry("format_version", "1e400"), "format_version"),
        (entry("class_names", '["a", "a"]'), "class_names"),
        (entry("class_names", '["only"]'), "class_names"),
        (entry("class_names", '["a\\u001b[2J", "b"]'), "class_names"),
        (entry("class_names", '"ab"'), "class_names"),
        (entry("height", "0"), "height"),
        (entry("height", "true"), "height"),
        (entry("width", "1e9"), "width"),
        (entry("temperature", "0"), "temperature"),
        (entry("temperature", "NaN"), "temperature"),
        (entry("temperature", "1e999"), "temperature"),
        (entry("test_n", "-1"), "test_n"),
        (entry("seed", "1e9"), "seed"),
        (entry("recipe", '{"split": 7}'), "recipe: split is of another type"),
        (entry("recipe", '{"validation": "x"}'), "recipe: validation"),
        (entry("versions", '{"keras": 3}'), "versions"),
        (entry("unknown_threshold", '"low"'), "unknown_threshold"),
        (entry("test_accuracy", "1.5"), "test_accuracy"),
        (entry("pixel_scale", "1.0"), "pixel_scale"),
        (entry("recipe", "[" * 100_000), "JSON"),
        (entry("recipe", "{"), "JSON"),
        (entry("recipe", '{"a": NaN}'), "metadata entry recipe"),
        (entry("recipe", '{"a": "\\ud800"}'), "metadata entry recipe"),
        (entry("versions", '{"keras": "\\ud800"}'), "metadata entry versions"),
        (entry("training_data_sha256", '"\\udfff"'), "metadata entry training_data_sha256"),
        (entry("test_n", "9" * 400), "test_n"),
        (without("seed"), "entries missing: seed"),
    ],
)
def test_a_forger_who_mends_the_digest_is_refused_too(content, change, says):
    refused(changed(content, change, fresh_digest=True), says)


def test_what_has_no_digest_is_an_export_or_foreign(content):
    refused(changed(content, without("sha256")), "an export for other tools")
    refused(changed(content, without("sha256", "training_data_sha256")), "not written by lenet")


def test_a_million_empty_fields_are_refused_before_they_are_parsed():
    crowd = b"\x0a\x00" * (MOST_BYTES // 4)  # a million nodes without content, in a graph
    length = len(crowd)
    varint = bytes((length >> shift & 0x7F) | (0x80 if length >> shift + 7 else 0) for shift in range(0, 28, 7))
    tracemalloc.start()
    refused(b"\x3a" + varint + crowd, "more fields")
    assert tracemalloc.get_traced_memory()[1] < 10 * length
    tracemalloc.stop()


def varint(value: int) -> bytes:
    return bytes((value >> shift & 0x7F) | (0x80 if value >> shift + 7 else 0) for shift in range(0, 28, 7))


def test_empty_fields_deeper_in_a_node_are_refused_before_they_are_parsed():
    crowd = b"\x2a\x00" * (MOST_BYTES // 4)  # attributes without content, in one node
    node = b"\x0a" + varint(len(crowd)) + crowd
    tracemalloc.start()
    refused(b"\x3a" + varint(len(node)) + node, "longer than a model file has")
    assert tracemalloc.get_traced_memory()[1] < 10 * len(crowd)
    tracemalloc.stop()


def test_entries_of_a_later_version_are_kept_and_ignored():
    later = replace(METADATA, extra={"licence": '"MIT"', "novelty": "not even JSON"})
    file = decode_model(encode_model(ARRAYS, later))
    assert file.metadata == later
    again = decode_model(encode_model(file.weights, replace(file.metadata, test_accuracy=0.5, test_n=4)))
    assert again.metadata.extra == later.extra
    np.testing.assert_array_equal(
        Model(file).predict(IMAGES), Model(decode_model(encode_model(ARRAYS, METADATA))).predict(IMAGES)
    )


def test_a_file_of_format_1_is_read_as_the_lenet_that_it_was():
    """Written by version 0.1: its metadata has neither network nor framing."""
    content = (Path(__file__).parent / "format_1.onnx").read_bytes()
    assert b"framing" not in content
    file = decode_model(content)
    assert file.metadata.network == "conv 3 3, relu, maxpool 2, conv 4 3, relu, maxpool 2, dense 5, relu"
    assert (file.metadata.framing, file.metadata.depth, file.metadata.format_version) == ("mark", 1, 2)
    images = np.random.default_rng(3).integers(0, 256, (5, 12, 9, 1), np.uint8)
    # What version 0.1 answers.
    expected = [
        [0.5364693999290466, 0.46353060007095337],
        [0.5322554111480713, 0.46774470806121826],
        [0.5363959074020386, 0.46360400319099426],
        [0.5285041928291321, 0.4714958071708679],
        [0.5259578227996826, 0.47404220700263977],
    ]
    np.testing.assert_allclose(Model(file).predict(images), expected, atol=1e-6)


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
    network = str(NETWORKS["lenet"].change(dense_units=units))
    metadata = replace(METADATA, class_names=tuple("0123456789"), height=28, width=28, network=network)
    shapes = {name: shape for placed in metadata.layers for name, shape in placed.weight_shapes.items()}
    large = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    whole = encode_model(large, metadata)
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
