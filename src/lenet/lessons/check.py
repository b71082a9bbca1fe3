"""The check at the end of a lesson: an answer → right, or a hint for the misconception that it shows."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

from lenet.errors import LenetError

# Set by `lenet lessons`; otherwise the system's language counts.
LANGUAGE = "LENET_LANGUAGE"
Words = tuple[str, str]  # the same in English and in Chinese

OPEN: Words = (
    "No answer yet. Write yours instead of None, and run this cell again.",
    "还没有答案。把 None 换成你的答案，再运行一次这个单元格。",
)


@dataclass(frozen=True)
class Misconception:
    """A way of being wrong."""

    name: str
    holds: Callable[[Any], bool]  # whether an answer, as ``Question.read`` gives it, shows it
    hint: Words


@dataclass(frozen=True)
class Question:
    """What a lesson asks at its end."""

    read: Callable[[Any], Any]  # brings an answer to one form; raises for something that is no answer
    form: Words  # what an answer looks like
    right: Callable[[Any], bool]
    why: Words  # why the right answer is right
    misconceptions: tuple[Misconception, ...]  # the first that holds gives the hint


@dataclass(frozen=True)
class Verdict:
    """The result of a check, shown in a notebook as its text."""

    right: bool
    misconception: str  # name of the misconception; empty for a right answer, and where none is recognised
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        """The text for notebooks, which wraps there."""
        return f"<p>{escape(self.text)}</p>"


def check(lesson: int, answer: Any) -> Verdict:
    """Check the answer to the question of a lesson.

    Args:
        lesson: 1 to 10.
        answer: As the lesson asks for it; None for no answer yet.

    Raises:
        LenetError: when there is no such lesson.

    Example:
        >>> check(9, 1_000)
    """
    from lenet.lessons.questions import QUESTIONS

    if lesson not in QUESTIONS:
        raise LenetError(f"there is no lesson {lesson!r}: the lessons are 1 to {len(QUESTIONS)}")
    question = QUESTIONS[lesson]
    if answer is None:
        return Verdict(False, "", said(OPEN))
    try:
        value = question.read(answer)
        right = question.right(value)
    except Exception as error:  # the answer may be code of the reader's own
        return Verdict(False, "", f"✗ {said(question.form)} ({type(error).__name__}: {error})")
    if right:
        return Verdict(True, "", f"✓ {said(question.why)}")
    for misconception in question.misconceptions:
        if misconception.holds(value):
            return Verdict(False, misconception.name, f"✗ {said(misconception.hint)}")
    return Verdict(False, "", f"✗ {said(question.form)}")


def said(words: Words) -> str:
    """The words in the reader's language."""
    language = os.environ.get(LANGUAGE) or os.environ.get("LANG", "")
    return words[language.startswith("zh")]
