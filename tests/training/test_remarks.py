"""Each remark on a training, and none on a sound one."""

import numpy as np
import pytest

from lenet import Recipe
from lenet.evaluation import Evaluation
from lenet.training.state import Epoch
from lenet.training.verdict import remarks

EVEN = np.arange(1000) % 10
FALLING = [Epoch(epoch, 2 * 0.8**epoch, 0.9, 2 * 0.8**epoch, 0.9, 1.0) for epoch in range(1, 13)]


def said(right=900, n=1000, history=FALLING, labels=EVEN, **recipe):
    """Remarks on a model that reads ``right`` of ``n`` test images."""
    truth = np.arange(n) % 10
    answers = np.where(np.arange(n) < right, truth, (truth + 1) % 10)
    probabilities = np.eye(10, dtype=np.float32)[answers]
    evaluation = Evaluation("m", "d", tuple("abcdefghij"), truth, probabilities, probabilities)
    return remarks(evaluation, history, labels, Recipe(**recipe))


def test_a_sound_training_has_none():
    assert said() == []


def with_losses(*losses, validation=True):
    return [Epoch(i, loss, 0.9, loss if validation else None, 0.9, 1.0) for i, loss in enumerate(losses, 1)]


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"right": 26, "n": 29}, "only 29 test images: the accuracy can be far off; collect more"),
        ({"right": 105}, "near chance (10% for the most frequent class); try more --epochs or --learning-rate 0.0025,"),
        ({"labels": np.where(np.arange(1000) < 850, 3, EVEN)}, "86% of the training images are d; try --class-weights"),
        (
            {"history": with_losses(2, 1, 0.9, 0.8, 0.7, *[0.6] * 6, validation=False)},
            "the loss has been flat since epoch 6; try --epochs 6",
        ),
        (
            {"history": with_losses(2, 1, 0.5, 0.7, 0.8)},
            "the validation loss has risen since epoch 3: it overfits; try --epochs 3 or --recipe few",
        ),
        ({"epochs": 0.001, "batch_size": 2000}, "a single step is 2 epochs, not 0.001; try a smaller --batch-size"),
    ],
)
def test_what_went_wrong_is_one_line_each(about, says):
    (remark,) = said(**about)
    assert remark.startswith(says)


def test_what_the_verdict_on_little_data_says_is_not_said_again():
    few = EVEN[:100]
    assert said(right=2, n=20, labels=few) == []
    (remark,) = said(right=2, n=20, labels=np.where(few < 9, 3, few))
    assert remark.startswith("90% of the training images are d")


def test_a_training_that_keeps_its_best_weights_is_not_blamed_for_what_came_after():
    assert said(history=with_losses(2, 1, 0.5, 0.7, 0.8), patience=3) == []
