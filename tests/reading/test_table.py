"""Cells are found between lines, whatever is empty, and paper that is no table has none."""

from itertools import product

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy.ndimage import rotate

from lenet import Reader
from lenet.pictures.contrast import find_marks
from lenet.pictures.detect import detect_at
from lenet.pictures.marks import Mark
from lenet.pictures.picture import open_picture
from lenet.reading.mark_reading import read_found
from lenet.reading.table import find_table
from lenet.reading.table_lines import completed


@pytest.fixture(scope="module")
def reader():
    return Reader()


def mark(x, y, width=14, height=20):
    return Mark((x, y, x + width, y + height), np.ones((height, width), np.float32))


def grid(rows, columns, slope=0.0, gap=0):
    """Lines of a table with cells of 40×60 pixels, 30 from the border, each broken at its middle."""
    drawing = Image.new("1", (60 + 60 * columns, 60 + 40 * rows))
    pen = ImageDraw.Draw(drawing)
    for row in range(rows + 1):
        y = 30 + 40 * row
        pen.line((30, y, 30 + 60 * columns, y + slope * 60 * columns), 1, 2)
    for column in range(columns + 1):
        x = 30 + 60 * column
        pen.line((x, 30 + slope * (x - 30), x, 30 + 40 * rows + slope * (x - 30)), 1, 2)
    lines = np.array(drawing)
    lines[:, 60 : 60 + gap] = 0
    return lines


@pytest.mark.parametrize(("slope", "gap"), [(0, 0), (0.06, 0), (-0.06, 0), (0, 4)])
def test_marks_have_the_row_and_column_that_they_stand_in(slope, gap):
    places = [(0, 0), (0, 3), (1, 2), (4, 1), (4, 3)]
    marks = [
        mark(30 + 60 * column + 20, 30 + 40 * row + 10 + round(slope * (60 * column + 30))) for row, column in places
    ]
    table = find_table(marks, [], grid(5, 4, slope, gap), 1.0)
    assert (table.rows, table.columns) == (5, 4)
    assert [table.cells[each] for each in marks] == places


def test_digits_of_numbers_are_no_columns():
    """They repeat as cells do, but all lines are seen."""
    marks = [mark(38 + 30 * place, 40 + 40 * row) for row in range(3) for place in range(6)]
    table = find_table(marks, [], grid(3, 3), 1.0)
    assert (table.rows, table.columns) == (3, 3)


def test_a_turned_table_is_levelled():
    """Lines that climb so much are in neither direction, and thin ones have short runs."""
    lines = rotate(grid(9, 9).astype(float), 20, order=1) > 0.4
    before, after = ((np.array(mask.shape)[::-1] - 1) / 2 for mask in (grid(9, 9), lines))
    turn = np.array(
        [(np.cos(np.radians(20)), np.sin(np.radians(20))), (-np.sin(np.radians(20)), np.cos(np.radians(20)))]
    )
    places = [(row, column) for row in range(9) for column in range(row % 2, 9, 2)]
    centres = [turn @ (np.array((60 + 60 * column, 50 + 40 * row)) - before) + after for row, column in places]
    marks = [mark(round(x) - 7, round(y) - 10) for x, y in centres]
    table = find_table(marks, [], lines, 1.0)
    assert [table.cells[each] for each in marks] == places


def test_the_edge_of_the_picture_closes_cells():
    """The first and the last column of a table are often cut off."""
    cut = grid(5, 4)[:, 50 : 30 + 60 * 4 - 20]  # without the outer lines
    marks = [mark(x - 50, 30 + 40 * row + 10) for x, row in ((65, 0), (110, 1), (230, 4))]
    table = find_table(marks, [], cut, 1.0)
    assert (table.rows, table.columns) == (5, 4)
    assert [table.cells[each] for each in marks] == [(0, 0), (1, 1), (4, 3)]


def test_lines_at_half_the_size():
    table = find_table([mark(2 * 50, 2 * 40, 28, 40)], [], grid(3, 3), 0.5)
    assert (table.rows, table.columns, list(table.cells.values())) == (3, 3, [(0, 0)])


def test_ruled_paper_is_no_table():
    ruled = np.zeros((300, 300), bool)
    ruled[30::40] = True
    marks = [mark(x, 80) for x in (40, 80, 120)]
    assert find_table(marks, [], ruled, 1.0) is None
    assert find_table(marks, [], np.zeros((300, 300), bool), 1.0) is None
    assert find_table([], [], grid(3, 3), 1.0) is None


def test_rings_side_by_side_are_no_table():
    """Their sides are as straight as short lines, and run on from ring to ring, but most of a ring is bent."""
    rng, lines, marks = np.random.default_rng(0), np.zeros((330, 330), bool), []
    y, x = np.mgrid[:330, :330]
    for place in product((60, 160, 260), repeat=2):
        top, left = place + rng.integers(-4, 5, 2)
        lines |= np.abs(np.hypot((x - left) / 32, (y - top) / 24) - 1) < 0.06
        marks += [mark(left - 15, top - 10), mark(left + 1, top - 10)]
    assert find_table(marks, [], lines, 1.0) is None


def test_few_marks_on_many_squares_stand_on_squared_paper():
    marks = [mark(50 + 60 * place, 45) for place in range(10)]
    assert find_table(marks, [], grid(12, 12), 1.0) is None
    assert find_table(marks, [], grid(6, 12), 1.0) is not None


def test_separators_stand_in_cells_and_do_not_tell_the_table():
    """What stands outside is in no cell."""
    marks, point, outside = [mark(45, 40), mark(105, 80), mark(165, 120)], mark(65, 56, 4, 4), mark(65, 200, 4, 4)
    table = find_table(marks, [point, outside], grid(3, 3), 1.0)
    assert (table.rows, table.columns) == (3, 3)
    assert table.cells[point] == table.cells[marks[0]] == (0, 0) and outside not in table.cells
    lines = grid(3, 3)
    lines[32:148, 28:33] = False  # without the first upright line, what stands before the next is in no column
    beside = find_table([*marks[1:], mark(165, 80)], [point], lines, 1.0)
    assert beside is not None and point not in beside.cells and len(beside.cells) == 3


def strip(*boxes, top=30, height=32):
    """Lines of boxes, each from left to right."""
    drawing = Image.new("1", (boxes[-1][1] + 30, top + height + 30))
    for left, right in boxes:
        ImageDraw.Draw(drawing).rectangle((left, top, right, top + height), outline=1, width=2)
    return np.array(drawing)


def test_marks_with_a_box_each_are_one_number():
    """A row of boxes is no higher than a line; several marks in some are rather the cells of a table."""
    sides = [(30 + 32 * place, 62 + 32 * place) for place in range(6)]
    alone = [mark(left + 9, 36) for left, _ in (sides[0], *sides[2:4], sides[5])]
    assert find_table(alone, [], strip(*sides), 1.0) == (0, 0, {}, frozenset(alone))
    apart = [mark(38 + 44 * place, 36) for place in range(6)]
    assert find_table(apart, [], strip(*((30 + 44 * place, 62 + 44 * place) for place in range(6))), 1.0).boxed
    in_pairs = [mark(left + 2 + 16 * place, 36, 12) for left, _ in sides for place in range(2)]
    assert not find_table(in_pairs, [], strip(*sides), 1.0).boxed


def test_boxes_as_wide_as_cells_are_a_table_with_empty_cells():
    alone = [mark(50 + 60 * column, 40) for column in (0, 1, 3, 5)]
    table = find_table(alone, [], grid(1, 6), 1.0)
    assert (table.rows, table.columns, [table.cells[each] for each in alone]) == (
        *(1, 6), [(0, 0), (0, 1), (0, 3), (0, 5)],
    )  # fmt: skip


def test_boxes_of_different_widths_are_a_table():
    sides = ((30, 54), (64, 102), (112, 166), (176, 200), (210, 232), (242, 264))
    table = find_table([mark(left + 4, 36) for left, _ in sides], [], strip(*sides), 1.0)
    assert (table.rows, table.columns) == (1, 6)


def test_what_is_between_boxes_of_a_number_each_is_no_column():
    marks = [mark(x, 36) for x in (40, 80, 97, 140, 157, 174, 226, 266)]
    lines = strip((30, 62), (72, 120), (130, 198), (208, 248), (258, 290))
    table = find_table(marks, [], lines, 1.0)
    assert (table.rows, table.columns) == (1, 5)
    assert [table.cells[each][1] for each in marks] == [0, 1, 1, 2, 2, 2, 3, 4]
    down = find_table([mark(36, x, 20, 14) for x in (40, 90, 100, 160, 226, 266)], [], lines.T, 1.0)
    assert (down.rows, down.columns, [row for row, _ in down.cells.values()]) == (5, 1, [0, 1, 1, 2, 3, 4])


def test_a_line_that_digits_touch_is_seen_in_part():
    lines = grid(1, 6)
    lines[32:69, 145:155] &= np.arange(37)[:, np.newaxis] % 5 < 2  # in pieces too short for a line
    lines[32:69, 265:275] = False  # the one between merged cells
    marks = [mark(30 + 60 * column + x, 40) for column in (0, 1, 2, 5) for x in (5, 22, 40)]
    table = find_table(marks, [], lines, 1.0)
    assert (table.rows, table.columns) == (1, 5)
    assert [table.cells[each][1] for each in marks] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 4, 4, 4]


def test_marks_tell_where_lines_of_a_regular_grid_are_missing():
    thick = grid(9, 9)
    for number in set(range(10)) - {0, 3, 6, 9}:
        thick[25 + 40 * number : 36 + 40 * number, 40:] &= thick[45:46, 40:]
        thick[40:, 25 + 60 * number : 36 + 60 * number] &= thick[40:, 45:46]
    places = [(row, column) for row in range(9) for column in range(9) if (row * 5 + column * 7) % 3]
    marks = [mark(53 + 60 * column, 40 + 40 * row) for row, column in places]
    table = find_table(marks, [], thick, 1.0)
    assert (table.rows, table.columns) == (9, 9)
    assert [table.cells[each] for each in marks] == places


def test_numbers_in_the_corners_of_cells_divide_no_cells():
    """They repeat both ways, as the marks of a finer grid would."""
    marks = [mark(35 + 60 * column, 32 + 40 * row, 9, 14) for row in range(5) for column in range(7)]
    table = find_table(marks, [], grid(5, 7), 1.0)
    assert (table.rows, table.columns) == (5, 7)


def test_lines_that_cross_before_the_marks_are_left_as_they_are():
    """They are in order in the middle of the picture, and in another one where the marks are."""
    fan = np.array([(0.0, 0.3, 0, 600), (80.0, 0.0, 0, 600), (160.0, -0.3, 0, 600)])
    places = np.array([[550.0, 570.0, 590.0], [20.0, 30.0, 60.0]])
    lines, across = completed(fan, fan[:0], np.zeros((200, 600), bool), *places, 20.0)
    assert np.array_equal(lines, fan)
    assert len(across) == 0


def test_pieces_of_faint_lines_and_the_marks_between_tell_a_regular_grid():
    """Marks that are not one below the other are no columns of it."""
    rng = np.random.default_rng(0)
    faint = grid(9, 9) & (rng.random((420, 600)).repeat(6, axis=0).repeat(6, axis=1)[:420, :600] < 0.3)
    places = [(row, column) for row in range(9) for column in range(9) if (row * 5 + column * 7) % 3]
    marks = [mark(53 + 60 * column, 40 + 40 * row) for row, column in places]
    table = find_table(marks, [], faint, 1.0)
    assert (table.rows, table.columns) == (9, 9)
    assert [table.cells[each] for each in marks] == places
    beside = [mark(each.box[0] + 25 * (each.box[1] // 40 % 2), each.box[1]) for each in marks]
    assert find_table(beside, [], faint, 1.0) is None


@pytest.mark.parametrize(
    ("high", "wide", "number", "beyond", "is_table"),
    [
        (25, 25, 11, (6, 6, 6, 6), False),
        (25, 26, 11, (6, 6, 6, 6), False),  # a photograph of squares
        (25, 25, 11, (6, 0, 6, 0), False),  # a corner of the paper
        (25, 25, 11, (6, 0, 0, 0), True),
        (25, 25, 11, (2, 2, 2, 2), True),  # drawn lines that do not end where they meet
        (25, 30, 11, (6, 6, 6, 6), True),  # a ledger
        (25, 25, 9, (6, 6, 6, 6), True),  # a drawn Sudoku
    ],
)
def test_squared_paper_with_digits_in_its_squares_is_no_table(high, wide, number, beyond, is_table):
    """It has many squares, and its lines run on beyond the outermost crossings on two sides or more."""
    top, bottom, left, right = beyond
    lines = np.zeros((20 + high * number + 20, 20 + wide * number + 20), bool)
    for line in range(number + 1):
        lines[20 + high * line, 20 - left : 21 + wide * number + right] = True
        lines[20 - top : 21 + high * number + bottom, 20 + wide * line] = True
    marks = [mark(26 + wide * column, 23 + high * row) for row in range(number) for column in range(0, number, 2)]
    table = find_table(marks, [], lines, 1.0)
    assert (table is not None) == is_table
    assert table is None or (table.rows, table.columns) == (number, number)


def test_a_column_without_marks_between_faint_lines_is_one():
    lines = grid(3, 5)
    lines[:, 155:205] &= np.arange(50) % 10 < 5
    marks = [mark(50 + 60 * column, 40 + 40 * row) for row in range(3) for column in (0, 1, 3, 4)]
    table = find_table(marks, [], lines, 1.0)
    assert (table.rows, table.columns) == (3, 5)


def test_what_is_written_across_squares_stands_in_no_cells():
    marks = [mark(x, 34 + 40 * row, 32, 32) for row in range(4) for x in range(36, 240, 35)]
    assert find_table(marks, [], grid(4, 4), 1.0) is None


def table_page(test_part, tone=110):
    """Pixels of a table of three by three cells with five digits, its lines of a tone, and what stands in each cell."""
    page = Image.new("L", (400, 300), 245)
    pen = ImageDraw.Draw(page)
    for side in range(4):
        pen.line((40, 30 + 80 * side, 340, 30 + 80 * side), tone, 3)
        pen.line((40 + 100 * side, 30, 40 + 100 * side, 270), tone, 3)
    pixels = np.array(page)
    expected = [[""] * 3 for _ in range(3)]
    for index, (row, column) in enumerate([(0, 0), (0, 2), (1, 1), (2, 0), (2, 2)]):
        digit = np.asarray(Image.fromarray(test_part.images[index, ..., 0]).resize((56, 56)))
        y, x = 42 + 80 * row, 62 + 100 * column
        pixels[y : y + 56, x : x + 56] = 245 - 0.9 * digit
        expected[row][column] = str(test_part.labels[index])
    return pixels, expected


def test_marks_that_contrast_shows_stand_in_the_cells_of_the_table_that_is_detected(reader, test_part):
    """Contrast sees no lines, and a small picture with a margin around."""
    pixels, expected = table_page(test_part, tone=215)
    picture = open_picture(np.asarray(Image.fromarray(pixels).resize((240, 180))))
    contrast = find_marks(picture, digits=True).with_rules_of(detect_at(picture, 200))
    assert contrast.margin > 0
    both = read_found(contrast, reader.model, digits=True).in_table()
    assert (both.table.rows, both.table.columns) == (3, 3)
    cells = {both.table.cells[mark]: str(both.answered[mark].probabilities.argmax()) for mark in both.characters}
    assert cells == {(row, column): expected[row][column] for row, column in np.argwhere(np.array(expected) != "")}


def test_a_cell_shows_its_separators(reader, test_part):
    pixels, expected = table_page(test_part)
    pixels[88:94, 126:132] = 20  # a point after the digit of the first cell
    expected[0][0] += "."
    reading = reader.read(pixels)
    assert reading.cells == expected
    assert reading.text.split()[0] == expected[0][0]


def test_a_photographed_table_is_read_with_its_cells(reader, test_part, tmp_path, lenet):
    pixels, expected = table_page(test_part)
    assert reader.read(pixels).cells == expected
    Image.fromarray(pixels).save(tmp_path / "table.png")
    printed = lenet("predict", "table.png", "--table").stdout
    assert printed == "".join(",".join(row) + "\n" for row in expected)


def test_a_digit_in_a_box_is_read_and_not_the_box(reader, test_part):
    """By contrast, both are one mark that fills the picture."""
    page = Image.new("L", (320, 320), 245)
    ImageDraw.Draw(page).rectangle((40, 40, 280, 280), outline=40, width=6)
    pixels = np.array(page)
    digit = np.asarray(Image.fromarray(test_part.images[0, ..., 0]).resize((112, 112)))
    pixels[104:216, 104:216] = 245 - 0.9 * digit
    assert reader.read(pixels).rows == [str(test_part.labels[0])]
