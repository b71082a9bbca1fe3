"""A drawing made on a screen, brought to MNIST's form."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from lenet.reading.drawing import prepare_drawing


def drawn(*lines, side=112, width=8):
    image = Image.new("L", (side, side))
    for points in lines:
        ImageDraw.Draw(image).line(points, fill=255, width=width, joint="curve")
    return np.asarray(image)


SEVEN = [(30, 20), (80, 20), (50, 90)]


@pytest.mark.parametrize(("left", "top", "share"), [(0, 0, 0.3), (70, 70, 0.35), (20, 30, 0.6), (0, 0, 1)])
def test_looks_the_same_wherever_and_however_large(left, top, share):
    pixels = drawn([(left + x * share, top + y * share) for x, y in SEVEN], width=max(3, round(8 * share)))
    made, other = prepare_drawing(pixels, 28, 28), prepare_drawing(drawn(SEVEN), 28, 28)
    assert made.digit_shaped
    rows, columns = np.nonzero(pixels > 127)
    assert made.box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert np.abs(made.image.astype(float) - other.image).mean() < 12


def test_nothing_drawn_has_no_box():
    made = prepare_drawing(np.full((50, 40), 100, np.uint8), 28, 28)
    assert made.box is None and not made.digit_shaped and not made.image.any()


def test_uncentred_ink_stays_where_it_is():
    made = prepare_drawing(drawn([(10, 10), (10, 40)]), 28, 28, centred=False)
    rows, columns = np.nonzero(made.image > 127)
    assert rows.max() <= 11 and columns.max() <= 4 and made.digit_shaped


def test_an_image_of_mnist_is_left_as_it_is(mnist):
    image = mnist.images[7, ..., 0]
    for centred in (True, False):
        assert (prepare_drawing(image, 28, 28, centred).image == image).all()


def test_dot_blot_and_scribbles_are_not_digit_shaped():
    rng = np.random.default_rng(5)
    dot, blot = np.zeros((2, 112, 112), np.uint8)
    dot[50:58, 50:58] = blot[20:90, 30:80] = 255
    zigzag = [(11, 22), (101, 34), (11, 45), (101, 56), (11, 67), (101, 78), (11, 90)]
    shapes = [dot, blot, drawn(zigzag, [(56, 11), (56, 101)])]
    for _ in range(10):
        turns = np.cumsum(rng.normal(0.25, 0.2, 150))
        path = 56 + 42 * np.stack([np.cos(turns), np.sin(1.7 * turns + rng.uniform(0, 6))], 1)
        shapes.append(drawn([tuple(point) for point in path]))
    assert not any(prepare_drawing(shape, 28, 28).digit_shaped for shape in shapes)


def test_the_boldest_digits_are_digit_shaped(mnist):
    bold = np.argsort(-(mnist.images[:60000, ..., 0] > 127).sum(axis=(1, 2)))[:40]
    for image in mnist.images[bold, ..., 0]:
        assert prepare_drawing(np.pad(image, 5), 28, 28).digit_shaped  # padded: not yet of MNIST's form
