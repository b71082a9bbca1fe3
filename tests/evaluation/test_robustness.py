from dataclasses import replace

import numpy as np
import pytest

from lenet import LenetError, Model
from lenet.evaluation.corruptions import CORRUPTIONS
from lenet.evaluation.robustness import Robustness, measure_robustness
from lenet.model.file import decode_model, encode_model


def test_a_real_model_under_all_damage(model, test_part):
    measured = measure_robustness(model, test_part, count=60)
    assert measured.n == 60
    assert measured.accuracy.shape == (24, 5)
    assert measured.clean > 0.9
    assert measured.accuracy[:, 4].mean() < measured.accuracy[:, 0].mean()
    report = measured.to_dict()
    assert report["worst"]["accuracy"] == measured.accuracy[:, 2].min()
    np.testing.assert_array_equal(measured.accuracy, measure_robustness(model, test_part, count=60).accuracy)


def test_a_constant_answer_has_the_accuracy_of_chance(model, test_part):
    weights = {**model.weights, "dense2/kernel": np.zeros_like(model.weights["dense2/kernel"])}
    weights["dense2/bias"] = np.eye(10, dtype=np.float32)[3]
    constant = Model(decode_model(encode_model(weights, model.metadata)))
    part = test_part.take(np.arange(50))
    measured = measure_robustness(constant, part)
    assert measured.n == 50
    assert (measured.accuracy == (part.labels == 3).mean()).all()


def test_means_and_the_worst_kind_by_hand():
    accuracy = np.full((24, 5), 0.5)
    accuracy[[kind.mnist_c for kind in CORRUPTIONS], 2] = 0.9
    accuracy[[kind.name for kind in CORRUPTIONS].index("fog"), 2] = 0.3
    measured = Robustness(10, 1.0, CORRUPTIONS, accuracy)
    assert measured.mnist_c_mean == pytest.approx((14 * 0.9 + 0.3) / 15)
    assert measured.worst[0].name == "fog"


def test_a_count_below_one_is_refused(model, test_part):
    with pytest.raises(LenetError, match="at least one image"):
        measure_robustness(model, test_part, count=0)


@pytest.mark.parametrize("temperature", [0.5, 3.0])
def test_the_temperature_changes_no_answer(model, test_part, temperature):
    part = test_part.take(np.arange(100))
    warm = Model(decode_model(encode_model(model.weights, replace(model.metadata, temperature=temperature))))
    np.testing.assert_array_equal(warm.predict(part.images).argmax(axis=1), model.predict(part.images).argmax(axis=1))
