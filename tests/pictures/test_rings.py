"""Rings and frames around writing."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from lenet.pictures.contrast import find_marks
from lenet.pictures.picture import open_picture
from lenet.pictures.rings import find_rings


def drawn(*strokes):
    """A mask of strokes: what Pillow's ``ImageDraw`` calls them, and what it takes."""
    page = Image.new("1", (200, 120))
    for name, *given in strokes:
        getattr(ImageDraw.Draw(page), name)(*given)
    return np.array(page)


INSIDE = ("line", (100, 40, 95, 80), 1, 5)
RING = ("ellipse", (50, 10, 150, 110), None, 1, 5)
GAP = ("arc", (50, 10, 150, 110), 30, 330, 1, 5)


@pytest.mark.parametrize("ring", [RING, GAP, ("rectangle", (50, 10, 150, 110), None, 1, 3)])
def test_a_stroke_around_others_is_a_ring(ring):
    rings, _ = find_rings(drawn(ring, INSIDE))
    assert (rings == drawn(ring)).all()


def test_a_stroke_that_touches_a_ring_is_no_part_of_it():
    touching = ("line", (70, 30, 90, 90), 1, 5)
    rings, _ = find_rings(drawn(RING, INSIDE, touching))
    assert rings[drawn(RING)].all()
    assert not rings[45:, 70:130][drawn(touching)[45:, 70:130]].any()


def test_a_digit_with_a_loop_that_touches_a_ring_stays():
    """Its loop is no second box."""
    digit = [("ellipse", (53, 45, 75, 67), None, 1, 3), ("line", (75, 56, 75, 85), 1, 3)]
    rings, connected = find_rings(drawn(RING, INSIDE, *digit))
    assert (connected == rings).all()
    assert not connected[60:85, 74:77].any()


@pytest.mark.parametrize(("tail", "is_ring"), [((107, 24), True), ((116, 14, 170, 70), False)])
def test_most_of_what_stands_in_a_ring_is_inside(tail, is_ring):
    """A digit may reach out through a gap; one that reaches in does not stand in the ring."""
    lasso = drawn(("arc", (20, 10, 120, 110), -32, 302, 1, 4), ("line", (70, 108, 190, 108), 1, 4))
    digit = ("line", (*((60, 85) if is_ring else ()), 95, 35, *tail), 1, 4)
    rings, _ = find_rings(lasso | drawn(digit))
    assert rings[lasso].any() == is_ring
    assert not rings[:, 140:].any()  # the tail of the lasso


def test_a_small_box_is_a_digit():
    """Small print has angular zeros. A ring around a digit is larger."""
    assert not find_rings(drawn(("rectangle", (90, 50, 103, 64), None, 1, 2)))[0].any()
    small = ("ellipse", (80, 40, 106, 66), None, 1, 2)
    assert (find_rings(drawn(small, ("line", (93, 47, 92, 60), 1, 2)))[0] == drawn(small)).all()


def test_a_ring_on_a_large_picture():
    """It is looked for in fewer pixels."""
    rings, _ = find_rings(drawn(RING, INSIDE).repeat(13, axis=0).repeat(13, axis=1))
    assert (rings == drawn(RING).repeat(13, axis=0).repeat(13, axis=1)).all()


DOT = ("ellipse", (90, 50, 110, 75), 1)


@pytest.mark.parametrize("strokes", [[RING], [RING, ("line", (170, 40, 165, 80), 1, 5)], [GAP], [RING, DOT]])
def test_a_loop_with_nothing_inside_is_none(strokes):
    assert not find_rings(drawn(*strokes))[0].any()


def test_an_empty_box_is_a_frame():
    box = ("rectangle", (50, 10, 150, 110), None, 1, 4)
    assert (find_rings(drawn(box))[0] == drawn(box)).all()


@pytest.mark.parametrize(("end", "is_frame"), [(38, True), (50, False)])
def test_an_empty_box_with_a_wide_gap_is_no_frame(end, is_frame):
    box = drawn(("line", (50, 10, 150, 10, 150, 110, 50, 110, 50, end), 1, 3))
    assert find_rings(box)[0].any() == is_frame


@pytest.mark.parametrize("between", [100, 140])
def test_a_stroke_between_boxes_is_connected_to_their_frame(between):
    boxes = [("rectangle", (20, 10, 180, 110), None, 1, 3), ("line", (between, 10, between, 110), 1, 3)]
    rings, connected = find_rings(drawn(*boxes, ("line", (60, 40, 55, 80), 1, 5)))
    assert not rings[50, between]
    assert (connected == drawn(*boxes)).all()


def test_contrast_shows_what_stands_in_a_ring_and_not_the_ring():
    page = Image.fromarray(drawn(RING, INSIDE)).convert("L").point(lambda ink: 245 - 0.8 * ink).resize((400, 240))
    (mark,) = find_marks(open_picture(page), digits=True).marks
    assert mark.box[0] > 170
    assert mark.box[2] < 230
