"""The model card: its commands work where it says."""

import re
import shlex
from dataclasses import replace

import numpy as np
import pytest

from lenet import Recipe, evaluate, load_dataset
from lenet.cli.main import main
from lenet.datasets.convert import convert
from lenet.training.card import _code, model_card
from tests.networks import random_model


@pytest.fixture
def card(tmp_path, monkeypatch, test_part):
    """Of a run trained on two sources, one of them a file of the folder where it was trained."""
    monkeypatch.chdir(tmp_path)
    convert(test_part.take(np.arange(40)), tmp_path / "my digits.npz", "npz")

    def write(class_names=tuple("abcdefghij"), **about):
        recipe = {**Recipe().to_dict(), "data": ["mnist", "my digits.npz"], "start": "my digits.npz"}
        model = random_model("mlp", recipe=recipe, **about)
        dataset = test_part.take(np.arange(40))
        evaluation = evaluate(model, replace(dataset, name="mine", class_names=tuple("abcdefghij")))
        measured = {"changes": [], "expected_calibration_error": 0.1, "epochs": 1, "train_seconds": 2.0}
        metadata = replace(model.metadata, class_names=class_names)
        return model_card("run", metadata, {**measured, "precision": "float32"}, evaluation, False)

    return write


def test_its_commands_name_the_data_from_every_folder(card, tmp_path, monkeypatch):
    commands = re.findall(r"`lenet ([^`]*)`", card())
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert f"--from '{tmp_path / 'my digits.npz'}'" in next(line for line in commands if line.startswith("train "))
    for verb in ("train", "evaluate"):
        (command,) = (line for line in commands if line.startswith(f"{verb} "))
        parsed = main.get_command(None, verb).make_context(verb, shlex.split(command)[1:]).params
        assert parsed["data"] == ("mnist", str(tmp_path / "my digits.npz"))
        assert load_dataset(parsed["data"]).sources


def test_names_of_classes_and_files_are_no_markup(card, tmp_path):
    text = card(class_names=("<script>", "a|b", "[x](y)", "`", "\\", *"fghij"))
    assert "(\\<script\\>, a\\|b, \\[x\\](y), \\`, \\\\, f" in text
    assert _code("a`` b") == "``` a`` b ```"


def test_it_says_how_many_images_nothing(card):
    """How many images the temperature was fitted on is not known to the card."""
    assert "too few images were held out" in card()
    assert "fitted on training images held out" in card(unknown_threshold=3.0)
    assert "2,000" not in card(unknown_threshold=3.0)


def test_it_tells_the_accuracy_by_group_of_writers(card, test_part):
    assert set(test_part.group_of[:40]) == {1}
    assert re.findall(r"\| digits by (\w+), n = (\d+) \| [\d.]+% \|", card()) == [("pupils", "40")]
