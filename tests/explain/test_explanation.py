import matplotlib.text
import numpy as np
import pytest
from PIL import Image

from lenet import LenetError
from lenet.explain import draw, explain


def said(figure) -> str:
    figure.canvas.draw()
    return " | ".join(text.get_text() for text in figure.findobj(matplotlib.text.Text) if text.get_text())


def test_the_sheet_shows_every_layer_and_says_the_answer(model, test_part):
    explanation = explain(model, test_part.images[0])
    assert explanation.label == 7
    figure = draw(explanation)
    text = said(figure)
    assert f"It reads 7, sure to {explanation.probabilities[7]:.1%}" in text
    for words in ("20 learnt filters", "20 maps of 28×28", "20 maps of 14×14", "50 maps of 14×14", "50 maps of 7×7"):
        assert words in text
    units = next(axes for axes in figure.get_axes() if "added to the logit" in axes.get_ylabel())
    strongest = np.abs(explanation.contributions).argmax() + 1
    assert units.get_xticklabels()[0].get_text() == f"unit {strongest}"


def test_another_class_can_be_asked_for(model, test_part):
    explanation = explain(model, test_part.images[0], label=2)
    assert "What speaks for 2" in said(draw(explanation))
    with pytest.raises(LenetError, match="classes 0 to 9"):
        explain(model, test_part.images[0], label=10)


def test_what_is_unknown_is_said_to_be(model):
    explanation = explain(model, np.zeros((28, 28, 1), np.uint8))
    assert explanation.unknown
    assert "Like nothing it knows" in said(draw(explanation))


def test_the_verb_writes_a_sheet_to_look_at_and_one_to_print(lenet, test_part, tmp_path):
    Image.fromarray(test_part.images[0, ..., 0]).resize((112, 112)).save(tmp_path / "seven.png")
    result = lenet("explain", "seven.png", "--out", "why")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("7 (")
    assert (tmp_path / "why" / "seven.pdf").read_bytes().startswith(b"%PDF")
    with Image.open(tmp_path / "why" / "seven.png") as sheet:
        assert sheet.width > 1000
    assert lenet("explain", "none.png").exit_code == 1
