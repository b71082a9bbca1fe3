"""Reading order, words and separators, from boxes alone."""

import numpy as np
import pytest

from lenet.pictures.marks import Mark
from lenet.reading.lines import in_lines, words
from lenet.reading.result import Candidate, Digit, PictureStages, Reading, Separator


def mark(x, y, width=14, height=20, separator=""):
    return Mark((x, y, x + width, y + height), np.ones((height, width), np.float32), separator)


@pytest.mark.parametrize("slope", [-0.15, 0.0, 0.15])
def test_sloping_lines_are_in_reading_order(slope):
    page = [[mark(30 * column, round(100 + 40 * row + slope * 30 * column)) for column in range(8)] for row in range(4)]
    shuffled = np.random.default_rng(0).permutation(np.array([each for line in page for each in line], object))
    assert in_lines(list(shuffled)) == page


def test_a_mark_of_two_lines_does_not_join_them():
    page = [[mark(30 * column, 24 * row) for column in range(4)] for row in range(2)]
    high = mark(120, -1, height=44)
    assert [set(line) for line in in_lines([*page[0], *page[1], high])] in (
        [{*page[0], high}, set(page[1])],
        [set(page[0]), {*page[1], high}],
    )


def test_lines_of_different_heights_stay_apart():
    small, large = [[mark(60 * column, y, height=height) for column in range(4)] for y, height in ((0, 30), (100, 90))]
    usual = [mark(30 * column, 50, height=40) for column in range(8)]
    assert in_lines([*large, *usual, *small]) == [small, usual, large]


def test_separators_stand_between_their_digits_and_specks_elsewhere_are_left_out():
    one, two, comma = mark(0, 0), mark(26, 0), mark(17, 16, 5, 10, ",")
    far, below = mark(120, 10, 4, 4, "."), mark(10, 60, 4, 4, ".")
    assert in_lines([two, one], [far, comma, below]) == [[one, comma, two]]


def test_a_separator_between_two_lines_goes_to_the_one_that_is_near():
    """Its middle is nearer to that of the line below, which begins farther right."""
    above, below = [mark(0, 0), mark(26, 0)], [mark(70, 26), mark(90, 26)]
    comma = mark(17, 20, 5, 8, ",")
    assert in_lines([*above, *below], [comma]) == [[above[0], comma, above[1]], below]


@pytest.mark.parametrize(("space", "number"), [(7, 0), (12, 1)])
def test_among_close_characters_a_narrow_gap_parts_words(space, number):
    line = [mark(x, 0) for x in (0, 16, 32, 46 + space, 62 + space, 78 + space)]
    assert list(words([line], 20, {}).values()) == [0, 0, 0, number, number, number]


def test_a_wide_gap_parts_words():
    line = [mark(x, 0) for x in (0, 18, 60, 78, 96, 140)]
    assert list(words([line], 20, {}).values()) == [0, 0, 1, 1, 1, 2]


def test_digits_that_all_stand_apart_are_one_word():
    apart = [mark(36 * place, 0) for place in range(6)]  # gaps of 1.1 heights
    below = [mark(36 * place + 80 * (place > 2), 40) for place in range(6)]
    numbers = words([apart, below], 20, {})
    assert [numbers[each] for each in apart] == [0] * 6
    assert [numbers[each] for each in below] == [0, 0, 0, 1, 1, 1]


def test_narrow_digits_in_squares_are_as_far_apart_as_others():
    line = [mark(25 * place + 10 - width // 2, 0, width) for place, width in enumerate((18, 18, 17, 3, 3, 18))]
    assert list(words([line], 20, {}).values()) == [0] * 6
    below = [mark(each.box[0] + 25 * (place > 2), 40, each.width) for place, each in enumerate(line)]
    assert list(words([line, below], 20, {}).values())[6:] == [0, 0, 0, 1, 1, 1]


def test_each_cell_is_a_word_and_a_row_of_boxes_is_one():
    line = [mark(x, 0) for x in (0, 18, 40, 120)]
    cells = dict(zip(line, [(0, 0), (0, 0), (0, 1), (0, 1)], strict=True))
    assert list(words([line], 20, cells).values()) == [0, 0, 1, 2]
    assert list(words([line], 20, {}, boxed=line).values()) == [0, 0, 0, 0]
    assert list(words([line], 20, {}, boxed=line[1:3]).values()) == [0, 0, 0, 1]


def test_text_has_separators_and_blanks_and_rows_have_digits_alone():
    def digit(label, word, unknown=False, box=(0, 0, 1, 1)):
        top = (Candidate(label, 1.0),)
        return Digit(box, np.zeros((28, 28, 1), np.uint8), np.zeros(10), top, unknown, word)

    line = [
        *(digit("3", 0), Separator(".", (9, 8, 10, 9), 0)),
        *(digit("1", 0, box=(12, 1, 14, 9)), digit("4", 0, box=(13, 0, 19, 8)), digit("7", 1, unknown=True)),
    ]
    none = np.zeros((1, 1))
    reading = Reading((tuple(line),), PictureStages(none, 1, none, none > 0))
    assert (reading.text, reading.rows) == ("3.14 ?", ["314?"])
    assert [tuple(token) for token in reading.tokens] == [
        ("3", "number", 0, 0, (0, 0, 1, 1)),
        (".", "separator", 0, 0, (9, 8, 10, 9)),
        ("14", "number", 0, 0, (12, 0, 19, 9)),
        ("?", "unknown", 1, 0, (0, 0, 1, 1)),
    ]
