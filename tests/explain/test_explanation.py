import matplotlib.text
import numpy as np
import pytest
from PIL import Image

from lenet import LenetError, Model
from lenet.explain import explain, explanation
from lenet.explain.draw import draw
from tests.networks import counted, random_model


@pytest.fixture(scope="module")
def bundled() -> Model:
    return Model.load()


def texts(figure) -> str:
    figure.canvas.draw()
    return " | ".join(text.get_text() for text in figure.findobj(matplotlib.text.Text) if text.get_text())


def test_the_sheet_shows_every_layer_and_says_the_answer(bundled, test_part):
    explanation = explain(bundled, test_part.images[0])
    assert explanation.label == 7
    figure = draw(explanation)
    text = texts(figure)
    assert f"Answer: 7, probability {explanation.probabilities[7]:.1%}" in text
    for words in (
        "conv1: 20 kernels of 5×5", "conv1 + relu1: 20 maps of 28×28", "pool1, max of 2×2: 20 maps of 14×14",
        "conv2 + relu2: 50 maps of 14×14", "pool2, max of 2×2: 50 maps of 7×7", "dense1 + relu3: 500 units",
        "HiResCAM of relu2",
    ):  # fmt: skip
        assert words in text
    units = next(axes for axes in figure.get_axes() if "added to the logit" in axes.get_ylabel())
    strongest = np.abs(explanation.contributions).argmax() + 1
    assert units.get_xticklabels()[0].get_text() == f"unit {strongest}"


@pytest.mark.parametrize(
    ("network", "shape", "words"),
    [
        ("lenet5", (28, 28, 1), ["conv2 + tanh2: 16 maps of 10×10", "pool2, average of 2×2", "tanh4: 84 units"]),
        ("mlp", (28, 28, 1), ["300 kernels of 28×28, the 51 strongest shown", "dense2 + relu2: 100 units", "× pixel"]),
        ("deep", (28, 28, 1), ["conv5 + relu5: 96 maps of 7×7", "the 34 strongest shown", "12 of 864 values"]),
        ("conv 4 3 stride 2, maxpool 2, sigmoid", (20, 36, 3), ["conv1: 4 maps of 18×10", "sigmoid1: 4 maps of 9×5"]),
        ("", (8, 8, 3), ["12 of 192 values", "map 3"]),
        (", ".join(["conv 3 3, relu"] * 20), (28, 28, 1), ["conv20 + relu20: 3 maps"]),
    ],
)  # fmt: skip
def test_any_network_has_a_sheet_of_sensible_height(network, shape, words):
    image = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    explanation = explain(random_model(network, shape, framing="whole"), image)
    figure = draw(explanation)
    said = texts(figure)
    for word in words:
        assert word in said
    assert figure.get_size_inches()[1] < 48


def test_another_class_can_be_asked_for(bundled, test_part):
    explanation = explain(bundled, test_part.images[0], label=2)
    assert "Why not 2?" in texts(draw(explanation))
    with pytest.raises(LenetError, match="classes 0 to 9"):
        explain(bundled, test_part.images[0], label=10)


def test_an_unknown_image_is_called_so(bundled):
    explanation = explain(bundled, np.zeros((28, 28, 1), np.uint8))
    assert explanation.unknown
    assert "Unknown: looks like none" in texts(draw(explanation))


def test_the_image_goes_through_the_network_once(bundled, test_part):
    with counted(bundled) as passes:
        explanation = explain(bundled, test_part.images[3])
    covered = 32 * 32  # places of the square, some of them over the edge
    assert sum(passes) == 1 + covered
    answers = bundled.classify(test_part.images[3:4])
    np.testing.assert_allclose(explanation.probabilities, answers.probabilities[0], atol=1e-5)
    assert explanation.unknown == answers.unknown[0]


def test_the_verb_writes_a_sheet_to_look_at_and_one_to_print(lenet, test_part, tmp_path):
    Image.fromarray(test_part.images[0, ..., 0]).resize((112, 112)).save(tmp_path / "seven.png")
    result = lenet("explain", "seven.png", "--out", "why")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("7 (")
    assert (tmp_path / "why" / "seven.pdf").read_bytes().startswith(b"%PDF")
    with Image.open(tmp_path / "why" / "seven.png") as sheet:
        assert sheet.width > 1000
    assert lenet("explain", "none.png").exit_code == 1


def test_large_networks_get_fewer_squares_and_large_images_are_covered_in_parts(monkeypatch):
    """Every pixel is covered all the same."""
    model = random_model("tiny")
    image = np.random.default_rng(0).integers(0, 256, model.input_shape).astype(np.uint8)
    whole = explain(model, image)
    monkeypatch.setattr(explanation, "MOST_BYTES", 10 * image.nbytes)
    np.testing.assert_array_equal(explain(model, image).occlusion, whole.occlusion)
    monkeypatch.setattr(explanation, "MOST_MULTIPLICATIONS", 100)
    with counted(model) as passes:
        few = explain(model, image).occlusion
    assert max(passes) <= 10
    assert sum(passes) == 1 + 7 * 7
    assert np.isfinite(few).all()
