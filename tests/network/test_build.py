import subprocess
import sys

import keras
import numpy as np
import pytest

from lenet import LeNet, LenetError, build, load_weights, save_weights
from lenet.network.build import layers_of
from lenet.network.named import NETWORKS


def test_the_tutorials_network_layer_by_layer():
    network = LeNet.build(width=28, height=28, depth=1, classes=10)
    assert network.count_params() == 1_256_080
    assert [layer.name for layer in network.layers] == [
        "conv1", "relu1", "pool1", "conv2", "relu2", "pool2", "flatten", "dense1", "relu3", "dense2", "probabilities",
    ]  # fmt: skip
    shapes = {layer.name: layer.output.shape[1:] for layer in network.layers}
    assert shapes["conv1"] == (28, 28, 20)
    assert shapes["pool1"] == (14, 14, 20)
    assert shapes["conv2"] == (14, 14, 50)
    assert shapes["flatten"] == (7 * 7 * 50,)
    assert shapes["dense1"] == (500,)
    assert shapes["probabilities"] == (10,)


@pytest.mark.parametrize(
    ("width", "height", "depth", "classes", "options"),
    [
        (8, 8, 1, 10, {}),
        (32, 32, 3, 26, {}),
        (5, 9, 2, 2, {"filters": (3, 4), "kernel_size": 2, "dense_units": 7}),
        (4, 4, 1, 2, {"kernel_size": 9}),
    ],
)
def test_other_sizes_give_probabilities(width, height, depth, classes, options):
    network = LeNet.build(width, height, depth, classes, **options)
    probabilities = network(np.random.default_rng(0).random((3, height, width, depth), np.float32)).numpy()
    assert probabilities.shape == (3, classes)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize(
    ("sizes", "says"),
    [
        ({"width": 3}, "layer 6, maxpool 2: its input is 1×14, too small"),
        ({"height": 2}, "layer 6, maxpool 2: its input is 14×1, too small"),
        ({"classes": 1}, "at least two"),
        ({"depth": 0}, "at least 1"),
        ({"filters": (20,)}, "the number of convolutions is 2"),
        ({"filters": (20, 0)}, "layer 4, 'conv 0 5'"),
        ({"kernel_size": 0}, "'0' is not a whole number"),
    ],
)
def test_impossible_sizes_are_refused(sizes, says):
    with pytest.raises(LenetError, match=says):
        LeNet.build(**{"width": 28, "height": 28, "depth": 1, "classes": 10} | sizes)


def test_weights_come_back_identical_whatever_the_ending(tmp_path):
    keras.utils.set_random_seed(1)
    network = LeNet.build(8, 8, 1, 3, dense_units=5)
    for name in ("w.hdf5", "w.h5", "w.weights.h5", "deep/er/w"):
        save_weights(network, tmp_path / name)
        for again in (
            LeNet.build(8, 8, 1, 3, tmp_path / name, dense_units=5),
            LeNet.build(8, 8, 1, 3, weightsPath=tmp_path / name, dense_units=5),
        ):
            for ours, theirs in zip(network.get_weights(), again.get_weights(), strict=True):
                np.testing.assert_array_equal(ours, theirs)


def test_keras_itself_reads_our_weights(tmp_path):
    network = LeNet.build(8, 8, 1, 3)
    save_weights(network, tmp_path / "w.weights.h5")
    again = LeNet.build(8, 8, 1, 3)
    again.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(network.get_weights()[0], again.get_weights()[0])


def test_an_unknown_keyword_is_a_type_error():
    with pytest.raises(TypeError, match="weight_path"):
        LeNet.build(8, 8, 1, 3, weight_path="x")


class TestBadWeights:
    """Each file is refused by one line, and the network keeps what it had."""

    @pytest.fixture
    def network(self):
        return LeNet.build(8, 8, 1, 3, dense_units=5)

    @pytest.fixture
    def refused(self, network, tmp_path):
        def check(path, says):
            before = network.get_weights()
            with pytest.raises(LenetError, match=says) as caught:
                load_weights(network, path)
            assert "\n" not in str(caught.value)
            for old, new in zip(before, network.get_weights(), strict=True):
                np.testing.assert_array_equal(old, new)

        return check

    def test_missing_empty_or_a_folder(self, refused, tmp_path):
        refused(tmp_path / "none.h5", "cannot be read")
        (tmp_path / "empty.h5").touch()
        refused(tmp_path / "empty.h5", "is empty")
        refused(tmp_path, "folder")

    def test_another_format(self, refused, tmp_path):
        (tmp_path / "text.h5").write_text("these are no weights")
        refused(tmp_path / "text.h5", "not a readable weights file")

    def test_another_shape(self, refused, tmp_path):
        save_weights(LeNet.build(8, 8, 1, 3, dense_units=4), tmp_path / "w.h5")
        refused(tmp_path / "w.h5", r"has shape \(200, 4\), this network needs \(200, 5\)")

    def test_cut_anywhere(self, refused, network, tmp_path):
        save_weights(network, tmp_path / "w.h5")
        content = (tmp_path / "w.h5").read_bytes()
        for length in range(1, len(content), len(content) // 25):
            (tmp_path / "cut.h5").write_bytes(content[:length])
            refused(tmp_path / "cut.h5", "cut.h5")

    def test_values_that_are_not_finite(self, refused, network, tmp_path):
        broken = LeNet.build(8, 8, 1, 3, dense_units=5)
        broken.layers[0].bias.assign(np.full(20, np.nan))
        save_weights(broken, tmp_path / "w.h5")
        refused(tmp_path / "w.h5", "not finite")

    def test_links_out_of_the_file(self, refused, network, tmp_path):
        import h5py

        save_weights(network, tmp_path / "real.h5")
        save_weights(network, tmp_path / "w.h5")
        with h5py.File(tmp_path / "w.h5", "a") as file:
            del file["layers/dense/vars/0"]
            file["layers/dense/vars/0"] = h5py.ExternalLink("real.h5", "layers/dense/vars/0")
        refused(tmp_path / "w.h5", "does not contain the weights")

    def test_a_shape_bomb(self, refused, network, tmp_path):
        import h5py

        save_weights(network, tmp_path / "w.h5")
        with h5py.File(tmp_path / "w.h5", "a") as file:
            del file["layers/dense/vars/0"]
            file.create_dataset("layers/dense/vars/0", (10**9, 10**3), "f4", chunks=(1024, 1000))
        refused(tmp_path / "w.h5", "another network's file")


def test_a_disk_that_fills_under_the_weights_is_one_line_and_loses_nothing(tmp_path):
    """In a process of its own, since HDF5 used to end the whole of it; the limit raises what a full disk raises."""
    script = """
import resource, signal, sys
from lenet import LeNet, LenetError, save_weights
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
network = LeNet.build(8, 8, 1, 3)
save_weights(network, sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.RLIM_INFINITY))
try:
    save_weights(network, sys.argv[1])
except LenetError as error:
    print(error)
"""
    path = tmp_path / "w.weights.h5"
    done = subprocess.run([sys.executable, "-c", script, path], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{path}: cannot be written (File too large); nothing was changed\n"
    assert [left.name for left in tmp_path.iterdir()] == [path.name]
    load_weights(LeNet.build(8, 8, 1, 3), path)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("size", [(28, 28, 1, 10), (29, 34, 3, 4)])
def test_parameters_are_counted_as_keras_does(name, size):
    height, width, depth, classes = size
    network = build(NETWORKS[name], width, height, depth, classes)
    assert NETWORKS[name].count_parameters(height, width, depth, classes) == network.count_params()


@pytest.mark.parametrize("name", NETWORKS)
def test_shapes_and_names_are_keras_own(name):
    network = build(NETWORKS[name], 28, 31, 1, 10)
    placed = NETWORKS[name].place(31, 28, 1, 10)
    assert [layer.name for layer in network.layers] == [it.name for it in placed]
    assert [layer.output.shape[1:] for layer in network.layers] == [it.output_shape for it in placed]
    assert layers_of(network) == placed
