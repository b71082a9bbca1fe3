"""Marks are the same whatever the size of the picture, and neither the paper's lines nor empty paper are any."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks.paper import compose, no_digit
from lenet.pictures import segment
from lenet.pictures.contrast import find_marks
from lenet.pictures.detect import detect_marks
from lenet.pictures.finder import KINDS, look
from lenet.pictures.picture import open_picture


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (400, 1), (7, 33), (130, 97)])
def test_a_view_has_the_size_that_was_asked_for(shape):
    view = look(np.full((*shape, 3), 200, np.uint8), 97)
    height, width = view.ink.shape
    assert max(height, width) == 97
    half = (-(-height // 2), -(-width // 2))
    assert view.middles.shape == view.lines.shape == half
    assert view.offsets.shape == (2, *half)
    assert view.kinds.shape == (len(KINDS), *half)


def characters(picture):
    return [mark for mark in detect_marks(open_picture(picture))[0].marks if mark.kind == "9"]


@pytest.mark.parametrize("ruled", ["none", "lines", "squares"])
def test_each_digit_is_a_mark_and_no_line_is(test_part, ruled):
    rng = np.random.default_rng(0)
    right = 0
    for _ in range(12):
        sheet = compose(rng, test_part.images[..., 0], test_part.labels, [5, 5], ruled=ruled)
        right += len(characters(sheet.image)) == 10
    assert right >= 10


def test_a_picture_has_the_same_marks_in_every_size(test_part):
    rng = np.random.default_rng(1)
    same = 0
    for _ in range(10):
        sheet = compose(rng, test_part.images[..., 0], test_part.labels, [4, 3]).image
        sizes = [[round(zoom * side) for side in sheet.size] for zoom in (0.5, 1, 2, 4)]
        same += len({len(characters(sheet.resize(size, Image.Resampling.BICUBIC))) for size in sizes}) == 1
    assert same >= 8


def test_blank_ruled_and_black_paper_have_no_marks():
    rng = np.random.default_rng(2)
    empty = [len(characters(no_digit(rng, kind))) for kind in ("blank", "black") for _ in range(10)]
    assert empty.count(0) >= 19


def test_nested_drawings_are_no_marks():
    """Each would be as large as the picture, and a picture can hold hundreds."""
    page = Image.new("L", (1000, 750), 255)
    for radius in range(6, 350, 9):
        ImageDraw.Draw(page).arc((500 - radius, 375 - radius, 500 + radius, 375 + radius), 10, 350, 0, 2)
    picture = open_picture(page)
    assert find_marks(picture).marks == []
    assert sum(mark.strength.size for found in detect_marks(picture) for mark in found.marks) <= 4 * 1000 * 750


def test_strokes_inside_a_large_one_are_not_compared_without_end(monkeypatch):
    page = Image.new("L", (1000, 1000), 255)
    draw = ImageDraw.Draw(page)
    draw.arc((100, 100, 900, 900), 10, 350, 0, 40)
    for x in range(260, 740, 30):
        for y in range(260, 740, 120):
            draw.line((x, y, x + 8, y + 105), 0, 3)
    windows = []
    distance = segment._distance
    monkeypatch.setattr(segment, "_distance", lambda *given: windows.append(given) or distance(*given))
    find_marks(open_picture(page))
    assert 0 < len(windows) < 150  # each may be as large as the picture


def test_joined_marks_have_the_ink_of_all_and_a_mark_has_its_own_alone():
    page = np.full((60, 120), 255, np.uint8)
    page[10:50, 30:36] = page[10:50, 60:66] = 0
    found = find_marks(open_picture(page))
    one, other = sorted(found.marks, key=lambda mark: mark.box)
    assert one.box[2] <= other.box[0]
    whole = found.joined()
    assert whole.box == (one.box[0], min(one.box[1], other.box[1]), other.box[2], max(one.box[3], other.box[3]))
    assert whole.strength.sum() == pytest.approx(one.strength.sum() + other.strength.sum())
