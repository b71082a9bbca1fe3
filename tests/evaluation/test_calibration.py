from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from lenet import Model
from lenet.evaluation import evaluate, part_for
from lenet.evaluation.calibration import HIGHEST, LOWEST, calibrate, fit_temperature
from lenet.evaluation.metrics import cross_entropy, expected_calibration_error
from lenet.model.file import decode_model, encode_model
from lenet.model.preprocessing import softmax


def honest(n: int, seed: int = 0):
    """Logits, and labels drawn with exactly their probabilities."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (n, 5))
    labels = (softmax(logits).cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    return logits, labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_a_known_temperature_is_found(temperature):
    logits, labels = honest(40_000)
    assert fit_temperature(logits * temperature, labels) == pytest.approx(temperature, rel=0.02)


class Told(ClassifierMixin, BaseEstimator):
    """A classifier whose logits are its input."""

    def fit(self, logits, labels):
        self.classes_ = np.unique(labels)
        return self

    def decision_function(self, logits):
        return logits

    def predict(self, logits):
        return self.classes_[logits.argmax(axis=1)]


def test_scikit_learn_finds_the_same():
    logits, labels = honest(3000)
    logits *= 1.7
    theirs = CalibratedClassifierCV(FrozenEstimator(Told().fit(logits, labels)), method="temperature")
    theirs.fit(logits, labels)
    ours = fit_temperature(logits, labels)
    probabilities = theirs.predict_proba(logits)
    np.testing.assert_allclose(softmax(logits / ours), probabilities, atol=2e-3)
    assert cross_entropy(softmax(logits / ours), labels) <= cross_entropy(probabilities, labels) + 1e-6


def test_the_temperature_stays_within_bounds_when_all_answers_are_right_or_wrong():
    logits = np.eye(4) * 3
    assert fit_temperature(logits, np.arange(4)) == pytest.approx(LOWEST, rel=1e-3)
    assert fit_temperature(logits, (np.arange(4) + 1) % 4) == pytest.approx(HIGHEST, rel=1e-3)


def test_training_calibrates_on_held_out_images(model, mnist):
    held_out = part_for(model.metadata, mnist, "validation")
    plain = Model(decode_model(encode_model(model.weights, replace(model.metadata, temperature=1.0))))
    again = calibrate(plain, held_out)
    assert again.temperature == model.metadata.temperature
    assert again.unknown_threshold == model.metadata.unknown_threshold
    assert evaluate(model, held_out).kept == pytest.approx(0.99, abs=0.0006)


def test_probabilities_are_calibrated_on_the_test_part(model, test_part):
    probabilities = model.predict(test_part.images)
    assert expected_calibration_error(probabilities, test_part.labels) <= 0.005


def test_too_few_images_fit_nothing(model, test_part):
    assert calibrate(model, test_part.take(np.arange(50))) is model.metadata


def test_the_card_of_a_run_without_held_out_images_says_so(mnist, tmp_path):
    from lenet import Recipe, train

    small = Recipe(split="4:1", epochs=0.5, filters=(3, 4), dense_units=10)
    run = train(mnist.take(np.arange(500)), small, tmp_path / "run")
    metadata = Model.load(run.path).metadata
    assert (metadata.temperature, metadata.unknown_threshold) == (1.0, None)
    assert "calls nothing unknown" in (run.path / "README.md").read_text()


def test_the_card_of_a_calibrated_run_names_the_temperature(run, model):
    card = (run.path / "README.md").read_text()
    assert f"Temperature {model.metadata.temperature:.3f}, fitted on training images held out" in card
    assert run.metrics["unknown_threshold"] == model.metadata.unknown_threshold
