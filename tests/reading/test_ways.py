"""Which way of looking a picture is read in: contrast, or what is detected."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from lenet import Reader
from lenet.pictures.contrast import find_marks
from lenet.pictures.picture import open_picture


@pytest.fixture(scope="module")
def reader():
    return Reader()


def put(page, image, side, place):
    page.paste((40, 40, 60), place, Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC))
    return page


def blurred(page, noise, seed=0):
    """A page out of focus, in light from one side."""
    pixels = np.asarray(page.filter(ImageFilter.GaussianBlur(3))) * np.linspace(0.7, 1, page.width)[:, np.newaxis]
    grain = np.random.default_rng(seed).normal(0, noise, (page.height, page.width, 1))
    return (pixels + grain).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("index", range(6))
def test_a_digit_on_squared_paper_that_it_runs_into_is_read(reader, test_part, index):
    page = Image.new("RGB", (620, 470), (225, 235, 200))
    for x in range(30, 620, 200):
        ImageDraw.Draw(page).line((x, 0, x + 15, 470), (150, 160, 140), 6)
    for y in range(40, 470, 200):
        ImageDraw.Draw(page).line((0, y, 620, y - 20), (150, 160, 140), 6)
    put(page, test_part.images[index, ..., 0], 160, (200, 130))
    assert reader.read(blurred(page, 5, index)).text == str(test_part.labels[index])


@pytest.mark.parametrize(("desk", "sheet"), [((70, 30, 60), (150, 150, 155)), ((40, 20, 30), (120, 120, 125))])
def test_the_edge_of_a_sheet_on_a_desk_is_no_digit(reader, desk, sheet):
    page = Image.new("RGB", (400, 300), desk)
    ImageDraw.Draw(page).polygon([(70, 60), (330, 40), (345, 250), (85, 270)], sheet)
    picture = open_picture(blurred(page, 4))
    assert find_marks(picture).marks
    assert not find_marks(picture, digits=True).marks
    assert not reader.read(picture).digits


def test_a_digit_in_uneven_light_is_no_edge(test_part):
    light = np.linspace(0.4, 1, 400)[:, np.newaxis]
    for image in test_part.images[:20, ..., 0]:
        page = put(Image.new("RGB", (400, 300), (230, 225, 215)), image, 140, (130, 80))
        assert len(find_marks(open_picture((np.asarray(page) * light).astype(np.uint8)), digits=True).marks) == 1


@pytest.mark.parametrize("first", [82, 108, 207, 232])
def test_two_digits_in_a_tiny_picture_are_two_though_detected_as_one(reader, test_part, first):
    page = Image.new("L", (28, 28), 255)
    for place, x in ((first, -3), (first + 1, 9)):
        digit = Image.fromarray(test_part.images[place, ..., 0]).resize((26, 26), Image.Resampling.BICUBIC)
        page.paste(0, (x, 1), digit)
    assert reader.read(page).text == "".join(map(str, test_part.labels[first : first + 2]))


GRIDS = {
    "closed by edges": ((0, 30, 190, -15), (0, 130, 190, 85), (0, 30, 45, 190)),
    "a T": ((0, 30, 190, -15), (0, 130, 190, 85), (93, 8, 120, 190)),
    "crossing": ((0, 130, 190, 85), (60, 0, 105, 190)),
    "not across": ((0, 130, 190, 85), (0, 30, 45, 190)),
}


@pytest.mark.parametrize("grid", GRIDS)
def test_digits_that_contrast_joins_with_the_lines_of_a_grid_are_read(reader, test_part, grid):
    """One touches a line: by contrast, all is one mark, which looks like a 4, a 7 or nothing."""
    joined = 0
    for first in range(30, 110, 4):
        page = Image.new("RGB", (190, 190), (210, 210, 205))
        for line in GRIDS[grid]:
            ImageDraw.Draw(page).line(line, (70, 70, 70), 3)
        for place, corner in enumerate([(8, 45), (98, 20), (50, 130), (120, 105)], first):
            put(page, test_part.images[place, ..., 0], 48, corner)
        page = page.filter(ImageFilter.GaussianBlur(1))
        if len(find_marks(open_picture(page), digits=True).marks) == 1:
            joined += 1
            above, below = test_part.labels[first : first + 2], test_part.labels[first + 2 : first + 4]
            assert reader.read(page).text.split("\n") == ["".join(map(str, above)), "".join(map(str, below))]
    assert joined >= 4


@pytest.mark.parametrize(("first", "second"), [(382, 958)])
def test_two_large_digits_that_touch_and_are_detected_as_one_are_two(reader, test_part, first, second):
    page = Image.new("RGB", (700, 400), (225, 225, 220))
    put(page, test_part.images[first, ..., 0], 157, (60, 60))
    put(page, test_part.images[second, ..., 0], 157, (123, 60))
    text = reader.read(page.filter(ImageFilter.GaussianBlur(1.5))).text
    assert text == f"{test_part.labels[first]}{test_part.labels[second]}"


@pytest.mark.parametrize("first", [0, 16, 24])
@pytest.mark.parametrize("count", [1, 2])
def test_small_digits_below_large_ones_are_read(reader, test_part, first, count):
    """In the size in which the ones are seen best, the others are too low or too high. One large digit is not alone."""
    page = Image.new("RGB", (760, 520), (235, 235, 230))
    for place in range(count):
        put(page, test_part.images[first + place, ..., 0], 300 if count == 1 else 200, (60 + 180 * place, 20))
    for place in range(6):
        put(page, test_part.images[first + 2 + place, ..., 0], 56, (60 + 60 * place, 400))
    lines = test_part.labels[first : first + count], test_part.labels[first + 2 : first + 8]
    assert reader.read(page).rows == ["".join(map(str, line)) for line in lines]
