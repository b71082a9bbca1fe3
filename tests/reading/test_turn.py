"""A picture is only turned where many marks speak for it."""

from dataclasses import replace

import numpy as np
import pytest

from lenet.pictures.marks import FoundMarks, Mark
from lenet.pictures.picture import Picture
from lenet.reading import turn

PICTURE = Picture(np.zeros((50, 80, 3), np.uint8), 1, (80, 50))


def found(count, probability):
    """Marks of which the finder takes each for an eight with this probability."""
    kinds = np.zeros(18, np.float32)
    kinds[8] = probability
    mark = Mark((0, 0, 10, 20), np.ones((20, 10), np.float32), kinds=kinds)
    ink = np.zeros((50, 80), np.float32)
    return FoundMarks([replace(mark) for _ in range(count)], PICTURE.pixels, ink, ink > 0, 1, 0, ink > 0)


UPRIGHT = np.arange(12000).reshape(50, 80, 3).astype(np.uint8)


def quarters_to_turn(monkeypatch, turned, count=4, upright=0.95, upside_down=0.65, side=0.2):
    """What is told of a picture that was turned so many quarters clockwise and shows so many marks."""
    sure = (upright, side, upside_down, side)

    def detect_at(picture, size):
        lies = next(lies for lies in range(4) if np.array_equal(picture.pixels, np.rot90(UPRIGHT, -lies)))
        return found(4, sure[lies])

    monkeypatch.setattr(turn, "detect_at", detect_at)
    picture = replace(PICTURE, pixels=np.rot90(UPRIGHT, -turned))
    return turn.quarters_to_turn(picture, 80, found(count, sure[turned]))


@pytest.mark.parametrize("turned", [0, 1, 2, 3])
def test_turned_to_where_the_finder_is_much_surer(monkeypatch, turned):
    assert quarters_to_turn(monkeypatch, turned) == turned


def test_turned_upside_down_only_where_the_finder_is_still_surer(monkeypatch):
    """Of words, many letters look like digits then, such as those of SEED."""
    assert quarters_to_turn(monkeypatch, 2, upright=0.92) == 0
    assert quarters_to_turn(monkeypatch, 2, upright=0.92, upside_down=0.4) == 2
    assert quarters_to_turn(monkeypatch, 2, upright=0.96, upside_down=0.8) == 2
    assert quarters_to_turn(monkeypatch, 1, upright=0.92, side=0.65) == 1


@pytest.mark.parametrize(
    ("turned", "change"), [(1, {"count": 3}), (2, {"upright": 0.8}), (2, {"upside_down": 0.92, "upright": 0.99})]
)
def test_not_turned_for_few_marks_or_little_more(monkeypatch, turned, change):
    assert quarters_to_turn(monkeypatch, turned, **change) == 0


def test_separators_are_neither_counted_nor_doubted(monkeypatch):
    down = np.rot90(UPRIGHT, 2)
    monkeypatch.setattr(turn, "detect_at", lambda it, size: found(4, 0.99 if np.array_equal(it.pixels, down) else 0.5))
    upright = replace(PICTURE, pixels=UPRIGHT)
    dots = [replace(mark, separator=".") for mark in found(3, 0.0).marks]
    for digits, probability, quarters in ((3, 0.5, 0), (4, 0.95, 0), (4, 0.5, 2)):
        page = found(digits, probability)
        page.marks.extend(dots)
        assert turn.quarters_to_turn(upright, 80, page) == quarters


def test_not_turned_where_the_part_that_is_looked_at_shows_few_marks(monkeypatch):
    looks = [found(3, 0.8), found(4, 0.7), found(3, 0.8), found(3, 0.8)]
    monkeypatch.setattr(turn, "detect_at", lambda picture, size: looks.pop(0))
    assert turn.quarters_to_turn(PICTURE, 80, found(8, 0.8)) == 0


def test_a_turn_that_shows_fewer_marks_is_not_taken(monkeypatch):
    monkeypatch.setattr(turn, "detect_at", lambda turned, size: found(3, 0.99))
    assert turn.quarters_to_turn(PICTURE, 80, found(4, 0.5)) == 0


def in_rows(degrees, rows=3, columns=4):
    """The middles of marks in rows that slope down to the right by so many degrees."""
    way = np.exp(1j * np.radians(degrees))
    places = [complex(200 + 25 * column, 200 + 45 * row) * way for row in range(rows) for column in range(columns)]
    mark = found(1, 0.9).marks[0]
    boxes = [(round(at.real) - 5, round(at.imag) - 10, round(at.real) + 5, round(at.imag) + 10) for at in places]
    return replace(found(0, 0.9), marks=[replace(mark, box=box) for box in boxes])


@pytest.mark.parametrize("degrees", [-35, -12, 8, 20, 35])
def test_a_picture_is_tilted_as_its_lines_are(degrees):
    assert turn.tilt(in_rows(degrees)) == pytest.approx(degrees, abs=3)
    assert turn.tilt(in_rows(degrees, rows=40, columns=20)) == pytest.approx(degrees, abs=3)


def test_nothing_is_tilted_by_little_or_by_few_marks():
    assert turn.tilt(in_rows(3)) == 0
    assert turn.tilt(in_rows(20, rows=1, columns=2)) == 0
    assert turn.tilt(in_rows(20, rows=1, columns=3)) != 0
    assert turn.tilt(in_rows(90, rows=1)) == 0  # one below the other
