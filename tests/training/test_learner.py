"""The cheap forward pass of training is the same function as the Keras network."""

import keras
import numpy as np
import pytest

from lenet import LeNet, LenetError, Recipe, build
from lenet.backend import tf
from lenet.export.chip_network import round_to_odd
from lenet.model.preprocessing import scale_pixels
from lenet.network.architecture import Conv, Pool
from lenet.network.named import NETWORKS, find_network
from lenet.training.adapt import centre_view
from lenet.training.learner import Learner, scale

STRANGE = "conv 4 3 stride 2 valid, sigmoid, maxpool 2, tanh, conv 5 4, avgpool 2, dense 9, tanh, dense 8, relu"


@pytest.mark.parametrize("shape", [(28, 28, 1), (33, 30, 3)])
@pytest.mark.parametrize("view", ["whole", "centre"])
@pytest.mark.parametrize("network", [*NETWORKS, "conv 6 4, relu, maxpool 2, conv 7 3, relu, maxpool 2", STRANGE, ""])
@pytest.mark.parametrize("normalisation", ["none", "batch"])
def test_the_weights_go_back_into_the_network_exactly(shape, view, network, normalisation):
    """The function that is trained, and the Keras network that is saved, are the same."""
    keras.utils.set_random_seed(0)
    height, width, depth = shape
    keras_network = build(find_network(network), width, height, depth, 4)
    recipe = Recipe(view=view, input_gain=2.5, dropout=0.5, normalisation=normalisation)
    learner = Learner(keras_network, recipe, "float32")
    rng = np.random.default_rng(1)
    for variable in learner.weights.values():
        variable.assign(variable + rng.normal(0, 0.05, variable.shape))
    images = rng.random((6, *shape), np.float32)
    for variable in learner.statistics.values():
        variable.assign(variable + rng.uniform(0, 2, variable.shape))
    logits = learner.logits(images)
    learner.write_back()
    np.testing.assert_allclose(tf.nn.softmax(logits), keras_network(images), atol=1e-5)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_the_network_that_is_trained_and_saved_has_rounded_kernels(bits):
    network = build(find_network("conv 6 4, relu, maxpool 2, dense 9, relu"), 12, 12, 1, 4)
    recipe = Recipe(weight_bits=bits, input_gain=2.5, normalisation="batch")
    learner = Learner(network, recipe, "float32")
    images = np.random.default_rng(0).random((6, 12, 12, 1), np.float32)
    logits = learner.logits(images)
    learner.write_back()
    np.testing.assert_allclose(tf.nn.softmax(logits), network(images), atol=1e-5)
    for kernel in (variable.numpy() for variable in network.weights if len(variable.shape) > 1):
        rows = kernel.reshape(-1, kernel.shape[-1]).T
        numbers, step = round_to_odd(rows, bits)
        np.testing.assert_allclose(numbers * step[:, np.newaxis], rows, rtol=1e-5)
        assert len(np.unique(numbers)) > bits  # not all of one value


def test_rounding_lets_gradients_through():
    network = build(find_network("conv 2 3"), 6, 6, 1, 3)
    learner = Learner(network, Recipe(weight_bits=2), "float32")
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(learner.logits(np.ones((1, 6, 6, 1), np.float32)) ** 2)
    gradient = tape.gradient(loss, learner.weights["conv1/kernel"])
    assert np.abs(gradient).min() > 0


@pytest.mark.parametrize("network", [*NETWORKS, STRANGE])
@pytest.mark.parametrize("size", [27, 28, 31])
def test_no_padding_reaches_the_centre_view_and_it_is_as_large_as_can_be(network, size):
    """Ones in a frame of zeros: where the constant answers of an endless plane appear, no padding was seen."""
    layers = find_network(network).place(size, size, 1, 3)
    spatial = [placed for placed in layers if isinstance(placed.layer, Conv | Pool)]
    view = centre_view(layers)
    if not spatial:
        assert view is None
        return
    answers = []
    for margin in (0, 40 * 8):  # of further ones; a multiple of all strides
        x = np.ones((1, size + 2 * margin, size + 2 * margin, 1), np.float32)
        for placed in spatial:
            layer, x = placed.layer, tf.reduce_mean(x, axis=-1, keepdims=True)
            if isinstance(layer, Conv):
                pads = [layer.padding_for(side) for side in placed.input_shape[:2]]
                kernel = np.ones((layer.kernel_size, layer.kernel_size, 1, 1), np.float32)
                x = tf.nn.conv2d(tf.pad(x, [(0, 0), *pads, (0, 0)]), kernel, layer.stride, "VALID")
            else:
                x = tf.nn.avg_pool2d(x, layer.size, layer.size, "VALID")
        answers.append(x.numpy()[0, ..., 0])
    untouched = answers[0] == answers[1].max()
    expected = np.zeros_like(untouched)
    if view:
        expected[view.places] = True
    np.testing.assert_array_equal(untouched, expected)


def test_before_a_step_the_whole_view_is_the_network():
    keras.utils.set_random_seed(0)
    network = LeNet.build(28, 28, 1, 10)
    images = np.random.default_rng(1).random((6, 28, 28, 1), np.float32)
    learner = Learner(network, Recipe(), "float32")
    np.testing.assert_allclose(tf.nn.softmax(learner.logits(images)), network(images), atol=1e-5)


def test_the_centre_of_mnists_maps_is_three_by_three_and_sees_24_pixels():
    view = centre_view(NETWORKS["lenet"].place(28, 28, 1, 10))
    assert view == ((slice(2, 26), slice(2, 26)), (slice(2, 5), slice(2, 5)))


def test_what_is_trained_is_the_network_that_is_given_not_the_recipes():
    """A tutorial's reader who changes the layers, and nothing else, trains and saves the changed network."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    own = keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(6, 5, activation="tanh", padding="same"), layers.AveragePooling2D(2),
        layers.Conv2D(8, 3), layers.MaxPooling2D(3), layers.ReLU(), layers.Conv2D(9, 3, padding="same"),
        layers.Flatten(), layers.Dense(20, "sigmoid"), layers.Dense(10, "softmax"),
    ])  # fmt: skip
    images = np.random.default_rng(1).random((6, 28, 28, 1), np.float32)
    learner = Learner(own, Recipe(), "float32")
    np.testing.assert_allclose(learner.probabilities(images), own(images), atol=1e-5)


@pytest.mark.parametrize(
    ("layer", "says"),
    [
        (lambda layers: layers.Conv2D(3, 3, dilation_rate=2), r"\(Conv2D\) has a kind or a setting"),
        (lambda layers: layers.Conv2D(3, 3, use_bias=False), "Conv2D"),
        (lambda layers: layers.Conv2D(3, 3, activation="elu"), "Conv2D"),
        (lambda layers: layers.MaxPooling2D(3, strides=2), "MaxPooling2D"),
        (lambda layers: layers.MaxPooling2D(2, padding="same"), "MaxPooling2D"),
        (lambda layers: layers.BatchNormalization(), "BatchNormalization"),
        (lambda layers: layers.ReLU(6.0), "ReLU"),
    ],
)
def test_a_keras_layer_that_training_does_not_know_is_refused_not_ignored(layer, says):
    layers = keras.layers
    own = keras.Sequential(
        [keras.Input((28, 28, 1)), layer(layers), layers.Flatten(), layers.Dense(10), layers.Softmax()]
    )
    with pytest.raises(LenetError, match=says):
        Learner(own, Recipe(), "float32")


def test_a_network_that_does_not_end_with_probabilities_is_refused():
    own = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
    with pytest.raises(LenetError, match="does not end with a dense layer and a softmax"):
        Learner(own, Recipe(), "float32")


def test_dropout_leaves_out_its_share_and_keeps_the_mean():
    network = LeNet.build(8, 8, 1, 2)
    learner = Learner(network, Recipe(dropout=0.5), "float32")
    images = np.ones((200, 8, 8, 1), np.float32)
    certain = learner.logits(images).numpy()
    dropped = learner.logits(images, tf.constant([0, 2])).numpy()
    assert dropped.std(axis=0).min() > 0
    again = learner.logits(images, tf.constant([0, 2])).numpy()
    np.testing.assert_array_equal(dropped, again)
    assert np.abs(dropped.mean(axis=0) - certain.mean(axis=0)).max() < 4 * dropped.std() / np.sqrt(200) + 0.05


def test_training_scales_pixels_as_reading_does():
    images = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    np.testing.assert_array_equal(scale(images).numpy(), scale_pixels(images))


def test_while_learning_a_batch_is_normalised_by_itself():
    network = LeNet.build(8, 8, 1, 2)
    # Beside so large a gain, what keeps a variance off zero is nothing.
    learner = Learner(network, Recipe(normalisation="batch", input_gain=50.0), "float32")
    images = np.random.default_rng(0).random((400, 8, 8, 1), np.float32)
    before = learner.logits(images).numpy()
    learning = learner.logits(images, tf.constant([0, 2])).numpy()
    # However bright, a batch that is normalised by itself is the same.
    np.testing.assert_allclose(learner.logits(2 * images, tf.constant([0, 2])), learning, atol=0.02)
    assert np.abs(before - learning).max() > 0.1


def test_the_running_means_are_right_from_the_first_batch_on_and_forget_the_old_ones():
    learner = Learner(LeNet.build(8, 8, 1, 2), Recipe(normalisation="batch", input_gain=50.0), "float32")
    old, new = np.random.default_rng(0).random((2, 400, 8, 8, 1), np.float32)
    new = new**4
    learning = learner.logits(old, tf.constant([0, 2]))
    np.testing.assert_allclose(learner.logits(old), learning, atol=0.02)
    for _ in range(400):
        learning = learner.logits(new, tf.constant([0, 2]))
    np.testing.assert_allclose(learner.logits(new), learning, atol=0.02)
    assert np.abs(learner.logits(old) - learner.logits(old, tf.constant([0, 2]))).max() > 0.1
