"""Every check accepts a right answer in two forms, and knows each misconception by its own hint."""

import numpy as np
import pytest

from lenet import Architecture, LenetError
from lenet.lessons import check
from lenet.lessons.check import LANGUAGE, WORDS
from lenet.lessons.layers import _maps
from lenet.lessons.questions import QUESTIONS

SEVEN = [(55, 50), (145, 50), (85, 160)]
STAR = [(100, 40), (130, 150), (45, 80), (155, 80), (70, 150), (100, 40)]
MAPS = _maps()
START = "conv 8 3, relu, maxpool 2, dense 64, relu"
LENET = "conv 20 5, relu, maxpool 2, conv 50 5, relu, maxpool 2, dense 500, relu"


def softmax(scores):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


RIGHT = [
    (1, [[*SEVEN, (150, 160)]]),
    (1, np.array([[(100, 50), (110, 50), (100, 160)]])),
    (2, lambda picture: 255 - picture),
    (2, np.invert),
    (3, [[1, 0, -1]] * 3),
    (3, np.outer([1, 2, 1], [1, 0, -1])),
    (3, [[1, -1, 0]] * 3),
    (4, MAPS["right"]),
    (4, str(MAPS["right"])),
    (5, [[2, 0], [4, 6]]),
    (5, np.array([[2.0, 0.0], [4.0, 6.0]])),
    (6, LENET.replace("dense 500", "dense 30")),
    (6, Architecture.parse(LENET.replace("maxpool 2, dense 500", "maxpool 4, dense 100"))),
    (7, softmax),
    (7, [0.09, 0.24, 0.67]),
    (8, 3.5),
    (8, lambda weight: weight - 0.25 * 2 * (weight - 4)),
    (9, 10_000),
    (9, "10,000"),
    (9, 8_000),
    (10, START.replace("maxpool", "avgpool")),
    (10, Architecture.parse(START.replace("conv 8 3", "conv 8 5"))),
    (10, START.replace("relu, maxpool 2", "maxpool 2")),
    (10, START.replace("maxpool 2", "maxpool 2, sigmoid")),
    (10, START.replace("maxpool 2", "conv 8 3, maxpool 2")),
    (10, START.replace("maxpool 2", "maxpool 2, conv 8 3")),
    (10, START.replace("maxpool 2", "maxpool 2, conv 8 3 valid")),
    (10, START.replace("conv 8 3", "conv 8 3, conv 8 1")),
]
WRONG = [
    (1, [[(100, 100), (104, 104)]], "a dot is a stroke"),
    (1, [[(x / 200, y / 200) for x, y in SEVEN]], "a dot is a stroke"),
    (1, [], "nothing is an answer"),
    (1, [[(x + 40, y + 20) for x, y in SEVEN]], "the place counts"),
    (1, [[(x / 2, y / 2) for x, y in SEVEN]], "the size counts"),
    (1, [STAR], "unknown is fooled"),
    (1, [[(x * 0.4 + left, y / 2) for x, y in SEVEN] for left in (0, 90)], "several marks"),
    (1, [SEVEN, [(85, 105), (135, 105)]], "any stroke will do"),
    (2, lambda picture: picture, "ink is dark"),
    (2, lambda picture: -picture, "minus inverts"),
    (2, lambda picture: abs(picture - 255), "minus inverts"),
    (2, lambda picture: 1 - picture, "white is 1"),
    (2, lambda picture: 1 - picture / 255, "scale first"),
    (2, lambda picture: (picture < 128) * np.uint8(255), "ink is yes or no"),
    (3, [1, 0, -1], "any size"),
    (3, [[2, 0, -1]] * 3, "bright is enough"),
    (3, [[1, 1, 1], [0, 0, 0], [-1, -1, -1]], "rows are columns"),
    (3, [[-1, 0, 1]] * 3, "the kernel is flipped"),
    (4, MAPS["right"] + 1, "counting from 1"),
    (4, MAPS["other bar"], "a map belongs to a digit"),
    (4, MAPS["everywhere"], "bright all over"),
    (5, [[0.75, 0], [1.75, 2.25]], "pooling averages"),
    (5, [[5, 4], [7, 8]], "ReLU drops the sign"),
    (5, [[2, -1], [4, 6]], "pooling is enough"),
    (5, [[2, 2, 0], [3, 1, 6], [4, 4, 6]], "squares overlap"),
    (6, LENET, "nothing to change"),
    (6, LENET.replace("conv 50 5", "conv 10 5"), "convolutions are heavy"),
    (6, LENET.replace("maxpool 2, dense", "dense"), "pooling costs weights"),
    (6, LENET.replace("dense 500", "dense 250"), "a little less is enough"),
    (7, lambda scores: scores / scores.sum(), "shares of the scores"),
    (7, np.exp, "no sum"),
    (7, [0, 0, 1], "the winner takes all"),
    (7, lambda scores: 1 / (1 + np.exp(-scores)), "each on its own"),
    (7, lambda scores: softmax(-scores), "low scores win"),
    (8, 2.5, "along the gradient"),
    (8, 5, "the whole gradient"),
    (8, 1, "the whole gradient along"),
    (8, 3, "no step"),
    (8, 4, "straight to the minimum"),
    (8, -0.5, "the step is the weight"),
    (9, 1_000, "ten times as many"),
    (9, 100_000, "a thousand times as many"),
    (9, 100, "size does not matter"),
    (9, "60,000", "training images count"),
    (10, START, "training changes layers"),
    (10, START.replace("conv 8 3", "conv  8 3 stride 1"), "training changes layers"),
    (10, f"{START}, softmax", "the end must be written"),
    (10, f"{START}, conv 8 3", "a convolution after a dense layer"),
    (10, START.replace("dense 64", "dense 64, dense 64"), "two dense layers see more"),
    (10, START.removesuffix(", relu"), "two dense layers see more"),
    (10, f"{START}, dense 10", "two dense layers see more"),
    (10, f"{START}, relu", "every layer does something"),
    (10, START.replace("maxpool 2", "maxpool 2, relu"), "every layer does something"),
    (10, START.replace("maxpool 2", "maxpool 2, maxpool 1"), "every layer does something"),
    (10, START.replace("relu, maxpool 2", "maxpool 2, relu"), "every layer does something"),
    (10, f"relu, {START}", "every layer does something"),
    (10, "conv 16 5, tanh, maxpool 2, dense 64, relu", "several at once"),
]


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setenv(LANGUAGE, "en")


@pytest.mark.parametrize(("lesson", "answer"), RIGHT)
def test_the_right_answer_is_accepted_in_two_forms(lesson, answer):
    verdict = check(lesson, answer)
    assert verdict.right, verdict
    assert repr(verdict).startswith("✓ ")


def test_every_lesson_has_two_right_forms_and_three_misconceptions_all_tested():
    assert sorted(QUESTIONS) == list(range(1, 11))
    for lesson, question in QUESTIONS.items():
        assert len([1 for number, _ in RIGHT if number == lesson]) >= 2
        assert len(question.misconceptions) >= 3
        assert {name for number, _, name in WRONG if number == lesson} == set(question.misconceptions)


@pytest.mark.parametrize(("lesson", "answer", "name"), WRONG)
def test_each_misconception_gets_its_own_hint(lesson, answer, name, monkeypatch):
    verdict = check(lesson, answer)
    assert (verdict.right, verdict.misconception) == (False, name)
    hint = WORDS[str(lesson)]["hints"][name]
    assert verdict.text == f"✗ {hint['en']}"
    monkeypatch.setenv(LANGUAGE, "zh")
    assert check(lesson, answer).text == f"✗ {hint['zh']}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("conv 8 3, relu, maxpool 2", "conv 8 3, relu, maxpool 2, relu"),
        (START.replace("relu, maxpool 2", "tanh, maxpool 2"), START.replace("relu, maxpool 2", "maxpool 2, tanh")),
        (START.replace("maxpool 2", "tanh"), START.replace("relu, maxpool 2", "tanh, relu")),
        (START.replace("maxpool 2", "maxpool 8"), START.replace("maxpool 2", "maxpool 2, maxpool 2, maxpool 2")),
    ],
)
def test_networks_that_compute_the_same_get_the_same_verdict(one, other):
    assert check(10, one) == check(10, other)


@pytest.mark.parametrize(
    ("lesson", "answer"),
    [(3, np.zeros((3, 3))), (3, [[-1, 2, -1]] * 3), (3, [[2, 1, 0], [1, 0, -1], [0, -1, -2]]), (9, 5_000), (9, 50_000)],
)
def test_an_answer_that_shows_no_misconception_gets_no_hint_of_one(lesson, answer):
    """Lines in both directions, slanted edges; other numbers."""
    verdict = check(lesson, answer)
    assert (verdict.right, verdict.misconception) == (False, "")


def test_no_two_hints_are_the_same_and_all_words_are_in_both_languages():
    lessons = [WORDS[str(lesson)] for lesson in QUESTIONS]
    hints = [hint for words in lessons for hint in words["hints"].values()]
    for language in ("en", "zh"):
        assert len({hint[language] for hint in hints}) == len(hints) >= 30
    common = [WORDS["open"], WORDS["wrong"]]
    for said in [*common, *hints, *(words[kind] for words in lessons for kind in ("form", "why"))]:
        assert list(said) == ["en", "zh"]
        assert max(said["en"]) < "一" <= max(said["zh"])


def test_every_misconception_has_a_hint_and_every_hint_a_misconception():
    for lesson, question in QUESTIONS.items():
        assert list(WORDS[str(lesson)]["hints"]) == list(question.misconceptions)
    assert all(said.endswith(START) for said in WORDS["10"]["form"].values())


@pytest.mark.parametrize("lesson", QUESTIONS)
def test_no_answer_and_nonsense_are_told_what_is_asked(lesson):
    assert "No answer yet" in check(lesson, None).text
    nonsense = check(lesson, object())
    assert not nonsense.right
    assert WORDS[str(lesson)]["form"]["en"] in nonsense.text


@pytest.mark.parametrize(
    ("lesson", "answer", "untrue"),
    [
        (1, [[(30, 100), (170, 100)]], "no ink"),
        (1, [SEVEN], "another place"),
        (2, lambda picture: 255.0 - picture, "scaled twice"),
        (2, lambda picture: picture - np.uint8(255), "stays 0"),
        (3, [[1, 0, -1], [-1, 0, 1], [1, 0, -1]], "Positive where"),
        (6, "dense 10, relu", "You changed"),
        (6, "conv 20 5, relu, conv 50 5, relu, maxpool 4, dense 500, relu", "more weights"),
        (6, LENET.replace("maxpool 2, dense", "maxpool 4, dense"), "its 2,450 inputs"),
    ],
)
def test_a_hint_is_true_for_every_answer_that_gets_it(lesson, answer, untrue):
    assert untrue not in check(lesson, answer).text


@pytest.mark.parametrize("number", [True, MAPS["right"] + 0.9])
def test_the_number_of_a_map_is_a_whole_one(number):
    assert WORDS["4"]["form"]["en"] in check(4, number).text


FORM, WRONG_CONTENT = "The answer is ", "right form"


@pytest.mark.parametrize(
    ("lesson", "answer", "said"),
    [
        (2, lambda picture: picture // 2, WRONG_CONTENT),
        (2, lambda picture: 255 - picture.astype(int), FORM),
        (2, lambda picture: picture[1:], FORM),
        (4, (MAPS["right"] + 2) % 20, WRONG_CONTENT),
        (4, 20, FORM),
        (5, [[3, 0], [4, 6]], WRONG_CONTENT),
        (5, [2, 0, 4, 6], FORM),
        (7, [9, 24, 67], WRONG_CONTENT),
        (7, [9, 24], FORM),
        (8, 7, WRONG_CONTENT),
        (8, float("nan"), FORM),
        (9, 50_000, WRONG_CONTENT),
        (9, -3, FORM),
        (10, "conv 8", FORM),
    ],
)
def test_a_wrong_answer_in_the_right_form_is_not_told_the_form(lesson, answer, said):
    verdict = check(lesson, answer)
    assert (verdict.right, verdict.misconception) == (False, "")
    assert said in verdict.text


@pytest.mark.parametrize("point", [(float("nan"), 1), (float("inf"), 1), (100, 201), (-1, 100)])
def test_a_point_outside_the_picture_is_no_answer(point):
    verdict = check(1, [[*SEVEN, (150, 160), point]])
    assert not verdict.right
    assert "from 0 to 200" in verdict.text


def test_what_an_answer_says_is_not_taken_for_html():
    def answer(_):
        raise ValueError("<b>")

    assert "&lt;b&gt;" in check(7, answer)._repr_html_()


def test_an_answer_that_raises_is_a_verdict_with_its_error():
    assert "ZeroDivisionError" in check(7, lambda scores: 1 // 0).text


def test_a_lesson_that_is_not_there():
    with pytest.raises(LenetError, match="1 to 10"):
        check(11, 0)


def test_the_systems_language_counts_where_none_is_set(monkeypatch):
    monkeypatch.delenv(LANGUAGE)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "还没有答案" in check(1, None).text
