"""The lessons themselves: the same code in both languages, and every cell runs."""

import os
import re

import jupytext
import pytest
from nbclient import NotebookClient

from lenet.lessons.check import LANGUAGE
from lenet.lessons.texts import lesson_files, title

pytestmark = pytest.mark.long

# What a learner writes instead of `answer = None`.
SOLUTIONS = {
    1: "answer = [[(55, 50), (145, 50), (85, 160), (150, 160)]]",
    2: "answer = lambda picture: 255 - picture",
    3: "answer = [[1, 0, -1]] * 3",
    4: 'answer = model.activations(upright)["relu1"].max(axis=(0, 1)).argmax()',
    5: "answer = [[2, 0], [4, 6]]",
    6: 'answer = str(lenet).replace("dense 500", "dense 30")',
    7: "answer = lambda scores: np.exp(scores) / np.exp(scores).sum()",
    8: "answer = 3.5",
    9: "answer = 10_000",
    10: 'answer = "conv 8 3, tanh, maxpool 2, dense 64, relu"',
}
LESSONS = dict(enumerate(zip(lesson_files(), lesson_files(chinese=True), strict=True), 1))


def code(lesson) -> list[str]:
    return [cell.source for cell in jupytext.read(lesson).cells if cell.cell_type == "code"]


def run(lesson, answer: str, language: str):
    notebook = jupytext.read(lesson)
    for cell in notebook.cells:
        cell.source = cell.source.replace("answer = None", answer)
    kernel = {**os.environ, LANGUAGE: language}
    return NotebookClient(notebook, timeout=600, kernel_name="python3").execute(env=kernel)


def last_word(notebook) -> str:
    """What the check says."""
    check = next(cell for cell in notebook.cells if cell.source.rstrip().splitlines()[-1].startswith("check("))
    return check.outputs[-1]["data"]["text/plain"]


def test_there_are_ten():
    assert list(LESSONS) == list(range(1, 11)) == list(SOLUTIONS)


@pytest.mark.parametrize("number", LESSONS)
def test_both_languages_have_the_same_code(number):
    english, chinese = LESSONS[number]
    assert english.name == chinese.name
    assert code(english) == code(chinese)


@pytest.mark.parametrize("number", LESSONS)
@pytest.mark.parametrize("language", [0, 1])
def test_each_asks_for_a_prediction_then_for_a_change_and_checks_it(number, language):
    lesson = LESSONS[number][language]
    assert title(lesson).startswith(f"{number} · ")
    cells, text = code(lesson), lesson.read_text()
    assert cells.count("prediction = None") == 1
    assert sum(f"answer = None\ncheck({number}, answer)" in cell for cell in cells) == 1
    assert text.count("<details>") == 1  # one right answer
    assert "`answer`" in text.partition("<details>")[0]
    # "In the lab": the same thing to try on the page
    assert ("**In the lab**", "**在网页上试**")[language] in text


@pytest.mark.parametrize("number", LESSONS)
def test_every_link_leads_to_a_lesson_or_the_test(number):
    for lesson in LESSONS[number]:
        for target in re.findall(r"\]\(([^)]+)\)", lesson.read_text()):
            assert (lesson.parent / target).exists(), target


@pytest.mark.parametrize("number", LESSONS)
def test_english_runs_and_takes_its_own_right_answer(number):
    assert last_word(run(LESSONS[number][0], SOLUTIONS[number], "en")).startswith("✓ ")


@pytest.mark.skipif(
    "LENET_LESSONS" not in os.environ, reason="its code is the English one's; `make lessons` runs it, too"
)
@pytest.mark.parametrize("number", LESSONS)
def test_chinese_runs_as_it_is_and_answers_in_chinese(number):
    assert "还没有答案" in last_word(run(LESSONS[number][1], "answer = None", "zh"))


@pytest.mark.parametrize("language", [0, 1])
def test_the_twelve_questions_have_answers_and_every_lesson_teaches_one(language):
    lessons = [files[language] for files in LESSONS.values()]
    questions = re.split(r"^\*\*(?:\d+)\.\*\*", (lessons[0].parent / "test.md").read_text(), flags=re.MULTILINE)[1:]
    assert len(questions) == 12
    taught = []
    for question in questions:
        asked, answered = question.split("<details>")
        assert re.findall(r"^- ([A-D])\. ", asked, flags=re.MULTILINE) == ["A", "B", "C", "D"]
        assert len(re.findall(r"^\*\*[A-D][.。]\*\* \[", answered, flags=re.MULTILINE)) == 1
        taught += re.findall(r"\]\((.+?\.md)\)", answered)
    assert len(taught) == 12
    assert set(taught) == {lesson.name for lesson in lessons}


def test_both_languages_have_the_same_right_letters():
    letters = [
        re.findall(r"^\*\*([A-D])[.。]\*\*", (files.parent / "test.md").read_text(), flags=re.MULTILINE)
        for files in LESSONS[1]
    ]
    assert letters[0] == letters[1]
