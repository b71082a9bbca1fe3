import numpy as np
import pytest

from lenet.figures.style import AGAINST, FOR
from lenet.lessons import draw, show


def colours(image) -> set[str]:
    return {"#{:02X}{:02X}{:02X}".format(*colour) for _, colour in image.convert("RGB").getcolors(1 << 20)}


def test_strokes_are_black_on_white_where_they_are_drawn():
    picture = np.asarray(draw([[(50, 20), (50, 180)]], pen=10))
    assert picture.shape == (200, 200)
    assert picture[100, 50] == 0
    assert picture[100, 70] == 255


def test_the_sign_of_a_value_is_its_colour_and_images_beside_do_not_change_the_scale():
    image = np.full((4, 4), 200, np.uint8)
    assert {FOR, AGAINST} <= colours(show([image, np.array([[1.0, -1.0]])]))
    assert not {FOR, AGAINST} & colours(show([image]))


@pytest.mark.parametrize(("count", "rows"), [(5, 1), (6, 2), (20, 4)])
def test_five_stand_in_a_row(count, rows):
    one = show([np.zeros((3, 3))] * 5)
    many = show([np.zeros((3, 3))] * count)
    assert many.width == one.width
    assert many.height == rows * one.height
