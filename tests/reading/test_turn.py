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


@pytest.mark.parametrize(("count", "probability", "quarters"), [(4, 0.5, 3), (3, 0.5, 0), (4, 0.8, 0), (4, 0.95, 0)])
def test_turned_where_the_finder_is_much_surer_then(monkeypatch, count, probability, quarters):
    upright = np.rot90(np.arange(12000).reshape(50, 80, 3).astype(np.uint8), 3)
    picture = replace(PICTURE, pixels=np.rot90(upright, 1))

    def detect_at(turned, size):
        return found(4, 0.9 if np.array_equal(turned.pixels, upright) else 0.1)

    monkeypatch.setattr(turn, "detect_at", detect_at)
    assert turn.quarters_to_turn(picture, 80, found(count, probability)) == quarters


def test_a_turn_that_shows_fewer_marks_is_not_taken(monkeypatch):
    monkeypatch.setattr(turn, "detect_at", lambda turned, size: found(3, 0.99))
    assert turn.quarters_to_turn(PICTURE, 80, found(4, 0.5)) == 0
