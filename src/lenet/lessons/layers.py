"""Lessons 3 to 6: a kernel, feature maps, pooling, and where the weights are."""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.lessons.check import Misconception, Question
from lenet.model.runtime import Model
from lenet.network.architecture import Architecture, Conv, Pool
from lenet.network.named import NETWORKS

Array = npt.NDArray[np.float64]
# The edges of a stroke that is two pixels wide, and its inside: ink is 1.
RIGHT_EDGE, LEFT_EDGE = np.array([[1, 1, 0]] * 3), np.array([[0, 1, 1]] * 3)
EDGES = (RIGHT_EDGE.T, LEFT_EDGE.T)


def _respond(kernel: Array, patch: Any) -> float:
    return float((kernel * patch).sum())


def _is_turned(kernel: Array) -> bool:
    return max(abs(_respond(kernel, edge)) for edge in EDGES) > abs(_respond(kernel, RIGHT_EDGE))


KERNEL = Question(
    read=lambda answer: np.asarray(answer, float),
    form=(
        "The answer is a 3×3 list of numbers that gives more for a right edge than for any other edge.",
        "答案是一个 3×3 的数字列表，它对右边缘的响应要大于对其他边缘的响应。",
    ),
    right=lambda kernel: (
        kernel.shape == (3, 3)
        and abs(kernel.sum()) < 1e-6
        and _respond(kernel, RIGHT_EDGE) > 0 >= _respond(kernel, LEFT_EDGE)
        and all(abs(_respond(kernel, edge)) < _respond(kernel, RIGHT_EDGE) for edge in EDGES)
    ),
    why=(
        "Positive where the ink is, negative where the paper begins, 0 in sum: it responds to right edges alone.",
        "有墨的一侧为正，纸的一侧为负，总和为 0：它只对右边缘有响应。",
    ),
    misconceptions=(
        Misconception(
            "any size",
            lambda kernel: kernel.shape != (3, 3),
            (
                "A kernel of this lesson has 3 rows of 3 numbers: one weight for each pixel of the patch.",
                "本课的卷积核是 3 行 3 列：小块里的每个像素对应一个权重。",
            ),
        ),
        Misconception(
            "bright is enough",
            lambda kernel: abs(kernel.sum()) >= 1e-6,
            (
                "Its weights do not add up to 0, so it responds inside plain ink, where there is no edge. Balance the "
                "positive weights with negative ones.",
                "它的权重之和不是 0，所以在一片纯墨里、没有边缘的地方也会响应。请用负权重抵消正权重。",
            ),
        ),
        Misconception(
            "rows are columns",
            lambda kernel: kernel.shape == (3, 3) and _is_turned(kernel),
            (
                "This one looks for upper or lower edges: its weights change from row to row. For a right edge they must "
                "change from column to column.",
                "它找的是上边缘或下边缘：权重逐行变化。要找右边缘，权重应当逐列变化。",
            ),
        ),
        Misconception(
            "the kernel is flipped",
            lambda kernel: kernel.shape == (3, 3) and _respond(kernel, RIGHT_EDGE) < 0,
            (
                "This one looks for left edges. In a network the kernel is not flipped, as it is in the convolution of "
                "mathematics: the left column weighs the left pixels.",
                "它找的是左边缘。网络里的卷积核不像数学中的卷积那样翻转：左边一列权重乘的就是左边的像素。",
            ),
        ),
    ),
)


def bar(upright: bool) -> npt.NDArray[np.uint8]:
    """A bar of 3×20 pixels in the middle of an image ``(28, 28, 1)``."""
    image = np.zeros((28, 28, 1), np.uint8)
    image[12:15, 4:24] = 255
    return image.transpose(1, 0, 2).copy() if upright else image


@cache
def _maps() -> dict[str, int]:
    """The map that each way of choosing one gives, in the bundled model."""
    model = Model.load()
    upright, flat = (model.activations(bar(upright)) for upright in (True, False))
    return {
        "right": int(upright["relu1"].max(axis=(0, 1)).argmax()),
        "other bar": int(flat["relu1"].max(axis=(0, 1)).argmax()),
        "everywhere": int(upright["relu1"].sum(axis=(0, 1)).argmax()),
    }


MAP = Question(
    read=int,
    form=(
        "The answer is the number of the map with the highest single value for the upright bar, 0 to 19.",
        "答案是竖线的最大单个值所在的那张特征图的编号，0 到 19。",
    ),
    right=lambda number: number == _maps()["right"],
    why=(
        "Its kernel fits the edges of an upright bar, so its highest value there is the highest of all twenty.",
        "它的卷积核与竖线的边缘最吻合，所以它的最大值在二十张图里最高。",
    ),
    misconceptions=(
        Misconception(
            "counting from 1",
            lambda number: number == _maps()["right"] + 1,
            (
                "One too many: maps are numbered from 0 here, as arrays are in Python.",
                "多了 1：这里的特征图从 0 开始编号，和 Python 数组一样。",
            ),
        ),
        Misconception(
            "a map belongs to a digit",
            lambda number: number == _maps()["other bar"],
            (
                "That map is the strongest for the flat bar. A map stands for a pattern, so another pattern lights another "
                "map.",
                "那张图对横线的响应最强。一张特征图代表一种局部图案，图案换了，亮的图也就换了。",
            ),
        ),
        Misconception(
            "bright all over",
            lambda number: number == _maps()["everywhere"],
            (
                "That map has the highest sum, but look at blank paper: there it is bright, too, because of its bias. Look "
                "for the highest single value.",
                "那张图的总和最大，可是看看空白处：因为有偏置，它在那里也是亮的。要找的是最大的单个值。",
            ),
        ),
    ),
)

GRID = np.array([[-5, 2, -3, -1], [1, -3, -2, -4], [3, 0, 1, 6], [-7, 4, -8, 2]], float)


def _squares(values: Array) -> Array:
    """The four squares of 2×2 that do not overlap, ``(2, 2, 4)``."""
    return values.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3).reshape(2, 2, 4)


def _same(answer: Array, expected: Array) -> bool:
    return answer.shape == expected.shape and bool(np.allclose(answer, expected))


POOLED = Question(
    read=lambda answer: np.asarray(answer, float),
    form=("The answer is a 2×2 list of numbers.", "答案是一个 2×2 的数字列表。"),
    right=lambda answer: _same(answer, _squares(np.maximum(GRID, 0)).max(axis=-1)),
    why=(
        "Each square of 2×2 keeps its highest value; a square without a positive one keeps 0.",
        "每个 2×2 方格只留下最大值；没有正数的方格留下 0。",
    ),
    misconceptions=(
        Misconception(
            "pooling averages",
            lambda answer: any(_same(answer, _squares(grid).mean(axis=-1)) for grid in (GRID, np.maximum(GRID, 0))),
            (
                "These are means. Average pooling is what LeNet used in 1998; max-pooling keeps the highest value alone.",
                "这是平均值。1998 年的 LeNet 用的是平均池化；最大池化只保留最大的那个值。",
            ),
        ),
        Misconception(
            "ReLU drops the sign",
            lambda answer: _same(answer, _squares(np.abs(GRID)).max(axis=-1)),
            (
                "You dropped the minus signs. ReLU does not turn −7 into 7, it turns it into 0.",
                "你去掉了负号。ReLU 不是把 −7 变成 7，而是变成 0。",
            ),
        ),
        Misconception(
            "pooling is enough",
            lambda answer: _same(answer, _squares(GRID).max(axis=-1)),
            (
                "That is pooling without ReLU: a negative number is left where a square has nothing else.",
                "你只做了池化，没有做 ReLU：全是负数的方格里还留着负数。",
            ),
        ),
        Misconception(
            "squares overlap",
            lambda answer: answer.shape == (3, 3),
            (
                "The squares do not overlap: they move on by 2, so a grid of 4×4 gives 2×2.",
                "方格互不重叠：每次移动 2 格，所以 4×4 得到 2×2。",
            ),
        ),
    ),
)

LENET = NETWORKS["lenet"]
MOST_WEIGHTS = 100_000


def _count(network: Architecture) -> int:
    return network.count_parameters(28, 28, 1, 10)


def _layers(network: Architecture, kind: type) -> list[Any]:
    return [layer for layer in network.layers if isinstance(layer, kind)]


SMALLER = Question(
    read=lambda answer: Architecture.parse(str(answer)),
    form=(
        "The answer is a network as text, such as 'conv 20 5, relu, maxpool 2, dense 10, relu', or an Architecture.",
        "答案是一行网络文字，例如 'conv 20 5, relu, maxpool 2, dense 10, relu'，或者一个 Architecture。",
    ),
    right=lambda network: _layers(network, Conv) == _layers(LENET, Conv) and _count(network) < MOST_WEIGHTS,
    why=(
        "The convolutions are untouched. The weights were where a dense layer meets many values, and that is where you "
        "saved them.",
        "卷积层原封不动。权重集中在全连接层与大量输入相接的地方，你正是在那里省下来的。",
    ),
    misconceptions=(
        Misconception(
            "nothing to change",
            lambda network: network == LENET,
            (
                "That is the network as it was, with 1,256,080 weights. Which line of the table has most of them?",
                "这还是原来的网络，有 1,256,080 个权重。表里哪一行占了绝大部分？",
            ),
        ),
        Misconception(
            "convolutions are heavy",
            lambda network: _layers(network, Conv) != _layers(LENET, Conv),
            (
                "You changed a convolution. Both together hold 25,570 weights, 2 %: a kernel is used at every place and "
                "stored once. Leave them as they are.",
                "你改了卷积层。两个卷积层一共只有 25,570 个权重，占 2 %：一个卷积核用在所有位置，却只存一份。请保持它们不变。",
            ),
        ),
        Misconception(
            "pooling costs weights",
            lambda network: len(_layers(network, Pool)) < len(_layers(LENET, Pool)),
            (
                "Without a pooling layer there are more weights, not fewer: pooling has none itself, and the dense layer "
                "behind it gets four times as many inputs.",
                "去掉池化层，权重反而更多：池化本身没有权重，而后面的全连接层的输入变成了四倍。",
            ),
        ),
        Misconception(
            "a little less is enough",
            lambda network: _count(network) >= MOST_WEIGHTS,
            (
                "Still 100,000 or more. Each unit of the dense layer has a weight for each of its 2,450 inputs: how many "
                "units can you afford?",
                "还是不少于 100,000。全连接层的每个单元对 2,450 个输入各有一个权重：你负担得起多少个单元？",
            ),
        ),
    ),
)
