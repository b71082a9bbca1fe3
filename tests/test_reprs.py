"""What the public objects show of themselves, in a terminal and in a notebook."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from lenet import Architecture, Model, Reader, Run, evaluate
from lenet.figures.style import BLUE, VERMILION
from lenet.training.loop import Progress


def colours(png: bytes) -> set[tuple[int, ...]]:
    return {colour for _, colour in Image.open(io.BytesIO(png)).convert("RGB").getcolors(1 << 20)}


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


def test_an_architecture_is_shown_as_the_code_that_makes_it():
    tiny = Architecture.parse("conv 8 3, tanh, avgpool 2, dense 64, tanh")
    assert eval(repr(tiny), {"Architecture": Architecture}) == tiny
    html = Architecture.parse("conv 20 5, relu, maxpool 2, conv 50 5, relu, maxpool 2, dense 500, relu")._repr_html_()
    assert "<td>dense1<td>dense 500<td>500<td>1,225,500" in html
    assert "1,256,080 weights" in html
    assert html.count("<tr>") == 1 + 9  # a head, and every layer but the implied flattening and softmax


def test_an_architecture_that_mnist_does_not_suit_says_so():
    assert "too small" in Architecture.parse("maxpool 20, maxpool 20")._repr_html_()


def test_a_dataset_is_shown_as_a_sheet_of_its_classes(test_part):
    assert repr(test_part) == "<Dataset mnist test: 10,000 images of 28×28, grey, 10 classes>"
    ten = Image.open(io.BytesIO(test_part._repr_png_())).height
    two = Image.open(io.BytesIO(test_part.take(np.flatnonzero(test_part.labels == 1))._repr_png_())).height
    assert ten == two  # a class without images keeps its row


def test_a_model_and_a_run_say_how_well_they_read(run):
    metrics = run.metrics["test"]
    model = Model.load(run.path)
    assert f"{metrics['accuracy']:.2%} of 10,000" in repr(model)
    assert "<th>weights<td>1,256,080" in model._repr_html_()
    assert repr(run) == f"<Run {run.path}: {metrics['correct']:,} of 10,000 test images right>"
    assert run._repr_png_() == (run.path / "figures" / "curves.png").read_bytes()


def test_a_run_that_is_not_finished_says_so(tmp_path):
    assert repr(Run(tmp_path)) == f"<Run {tmp_path}: not finished>"
    assert Run(tmp_path)._repr_png_() is None


def test_names_are_not_taken_for_html(run):
    model = Model.load(run.path)
    model.name = "<b>mine</b>"
    assert "<b>" not in model._repr_html_()


def test_an_evaluation_says_of_how_many_and_how_sure(test_part):
    evaluation = evaluate(Model.load(), test_part.take(np.arange(100)))
    assert repr(evaluation) == (
        "<Evaluation of bundled on mnist test: 100 of 100 right, 95 % interval 96.30% to 100.00%>"
    )
    assert Image.open(io.BytesIO(evaluation._repr_png_())).size[0] > 500


STAR = [(100, 40), (130, 150), (45, 80), (155, 80), (70, 150), (100, 40)]


@pytest.mark.parametrize(
    ("strokes", "text", "colour", "other"),
    [([(55, 50), (145, 50), (85, 160)], "7", BLUE, VERMILION), (STAR, "?", VERMILION, BLUE)],
)
def test_a_reading_shows_its_boxes_and_which_are_unknown(strokes, text, colour, other):
    picture = Image.new("L", (200, 200), "white")
    ImageDraw.Draw(picture).line(strokes, fill="black", width=14, joint="curve")
    reading = Reader().read(picture)
    assert repr(reading) == f"<Reading {text!r}: 1 answer>"
    assert rgb(colour) in colours(reading._repr_png_())
    assert rgb(other) not in colours(reading._repr_png_())


def test_the_progress_of_a_training_is_a_line():
    """What ``train(…, on_progress=print)`` prints."""
    assert str(Progress(40, 1516, 0.23456, 0.9)) == "step 40 of 1,516: loss 0.2346, accuracy 90.00%"
