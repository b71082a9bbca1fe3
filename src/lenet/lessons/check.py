"""The check at the end of a lesson: an answer → right, or a hint for the misconception that it shows."""

import os
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from lenet.errors import LenetError

# Set by `lenet lessons`; otherwise the system's language counts.
LANGUAGE = "LENET_LANGUAGE"
# What is said in both languages: for each lesson, why the right answer is right, what an answer looks like, and a hint
# for each misconception.
WORDS = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Question:
    """What a lesson asks at its end."""

    read: Callable[[Any], Any]  # brings an answer to one form; raises for something that is no answer
    right: Callable[[Any], bool]
    # By name, whether an answer, as ``read`` gives it, shows that misconception; the first that holds gives the hint.
    misconceptions: dict[str, Callable[[Any], bool]]
    has_form: Callable[[Any], bool] = lambda answer: True  # what ``read`` does not refuse may still have another form


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
    question, words = QUESTIONS[lesson], WORDS[str(lesson)]
    if answer is None:
        return Verdict(False, "", said(WORDS["open"]))
    try:
        value = question.read(answer)
        right = question.right(value)
    except Exception as error:  # the answer may be code of the reader's own
        return Verdict(False, "", f"✗ {said(words['form'])} ({type(error).__name__}: {error})")
    if right:
        return Verdict(True, "", f"✓ {said(words['why'])}")
    for name, holds in question.misconceptions.items():
        if holds(value):
            return Verdict(False, name, f"✗ {said(words['hints'][name])}")
    return Verdict(False, "", f"✗ {said(WORDS['wrong'] if question.has_form(value) else words['form'])}")


def said(words: dict[str, str]) -> str:
    """The words in the reader's language."""
    language = os.environ.get(LANGUAGE) or os.environ.get("LANG", "")
    return words["zh" if language.startswith("zh") else "en"]
