"""The exception for errors that a user can fix, and one-line messages of other errors."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class LenetError(Exception):
    """Something that the user can fix; its message is one line that says what, why, and what to do next."""


def reason(error: BaseException) -> str:
    """First line of a library's error, without its error number."""
    text = str(getattr(error, "strerror", None) or error)
    return text.partition("\n")[0][:200] or type(error).__name__


def suggestion(name: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` for the known name that is most like ``name``; empty when none is."""
    similar = get_close_matches(name, list(known), 1)
    return f" (did you mean {similar[0]!r}?)" if similar else ""


def first_fault(error: Any) -> str:
    """The first fault of a pydantic ``ValidationError`` in one line."""
    fault = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(map(str, fault["loc"])) or "value"
    value = repr(fault["input"])
    shown = f" is {value}" if len(value) <= 40 else ""
    return f"{where}{shown}: {fault['msg'][0].lower()}{fault['msg'][1:200]}"
