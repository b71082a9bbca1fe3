"""Which marks count as known."""

from dataclasses import replace

import numpy as np
import pytest

from lenet import Model
from lenet.pictures.marks import FoundMarks, Mark
from lenet.reading.mark_reading import read_found


@pytest.fixture(scope="module")
def bundled():
    return Model.load()


def way_of(model, strength, count=1):
    """A way that sees a mark, side by side so many times."""
    marks = [Mark((30 * place, 0, 30 * place + 28, 28), strength) for place in range(count)]
    nothing, lines = np.zeros((60, 30 * count), np.float32), np.zeros((30, 15 * count), bool)
    pixels = np.full((*nothing.shape, 3), 255, np.uint8)
    return read_found(FoundMarks(marks, pixels, nothing, nothing > 0, 1.0, rules=lines), model, digits=True)


def test_texture_is_not_classified(bundled, test_part):
    seven = np.where(test_part.images[0, ..., 0] > 127, np.float32(1), np.float32(0))
    assert way_of(bundled, seven, count=3001).characters == []


def test_a_mark_on_a_line_is_none(bundled, test_part):
    seven = np.where(test_part.images[0, ..., 0] > 127, np.float32(1), np.float32(0))
    found = way_of(bundled, seven).found
    assert read_found(replace(found, rule_zoom=0.5), bundled, digits=True).characters
    assert not read_found(replace(found, rules=~found.rules, rule_zoom=0.5), bundled, digits=True).characters
