"""What the finder sees on pictures made here from MNIST's test digits."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from lenet.pictures.detect import box_of_only_mark, writing_sizes
from lenet.pictures.picture import open_picture


@pytest.fixture
def page(test_part):
    """A page of 500×700 pixels with a seven, 120 pixels high."""
    page = Image.new("L", (700, 500), 240)
    seven = Image.fromarray(test_part.images[0, ..., 0]).resize((168, 168), Image.Resampling.BICUBIC)
    page.paste(40, (250, 150), seven)
    return page


SEVEN = np.array([290.0, 190, 380, 310])


def test_a_digit_is_one_mark(page):
    assert np.abs(box_of_only_mark(open_picture(page), SEVEN) - SEVEN).max() < 12


def test_a_sheet_on_a_desk_is_none(page):
    desk = Image.new("L", (900, 700), 40)
    desk.paste(page, (100, 100))
    assert box_of_only_mark(open_picture(desk), np.array([100.0, 100, 800, 600])) is None


def test_a_digit_is_one_mark_without_the_line_that_it_runs_into(page):
    ImageDraw.Draw(page).line((0, 300, 700, 300), 40, 6)
    assert np.abs(box_of_only_mark(open_picture(page), np.array([0.0, 190, 700, 310])) - SEVEN).max() < 30


def test_of_several_digits_none_is_the_only_one(page):
    page.paste(page.crop((250, 150, 420, 320)), (480, 150))
    assert box_of_only_mark(open_picture(page), SEVEN) is None


@pytest.mark.parametrize(("font", "size"), [("DejaVuSans", 20), ("DejaVuSerif", 28)])
def test_digits_on_a_page_of_print_decide_its_size(test_part, font, size):
    page = Image.new("L", (900, 800), 240)
    letters = ImageFont.truetype(Path(matplotlib.get_data_path()) / f"fonts/ttf/{font}.ttf", size)
    for y in range(30, 30 + 9 * size, 8 * size // 5):
        words = "Letters are no digits: they are unknown."
        ImageDraw.Draw(page).text((40, y), words, fill=40, font=letters)
    for number, image in enumerate(test_part.images[:4, ..., 0]):
        digit = Image.fromarray(image).resize((126, 126), Image.Resampling.BICUBIC)
        page.paste(40, (100 + 126 * number, 560), digit)
    assert writing_sizes(open_picture(page))[0][0] == pytest.approx(900 * 26 / 90, rel=0.25)
