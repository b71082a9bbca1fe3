"""Lessons 1 and 2: a drawn digit, and its pixels."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lenet.lessons.check import Question
from lenet.lessons.drawing import SIDE, Strokes, draw
from lenet.reading import Reader

SEVEN: Strokes = [[(55, 50), (145, 50), (85, 160)]]
DOT = 28  # pixels, two widths of the pen: strokes whose points lie within them are a dot


class _Drawn(NamedTuple):
    strokes: list[npt.NDArray[np.float64]]
    shown: list[str]  # what is read, one for each mark


@cache
def _reader() -> Reader:
    return Reader()


def _draw_and_read(strokes: Any) -> _Drawn:
    arrays = [np.asarray(stroke, float) for stroke in strokes]
    if not all(array.ndim == 2 and array.shape[1] == 2 for array in arrays):
        raise ValueError("a stroke is a list of points (x, y)")
    if not all(((array >= 0) & (array <= SIDE)).all() for array in arrays):
        raise ValueError(f"x and y are numbers from 0 to {SIDE}")
    reading = _reader().read(draw([[(x, y) for x, y in array] for array in arrays]))
    return _Drawn(arrays, [digit.shown for digit in reading.digits])


def _is_seven(drawn: _Drawn, scaled: bool) -> bool:
    """Whether the strokes are those of the seven, wherever it stands, and perhaps in another size."""
    seven = np.asarray(SEVEN[0], float)
    if drawn.shown != ["7"] or [stroke.shape for stroke in drawn.strokes] != [seven.shape]:
        return False
    points, seven = drawn.strokes[0] - drawn.strokes[0].mean(axis=0), seven - seven.mean(axis=0)
    factor = np.linalg.norm(points) / np.linalg.norm(seven) if scaled else 1.0
    return bool(np.allclose(points, factor * seven, atol=1))


def _is_dot(drawn: _Drawn) -> bool:
    return bool(drawn.strokes) and np.ptp(np.concatenate(drawn.strokes), axis=0).max() < DOT


FOOLED = Question(
    read=_draw_and_read,
    right=lambda drawn: len(drawn.shown) == 1 and drawn.shown[0] not in ("7", "?") and not _is_dot(drawn),
    misconceptions={
        "a dot is a stroke": _is_dot,
        "nothing is an answer": lambda drawn: not drawn.shown,
        "the place counts": lambda drawn: _is_seven(drawn, scaled=False),
        "the size counts": lambda drawn: _is_seven(drawn, scaled=True),
        "unknown is fooled": lambda drawn: "?" in drawn.shown,
        "several marks": lambda drawn: len(drawn.shown) > 1,
        "any stroke will do": lambda drawn: drawn.shown == ["7"],
    },
)


# Dark ink on white paper, with a soft edge: levels that every wrong way treats differently.
PAPER = np.array([[255, 255, 200], [255, 40, 0], [255, 120, 0]], np.uint8)


def _prepare(answer: Callable[[Any], Any]) -> npt.NDArray[Any]:
    if not callable(answer):
        raise TypeError("the answer is a function, without brackets behind its name")
    return np.asarray(answer(PAPER.copy()))


def _equals(result: npt.NDArray[Any], values: Any) -> bool:
    return result.shape == PAPER.shape and bool(np.allclose(result.astype(float), np.asarray(values, float)))


PREPARED = Question(
    read=_prepare,
    right=lambda result: result.dtype == np.uint8 and _equals(result, 255 - PAPER.astype(int)),
    misconceptions={
        "ink is dark": lambda result: _equals(result, PAPER),
        "minus inverts": lambda result: any(_equals(result, it) for it in (-PAPER, PAPER - np.uint8(255))),
        "white is 1": lambda result: _equals(result, np.uint8(1) - PAPER),
        "scale first": lambda result: result.dtype.kind == "f",
        "ink is yes or no": lambda result: len(np.unique(result)) == 2,
    },
    has_form=lambda result: result.dtype == np.uint8 and result.shape == PAPER.shape,
)
