"""A trained model that learns from new pictures forgets neither its old data nor its classes."""

from dataclasses import replace

import numpy as np
import pytest

from lenet import Dataset, Model, Recipe, Run, evaluate, train
from lenet.datasets.several import join_sources
from lenet.training.initial import build_network
from lenet.training.mix import mix
from lenet.training.start import start_from

pytestmark = pytest.mark.usefixtures("no_figures")

NETWORK = "conv 8 5, relu, maxpool 2, conv 12 5, relu, maxpool 2, dense 40, relu"


@pytest.fixture(scope="module")
def old(mnist) -> Dataset:
    return replace(mnist.take(np.arange(3000)), name="old")


@pytest.fixture(scope="module")
def first(old, tmp_path_factory):
    recipe = Recipe.named("fast").change(network=NETWORK, epochs=6, validation=0)
    return train(old, recipe, tmp_path_factory.mktemp("first") / "run", draw=False)


@pytest.fixture(scope="module")
def mirrored(mnist) -> Dataset:
    """Another hand: mirrored twos, threes and sevens."""
    images = mnist.take(np.flatnonzero(np.isin(mnist.labels[:4000], (2, 3, 7)))[-140:])
    return replace(images, name="new", images=images.images[:, :, ::-1].copy())


def test_an_epoch_has_many_old_images_and_as_many_of_each_other_source(old, mirrored):
    few, many = mirrored.take(np.arange(7)), old
    train_part = join_sources([many, few]).split("own").train
    mixed = mix(train_part, 50, seed=0)
    assert np.bincount(mixed.source_of).tolist() == [1500, 50]
    drawn = mixed.images[:1500].reshape(1500, -1)
    assert len(np.unique(drawn, axis=0)) == 1500
    repeats = np.unique(mixed.images[mixed.source_of == 1].reshape(50, -1), axis=0, return_counts=True)[1]
    assert sorted(repeats) == [8, 8, 8, 8, 9, 9]
    assert np.bincount(mix(train_part, 1, seed=0).source_of).tolist() == [180, 6]
    assert np.array_equal(mix(train_part, 50, seed=0).images, mixed.images)
    other = mix(train_part, 50, seed=1).images[:1500].reshape(1500, -1)
    assert len(np.unique(np.concatenate([drawn, other]), axis=0)) > 1700  # drawn at random, not the first ones
    large = mix(join_sources([many, mirrored]).split("own").train, 1, seed=0)
    assert np.bincount(large.source_of).tolist() == [len(many) * 6 // 7, 120]  # each old one once
    assert mix(train_part, 0, seed=0) is train_part
    assert mix(old, 500, seed=0) is old


def test_a_few_new_pictures_are_learnt_and_the_old_ones_not_forgotten(old, first, mirrored, tmp_path):
    parts = mirrored.hold_out(110, seed=0)
    recipe = start_from(Recipe.named("tune").change(each_source=1000, learning_rate=2e-3), str(first.path))
    run = train(join_sources([old, replace(parts.train, name="new")]), recipe, tmp_path / "run")
    before, after = Model.load(first.path), Model.load(run.path)
    gain = evaluate(after, parts.test).accuracy - evaluate(before, parts.test).accuracy
    assert gain > 0.25
    rows = run.metrics["held_out"]
    assert [(row["data"], row["n"]) for row in rows] == [("old", 429), ("new", 4)]
    assert rows[0]["correct"] > rows[0]["before"] - 0.03 * 429
    expected = evaluate(before, old.hold_out(429).test).correct
    assert rows[0]["before"] == expected


def test_a_subset_of_the_classes_keeps_them_all_and_new_ones_are_added(old, first, tmp_path):
    twos = old.take(np.flatnonzero(np.isin(old.labels, (2, 3)))[:22])
    two_classes = Dataset("two", twos.images, twos.labels - 2, ("2", "3"), framing="mark")
    recipe = start_from(Recipe.named("tune"), str(first.path)).change(epochs=1)
    run = train(two_classes, recipe, tmp_path / "subset")
    assert Model.load(run.path).class_names == tuple("0123456789")
    assert run.metrics["held_out"][0]["n"] == 3

    three = replace(two_classes, class_names=("10", "a"))
    grown = build_network(three, recipe).get_weights()
    before = build_network(old, recipe).get_weights()
    assert recipe.start_classes == tuple("0123456789")
    run = train(three, recipe, tmp_path / "grown")
    assert Model.load(run.path).class_names == (*"0123456789", "10", "a")
    for index in range(8):
        kept = grown[index][..., :10] if index >= 6 else grown[index]
        np.testing.assert_array_equal(kept, before[index])
    assert grown[6][:, 10:].std() > 0
    assert Run(tmp_path / "grown").recipe == recipe
