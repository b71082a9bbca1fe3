"""Lessons 3 to 6: a kernel, feature maps, pooling, and where the weights are."""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.lessons.check import Question
from lenet.model.runtime import Model
from lenet.network.architecture import Architecture, Conv, Pool
from lenet.network.named import NETWORKS

Array = npt.NDArray[np.float64]
# The right edge of a stroke in two places of a patch: ink is 1. At a left edge it is the paper that is 1, and a kernel
# whose weights add up to 0 gives the negative.
RIGHT_EDGES = np.array([[[1, 0, 0]] * 3, [[1, 1, 0]] * 3])


def _respond(kernel: Array) -> Array:
    return np.asarray((kernel * RIGHT_EDGES).sum(axis=(1, 2)))


def _turn(kernel: Array) -> float:
    """How much more it responds to upper and lower edges than to left and right ones."""
    return float(np.abs(_respond(kernel.T)).max() - np.abs(_respond(kernel)).max())


KERNEL = Question(
    read=lambda answer: np.asarray(answer, float),
    right=lambda kernel: (
        kernel.shape == (3, 3) and abs(kernel.sum()) < 1e-6 and _respond(kernel).min() >= 0 and _turn(kernel) < 0
    ),
    misconceptions={
        "any size": lambda kernel: kernel.shape != (3, 3),
        "bright is enough": lambda kernel: abs(kernel.sum()) >= 1e-6,
        "rows are columns": lambda kernel: _turn(kernel) > 0,
        "the kernel is flipped": lambda kernel: _respond(kernel).max() <= 0 > _respond(kernel).min(),
    },
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
    read=lambda answer: int(str(answer)),  # int() alone takes True for 1 and 3.9 for 3
    right=lambda number: number == _maps()["right"],
    misconceptions={
        "counting from 1": lambda number: number == _maps()["right"] + 1,
        "a map belongs to a digit": lambda number: number == _maps()["other bar"],
        "bright all over": lambda number: number == _maps()["everywhere"],
    },
    has_form=lambda number: 0 <= number < 20,
)

GRID = np.array([[-5, 2, -3, -1], [1, -3, -2, -4], [3, 0, 1, 6], [-7, 4, -8, 2]], float)


def _squares(values: Array) -> Array:
    """The four squares of 2×2 that do not overlap, ``(2, 2, 4)``."""
    return values.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3).reshape(2, 2, 4)


def _same(answer: Array, expected: Array) -> bool:
    return answer.shape == expected.shape and bool(np.allclose(answer, expected))


POOLED = Question(
    read=lambda answer: np.asarray(answer, float),
    right=lambda answer: _same(answer, _squares(np.maximum(GRID, 0)).max(axis=-1)),
    misconceptions={
        "pooling averages": lambda answer: any(
            _same(answer, _squares(grid).mean(axis=-1)) for grid in (GRID, np.maximum(GRID, 0))
        ),
        "ReLU drops the sign": lambda answer: _same(answer, _squares(np.abs(GRID)).max(axis=-1)),
        "pooling is enough": lambda answer: _same(answer, _squares(GRID).max(axis=-1)),
        "squares overlap": lambda answer: answer.shape == (3, 3),
    },
    has_form=lambda answer: answer.shape == (2, 2),
)

LENET = NETWORKS["lenet"]
MOST_WEIGHTS = 100_000


def _count(network: Architecture) -> int:
    return network.count_parameters(28, 28, 1, 10)


def _layers(network: Architecture, kind: type) -> list[Any]:
    return [layer for layer in network.layers if isinstance(layer, kind)]


SMALLER = Question(
    read=lambda answer: Architecture.parse(str(answer)),
    right=lambda network: _layers(network, Conv) == _layers(LENET, Conv) and _count(network) < MOST_WEIGHTS,
    misconceptions={
        "nothing to change": lambda network: network == LENET,
        "convolutions are heavy": lambda network: _layers(network, Conv) != _layers(LENET, Conv),
        "pooling costs weights": lambda network: len(_layers(network, Pool)) < len(_layers(LENET, Pool)),
        "a little less is enough": lambda network: _count(network) >= MOST_WEIGHTS,
    },
)
