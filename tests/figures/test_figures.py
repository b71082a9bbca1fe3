"""Figures are drawn without a warning for ordinary and for odd results, and state them in words."""

import io

import numpy as np
import pytest
from PIL import Image

from lenet import figures
from lenet.figures.render import as_gif, as_png

rng = np.random.default_rng(0)
NAMES = tuple("0123456789")


def texts(figure) -> str:
    """All text in a figure, which must also be drawable."""
    figure.canvas.draw()
    import matplotlib.text

    return " | ".join(text.get_text() for text in figure.findobj(matplotlib.text.Text) if text.get_text())


def test_the_sheet_marks_right_and_wrong():
    probabilities = np.eye(10, dtype=np.float32)[[3, 5]]
    said = texts(figures.digits(np.zeros((2, 28, 28, 1), np.uint8), np.array([3, 6]), probabilities, NAMES))
    assert "1 of 2 right" in said
    assert "3 ✓" in said
    assert "5 ✗ is 6" in said


@pytest.mark.parametrize("n", [0, 1, 7, 40])
def test_mistakes_of_any_number(n):
    images = rng.integers(0, 256, (n, 32, 32, 3), np.uint8)
    said = texts(figures.mistakes(images, np.zeros(n, np.int64), np.full((n, 10), 0.1, np.float32), NAMES))
    assert ("No mistakes" in said) == (n == 0)


def test_the_confusion_matrix_names_the_worst_pair():
    counts = np.diag([50] * 10)
    counts[4, 9] = 7
    assert "4 is read as 9: 7 times" in texts(figures.confusion(counts, NAMES))
    assert "No mistakes" in texts(figures.confusion(np.diag([5, 5]), ("a", "b")))
    texts(figures.confusion(np.ones((50, 50), np.int64), [f"class {number}" for number in range(50)]))


def test_the_curves_name_the_last_accuracy():
    trace = [(step / 10, 2 / (step + 1), step / 12) for step in range(1, 11)]
    assert "validation accuracy 97.00%" in texts(figures.curves(trace, [(1.0, 0.1, 0.9, 0.2, 0.97, 3.0)]))
    assert "training accuracy 90.00%" in texts(figures.curves(trace, [(1.0, 0.1, 0.9, None, None, 3.0)]))
    assert f"training accuracy {trace[-1][2]:.2%}" in texts(figures.curves(trace, []))  # cut before the first row


def test_filters_and_calibration_are_drawn():
    assert "20 kernels of 5×5\n" in texts(figures.filters(rng.normal(size=(5, 5, 1, 20)).astype(np.float32)))
    texts(figures.filters(np.zeros((1, 1, 3, 3), np.float32)))
    images = rng.normal(size=(8, 9, 3, 300)).astype(np.float32)
    images[..., 299] *= 100
    figure = figures.filters(images)
    assert "The 60 strongest of 300 kernels of 9×8, mean over 3 channels" in texts(figure)
    axes = figure.axes[0]
    assert axes.texts[59].get_text() == "300"
    np.testing.assert_allclose(axes.images[59].get_array(), images[..., 299].mean(axis=2))
    left, right, bottom, top = axes.images[59].get_extent()
    assert left < axes.texts[59].get_position()[0] < right
    assert axes.texts[59].get_position()[1] < top < bottom < axes.get_ylim()[0]
    assert right <= axes.get_xlim()[1]
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
    assert "Shot noise hurts most: accuracy 31% at severity 3, 99.0% without damage (n = 500)" in said
    images = rng.integers(0, 256, (3, 5, 28, 28, 1), np.uint8)
    assert "3 kinds of damage" in texts(figures.damages(images, ["fog", "shot_noise", "blur"], [["1 px"] * 5] * 3))


def test_known_and_unknown_images_are_counted():
    known, noise = np.arange(100.0), np.arange(-100.0, 0)
    said = texts(figures.unknown(known, {"noise": noise}, 1.0))
    assert "99.0% of known images are accepted, 100% of unknown ones rejected" in said
    assert "no threshold" in texts(figures.unknown(known, {"noise": noise}, None))


def test_suspects_name_label_and_answer():
    probabilities = np.array([[0.1, 0.9], [0.6, 0.4]], np.float32)
    said = texts(figures.suspects(np.zeros((2, 9, 9, 3), np.uint8), np.array([0, 0]), probabilities, ("a", "b")))
    assert "1 of the 2 most suspect labels" in said
    assert "labelled a\nlooks like b" in said
    assert "labelled a\nonly 60% probable" in said


# An odd number of dollars, pairs that are no valid formula, and one that is; markup; and long names.
ODD = ("$x^$", "$a$", "cost in $", "$\\frac$", "a_b", "<b>", "\\frac", "a" * 100, "T-shirt or top, long sleeves", "%")


def test_odd_names_are_written_as_they_are():
    images = rng.integers(0, 256, (10, 28, 28, 1)).astype(np.uint8)
    probabilities = np.eye(10, dtype=np.float32)
    truth = np.roll(np.arange(10), 1)
    lines = [[(1.0, 0.5), (2.0, 0.3)]] * 2
    boxes = [(4, 4, 20, 20)] * 2
    ink = np.ones((40, 60), np.float32)
    drawn = {
        "digits": figures.digits(images, truth, probabilities, ODD),
        "answer": figures.answer(images[0], 1, probabilities[0], ODD),
        "suspects": figures.suspects(images, truth, probabilities, ODD),
        "confusion": figures.confusion(np.ones((10, 10), np.int64), ODD),
        "contact": figures.contact("$x^$ and $a$", [images[:3]] * 10, ODD),
        "comparison": figures.comparison("$x^$ is best", ["$x^$", "$a$"], lines, lines, "training"),
        "reading": figures.reading(
            np.zeros((40, 60, 3), np.uint8), ink, ink > 0, boxes, images[:2, ..., 0], ["$x^$", "$a$"], [True, False]
        ),
    }
    for name, figure in drawn.items():
        said = texts(figure)
        assert "$x^$" in said and "$a$" in said, name
        as_png(figure)


def test_a_caption_does_not_cover_a_digit_that_fills_its_picture():
    rng = np.random.default_rng(0)
    for height, width, box in (
        (400, 400, (20, 10, 380, 395)),
        (400, 400, (20, 200, 380, 395)),
        (28, 28, (1, 1, 27, 27)),
    ):
        pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
        drawn = np.asarray(figures.annotated(pixels, [box], ["7"], [False]))
        zoom = drawn.shape[1] // width
        left, top, right, bottom = (zoom * edge for edge in box)
        shown = drawn[len(drawn) - zoom * height :]
        assert np.array_equal(
            shown[top:bottom, left:right], pixels.repeat(zoom, 0).repeat(zoom, 1)[top:bottom, left:right]
        )
        assert (len(drawn) > zoom * height) == (box[1] < 100)
