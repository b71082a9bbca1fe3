"""Training that begins with the weights of a model."""

import hashlib

import numpy as np
import pytest

from lenet import LenetError, Model, Recipe, train
from lenet.model.graph import to_keras_layout, to_onnx_layout
from lenet.model.preprocessing import scale_pixels
from lenet.training.initial import build_network, load_start
from lenet.training.learner import Learner
from lenet.training.start import start_from

SMALL = Recipe(
    name="small",
    split="4:1",
    epochs=4.0,
    batch_size=32,
    optimizer="adamw",
    learning_rate=0.003,
    network="conv 4 5, relu, maxpool 2, conv 6 5, relu, maxpool 2, dense 20, relu",
    precision="float32",
)


@pytest.fixture(scope="module")
def first(small, tmp_path_factory):
    return train(small, SMALL, tmp_path_factory.mktemp("first") / "run", draw=False)


def test_the_layouts_are_each_others_reverse(first):
    model = Model.load(first.path)
    weights, layers = model.weights, model.metadata.layers
    there_and_back = to_keras_layout(to_onnx_layout(weights, layers), layers)
    assert all(np.array_equal(there_and_back[name], array) for name, array in weights.items())


@pytest.mark.parametrize("gain", [1.0, 3.2])
def test_it_begins_where_the_model_ended(small, first, gain):
    """Whatever the recipe's gain, the learner's first answers are the model's."""
    recipe = start_from(SMALL.change(input_gain=gain), str(first.path))
    learner = Learner(build_network(small, recipe), recipe, "float32")
    model = Model.load(first.path)
    ours = learner.logits(scale_pixels(small.images[:50])).numpy()
    np.testing.assert_allclose(ours, model.logits(small.images[:50]), atol=1e-4)


def test_the_sizes_are_the_models_and_the_run_says_what_it_started_from(small, first, tmp_path):
    fast = Recipe.named("fast").change(split="4:1", epochs=0.5, learning_rate=1e-3, precision="float32")
    recipe = start_from(fast, str(first.path))
    assert recipe.network == SMALL.network
    assert (recipe.size, recipe.depth, recipe.framing) == ("28x28", 1, "mark")
    run = train(small, recipe, tmp_path / "run", draw=False)
    digest = hashlib.sha256((first.path / "model.onnx").read_bytes()).hexdigest()
    assert run.recipe.start_sha256 == digest
    assert Model.load(run.path).metadata.recipe["start"] == str(first.path)
    assert f"started from the weights of `{first.path}` (SHA-256 `{digest}`)" in (run.path / "README.md").read_text()
    assert run.metrics["test"]["accuracy"] >= first.metrics["test"]["accuracy"] - 0.03


def test_with_more_classes_only_the_weights_of_the_new_ones_start_anew(small, first):
    odd = small.with_classes(("other", *small.class_names))
    recipe = start_from(SMALL, str(first.path))
    ours = build_network(odd, recipe).get_weights()
    theirs = build_network(small, recipe).get_weights()
    fresh = build_network(odd, SMALL).get_weights()
    for index in range(6):
        np.testing.assert_array_equal(ours[index], theirs[index])
    for index in (6, 7):  # in the classes' natural order, the new one is the last
        np.testing.assert_array_equal(ours[index][..., :10], theirs[index])
        np.testing.assert_array_equal(ours[index][..., 10:], fresh[index][..., 10:])


def test_another_model_under_that_name_is_refused(small, first):
    recipe = start_from(SMALL, str(first.path)).change(start_sha256="0" * 64)
    with pytest.raises(LenetError, match="is not the model that this training started from"):
        build_network(small, recipe)


def test_another_shape_is_refused_in_one_line(small, first):
    recipe = start_from(SMALL, str(first.path)).change(network=SMALL.network.replace("dense 20", "dense 21"))
    with pytest.raises(LenetError, match="its dense1/kernel has shape"):
        build_network(small, recipe)
    network = build_network(small, SMALL)
    with pytest.raises(LenetError, match="no such model file"):
        load_start(network, SMALL.change(start="none.onnx"), small.class_names)
