"""Figures are drawn without a warning for ordinary and for odd results; what they say is held in words."""

import io

import numpy as np
import pytest
from PIL import Image

from lenet import figures
from lenet.figures.render import as_gif, as_png

rng = np.random.default_rng(0)
NAMES = tuple("0123456789")


def texts(figure) -> str:
    """All that is written in a figure, which must also be drawable."""
    figure.canvas.draw()
    import matplotlib.text

    return " | ".join(text.get_text() for text in figure.findobj(matplotlib.text.Text) if text.get_text())


def test_the_sheet_marks_right_and_wrong():
    probabilities = np.eye(10, dtype=np.float32)[[3, 5]]
    said = texts(figures.digits(np.zeros((2, 28, 28, 1), np.uint8), np.array([3, 6]), probabilities, NAMES))
    assert "1 of 2 read right" in said
    assert "3 ✓" in said
    assert "5 ✗ is 6" in said


@pytest.mark.parametrize("n", [0, 1, 7, 40])
def test_mistakes_of_any_number(n):
    images = rng.integers(0, 256, (n, 32, 32, 3), np.uint8)
    said = texts(figures.mistakes(images, np.zeros(n, np.int64), np.full((n, 10), 0.1, np.float32), NAMES))
    assert ("No mistake" in said) == (n == 0)


def test_the_confusion_matrix_names_the_worst_pair():
    counts = np.diag([50] * 10)
    counts[4, 9] = 7
    assert "4 is read as 9: 7 times" in texts(figures.confusion(counts, NAMES))
    assert "No mistake" in texts(figures.confusion(np.diag([5, 5]), ("a", "b")))
    texts(figures.confusion(np.ones((50, 50), np.int64), [f"class {number}" for number in range(50)]))


def test_the_curves_say_the_last_accuracy():
    trace = [(step / 10, 2 / (step + 1), step / 12) for step in range(1, 11)]
    assert "97.00% of the validation images" in texts(figures.curves(trace, [(1.0, 0.1, 0.9, 0.2, 0.97, 3.0)]))
    assert "90.00% of the training images" in texts(figures.curves(trace, [(1.0, 0.1, 0.9, None, None, 3.0)]))


def test_filters_and_calibration_are_drawn():
    assert "The 20 kernels" in texts(figures.filters(rng.normal(size=(20, 1, 5, 5)).astype(np.float32)))
    texts(figures.filters(np.zeros((3, 3, 1, 1), np.float32)))
    counts = np.array([0, 3, 100])
    said = texts(figures.calibration(counts, np.array([0, 0.5, 0.99]), np.array([0, 0.3, 0.98]), 0.0123))
    assert "1.23%" in said


def test_a_gif_holds_every_frame_for_its_time():
    probabilities = np.full(10, 0.1, np.float32)
    probabilities[4] = 0.2
    image = rng.integers(0, 256, (28, 28, 1), np.uint8)
    frames = [figures.answer(image, label, probabilities, NAMES) for label in (4, 5)]
    gif = Image.open(io.BytesIO(as_gif(frames, seconds=1.2)))
    assert gif.n_frames == 2
    assert gif.info["duration"] == 1200
    assert Image.open(io.BytesIO(as_png(frames[0]))).size == gif.size


def test_the_confusion_matrix_gives_rates_beside_counts():
    assert "7\n12.3 %" in texts(figures.confusion(np.array([[50, 7], [0, 5]]), ("a", "b")))


def test_robustness_names_the_worst_and_the_number_of_images():
    accuracy = np.tile(np.linspace(1, 0.5, 5), (3, 1))
    accuracy[1, 2] = 0.31
    said = texts(figures.robustness(accuracy, ["fog", "shot_noise", "blur"], ["light", "noise", "noise"], 0.99, 500))
    assert "Shot noise hurts most: 31% right at severity 3, 99.0% without damage (n = 500)" in said
    images = rng.integers(0, 256, (3, 5, 28, 28, 1), np.uint8)
    assert "3 kinds of damage" in texts(figures.damages(images, ["fog", "shot_noise", "blur"], [["1 px"] * 5] * 3))


def test_the_unknown_is_counted_on_both_sides():
    known, noise = np.arange(100.0), np.arange(-100.0, 0)
    said = texts(figures.unknown(known, {"noise": noise}, 1.0))
    assert "99.0% of the known pass, 100% of the strangers are stopped" in said
    assert "no threshold" in texts(figures.unknown(known, {"noise": noise}, None))


def test_suspects_say_label_and_look():
    probabilities = np.array([[0.1, 0.9], [0.6, 0.4]], np.float32)
    said = texts(figures.suspects(np.zeros((2, 9, 9, 3), np.uint8), np.array([0, 0]), probabilities, ("a", "b")))
    assert "1 of the 2 most doubted labels" in said
    assert "labelled a\nlooks like b" in said
    assert "labelled a\nonly 60% sure" in said
