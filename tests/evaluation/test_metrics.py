"""Every measure against scikit-learn or a sum done by hand."""

import numpy as np
import pytest
from sklearn import metrics as theirs

from lenet.evaluation import metrics as ours

rng = np.random.default_rng(0)
TRUTH = rng.integers(0, 5, 400)
PROBABILITIES = rng.dirichlet(np.ones(5), 400).astype(np.float32)
PROBABILITIES[np.arange(300), TRUTH[:300]] += 2
PROBABILITIES /= PROBABILITIES.sum(axis=1, keepdims=True)
PREDICTED = PROBABILITIES.argmax(axis=1)


def test_confusion_matrix():
    np.testing.assert_array_equal(ours.confusion_matrix(TRUTH, PREDICTED, 5), theirs.confusion_matrix(TRUTH, PREDICTED))


def test_precision_recall_f1():
    expected = theirs.precision_recall_fscore_support(TRUTH, PREDICTED)[:3]
    measured = ours.precision_recall_f1(ours.confusion_matrix(TRUTH, PREDICTED, 5))
    for one, wanted in zip(measured, expected, strict=True):
        np.testing.assert_allclose(one, wanted)


def test_a_class_that_is_never_said_or_never_there_scores_nothing():
    precision, recall, f1 = ours.precision_recall_f1(np.array([[3, 0, 0], [2, 0, 0], [0, 0, 0]]))
    np.testing.assert_allclose(precision, [0.6, 0, 0])
    np.testing.assert_allclose(recall, [1, 0, 0])
    np.testing.assert_allclose(f1, [0.75, 0, 0])


def test_cross_entropy():
    exact = PROBABILITIES.astype(float)
    exact /= exact.sum(axis=1, keepdims=True)
    assert ours.cross_entropy(PROBABILITIES, TRUTH) == pytest.approx(theirs.log_loss(TRUTH, exact), rel=1e-5)


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    # Brown, Cai and DasGupta, 2001, and the closed form at the ends: n/(n+z²) and z²/(n+z²).
    [(10, 10, 10 / (10 + 3.841459), 1.0), (0, 10, 0.0, 3.841459 / (10 + 3.841459)), (5, 10, 0.236593, 0.763407)],
)
def test_wilson_interval(correct, n, low, high):
    assert ours.wilson_interval(correct, n) == pytest.approx((low, high), abs=1e-5)


def test_expected_calibration_error_by_hand():
    # Two images at 0.9, one right; two at 0.55, both right: (2·|0.9−0.5| + 2·|0.55−1|) / 4.
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.55, 0.45], [0.45, 0.55]])
    assert ours.expected_calibration_error(probabilities, np.array([0, 1, 0, 1])) == pytest.approx(0.425)


def test_reliability_counts_every_image_once():
    counts, confidence, accuracy = ours.reliability(PROBABILITIES, TRUTH)
    assert counts.sum() == 400
    assert (counts * accuracy).sum() == pytest.approx((PREDICTED == TRUTH).sum())
    assert (counts * confidence).sum() == pytest.approx(PROBABILITIES.max(axis=1).sum(), rel=1e-5)
