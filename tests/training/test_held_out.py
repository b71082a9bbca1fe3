"""What a tuned model reads of each source, and what the model before it read."""

import numpy as np
import pytest

from lenet import Model, Recipe, evaluate
from lenet.datasets.several import join_sources
from lenet.training.start import start_from
from lenet.training.verdict import held_out


@pytest.fixture(scope="module")
def test_of_two(mnist):
    """The test part of two sources: the last digits of MNIST, and seven mirrored ones."""
    old, new = mnist.take(np.arange(60_000, 60_100)), mnist.take(np.arange(69_951, 70_000))
    mirrored = new.images[:, :, ::-1].copy()
    sources = [old, type(new)("mine", mirrored, new.labels, new.class_names)]
    return join_sources(sources).split("own").test


def test_each_source_has_its_numbers_before_and_now(test_of_two):
    bundled = Model.load()
    better = evaluate(bundled, test_of_two)
    better.probabilities[:] = np.eye(10)[test_of_two.labels]  # a model that reads all of them
    recipe = start_from(Recipe.named("tune"), "bundled")
    answers = bundled.predict(test_of_two.images).argmax(axis=1) == test_of_two.labels
    rows = held_out(better, test_of_two, recipe)
    assert [row["n"] for row in rows] == [int((test_of_two.source_of == number).sum()) for number in (0, 1)]
    assert [row["correct"] for row in rows] == [row["n"] for row in rows]
    assert [row["before"] for row in rows] == [int(answers[test_of_two.source_of == number].sum()) for number in (0, 1)]
    assert rows[1]["before"] < rows[1]["n"]
    changed = held_out(better, test_of_two, recipe.change(start_sha256="0" * 64))
    assert [row["before"] for row in changed] == [None, None]
    assert ["before" in row for row in held_out(better, test_of_two, Recipe.named("fast"))] == [False, False]
    assert held_out(better, of_one_source(test_of_two), Recipe.named("fast")) == []


def of_one_source(part):
    """The same images from a single source."""
    return type(part)("one", part.images, part.labels, part.class_names)
