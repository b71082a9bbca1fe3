from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from lenet import LeNet, LenetError, Model
from lenet.evaluation.unknown import highest_logit
from lenet.explain.explanation import explain
from lenet.model import runtime
from lenet.model.file import decode_model, encode_model
from lenet.model.metadata import Metadata
from lenet.model.preprocessing import scale_pixels, softmax
from lenet.network.named import NETWORKS
from tests.networks import counted, random_model


@pytest.fixture(scope="module")
def network(run):
    return LeNet.build(28, 28, 1, 10, weights_path=run.path / "model.weights.h5")


def test_onnx_and_keras_say_the_same_of_all_test_images(model, network, test_part):
    theirs = network.predict(scale_pixels(test_part.images), batch_size=512, verbose=0)
    ours = softmax(model.logits(test_part.images))  # the temperature is the model file's own, Keras knows none
    assert np.abs(ours - theirs).max() <= 1e-5
    np.testing.assert_array_equal(ours.argmax(axis=1), theirs.argmax(axis=1))


def test_one_by_one_is_the_same_as_in_batches(model, test_part):
    images = test_part.images[:600]
    single = np.concatenate([model.predict(image[np.newaxis]) for image in images])
    assert np.abs(single - model.predict(images)).max() <= 1e-5


def test_activations_are_those_of_keras_layer_by_layer(model, network, test_part):
    import keras

    layers = keras.Model(network.inputs[0], [layer.output for layer in network.layers])
    theirs = layers(scale_pixels(test_part.images[:1]))
    ours = model.activations(test_part.images[0])
    assert list(ours) == [layer.name for layer in network.layers]
    for name, output in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(ours[name], output.numpy()[0], atol=1e-4, err_msg=name)


def test_the_temperature_is_applied(model, test_part):
    images = test_part.images[:20]
    warm = Model(decode_model(encode_model(model.weights, replace(model.metadata, temperature=2.0))))
    expected = np.exp(warm.logits(images).astype(float) / 2)
    np.testing.assert_allclose(warm.predict(images), expected / expected.sum(axis=1, keepdims=True), atol=1e-6)
    np.testing.assert_array_equal(warm.predict(images).argmax(axis=1), model.predict(images).argmax(axis=1))


def test_many_threads_get_the_same_answers(model, test_part):
    parts = np.array_split(test_part.images[:800], 16)
    alone = [model.predict(part) for part in parts]
    with ThreadPoolExecutor(8) as pool:
        for ours, theirs in zip(pool.map(model.predict, parts), alone, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_nothing_is_read_from_no_image(model):
    assert model.predict(np.zeros((0, 28, 28, 1), np.uint8)).shape == (0, 10)


@pytest.mark.parametrize(
    "images",
    [np.zeros((1, 28, 28, 1)), np.zeros((1, 28, 28), np.uint8), np.zeros((1, 27, 28, 1), np.uint8)],
)
def test_images_of_another_kind_are_refused(model, images):
    with pytest.raises(LenetError, match=r"this model takes uint8 \(n, 28, 28, 1\)"):
        model.predict(images)


def test_what_is_no_array_is_refused(model):
    for wrong in ("photo.jpg", None):
        for take in (model.predict, model.activations):
            with pytest.raises(LenetError, match="give a NumPy array of uint8"):
                take(wrong)


def test_a_single_image_and_an_unfinished_run_are_named(model, tmp_path):
    with pytest.raises(LenetError, match=r"give images\[np.newaxis\]"):
        model.predict(np.zeros((28, 28, 1), np.uint8))
    (tmp_path / "recipe.toml").write_text("")
    with pytest.raises(LenetError, match="lenet train --resume"):
        Model.load(tmp_path)


def test_even_kernels_and_odd_sizes_are_padded_as_keras_pads(tmp_path):
    """TensorFlow puts an even kernel's odd pixel of padding below and right."""
    import keras

    for kernel_size, (height, width) in ((4, (11, 14)), (2, (9, 9)), (5, (13, 7)), (3, (32, 32))):
        keras.utils.set_random_seed(0)
        network = LeNet.build(width, height, 3, 4, kernel_size=kernel_size, dense_units=6)
        text = str(NETWORKS["lenet"].change(kernel_size=kernel_size, dense_units=6))
        metadata = Metadata(("a", "b", "c", "d"), height, width, 3, network=text)
        names = [name for placed in metadata.layers for name in placed.weight_shapes]
        arrays = {name: value.numpy() for name, value in zip(names, network.weights, strict=True)}
        model = Model(decode_model(encode_model(arrays, metadata)))
        images = np.random.default_rng(0).integers(0, 256, (5, height, width, 3), np.uint8)
        np.testing.assert_allclose(model.predict(images), network(scale_pixels(images)), atol=1e-5)


def test_classify_says_the_same_as_predict_and_the_scores(model, test_part):
    images = np.concatenate([test_part.images[:300], np.zeros((5, 28, 28, 1), np.uint8)])
    logits, probabilities, unknown = model.classify(images)
    np.testing.assert_array_equal(probabilities, model.predict(images))
    np.testing.assert_array_equal(unknown, highest_logit(logits) < model.metadata.unknown_threshold)
    assert unknown[-5:].all()  # blank paper is no digit
    assert unknown[:300].mean() < 0.05


def test_without_a_threshold_nothing_is_unknown(model):
    open_minded = Model(decode_model(encode_model(model.weights, replace(model.metadata, unknown_threshold=None))))
    assert not open_minded.classify(np.zeros((3, 28, 28, 1), np.uint8)).unknown.any()


def test_finite_weights_that_give_no_finite_answer_are_refused_in_one_line(tmp_path):
    small = random_model("mlp")
    weights = {name: np.full_like(array, 3e38) for name, array in small.weights.items()}
    model = Model(decode_model(encode_model(weights, small.metadata)), "huge.onnx")
    image = np.full((1, *model.input_shape), 200, np.uint8)
    for use in (model.predict, lambda images: model.activations(images[0]), lambda images: explain(model, images[0])):
        with pytest.raises(LenetError, match=r"huge\.onnx: its answers are not finite numbers"):
            use(image)


def test_fewer_large_images_are_taken_at_once(monkeypatch):
    model = random_model("tiny")
    images = np.random.default_rng(0).integers(0, 256, (9, *model.input_shape)).astype(np.uint8)
    expected = model.predict(images)
    monkeypatch.setattr(runtime, "MOST_NUMBERS", 2 * 26 * 26 * 12)
    with counted(model) as passes:
        np.testing.assert_allclose(model.predict(images), expected, atol=1e-6)
    assert passes == [2, 2, 2, 2, 1]


@pytest.mark.parametrize("threads", ["1", "2,1", "", "many"])
def test_any_number_of_threads_in_the_environment_is_taken_or_passed_over(monkeypatch, threads):
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    assert random_model("tiny").predict(np.zeros((1, 28, 28, 1), np.uint8)).shape == (1, 10)
