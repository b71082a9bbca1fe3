"""The cheap forward pass of training is the same function as the Keras network."""

import keras
import numpy as np
import pytest

from lenet import LeNet, Recipe
from lenet.backend import tf
from lenet.model.preprocessing import scale_pixels
from lenet.training.learner import Learner, Window, scale


@pytest.mark.parametrize("shape", [(28, 28, 1), (8, 8, 1), (32, 20, 3)])
@pytest.mark.parametrize("view", ["whole", "centre"])
@pytest.mark.parametrize("kernel_size", [3, 4, 5])
@pytest.mark.parametrize("normalisation", ["none", "batch"])
def test_what_is_learnt_goes_back_into_the_network_exactly(shape, view, kernel_size, normalisation):
    keras.utils.set_random_seed(0)
    height, width, depth = shape
    network = LeNet.build(width, height, depth, 4, kernel_size=kernel_size, dense_units=30)
    recipe = Recipe(view=view, input_gain=2.5, kernel_size=kernel_size, dropout=0.5, normalisation=normalisation)
    learner = Learner(network, recipe, "float32")
    rng = np.random.default_rng(1)
    for variable in learner.weights.values():
        variable.assign(variable + rng.normal(0, 0.05, variable.shape))
    images = rng.random((6, *shape), np.float32)
    for variable in learner.statistics.values():
        variable.assign(variable + rng.uniform(0, 2, variable.shape))
    logits = learner.logits(images)
    learner.write_back()
    np.testing.assert_allclose(tf.nn.softmax(logits), network(images), atol=1e-5)


def test_before_a_step_the_whole_view_is_the_network():
    keras.utils.set_random_seed(0)
    network = LeNet.build(28, 28, 1, 10)
    images = np.random.default_rng(1).random((6, 28, 28, 1), np.float32)
    learner = Learner(network, Recipe(), "float32")
    np.testing.assert_allclose(tf.nn.softmax(learner.logits(images)), network(images), atol=1e-5)


def test_the_centre_of_mnists_maps_is_three_by_three_and_sees_24_pixels():
    window = Window.centre(28, 5)
    assert (window.first, window.last, window.size) == (2, 5, 7)
    assert window.pixels(5) == slice(2, 26)


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
