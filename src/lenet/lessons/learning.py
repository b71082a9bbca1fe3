"""Lessons 7 to 10: probabilities, a step of training, a fair test, a network of one's own."""

from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.errors import LenetError
from lenet.lessons.check import Misconception, Question
from lenet.network.architecture import Activation, Architecture, Conv, Dense, Pool

Array = npt.NDArray[np.float64]
LOGITS = np.array([1.0, 2.0, 3.0])
NEAR = 0.006  # a hand rounds to two decimals


def _near(answer: Array, expected: Any) -> bool:
    return answer.shape == LOGITS.shape and bool(np.abs(answer - expected).max() < NEAR)


def _shares(values: Array) -> Array:
    return np.asarray(values / values.sum())


SOFTMAX = Question(
    read=lambda answer: np.asarray(answer(LOGITS.copy()) if callable(answer) else answer, float),
    form=(
        "The answer is a function of an array of scores, or its three results for the scores 1, 2 and 3.",
        "答案是一个以得分数组为输入的函数，或者得分 1、2、3 对应的三个结果。",
    ),
    right=lambda answer: _near(answer, _shares(np.exp(LOGITS))),
    why=(
        "eˣ makes every score positive, and the division makes the sum 1. One point more is always a factor of 2.72.",
        "eˣ 让每个得分都变成正数，再除以总和，加起来就是 1。得分每多 1，份额就乘以 2.72。",
    ),
    misconceptions=(
        Misconception(
            "shares of the scores",
            lambda answer: _near(answer, _shares(LOGITS)),
            (
                "These are shares of the scores themselves. Scores may be negative, and then such shares make no sense; "
                "first raise e to each.",
                "这是得分本身的份额。得分可能是负数，那时这样的份额没有意义；先对每个得分取 eˣ。",
            ),
        ),
        Misconception(
            "no sum",
            lambda answer: _near(answer, np.exp(LOGITS)),
            (
                "The powers of e are right, but they add up to more than 1. Divide each by their sum.",
                "e 的幂算对了，但加起来大于 1。每一个都要除以总和。",
            ),
        ),
        Misconception(
            "the winner takes all",
            lambda answer: _near(answer, LOGITS.max() == LOGITS),
            (
                "That is the maximum, not the softmax: the second best keeps a share, and how much says how close it was.",
                "这是取最大值，不是 softmax：第二名也有份额，份额多少说明差距大小。",
            ),
        ),
        Misconception(
            "each on its own",
            lambda answer: _near(answer, 1 / (1 + np.exp(-LOGITS))),
            (
                "That is a sigmoid for each score alone. In a softmax the classes compete: if one goes up, the others go "
                "down.",
                "这是对每个得分单独做 sigmoid。softmax 里各类别互相竞争：一个升高，其他就降低。",
            ),
        ),
    ),
)

# A weight, its gradient, and the learning rate.
WEIGHT, GRADIENT, RATE, LOWEST = 3.0, -2.0, 0.25, 4.0


def _is(expected: float) -> Any:
    return lambda answer: abs(answer - expected) < 1e-6


STEP = Question(
    read=lambda answer: float(answer(WEIGHT) if callable(answer) else answer),
    form=(
        "The answer is the new weight as a number, or a function from the old weight to the new one.",
        "答案是新的权重（一个数），或者从旧权重算出新权重的函数。",
    ),
    right=_is(WEIGHT - RATE * GRADIENT),
    why=(
        "3 − 0.25 × (−2) = 3.5: against the gradient, a quarter of it. The loss falls from 1 to 0.25.",
        "3 − 0.25 × (−2) = 3.5：沿梯度的反方向走，走它的四分之一。损失从 1 降到 0.25。",
    ),
    misconceptions=(
        Misconception(
            "along the gradient",
            _is(WEIGHT + RATE * GRADIENT),
            (
                "The gradient points to where the loss grows. You went that way: at 2.5 the loss is 2.25. Subtract it.",
                "梯度指向损失增大的方向，你正是往那边走的：在 2.5 处损失是 2.25。应当减去它。",
            ),
        ),
        Misconception(
            "the whole gradient",
            _is(WEIGHT - GRADIENT),
            (
                "You subtracted the whole gradient, without the learning rate. At 5 you are past the minimum, and the loss "
                "is 1 again.",
                "你减去了整个梯度，没有乘学习率。走到 5 就越过了最低点，损失又是 1。",
            ),
        ),
        Misconception(
            "straight to the minimum",
            _is(LOWEST),
            (
                "4 is the minimum, but one step does not lead there. A network has no formula for it; it only sees the "
                "slope where it stands.",
                "4 是最低点，但一步到不了。网络没有直接求最低点的公式，它只看得到脚下的坡度。",
            ),
        ),
        Misconception(
            "the step is the weight",
            lambda answer: abs(abs(answer) - abs(RATE * GRADIENT)) < 1e-6,
            (
                "That is the length of the step. The new weight is the old one with the step taken: start from 3.",
                "这是步长。新权重是旧权重走完这一步之后的值：从 3 出发。",
            ),
        ),
    ),
)

FAIR = Question(
    read=lambda answer: float(str(answer).replace(",", "").replace("_", "")),
    form=(
        "The answer is a number of images, such as 500.",
        "答案是图片的张数，例如 500。",
    ),
    right=lambda n: 9_000 <= n <= 12_000,
    why=(
        "The width falls with the square root of the number: a tenth of the width takes a hundred times the images.",
        "区间宽度与张数的平方根成反比：宽度缩小到十分之一，张数要增加到一百倍。",
    ),
    misconceptions=(
        Misconception(
            "ten times as many",
            lambda n: 900 <= n <= 1_100,
            (
                "Ten times the images make the interval about 3 times narrower, not 10 times: chance averages out with "
                "the square root.",
                "张数增加到 10 倍，区间只窄到大约三分之一，而不是十分之一：偶然误差按平方根减小。",
            ),
        ),
        Misconception(
            "size does not matter",
            lambda n: n <= 100,
            (
                "With as many images or fewer, the interval is as wide or wider. Only more images make it narrower.",
                "张数不变或更少，区间只会一样宽或更宽。只有更多图片才能让它变窄。",
            ),
        ),
        Misconception(
            "training images count",
            lambda n: n in (60_000, 70_000),
            (
                "That counts the training images, too. A network has seen those with their labels: reading them proves "
                "nothing about new ones.",
                "这把训练图片也算进去了。网络见过它们和它们的标签，读对它们并不能说明会读新的。",
            ),
        ),
    ),
)

START = Architecture.parse("conv 8 3, relu, maxpool 2, dense 64, relu")
RELU = Activation("relu")
TWO_DENSE, TWO_RELU = (Dense, Dense), (RELU, RELU)


def _parsed(text: str) -> Architecture | None:
    try:
        network = Architecture.parse(text)
        network.place(28, 28, 1, 10)
    except LenetError:
        return None
    return network


def _changes(network: Architecture) -> int:
    """Number of layers that differ from the network to start from."""
    old, new = list(map(str, START.layers)), list(map(str, network.layers))
    operations = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in operations if tag != "equal")


def _follow(text: str, pair: tuple[Any, Any]) -> bool:
    """Whether a layer of the first kind is followed by one of the second; RELU is a layer, not a kind."""
    network = _parsed(text)
    layers = network.layers if network else ()
    kinds = [layer if layer == RELU else type(layer) for layer in layers]
    return pair in pairwise(kinds)


def _convolves_late(text: str) -> bool:
    try:
        layers = Architecture.parse(text).layers
    except LenetError:
        return False
    dense = [place for place, layer in enumerate(layers) if isinstance(layer, Dense)]
    return any(isinstance(layer, Conv | Pool) for layer in layers[min(dense, default=len(layers)) :])


def _is_changed(text: str) -> bool:
    network = _parsed(text)
    idle = _follow(text, TWO_DENSE) or _follow(text, TWO_RELU)
    return network is not None and not idle and _changes(network) == 1


CHANGED = Question(
    read=lambda answer: ", ".join(part.strip() for part in str(answer).lower().split(",")),
    form=(
        f"The answer is a network as text or as an Architecture, with one layer changed in: {START}",
        f"答案是一行网络文字或一个 Architecture，只改动这个网络的一层：{START}",
    ),
    right=_is_changed,
    why=(
        "One layer differs, and the network computes something else. Trained alike, any difference comes from it.",
        "只有一层不同，网络计算的东西就变了。其他条件相同，训练结果的差别就来自这一层。",
    ),
    misconceptions=(
        Misconception(
            "training changes layers",
            lambda text: text == str(START),
            (
                "That is the same network. Training changes its weights, never its layers.",
                "这还是同一个网络。训练改变的是权重，从不改变层。",
            ),
        ),
        Misconception(
            "the end must be written",
            lambda text: "softmax" in text or "flatten" in text,
            (
                "Flatten, the last dense layer and the softmax are implied: every network needs them, so the text leaves "
                "them out.",
                "展平、最后的全连接层和 softmax 是默认的：每个网络都需要，所以文字里不写。",
            ),
        ),
        Misconception(
            "a convolution after a dense layer",
            _convolves_late,
            (
                "Convolution and pooling need rows and columns, and a dense layer leaves none: put them before it.",
                "卷积和池化需要行和列，而全连接层之后没有行列了：请把它们放在全连接层之前。",
            ),
        ),
        Misconception(
            "two dense layers see more",
            lambda text: _follow(text, TWO_DENSE),
            (
                "Two dense layers with nothing between them compute what one can: a sum of sums is a sum. Put an "
                "activation between them.",
                "两个全连接层之间什么都没有，等于一层：和的和还是和。中间要放一个激活函数。",
            ),
        ),
        Misconception(
            "ReLU twice is more",
            lambda text: _follow(text, TWO_RELU),
            (
                "The second activation does nothing that the first has not done: the ReLU of a ReLU is the ReLU.",
                "第二个激活函数没有作用：对 ReLU 的结果再做 ReLU，还是同样的结果。",
            ),
        ),
        Misconception(
            "several at once",
            lambda text: (network := _parsed(text)) is not None and _changes(network) > 1,
            (
                "More than one layer changed. If the accuracy differs, you will not know which of them did it.",
                "改动了不止一层。如果准确率变了，你不会知道是哪一层造成的。",
            ),
        ),
    ),
)
