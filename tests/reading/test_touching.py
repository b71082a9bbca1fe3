"""A mark is cut where two digits touch, and is left whole where it is one flat digit."""

import numpy as np

from lenet.pictures.marks import Mark
from lenet.reading.touching import MOST_PIXELS, MOST_TRIED, cut_apart, cuts_to_try, possible_cuts


def mark(strength) -> Mark:
    return Mark((0, 0, strength.shape[1], strength.shape[0]), strength.astype(np.float32))


def two_ones():
    """Two upright strokes that a thin one joins: 60 pixels high, 80 across."""
    ink = np.zeros((60, 80))
    ink[:, 4:12] = ink[:, 68:76] = ink[28:32, 4:76] = 1
    return mark(ink[:, 4:76])


def test_touching_digits_are_cut_left_and_right():
    def doubts_the_whole(marks):
        return np.where([mark.width > 40 for mark in marks], 0.3, 0.99).astype(np.float32)

    left, right = cut_apart(two_ones(), 60, doubts_the_whole)
    assert left.box[0] == 0
    assert right.box[2] == 72
    assert left.height == right.height == 60


def test_digits_of_two_lines_that_touch_are_cut():
    def doubts_the_whole(marks):
        return np.where([mark.height > 62 for mark in marks], 0.6, 0.99).astype(np.float32)

    upper, lower = (Mark((0, top, 30, top + 60), np.ones((60, 30), np.float32)) for top in (0, 56))
    both = Mark((0, 0, 30, 116), np.ones((116, 30), np.float32), parts=(upper, lower))
    assert cut_apart(both, 60, doubts_the_whole) == [upper, lower]
    assert cut_apart(both, 110, doubts_the_whole) == [both]


def test_a_mark_much_lower_than_the_writing_is_one_digit():
    assert possible_cuts(two_ones(), 60)
    assert not possible_cuts(two_ones(), 120)


def test_the_larger_the_marks_the_fewer_cuts_are_tried():
    """Each try costs as much as the mark has pixels."""
    wide, narrow = mark(np.ones((1000, 1500))), mark(np.ones((1000, 100)))
    assert cuts_to_try([two_ones()], 60) == MOST_TRIED
    assert cuts_to_try([wide, wide, narrow], 1000) * 2 * wide.strength.size <= MOST_PIXELS
    assert cuts_to_try([wide, wide, narrow], 1000) >= 6
    assert len(possible_cuts(two_ones(), 60)) > len(possible_cuts(two_ones(), 60, tries=1))


def test_halves_that_are_only_as_sure_do_not_cut_what_is_not_wider_than_the_writing():
    def as_sure(marks):
        return np.full(len(marks), 0.99, np.float32)

    assert len(cut_apart(two_ones(), 60, as_sure)) == 1 + (two_ones().width > 1.2 * 60)
    assert len(cut_apart(two_ones(), 72, as_sure)) == 1
