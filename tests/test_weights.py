"""Weights files of strangers: a line each, whatever is damaged in them; HDF5 must not end the process."""

import subprocess
import sys

import h5py
import numpy as np
import pytest

from lenet import LeNet, LenetError, load_weights, save_weights
from lenet.weights_file import open_keras_file
from tests.attack.files import LAYOUTS, stored_otherwise

FUZZED = 300
# Reads each file that it is given into a small network, and prints a line for each that was refused.
PROGRAM = """
import sys
from lenet import LeNet, LenetError, load_weights
network = LeNet.build(8, 8, 1, 3)
for path in sys.argv[1:]:
    try:
        load_weights(network, path)
        print("read")
    except LenetError as error:
        print(str(error))
"""


@pytest.fixture(scope="module")
def network():
    return LeNet.build(8, 8, 1, 3)


@pytest.fixture(scope="module")
def written(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "weights.h5"
    save_weights(network, path)
    return path


def test_an_error_of_whoever_reads_a_file_is_not_called_the_files(written):
    with pytest.raises(ValueError, match=r"^mine$"), open_keras_file(written):
        raise ValueError("mine")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_only_plain_arrays_are_read(network, written, tmp_path, layout):
    path = tmp_path / "weights.h5"
    stored_otherwise(written, path, LAYOUTS[layout])
    before = [weights.copy() for weights in network.get_weights()]
    with pytest.raises(LenetError, match="is compressed, in chunks or in another file; save it again with Keras"):
        load_weights(network, path)
    for old, new in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_damaged_files_of_every_layout_are_one_line_each(network, written, tmp_path):
    rng = np.random.default_rng(0)
    paths = []
    for layout, options in {"plain": {}, "old": None, **LAYOUTS}.items():
        whole = tmp_path / f"{layout}.h5"
        if options is None:
            write_legacy(whole, kernel_and_bias(network)[0], backend="tensorflow", model_config="channels_last")
        else:
            stored_otherwise(written, whole, options)
        for number in range(FUZZED // (2 + len(LAYOUTS))):
            content = bytearray(whole.read_bytes())
            for _ in range(int(rng.integers(1, 12))):
                # Most of the file is arrays; half of the damage goes to what describes them.
                place = int(rng.integers(min(len(content), 4096) if rng.random() < 0.5 else len(content)))
                content[place] = rng.choice([0, 1, 127, 128, 255, int(rng.integers(256))])
            paths.append(tmp_path / f"{layout}-{number}.h5")
            paths[-1].write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, paths)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = done.stdout.splitlines()
    assert len(lines) == len(paths)
    assert all(line == "read" or line.startswith(str(path)) for line, path in zip(lines, paths, strict=True))
    assert "read" in lines


def kernel_and_bias(network):
    """Kernel and bias of each layer, and which layer is the first dense one."""
    weights = network.get_weights()
    layers = list(zip(weights[::2], weights[1::2], strict=True))
    return layers, next(place for place, (kernel, _) in enumerate(layers) if kernel.ndim == 2)


def channels_first(network, layers, dense):
    """The first dense layer's rows as a network with the channels first has them."""
    height, width, channels = network.layers[[type(it).__name__ for it in network.layers].index("Flatten")].input.shape[
        1:
    ]
    kernel, bias = layers[dense]
    turned = kernel.reshape(height, width, channels, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
    return [*layers[:dense], (turned, bias), *layers[dense + 1 :]]


def turned(layers):
    """Kernels as Theano has them, which convolves and does not correlate."""
    return [(kernel[::-1, ::-1] if kernel.ndim == 4 else kernel, bias) for kernel, bias in layers]


def write_legacy(path, layers, names=("kernel:0", "bias:0"), within="", **about):
    """As Keras 1 and 2 write: a group for each layer, those without weights too, and lists of names."""
    with h5py.File(path, "w") as file:
        root = file.create_group(within) if within else file
        for key, value in about.items():
            file.attrs[key] = np.bytes_(value)
        order = []
        for number, (kernel, bias) in enumerate(layers):
            for layer, arrays in ((f"layer_{number}", (kernel, bias)), (f"activation_{number}", ())):
                order.append(layer.encode())
                group = root.create_group(layer)
                called = [f"{layer}/{name}" if ":" in name else f"{layer}_{name}" for name in names][: len(arrays)]
                group.attrs["weight_names"] = [name.encode() for name in called]
                for name, array in zip(called, arrays, strict=True):
                    group.create_dataset(name, data=array)
        root.attrs["layer_names"] = order
        if within:
            file.create_group("optimizer_weights").create_dataset("training/SGD/iterations:0", data=np.int64(7))
    return path


KERAS_1 = ("W", "b")
# Layout and what the file says → how its layers are made, and whether it must be tried.
CHANNELS_LAST = '{"data_format": "channels_last"}'


def as_they_are(network, layers, dense):
    return layers


def theano_2(network, layers, dense):
    return turned(channels_first(network, layers, dense))


def theano_1(network, layers, dense):
    """Kernels have the axes filter, channel, row, column."""
    layers = theano_2(network, layers, dense)
    return [(kernel.transpose(3, 2, 0, 1) if kernel.ndim == 4 else kernel, bias) for kernel, bias in layers]


# How the layers of each kind of file are made, what it says, and whether ways must be tried.
LEGACY = {
    "keras-2-whole": (
        as_they_are,
        {"within": "model_weights", "model_config": CHANNELS_LAST, "backend": "tensorflow"},
        False,
    ),
    "keras-2-weights": (as_they_are, {"backend": "tensorflow", "keras_version": "2.0.2"}, True),
    "keras-2-channels-first": (channels_first, {"backend": "tensorflow"}, True),
    "keras-2-theano": (theano_2, {"backend": "theano"}, True),
    "keras-1-tensorflow": (as_they_are, {"names": KERAS_1}, True),
    "keras-1-theano": (theano_1, {"names": KERAS_1}, True),
}


@pytest.fixture(scope="module")
def trained(model):
    """The tutorial's network with the weights of a training."""
    from lenet.model.file import read_model
    from lenet.model.runtime import locate_model

    network = LeNet.build(28, 28, 1, 10)
    weights = read_model(locate_model(model.name)).weights
    network.set_weights(list(weights.values()))
    return network


@pytest.mark.parametrize("layout", LEGACY)
def test_files_of_old_keras_give_the_same_weights(trained, layout, tmp_path):
    make, about, tried = LEGACY[layout]
    path = write_legacy(tmp_path / "lenet_weights.hdf5", make(trained, *kernel_and_bias(trained)), **about)
    network = LeNet.build(28, 28, 1, 10)
    said = load_weights(network, path)
    assert ("ways, which read" in said) == tried
    for ours, theirs in zip(trained.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_weights_of_keras_1_in_theanos_order_read_all_digits_alike(trained, tmp_path, test_part):
    layers, dense = kernel_and_bias(trained)
    make = LEGACY["keras-1-theano"][0]
    path = write_legacy(tmp_path / "w.hdf5", make(trained, layers, dense), names=KERAS_1)
    with pytest.warns(
        UserWarning, match=r"does not say how its axes are ordered: of 2 ways, which read \d+, \d+ of 1,000"
    ):
        network = LeNet.build(28, 28, 1, 10, weights_path=path)
    pixels = test_part.images / np.float32(255)
    same = network.predict(pixels, verbose=0).argmax(axis=1) == trained.predict(pixels, verbose=0).argmax(axis=1)
    assert same.sum() == 10_000


@pytest.mark.parametrize("name", ["whole.keras", "whole.h5", "some.weights.h5"])
def test_what_keras_3_writes_is_read_without_a_question(trained, tmp_path, name):
    save = trained.save_weights if "weights" in name else trained.save
    save(tmp_path / name)
    network = LeNet.build(28, 28, 1, 10)
    assert load_weights(network, tmp_path / name) == ""
    for ours, theirs in zip(trained.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_network_that_reads_no_digits_takes_tensorflows_order_and_says_so(network, tmp_path):
    layers, _ = kernel_and_bias(network)
    path = write_legacy(tmp_path / "w.hdf5", layers)
    other = LeNet.build(8, 8, 1, 3)
    assert "taken as TensorFlow has them" in load_weights(other, path)
    np.testing.assert_array_equal(other.get_weights()[4], network.get_weights()[4])


@pytest.mark.parametrize("layout", [*LAYOUTS, "external", "no-bias", "another-layer"])
def test_old_files_are_verified_like_new_ones(network, tmp_path, layout):
    path = write_legacy(tmp_path / "w.hdf5", kernel_and_bias(network)[0])
    with h5py.File(path, "a") as file:
        name = "layer_0/layer_0/kernel:0"
        array = file[name][()]
        if layout in LAYOUTS:
            options = {"maxshape": (None,) * array.ndim} if layout == "unlimited" else LAYOUTS[layout]
            del file[name]
            file.create_dataset(name, data=array, **options)
        elif layout == "external":
            del file[name]
            file[name] = h5py.ExternalLink("other.h5", "x")
        elif layout == "no-bias":
            del file["layer_0/layer_0/bias:0"]
        else:
            file["more/kernel:0"], file["more/bias:0"] = np.zeros((3, 3), np.float32), np.zeros(3, np.float32)
    before = [weights.copy() for weights in network.get_weights()]
    with pytest.raises(LenetError, match=str(path)) as caught:
        load_weights(network, path)
    assert "\n" not in str(caught.value)
    for old, new in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
