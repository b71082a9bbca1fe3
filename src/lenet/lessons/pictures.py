"""Lessons 1 and 2: a drawn digit, and its pixels."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lenet.lessons.check import Misconception, Question
from lenet.lessons.drawing import SIDE, Strokes, draw
from lenet.reading import Reader

SEVEN: Strokes = [[(55, 50), (145, 50), (85, 160)]]


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
    reading = _reader().read(draw([[(x, y) for x, y in array] for array in arrays]))
    return _Drawn(arrays, [digit.shown for digit in reading.digits])


def _is_seven(drawn: _Drawn, scaled: bool) -> bool:
    """Whether the strokes are those of the seven elsewhere, and perhaps in another size."""
    points, seven = np.concatenate([np.empty((0, 2)), *drawn.strokes]), np.asarray(SEVEN[0], float)
    if points.shape != seven.shape:
        return False
    points, seven = points - points.mean(axis=0), seven - seven.mean(axis=0)
    factor = np.linalg.norm(points) / np.linalg.norm(seven) if scaled else 1.0
    return bool(np.allclose(points, factor * seven, atol=1))


FOOLED = Question(
    read=_draw_and_read,
    form=(
        "The answer is a list of strokes inside the picture that is read as one digit other than 7, such as "
        "[[(55, 50), (145, 50), (85, 160)], [(80, 105), (120, 105)]].",
        "答案是一组画在图片里的笔画，要被读成一个不是 7 的数字，例如 [[(55, 50), (145, 50), (85, 160)], [(80, 105), (120, 105)]]。",
    ),
    right=lambda drawn: len(drawn.shown) == 1 and drawn.shown[0] not in ("7", "?"),
    why=(
        "One changed stroke changed the answer. The network compares strokes; it knows nothing of what you meant.",
        "改一笔，答案就变了。网络比较的是笔画，并不知道你想写什么。",
    ),
    misconceptions=(
        Misconception(
            "nothing is an answer",
            lambda drawn: not drawn.shown,
            (
                "Nothing was read: there is no ink inside the picture. A blank picture does not fool the reader. Keep all "
                f"x and y between 0 and {SIDE}.",
                f"什么都没有读到：图片里没有笔迹。空白图片骗不了它。x 和 y 都要在 0 到 {SIDE} 之间。",
            ),
        ),
        Misconception(
            "the place counts",
            lambda drawn: _is_seven(drawn, scaled=False),
            (
                "This is the same 7 in another place. Before the network sees it, the ink is cut out and centred, so the "
                "place makes no difference. Change the shape.",
                "这还是原来的 7，只是换了位置。笔迹在进入网络之前会被裁出来并居中，所以位置不起作用。请改变形状。",
            ),
        ),
        Misconception(
            "the size counts",
            lambda drawn: _is_seven(drawn, scaled=True),
            (
                "This is the same 7 in another size. The ink is scaled into a box of 20 pixels, so the size makes no "
                "difference. Change the shape.",
                "这还是原来的 7，只是换了大小。笔迹会缩放到 20 像素的方框里，所以大小不起作用。请改变形状。",
            ),
        ),
        Misconception(
            "unknown is fooled",
            lambda drawn: "?" in drawn.shown,
            (
                "It says “?”: it noticed that this looks like no digit. That is caution, not a mistake. Stay closer to a "
                "digit: close a loop, or add a base.",
                "它回答“?”：它看出这不像任何数字。这是谨慎，不是出错。请画得更像数字，比如把上面封成圈，或者在下面加一横。",
            ),
        ),
        Misconception(
            "several marks",
            lambda drawn: len(drawn.shown) > 1,
            (
                "Several marks were read, since the strokes stand apart. Let them touch, so that they are one.",
                "笔画之间分得太开，被读成了几个字符。让它们连在一起，成为一个字符。",
            ),
        ),
        Misconception(
            "any stroke will do",
            lambda drawn: drawn.shown == ["7"],
            (
                "Still a 7. Some changes keep it one, such as a short bar through its middle. What do a 2 and a 9 have "
                "that a 7 has not?",
                "仍然是 7。有些改动不影响结果，比如中间加一短横。想想看：2 和 9 有什么是 7 没有的？",
            ),
        ),
    ),
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
    form=(
        "The answer is a function that takes the picture, a uint8 array of any size, and returns an array of that size.",
        "答案是一个函数：输入是图片（任意大小的 uint8 数组），返回同样大小的数组。",
    ),
    right=lambda result: result.dtype == np.uint8 and _equals(result, 255 - PAPER.astype(int)),
    why=(
        "White, 255, became 0, and black, 0, became 255: bright ink on black, in whole numbers, as MNIST has it.",
        "白色 255 变成 0，黑色 0 变成 255：黑底亮字，仍是整数，与 MNIST 一致。",
    ),
    misconceptions=(
        Misconception(
            "ink is dark",
            lambda result: _equals(result, PAPER),
            (
                "Nothing changed: the paper still has 255 and the ink 0. To the network a high value is ink.",
                "什么都没变：纸仍是 255，墨仍是 0。对网络来说，数值大的地方才是笔迹。",
            ),
        ),
        Misconception(
            "minus inverts",
            lambda result: _equals(result, -PAPER),
            (
                "A uint8 has no negative numbers: −255 wraps around to 1, and −0 stays 0, so the ink is lost. Subtract from "
                "the highest value instead.",
                "uint8 没有负数：−255 会绕回成 1，−0 仍是 0，笔迹就丢了。应该用最大值去减。",
            ),
        ),
        Misconception(
            "white is 1",
            lambda result: _equals(result, np.uint8(1) - PAPER),
            (
                "White is 255 here, not 1: 1 − 255 wraps around to 2. You have the right idea with the wrong highest value.",
                "这里的白色是 255，不是 1：1 − 255 会绕回成 2。思路对，最大值错了。",
            ),
        ),
        Misconception(
            "scale first",
            lambda result: result.dtype.kind == "f",
            (
                "Model takes whole numbers from 0 to 255 and divides by 255 itself; scaled twice, the ink would be all but "
                "black. Return uint8.",
                "Model 接受 0 到 255 的整数，并且自己除以 255；再缩放一次，笔迹就几乎全黑了。请返回 uint8。",
            ),
        ),
        Misconception(
            "ink is yes or no",
            lambda result: len(np.unique(result)) == 2,
            (
                "Only two values are left. The soft edges of a stroke are in the grey levels; keep them.",
                "只剩下两个值了。笔画柔和的边缘就在灰度里，请保留它们。",
            ),
        ),
    ),
)
