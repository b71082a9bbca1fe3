import json
from dataclasses import replace

import numpy as np
import pytest

from lenet import Dataset, LenetError, Model, evaluate
from lenet.evaluation import part_for
from lenet.evaluation.calibration import calibrate
from lenet.evaluation.report import write_unknown_figure
from tests.networks import counted


@pytest.fixture(scope="module")
def evaluation(model, test_part):
    return evaluate(model, test_part)


def test_the_report_has_what_the_interface_promises(evaluation):
    report = evaluation.to_dict()
    assert report["n"] == 10_000
    assert report["accuracy"] == report["correct"] / 10_000 > 0.985
    low, high = report["accuracy_interval"]
    assert low < report["accuracy"] < high
    assert np.trace(np.array(report["confusion"])) == report["correct"]
    assert sum(row["n"] for row in report["per_class"].values()) == 10_000
    assert report["expected_calibration_error"] < 0.02
    json.dumps(report)


def test_permuted_labels_and_a_constant_answer_are_exposed(model, test_part, monkeypatch):
    permuted = Dataset("permuted", test_part.images, (test_part.labels + 1) % 10, test_part.class_names)
    assert evaluate(model, permuted).accuracy < 0.02
    constant = np.tile(50 * np.eye(10, dtype=np.float32)[3], (10_000, 1))
    monkeypatch.setattr(model, "logits", lambda images: constant[: len(images)])
    report = evaluate(model, test_part).to_dict()
    assert report["accuracy"] == 0.101  # 1,010 of the test digits are threes
    assert report["per_class"]["3"]["recall"] == 1
    assert report["per_class"]["4"] == {"precision": 0, "recall": 0, "f1": 0, "n": 982}
    assert report["expected_calibration_error"] == pytest.approx(0.899)


def test_mistakes_are_sorted_by_confidence(evaluation):
    wrong = evaluation.mistakes()
    assert len(wrong) == evaluation.n - evaluation.correct
    assert (evaluation.predicted[wrong] != evaluation.truth[wrong]).all()
    assert (np.diff(evaluation.probabilities[wrong].max(axis=1)) <= 0).all()


def test_other_classes_are_refused(model):
    letters = Dataset("letters", np.zeros((2, 28, 28, 1), np.uint8), np.array([0, 1]), ("a", "b"))
    with pytest.raises(LenetError, match="a, b"):
        evaluate(model, letters)


def test_the_test_part_is_the_one_that_training_did_not_use(model, mnist, test_part):
    np.testing.assert_array_equal(part_for(model.metadata, mnist).labels, test_part.labels)
    assert len(part_for(model.metadata, mnist, "train")) == 58_000
    validation = part_for(model.metadata, mnist, "validation")
    np.testing.assert_array_equal(validation.labels, mnist.split("60000:10000").train.hold_out(2000, 0).test.labels)
    assert validation.name == "mnist validation"
    assert len(part_for(model.metadata, mnist, "all")) == 70_000
    foreign = mnist.take(np.arange(50))
    assert part_for(model.metadata, foreign) is foreign
    with pytest.raises(LenetError, match="no training part"):
        part_for(model.metadata, foreign, "train")
    unwatched = replace(model.metadata, recipe={**model.metadata.recipe, "validation": 0})
    assert len(part_for(unwatched, mnist, "train")) == 60_000
    with pytest.raises(LenetError, match="held out no validation images"):
        part_for(unwatched, mnist, "validation")


def test_a_model_of_another_split_is_measured_on_its_own_held_out_part(model, mnist):
    metadata = replace(model.metadata, recipe={**model.metadata.recipe, "split": "2:1"}, seed=5)
    np.testing.assert_array_equal(part_for(metadata, mnist).labels, mnist.split("2:1", seed=5).test.labels)


# What the bundled model reads in place of contested labels, by index in the test part.
CONTESTED = {947: 9, 1901: 4, 2130: 9, 2462: 8, 2597: 3, 2654: 1, 3558: 0, 5937: 3, 8527: 9, 9729: 6}


def by_hand(truth, answers, classes=3):
    """An evaluation with these answers, each with probability 1."""
    from lenet import Evaluation

    chosen = np.eye(classes, dtype=np.float32)[answers]
    return Evaluation("hand", "made", tuple("abc"[:classes]), np.array(truth), 100 * chosen, chosen)


def test_confusion_as_rates_and_the_pairs_most_confused():
    evaluation = by_hand([0, 0, 0, 0, 1, 1], [0, 1, 1, 2, 0, 1])
    np.testing.assert_allclose(evaluation.confusion_rates, [[0.25, 0.5, 0.25], [0.5, 0.5, 0], [0, 0, 0]])
    assert evaluation.most_confused(2) == [("a", "b", 2, 0.5), ("a", "c", 1, 0.25)]
    assert by_hand([0, 1], [0, 1]).most_confused() == []
    assert evaluation.to_dict()["most_confused"][0] == {"truth": "a", "answer": "b", "n": 2, "rate": 0.5}


def test_contested_labels_are_those_of_mnists_test_part_only(model, mnist, test_part):
    """The bundled model disagrees with ten of the labels."""
    evaluation = evaluate(Model.load(), test_part)
    report = evaluation.to_dict()
    assert report["contested_labels"] == len(set(evaluation.contested)) == 15
    assert report["without_contested"] == {"n": 9985, "correct": 9961, "accuracy": 9961 / 9985}
    assert report["correct"] == 9966
    wrong = set(evaluation.mistakes().tolist()) & set(evaluation.contested)
    assert {index: int(evaluation.predicted[index]) for index in wrong} == CONTESTED
    assert evaluate(model, test_part.take(np.arange(100))).contested == ()
    assert evaluate(model, part_for(model.metadata, mnist, "validation")).contested == ()


def test_unknown_images_are_counted(model, test_part):
    part = test_part.take(np.arange(500))
    kept = evaluate(model, part).kept
    assert kept == (model.logits(part.images).max(axis=1) >= model.metadata.unknown_threshold).mean()
    assert by_hand([0], [0]).kept is None


def test_each_image_goes_through_the_network_once(test_part, tmp_path):
    bundled, part = Model.load(), test_part.take(np.arange(300))
    with counted(bundled) as passes:
        evaluation = evaluate(bundled, part)
    assert sum(passes) == 300
    np.testing.assert_array_equal(evaluation.probabilities, bundled.predict(part.images))
    with counted(bundled) as passes:
        write_unknown_figure(tmp_path, bundled, evaluation, part.images)
    assert sum(passes) == 5 * 300  # five kinds of generated images, none of the evaluated ones
    with counted(bundled) as passes:
        calibrate(bundled, part)
    assert sum(passes) == 300


def test_accuracy_is_told_by_group_of_writers(evaluation, model, test_part):
    groups = evaluation.to_dict()["per_group"]
    assert {name: row["n"] for name, row in groups.items()} == {"employees": 4999, "pupils": 5001}
    assert sum(row["correct"] for row in groups.values()) == evaluation.correct
    pupils = evaluate(model, test_part.take(np.flatnonzero(test_part.group_of == 1)))
    assert list(pupils.per_group) == ["pupils"]
    assert pupils.correct == groups["pupils"]["correct"]
    assert groups["pupils"]["accuracy"] < groups["employees"]["accuracy"]
    assert evaluate(model, replace(test_part, groups=(), group_of=None)).per_group == {}


def test_the_images_of_a_confusion_come_hardest_first(evaluation):
    pair = evaluation.most_confused(1)[0]
    found = evaluation.confused(pair.truth, pair.answer)
    assert len(found) == pair.n > 1
    label = evaluation.class_names.index(pair.truth)
    assert set(evaluation.truth[found]) == {label}
    assert set(evaluation.predicted[found]) == {evaluation.class_names.index(pair.answer)}
    assert (np.diff(evaluation.probabilities[found, label]) >= 0).all()
    named = replace(evaluation, class_names=("zero", *"123456789"))
    with pytest.raises(LenetError, match=r"no class is named 'zera'; there are zero, .*; did you mean 'zero'\?"):
        named.confused("zera", "1")
