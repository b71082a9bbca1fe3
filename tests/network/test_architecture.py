"""The text form, the shapes and the one-line errors of a network that is described as data."""

import pytest

from lenet import Architecture, LenetError
from lenet.network.architecture import MOST_LAYERS, Activation, Conv, Dense, Pool
from lenet.network.named import NETWORKS, find_network

EVERY_KIND = "conv 8 3, tanh, avgpool 2, conv 4 5 stride 2 valid, sigmoid, maxpool 3, conv 2 1 valid, dense 6, relu"


def test_every_kind_of_layer_is_read_and_written():
    architecture = Architecture.parse(EVERY_KIND)
    assert architecture.layers == (
        Conv(8, 3), Activation("tanh"), Pool("average", 2), Conv(4, 5, 2, "valid"), Activation("sigmoid"),
        Pool("max", 3), Conv(2, 1, 1, "valid"), Dense(6), Activation("relu"),
    )  # fmt: skip
    assert str(architecture) == EVERY_KIND


def test_white_space_and_what_is_the_default_may_be_written():
    assert str(Architecture.parse("  conv 8   3 stride 1 same ,relu")) == "conv 8 3, relu"


@pytest.mark.parametrize("name", NETWORKS)
def test_the_named_networks_are_found_by_name_and_by_text(name):
    assert find_network(name) is NETWORKS[name]
    assert find_network(str(NETWORKS[name])) == NETWORKS[name]


def test_the_original_has_as_many_weights_as_published():
    """Figure 2 of LeCun et al., 1998, has 60,000; every connection of C3 and a plain output make it 61,706."""
    assert NETWORKS["lenet5"].count_parameters(28, 28, 1, 10) == 61_706
    assert NETWORKS["lenet"].count_parameters(28, 28, 1, 10) == 1_256_080


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("conv 20", "layer 1, 'conv 20': write it as: conv FILTERS KERNEL_SIZE [stride N] [valid]"),
        ("conv 20 5 stride", "layer 1, 'conv 20 5 stride': write it as"),
        ("relu, conv 20 5 stride 2 3", "layer 2, .*: write it as"),
        ("conv 20 5 3", "write it as"),
        ("conv 0 5", "'0' is not a whole number from 1"),
        ("conv 2 -5", "'-5' is not a whole number"),
        ("conv 2 1e3", "'1e3' is not a whole number"),
        ("conv ² 3", "'²' is not a whole number"),
        ("conv 99999999 3", "'99999999' is not a whole number"),
        ("relu 3", "layer 1, 'relu 3': write it as: relu"),
        ("maxpool", "write it as: maxpool SIZE"),
        ("dense", "write it as: dense UNITS"),
        ("conv 3 3,, relu", "layer 2, '': unknown layer; known are conv, maxpool, avgpool, dense, relu, tanh, sigmoid"),
        ("conv 3 3, gelu", "layer 2, 'gelu': unknown layer"),
        ("softmax", "unknown"),
        ("lenet6", "network 'lenet6' is unknown; named are lenet, lenet5, mlp, deep, tiny, or describe one"),
        (", ".join(["relu"] * (MOST_LAYERS + 1)), "the network has 65 layers; at most 64"),
        ("x" * 3000 + " 1", "3,002 characters"),
        (chr(10) * 2 + "conv" + chr(10) + "3", "write it as"),
    ],
)
def test_a_text_at_fault_is_one_line_that_points_at_the_layer(text, says):
    with pytest.raises(LenetError) as caught:
        find_network(text)
    message = str(caught.value)
    assert says.partition(".*")[0] in message
    assert says.rpartition(".*")[2] in message
    assert "\n" not in message
    assert len(message) < 300


@pytest.mark.parametrize(
    ("text", "size", "says"),
    [
        ("conv 3 3, maxpool 2, maxpool 2, maxpool 2", (4, 9), "layer 4, maxpool 2: its input is 2×1, too small"),
        ("conv 3 7 valid", (9, 6), "layer 1, conv 3 7 valid: its input is 6×9, smaller than the kernel"),
        ("dense 4, relu, conv 3 3", (8, 8), "layer 3, conv 3 3: stands after a dense layer"),
        ("dense 4, maxpool 2", (8, 8), "layer 2, maxpool 2: stands after a dense layer"),
        ("conv 1500000 3", (28, 28), "conv1, conv 1500000 3: gives 1,176,000,000 numbers an image"),
        ("conv 1000 99", (28, 28), "multiplications an image; at most 2,000,000,000 are allowed"),
    ],
)
def test_a_network_that_an_input_does_not_fit_is_one_line(text, size, says):
    with pytest.raises(LenetError) as caught:
        Architecture.parse(text).place(*size, 1, 10)
    assert says in str(caught.value)


@pytest.mark.parametrize("sizes", [(28, 28, 1, 1), (0, 28, 1, 10), (28, 28, 0, 10)])
def test_impossible_inputs_and_outputs(sizes):
    with pytest.raises(LenetError, match="at least"):
        NETWORKS["lenet"].place(*sizes)


def test_names_are_unique_and_in_order():
    names = [placed.name for placed in Architecture.parse(EVERY_KIND).place(40, 40, 3, 7)]
    assert names == [
        "conv1", "tanh1", "pool1", "conv2", "sigmoid2", "pool2", "conv3", "flatten", "dense1", "relu3", "dense2",
        "probabilities",
    ]  # fmt: skip


def test_settings_change_all_layers_that_have_them():
    changed = NETWORKS["lenet5"].change(filters=(3, 4), kernel_size=3, dense_units=9, activation="relu", pooling="max")
    assert str(changed) == "conv 3 3, relu, maxpool 2, conv 4 3 valid, relu, maxpool 2, dense 120, relu, dense 9, relu"
    assert NETWORKS["lenet5"].change() == NETWORKS["lenet5"]


@pytest.mark.parametrize(
    ("network", "changes", "says"),
    [
        ("lenet", {"filters": (20,)}, "filters are 20: the number of convolutions is 2"),
        ("mlp", {"kernel_size": 3}, "kernel size 3: no layer of this network has that setting: dense 300"),
        ("deep", {"dense_units": 3}, "dense units 3: no layer"),
        ("mlp", {"pooling": "max"}, "pooling max: no layer"),
        ("conv 4 3, maxpool 2", {"activation": "tanh"}, "activation tanh: no layer"),
        ("lenet", {"kernel_size": 0}, "'0' is not a whole number"),
        ("lenet", {"activation": "gelu"}, "layer 2, 'gelu': unknown layer"),
        ("lenet", {"pooling": "min"}, "pooling 'min' is none of max, average"),
    ],
)
def test_settings_that_no_layer_has_are_refused(network, changes, says):
    with pytest.raises(LenetError) as caught:
        find_network(network).change(**changes)
    assert says in str(caught.value)
