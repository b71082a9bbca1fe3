"""What several ways of reading one picture agree on."""

from dataclasses import replace

import numpy as np
import pytest

from lenet import Model
from lenet.pictures.finder import KINDS
from lenet.pictures.marks import FoundMarks, Mark
from lenet.reading import agreement
from lenet.reading.agreement import Opinion, agreed, features, seen_by
from lenet.reading.answers import AnsweredMarks, MarkAnswer
from lenet.reading.mark_reading import MarkReading


@pytest.fixture(scope="module")
def bundled():
    return Model.load()


def kinds_of(label, share):
    """The finder's probabilities: a share for the label, the rest for other signs."""
    kinds = np.zeros(len(KINDS), np.float32)
    kinds[[label, -1]] = share, 1 - share
    return kinds


def way(model, boxes, answers, zoom=1.0, margin=0, looks=True):
    """A way that sees marks in these boxes, as ``(label, probability, unknown[, finder's probability])``.

    The finder, where it ``looks``, takes them for the same digits as the network, and otherwise for other signs.
    """
    ink = np.zeros((100, 200), np.float32)
    marks = []
    answered = AnsweredMarks(model)
    for box, (label, probability, unknown, *seen) in zip(boxes, answers, strict=True):
        edges = tuple(round(edge * zoom) + margin for edge in box)
        kinds = kinds_of(label, *(seen or [probability])) if looks else None
        mark = Mark(edges, np.ones((edges[3] - edges[1], edges[2] - edges[0]), np.float32), "", kinds)
        probabilities = np.full(10, (1 - probability) / 9, np.float32)
        probabilities[label] = probability
        finder = None if kinds is None else kinds[:10]
        answered[mark] = MarkAnswer(np.zeros((28, 28, 1), np.uint8), probabilities, unknown, finder)
        marks.append(mark)
    found = FoundMarks(marks, np.zeros((100, 200, 3), np.uint8), ink, ink > 0, zoom, margin, ink > 0)
    return MarkReading(found, answered, [marks], 20.0)


BOX, BESIDE = (10, 10, 30, 40), (60, 10, 80, 40)


def verdict(first, *others):
    result = agreed(first, [seen_by(other) for other in others])
    (mark,) = result.characters
    answer = result.answered[mark]
    return int(answer.probabilities.argmax()), answer.unknown


@pytest.mark.parametrize(("zoom", "margin"), [(2.0, 40), (0.5, 0)])
def test_a_mark_that_another_way_knows_is_known(bundled, zoom, margin):
    doubted = way(bundled, [BOX], [(7, 0.6, True)])
    sure = way(bundled, [BOX], [(7, 0.95, False)], zoom=zoom, margin=margin)
    assert verdict(doubted, sure) == (7, False)


def test_a_mark_that_only_one_of_many_ways_sees_is_unknown(bundled):
    lone = way(bundled, [BOX], [(1, 0.8, False)])
    elsewhere = [way(bundled, [BESIDE], [(1, 0.99, False)]) for _ in range(4)]
    assert verdict(lone, *elsewhere) == (1, True)


def test_the_class_is_that_of_the_mean_probabilities(bundled):
    first = way(bundled, [BOX], [(4, 0.6, False)])
    assert verdict(first, *(way(bundled, [BOX], [(9, 0.9, False)]) for _ in range(2))) == (9, False)


def test_ways_that_do_not_know_a_mark_do_not_make_it_known(bundled):
    ways = [way(bundled, [BOX], [(4, 0.45, True, 0.2)]) for _ in range(5)]
    assert verdict(*ways) == (4, True)


@pytest.mark.parametrize(("finder", "label"), [({5: 0.05, 6: 0.9}, 6), ({}, 5), ({7: 0.9}, 5), ({6: 0.3, 5: 0.3}, 5)])
def test_network_and_finder_decide_together(bundled, finder, label):
    first = way(bundled, [BOX], [(5, 0.6, False)])
    (mark,) = first.characters
    probabilities, seen = np.zeros(10, np.float32), np.zeros(10, np.float32)
    probabilities[[5, 6]] = 0.6, 0.4
    seen[[*finder]] = [*finder.values()]
    first.answered[mark] = first.answered[mark]._replace(probabilities=probabilities, finder=seen)
    assert verdict(first)[0] == label


@pytest.mark.parametrize(("share", "unknown"), [(0.01, True), (0.5, False)])
def test_a_mark_that_the_finder_takes_for_another_sign_is_unknown(bundled, share, unknown):
    """A plus sign looks like a four."""
    assert verdict(way(bundled, [BOX], [(4, 0.99, False, share)])) == (4, unknown)


COMMA, TEN = KINDS.index(","), len(KINDS)


def seeing(model, boxes, shares):
    """A way whose finder gives these shares to a comma and the rest to a one; where it is most, the mark is a comma."""
    result = way(model, boxes, [(1, 0.9, False)] * len(boxes))
    marks = []
    for mark, share in zip(result.found.marks, shares, strict=True):
        kinds = share * np.eye(TEN, dtype=np.float32)[COMMA] + (1 - share) * np.eye(TEN, dtype=np.float32)[1]
        marks.append(replace(mark, kinds=kinds, separator="," if share > 0.5 else ""))
        if share <= 0.5:
            result.answered[marks[-1]] = result.answered[mark]
    return result._replace(lines=[marks])


def shown(result):
    return "".join("1" if mark in result.answered else mark.separator for line in result.lines for mark in line)


@pytest.mark.parametrize(("share", "text"), [(0.9, "1,"), (0.1, "11")])
def test_a_separator_is_what_is_one_by_the_mean_of_the_finders_opinions(bundled, share, text):
    first = seeing(bundled, [BOX, (40, 10, 50, 40)], [0.0, 0.5 + 0.1 * (share < 0.5)])
    assert shown(agreed(first, [seen_by(seeing(bundled, [BOX, (40, 10, 50, 40)], [0.0, share]))])) == text


def test_a_separator_that_this_way_does_not_see_is_added_where_half_of_the_others_do(bundled):
    small = (35, 32, 39, 44)
    first = way(bundled, [BOX, BESIDE], [(1, 0.9, False)] * 2, zoom=2.0, margin=40)
    see, miss = seeing(bundled, [BOX, small, BESIDE], [0.0, 0.9, 0.0]), seeing(bundled, [BOX, BESIDE], [0.0, 0.0])
    result = agreed(first, [seen_by(see), seen_by(miss)])
    assert shown(result) == "1,1"
    assert result.lines[0][1].box == tuple(2 * edge + 40 for edge in small)
    assert shown(agreed(first, [seen_by(see), *[seen_by(miss)] * 2])) == "11"


def row(count):
    return [(20 * place, 10, 20 * place + 15, 40) for place in range(count)]


def test_a_class_that_the_finder_doubts_is_known_among_digits_and_unknown_among_other_signs(bundled):
    """The finder takes the first for another digit."""
    for beside, known in ((0.99, True), (0.01, False)):
        line = way(bundled, row(4), [(0, 0.99, False, 0.05), *3 * [(0, 0.99, False, beside)]])
        (first, *others), kinds = line.found.marks, 0.05 * np.eye(TEN, dtype=np.float32)[0]
        seen = replace(first, kinds=kinds + 0.95 * np.eye(TEN, dtype=np.float32)[8])
        line.answered[seen] = line.answered.pop(first)
        result = agreed(line._replace(lines=[[seen, *others]]), [])
        assert result.answered[result.characters[0]].unknown != known


@pytest.mark.parametrize(("share", "unknown"), [(0.45, True), (0.55, False)])
def test_a_sign_among_digits_is_unknown(bundled, share, unknown):
    """A dollar sign looks like a five, and all beside it are digits."""
    line = agreed(way(bundled, row(5), [(5, 0.99, False, share), *4 * [(1, 0.99, False)]]), [])
    assert [line.answered[mark].unknown for mark in line.characters] == [unknown] + [False] * 4


@pytest.mark.parametrize(
    ("label", "share", "top", "text"),
    [(1, 0.3, 6, "1/1"), (1, 0.3, 11, "1?1"), (1, 0.3, 14, "111"), (7, 0.3, 6, "1?1"), (1, 0.1, 6, "111")],
)
def test_a_one_that_may_be_a_bar_is_one_if_high_and_unknown_if_higher_than_most(bundled, label, share, top, text):
    boxes = [(0, 10, 15, 40), (20, top, 35, 40), (40, 10, 55, 40)]
    line = way(bundled, boxes, [(place, 0.99, False) for place in (1, label, 1)])
    first, middle, last = line.found.marks
    eye = np.eye(TEN, dtype=np.float32)
    seen = replace(middle, kinds=(1 - share) * eye[label] + share * eye[KINDS.index("/")])
    line.answered[seen] = line.answered.pop(middle)._replace(finder=seen.kinds[:10])
    result = agreed(line._replace(lines=[[first, seen, last]], size=28.0), [])
    said = [
        mark.separator
        or ("?" if result.answered[mark].unknown else str(int(result.answered[mark].probabilities.argmax())))
        for mark in result.lines[0]
    ]
    assert "".join(said) == text


def test_two_dots_above_one_another_are_a_colon_and_neighbours_are_not(bundled):
    above, below, after = (40, 12, 46, 18), (41, 28, 47, 34), (50, 28, 56, 34)
    assert shown(agreed(seeing(bundled, [BOX, above, below], [0.0, 0.9, 0.9]), [])) == "1:"
    assert shown(agreed(seeing(bundled, [BOX, below, after], [0.0, 0.9, 0.9]), [])) == "1,,"


def among_signs(line, shares):
    """The same, but the finder gives these shares to ones, and the rest to other signs."""
    marks = []
    for mark, share in zip(line.found.marks, shares, strict=True):
        kinds = share * np.eye(TEN, dtype=np.float32)[1] + (1 - share) * np.eye(TEN, dtype=np.float32)[-1]
        marks.append(replace(mark, kinds=kinds))
        line.answered[marks[-1]] = line.answered.pop(mark)._replace(finder=kinds[:10])
    return line._replace(found=replace(line.found, marks=marks), lines=[marks])


def test_print_below_digits_is_left_out_and_print_alone_is_not(bundled):
    digits, below = row(4), [(left, 60, right, 90) for left, _, right, _ in row(8)]
    answers = [(1, 0.95, False)] * 4 + [(7, 0.4, True)] * 8
    page = agreed(among_signs(way(bundled, digits + below, answers), [1.0] * 4 + [0.1] * 8), [])
    assert [page.answered[mark].unknown for mark in page.characters] == [False] * 4
    alone = agreed(among_signs(way(bundled, below, answers[4:]), [0.1] * 8), [])
    assert [alone.answered[mark].unknown for mark in alone.characters] == [True] * 8


@pytest.mark.parametrize(("share", "lines"), [(0.95, 2), (0.75, 1)])
def test_a_line_of_letters_with_a_word_that_clearly_is_digits_is_not_left_out(bundled, share, lines):
    letters, numbers = row(5), [(130, 10, 145, 40), (150, 10, 165, 40)]
    below = [(left, 60, right, 90) for left, _, right, _ in row(4)]
    answers = [(7, 0.4, True)] * 5 + [(1, 0.95, False)] * 6
    page = among_signs(way(bundled, letters + numbers + below, answers), [0.05] * 5 + [share] * 2 + [1.0] * 4)
    assert len(agreed(page, []).lines) == lines


def test_many_letters_beside_digits_do_not_make_them_unknown(bundled):
    digits, letters = [(330, 10, 345, 40), (350, 10, 365, 40), (370, 10, 385, 40)], row(12)
    answers = [(7, 0.4, True)] * 12 + [(1, 0.95, False)] * 3
    line = agreed(among_signs(way(bundled, letters + digits, answers), [0.1] * 12 + [1.0] * 3), [])
    assert [line.answered[mark].unknown for mark in line.characters] == [True] * 12 + [False] * 3


@pytest.mark.parametrize(("low", "beside", "unknown"), [(10, 1, True), (30, 1, False), (10, 3, False)])
def test_a_mark_much_lower_than_others_is_unknown_unless_its_line_is(bundled, low, beside, unknown):
    boxes = row(6) + [(left, 60, left + 10, 60 + low) for left, *_ in row(beside)]
    result = agreed(way(bundled, boxes, [(1, 0.95, False, 0.9)] * 6 + [(1, 0.95, False, 0.55)] * beside), [])
    assert [result.answered[mark].unknown for mark in result.characters] == [False] * 6 + [unknown] * beside


def test_letters_beside_digits_are_unknown_and_one_odd_digit_among_them_is_not(bundled):
    """Of the first three, which are a word, the finder takes one for a digit, and it hardly takes the sixth for one."""
    shares = [0.01, 0.8, 0.01, 0.99, 0.99, 0.55, 0.99, 0.99]
    answers = [(1, 0.95, False, share) for share in shares]
    boxes = [(10 + 20 * place + 30 * (place > 2), 10, 25 + 20 * place + 30 * (place > 2), 40) for place in range(8)]
    result = agreed(way(bundled, boxes, answers), [])
    assert [result.answered[mark].unknown for mark in result.characters] == [True] * 3 + [False] * 5


def test_a_page_of_unknown_marks_has_no_known_ones(bundled):
    """The finder takes all for digits: texture looks so."""
    boxes = [(18 * place, 10, 18 * place + 14, 40) for place in range(10)]
    page = way(bundled, boxes, [(1, 0.3, True, 0.03)] * 8 + [(7, 0.99, False, 0.99)] * 2)
    marks = [replace(mark, kinds=np.append(mark.kinds[:-1] + mark.kinds[-1] / 17, 0)) for mark in page.found.marks]
    for mark, seen in zip(page.found.marks, marks, strict=True):
        page.answered[seen] = page.answered.pop(mark)
    result = agreed(page._replace(lines=[marks]), [])
    assert all(result.answered[mark].unknown for mark in result.characters)


def test_what_tells_whether_a_mark_is_the_digit_that_it_seems(bundled):
    """A line of three, the last a third as high and taken for another sign, and one mark alone that is half as high."""
    boxes = [(0, 10, 15, 46), row(2)[1], (40, 30, 55, 40), (0, 60, 15, 75)]
    marks = way(bundled, boxes, [(1, 1.0, False)] * 4).found.marks
    said = [(0.9, 0.8, 1.0), (0.5, 0.8, 1.0), (0.1, 0.2, 0.5), (1.0, 1.0, 1.0)]
    opinions = {
        mark: Opinion(np.zeros(10, np.float32), support, finder, 1.0, 0.0, seen)
        for mark, (finder, support, seen) in zip(marks, said, strict=True)
    }
    finder, support, seen, low, around = features([marks[:3], marks[3:]], opinions).T
    np.testing.assert_allclose(finder, [np.log(9), 0, -np.log(9), np.log(999)], atol=1e-6)
    np.testing.assert_allclose(support, [np.log(4), np.log(4), -np.log(4), np.log(999)], atol=1e-6)
    np.testing.assert_allclose(seen, [1, 1, 0.5, 1])
    np.testing.assert_allclose(low, np.log([1, 1, 10 / 30, 15 / 22.5]))
    np.testing.assert_allclose(around, np.log([1.6 / 1.4, 2, 4, 1]), atol=1e-6)


def test_what_the_finder_says_is_the_mean_of_its_looks_that_see_the_mark(bundled, monkeypatch):
    """Of four ways, contrast does not look with the finder, and two of the others see the mark."""
    seen = []
    compute = features
    monkeypatch.setattr(agreement, "features", lambda *given: seen.append(compute(*given)) or seen[-1])
    sees, misses = way(bundled, [BOX], [(1, 0.9, False)]), way(bundled, [BESIDE], [(1, 0.9, False)])
    doubts = way(bundled, [BOX], [(1, 0.9, False, 0.5)])
    agreed(sees, [seen_by(each) for each in (misses, doubts, way(bundled, [BOX], [(1, 0.9, False)], looks=False))])
    np.testing.assert_allclose(seen[0][0, [0, 2]], [np.log(0.7 / 0.3), 2 / 3], atol=1e-6)


def test_a_mark_that_the_finder_did_not_look_at_is_in_no_bad_company(bundled):
    both = way(bundled, [BOX, (10, 60, 30, 90)], [(7, 0.99, False)] * 2)
    first, other = both.found.marks
    seen = replace(first, kinds=np.eye(len(KINDS), dtype=np.float32)[7])
    both.answered[seen] = both.answered.pop(first)._replace(finder=seen.kinds[:10])
    result = agreed(both._replace(lines=[[seen], [other]]), [])
    assert [result.answered[mark].unknown for mark in result.characters] == [False, False]


@pytest.mark.parametrize(("zoom", "seeing", "expected"), [(2.0, 2, [1, 7]), (1.0, 2, [1]), (2.0, 1, [1])])
def test_known_digits_too_high_for_the_size_are_taken_from_half_of_the_others(bundled, zoom, seeing, expected):
    """At zoom 2, the other digit has 60 pixels."""
    first = way(bundled, [(10, 10, 20, 25)], [(1, 0.9, False)], zoom=zoom)
    see, miss = way(bundled, [BESIDE], [(7, 0.99, False)]), way(bundled, [(10, 10, 20, 25)], [(1, 0.9, False)])
    result = agreed(first, [seen_by(each) for each in [see] * seeing + [miss] * (4 - seeing)])
    assert [int(result.answered[mark].probabilities.argmax()) for mark in result.characters] == expected
    assert not any(result.answered[mark].unknown for mark in result.characters)
