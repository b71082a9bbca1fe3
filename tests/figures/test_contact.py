"""The contact sheet: where each class's images lie on it."""

import numpy as np

from lenet import figures


def test_each_row_holds_its_class_and_empty_places_are_paper():
    rows = [np.full((3, 8, 6, 3), 10, np.uint8), np.full((1, 8, 6, 3), 200, np.uint8)]
    axes = figures.contact("two classes", rows, ["a", "b" * 40]).axes[0]
    sheet = axes.images[0].get_array()
    assert sheet.shape == (17, 20, 3)
    assert (sheet[0, 0, 0], sheet[7, 19, 0], sheet[9, 0, 0], sheet[9, 10, 0], sheet[8, 0, 0]) == (10, 10, 200, 255, 255)
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a", "b" * 23 + "…"]
