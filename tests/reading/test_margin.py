"""Crops of a digit, whose ink reaches the border, and pictures of a few pixels are read; others stay as they are."""

import numpy as np
import pytest
from PIL import Image

from lenet import Reader
from lenet.pictures.margin import with_margin


@pytest.fixture(scope="module")
def reader():
    return Reader()


def cropped(image, side):
    """The digit's ink and nothing around it, its longer side ``side`` pixels, black on white."""
    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    cut = Image.fromarray(255 - image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    return np.asarray(cut.resize([max(2, round(length * side / max(cut.size))) for length in cut.size]))


@pytest.mark.parametrize("side", [14, 24, 60, 130])
def test_a_digit_that_fills_its_picture_is_read(reader, test_part, side):
    digits = zip(test_part.images[:15, ..., 0], test_part.labels[:15], strict=True)
    right = sum(reader.read(cropped(image, side)).rows == [str(label)] for image, label in digits)
    assert right >= 12


def test_digits_of_8_pixels_are_read_in_either_polarity(reader):
    digits = pytest.importorskip("sklearn.datasets").load_digits()
    images = np.rint(digits.images[:25] * (255 / 16)).astype(np.uint8)
    labels = digits.target[:25]
    for polarity in (images, 255 - images):
        right = sum(reader.read(image).rows == [str(label)] for image, label in zip(polarity, labels, strict=True))
        assert right >= 18


def test_boxes_are_in_pixels_of_the_small_picture(reader):
    picture = np.full((20, 20), 255, np.uint8)
    picture[2:17, 9:12] = 0
    reading = reader.read(picture)
    left, top, right, bottom = reading.digits[0].box
    assert abs(left - 9) <= 1
    assert abs(top - 2) <= 1
    assert abs(right - 12) <= 1
    assert abs(bottom - 17) <= 1
    assert reading.stages.pixels.shape[:2] == reading.stages.mask.shape == (80, 80)
    assert reading.stages.scale == 0.25


def test_large_pictures_and_small_photos_without_a_plain_border_get_no_margin():
    noise = np.random.default_rng(0).integers(0, 255, (120, 120, 3), np.uint8)
    page = np.full((300, 200, 3), 255, np.uint8)
    for pixels in (noise, page):
        assert with_margin(pixels).pixels is pixels
