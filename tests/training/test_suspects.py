from dataclasses import replace

import numpy as np
import pytest

from lenet import Dataset, LenetError, Recipe
from lenet.training.suspects import _folds, find_suspects

RECIPE = Recipe(
    epochs=6.0,
    batch_size=32,
    optimizer="adamw",
    learning_rate=0.005,
    network="conv 6 5, relu, maxpool 2, conv 12 5, relu, maxpool 2, dense 40, relu",
)


def test_swapped_labels_are_found_among_the_most_doubted(mnist):
    """1,500 real digits, 15 of them given another label."""
    clean = mnist.take(np.arange(1500))
    rng = np.random.default_rng(3)
    swapped = rng.choice(1500, 15, replace=False)
    labels = clean.labels.copy()
    labels[swapped] = (labels[swapped] + rng.integers(1, 10, 15)) % 10
    suspects = find_suspects(replace(clean, labels=labels), folds=3, recipe=RECIPE)
    assert np.isin(swapped, suspects.order[:60]).mean() >= 0.9
    assert suspects.accuracy > 0.85
    np.testing.assert_allclose(suspects.probabilities.sum(axis=1), 1, rtol=1e-4)
    first = suspects.rows(5)[0]
    assert first["index"] == suspects.order[0]
    assert first["label"] != first["answer"]
    assert first["label_probability"] == pytest.approx(np.exp(-first["doubt"]), rel=1e-3)
    suspects.draw(12).canvas.draw()


def test_no_image_is_judged_by_a_network_that_learnt_it():
    """Labels of noise can only be learnt by heart; who has not seen them guesses."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 600)
    noise = Dataset("noise", rng.integers(0, 256, (600, 8, 8, 1), np.uint8), labels, tuple("0123456789"))
    assert find_suspects(noise, folds=2, recipe=RECIPE.change(epochs=20.0)).accuracy < 0.25


def test_folds_share_out_every_class():
    labels = np.repeat(np.arange(5), [40, 30, 20, 9, 1])
    dataset = Dataset("some", np.zeros((100, 4, 4, 1), np.uint8), labels, tuple("abcde"))
    fold = _folds(dataset, 3, seed=1)
    for label in range(5):
        counts = np.bincount(fold[labels == label], minlength=3)
        assert np.ptp(counts) <= 1
    assert (fold != _folds(dataset, 3, seed=2)).any()
    with pytest.raises(LenetError, match="at least 2"):
        find_suspects(dataset, folds=1)
