"""Which marks count as known."""

import numpy as np
import pytest

from lenet import Model
from lenet.pictures.marks import FoundMarks, Mark
from lenet.reading.known import known


@pytest.fixture(scope="module")
def bundled():
    return Model.load()


@pytest.mark.parametrize(("certainty", "unknown"), [(1.0, False), (0.62, True)])
def test_detected_ink_of_little_certainty_is_unknown(bundled, test_part, certainty, unknown):
    digit = test_part.images[0, ..., 0] > 127
    mark = Mark((0, 0, 28, 28), np.where(digit, np.float32(certainty), np.float32(0)))
    nothing = np.zeros((60, 60), np.float32)
    lines = np.zeros((30, 30), bool)
    found = FoundMarks([mark], np.full((60, 60, 3), 255, np.uint8), nothing, nothing > 0, 1.0, lines=lines)
    way = known(found, bundled, digits=True)
    assert way.answered[mark].unknown is unknown
    assert (way.evidence < 0) is unknown
