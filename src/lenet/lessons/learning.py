"""Lessons 7 to 10: probabilities, a step of training, a fair test, a network of one's own."""

import math
import re
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.errors import LenetError
from lenet.lessons.check import Question
from lenet.network.architecture import Activation, Architecture, Conv, Dense, Layer, Pool

Array = npt.NDArray[np.float64]
LOGITS = np.array([1.0, 2.0, 3.0])
NEAR = 0.006  # a hand rounds to two decimals


def _near(answer: Array, expected: Any) -> bool:
    return answer.shape == LOGITS.shape and bool(np.abs(answer - expected).max() < NEAR)


def _shares(values: Array) -> Array:
    return np.asarray(values / values.sum())


SOFTMAX = Question(
    read=lambda answer: np.asarray(answer(LOGITS.copy()) if callable(answer) else answer, float),
    right=lambda answer: _near(answer, _shares(np.exp(LOGITS))),
    misconceptions={
        "shares of the scores": lambda answer: _near(answer, _shares(LOGITS)),
        "no sum": lambda answer: _near(answer, np.exp(LOGITS)),
        "the winner takes all": lambda answer: _near(answer, LOGITS.max() == LOGITS),
        "each on its own": lambda answer: _near(answer, 1 / (1 + np.exp(-LOGITS))),
        "low scores win": lambda answer: _near(answer, _shares(np.exp(-LOGITS))),
    },
    has_form=lambda answer: answer.shape == LOGITS.shape,
)

# A weight, its gradient, and the learning rate.
WEIGHT, GRADIENT, RATE, LOWEST = 3.0, -2.0, 0.25, 4.0


def _is(expected: float) -> Any:
    return lambda answer: abs(answer - expected) < 1e-6


STEP = Question(
    read=lambda answer: float(answer(WEIGHT) if callable(answer) else answer),
    right=_is(WEIGHT - RATE * GRADIENT),
    misconceptions={
        "along the gradient": _is(WEIGHT + RATE * GRADIENT),
        "the whole gradient": _is(WEIGHT - GRADIENT),
        "the whole gradient along": _is(WEIGHT + GRADIENT),
        "no step": _is(WEIGHT),
        "straight to the minimum": _is(LOWEST),
        "the step is the weight": lambda answer: abs(abs(answer) - abs(RATE * GRADIENT)) < 1e-6,
    },
    has_form=math.isfinite,
)

FAIR = Question(
    read=lambda answer: float(str(answer).replace(",", "").replace("_", "")),
    right=lambda n: 7_500 <= n <= 12_500,  # the square root says 10,000, Wilson's interval 8,100
    misconceptions={
        "ten times as many": lambda n: 900 <= n <= 1_100,
        "a thousand times as many": lambda n: 90_000 <= n <= 110_000,
        "size does not matter": lambda n: 1 <= n <= 100,
        "training images count": lambda n: n in (60_000, 70_000),
    },
    has_form=lambda n: 1 <= n < math.inf,
)

START = Architecture.parse("conv 8 3, relu, maxpool 2, dense 64, relu")
RELU = Activation("relu")


def _layers(text: str) -> tuple[Layer, ...]:
    """Its layers; none where it is no network."""
    try:
        network = Architecture.parse(text)
        network.place(28, 28, 1, 10)
    except LenetError:
        return ()
    return network.layers


def _changes(text: str) -> int:
    """Number of layers that differ from the network to start from, in effect."""
    start, changed = _effective(START.layers), _effective(_layers(text))
    operations = SequenceMatcher(None, start, changed, autojunk=False).get_opcodes()
    return sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in operations if tag != "equal")


def _effective(given: tuple[Layer, ...]) -> list[Layer]:
    """The layers in one order, without those that change nothing; pooling over what was pooled alike is one layer."""
    layers: list[Layer] = []
    negative = False  # whether a value may be; pixels are not
    for layer in given:
        last = layers[-1] if layers else None
        if layer in (Pool("max", 1), Pool("average", 1)) or (layer == RELU and not negative):
            continue
        if isinstance(last, Pool) and isinstance(layer, Pool) and last.kind == layer.kind:
            layers[-1] = Pool(last.kind, last.size * layer.size)
            continue
        place = len(layers)
        alike = ("max", "tanh") if layer == RELU else ("max",)  # before these, an activation gives the same as after
        while isinstance(layer, Activation) and place and getattr(layers[place - 1], "kind", "") in alike:
            place -= 1
        layers.insert(place, layer)
        negative = isinstance(layer, Conv | Dense) or (negative and layer not in (RELU, Activation("sigmoid")))
    return layers


def _joins_dense(text: str) -> bool:
    """Whether a dense layer follows directly on another, the implied last one included."""
    return (Dense, Dense) in pairwise([*map(type, _layers(text)), Dense])


CHANGED = Question(
    read=lambda answer: " ".join(str(answer).lower().split()),
    right=lambda text: _changes(text) == 1 and not _joins_dense(text),
    misconceptions={
        "training changes layers": lambda text: _layers(text) == START.layers,
        "the end must be written": lambda text: "softmax" in text or "flatten" in text,
        "a convolution after a dense layer": lambda text: bool(re.search("dense.*(conv|pool)", text)),
        "two dense layers see more": _joins_dense,
        "every layer does something": lambda text: _changes(text) == 0,
        "several at once": lambda text: bool(_layers(text)) and _changes(text) > 1,
    },
    has_form=lambda text: bool(_layers(text)),
)
