"""The verdict on little data says what the interval of its test accuracy allows."""

import numpy as np
import pytest

from lenet.evaluation import Evaluation
from lenet.training.verdict import verdict


def judged(n, right, classes, training_accuracy):
    """The verdict on ``right`` of ``n`` test images, as many of each class."""
    truth = np.arange(n) % classes
    answers = np.where(np.arange(n) < right, truth, (truth + 1) % classes)
    probabilities = np.eye(classes, dtype=np.float32)[answers]
    names = tuple(map(str, range(classes)))
    return verdict(Evaluation("m", "d", names, truth, probabilities, probabilities), training_accuracy).sentence


@pytest.mark.parametrize(
    ("n", "right", "classes", "training", "beginning"),
    [
        (20, 12, 2, 1.0, "no better than chance, as far as the test pictures can tell (n = 20): between 39% and 78%"),
        (20, 16, 2, 0.9, "20 test pictures are too few to tell more than: between 58% and 92%"),
        (100, 60, 10, 0.76, "overfits: 76% of the training pictures are read correctly, but between 50% and 69%"),
        (100, 60, 10, 0.73, "underfits: only 73% of the training pictures are read correctly, and between 50% and 69%"),
        (100, 75, 10, 0.81, "learned: between 66% and 82%"),
        (17, 10, 10, 0.8, "17 test pictures are too few to tell more than: between 36% and 78%"),
        (200, 190, 10, 0.98, "learned: between 91% and 97% of further pictures right (95 % interval)"),
    ],
)
def test_each_verdict(n, right, classes, training, beginning):
    assert judged(n, right, classes, training).startswith(beginning)
