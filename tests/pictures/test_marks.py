"""Marks are the same whatever the size of the picture, and neither the paper's lines nor empty paper are any."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks.paper import compose, no_digit
from lenet import Model, Reader
from lenet.pictures import finder, segment
from lenet.pictures.contrast import find_marks
from lenet.pictures.detect import detect_at, writing_sizes
from lenet.pictures.finder import KINDS, look
from lenet.pictures.picture import open_picture


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (400, 1), (7, 33), (130, 97)])
def test_a_view_has_the_size_that_was_asked_for(shape):
    view = look(np.full((*shape, 3), 200, np.uint8), 97)
    height, width = view.ink.shape
    assert max(height, width) == 97
    half, quarter = ((-(-height // part), -(-width // part)) for part in (2, 4))
    assert view.middles.shape == view.rules.shape == half
    assert view.offsets.shape == (2, *half)
    assert view.kinds.shape == (len(KINDS), *quarter)


def test_a_picture_is_seen_alike_in_strips_and_as_a_whole(test_part, monkeypatch):
    page = compose(np.random.default_rng(3), test_part.images[..., 0], test_part.labels, [6, 6, 6]).image
    monkeypatch.setattr(finder, "STRIP", 10**9)
    whole = look(np.asarray(page), 700)
    monkeypatch.setattr(finder, "STRIP", 100_000)
    strips = look(np.asarray(page), 700)
    assert ((strips.ink > 0.5) != (whole.ink > 0.5)).mean() < 2e-3
    assert np.abs(strips.offsets - whole.offsets)[:, whole.ink[::2, ::2] > 0.5].mean() < 0.2


def characters(picture):
    opened = open_picture(picture)
    return [mark for mark in detect_at(opened, writing_sizes(opened)[0][0]).marks if not mark.separator]


def test_the_finder_says_which_digit_a_mark_is(test_part):
    """It is the second opinion about marks that are small or faint."""
    rng = np.random.default_rng(4)
    right = total = 0
    for _ in range(6):
        sheet = compose(rng, test_part.images[..., 0], test_part.labels, [8], ruled="none", degrees=0)
        marks = sorted(characters(sheet.image), key=lambda mark: mark.centre[0])
        total += 8
        if len(marks) == 8:
            right += sum(str(mark.kinds.argmax()) == digit for mark, digit in zip(marks, sheet.rows[0], strict=True))
    assert right > 0.85 * total


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


def test_on_blank_ruled_and_black_paper_nothing_is_read():
    rng, reader = np.random.default_rng(2), Reader(Model.load())
    pictures = [no_digit(rng, kind) for kind in ("blank", "black") for _ in range(10)]
    assert [reader.read(picture).rows for picture in pictures] == [[]] * 20


def test_nested_drawings_are_no_marks():
    """Each would be as large as the picture, and a picture can hold hundreds."""
    page = Image.new("L", (1000, 750), 255)
    for radius in range(6, 350, 9):
        ImageDraw.Draw(page).arc((500 - radius, 375 - radius, 500 + radius, 375 + radius), 10, 350, 0, 2)
    picture = open_picture(page)
    assert find_marks(picture).marks == []
    for size in writing_sizes(picture)[0]:
        assert sum(mark.strength.size for mark in detect_at(picture, size).marks) <= 4 * 1000 * 750


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


def test_a_mark_is_a_line_where_most_of_it_lies_on_one_that_runs_on():
    page = np.full((300, 300), 255, np.uint8)
    page[100:200, 100:106] = page[100:200, 150:156] = page[100:200, 200:206] = 0
    found = find_marks(open_picture(page))
    lines = np.zeros((150, 150), bool)
    lines[:, 50:53] = lines[60:63, :90] = True
    lines[50:100, 100:103] = True  # what the finder takes for a line, and is a one
    kept = replace(found, rules=lines, rule_zoom=0.5).off_rules(found.marks)
    assert sorted(round(mark.centre[0]) - found.margin for mark in kept) == [153, 203]
    assert len(found.off_rules(found.marks)) == 3
