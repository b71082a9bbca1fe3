"""A model file from the weights of a Keras network."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lenet.datasets import load_dataset
from lenet.errors import LenetError
from lenet.evaluation import evaluate
from lenet.model.file import MOST_BYTES, decode_model, encode_model, write_model
from lenet.model.metadata import Metadata
from lenet.model.runtime import Model
from lenet.network.architecture import Architecture
from lenet.training.train import refuse_difference
from lenet.weights_file import open_keras_file

# Sides of square inputs that are tried. Several others would have arrays of the same shapes.
SIDES = (28, 32, 64, 96, 128, 224)


class Converted(NamedTuple):
    """A model file that was written.

    Attributes:
        metadata: Of the file; with the accuracy on MNIST's test part when the network reads digits.
        said: How the order of axes was found; empty when the file says it.
    """

    metadata: Metadata
    said: str


def convert_weights(path: Path, out: Path, network: Architecture | None = None) -> Converted:
    """Write the network of a file that Keras 1, 2 or 3 wrote as a model file.

    Args:
        path: Weights alone, or a whole network.
        out: The model file.
        network: Its layers; by default convolutions with relu and max-pooling by 2, and dense layers with relu, as
            many and as large as in the file.

    Raises:
        LenetError: when the file cannot be read, or its arrays are not those of the network.
    """
    shapes = _shapes(path)
    from lenet.network.build import build  # here, since TensorFlow takes seconds to load

    depth, classes = shapes[0][2] if len(shapes[0]) == 4 else 1, shapes[-1][1]
    architecture, side = _place(path, shapes, network, depth, classes)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        built = build(architecture, side, side, depth, classes, path)
    digits = (side, depth, classes) == (28, 1, 10)
    metadata = Metadata(
        tuple(map(str, range(classes))), side, side, depth, network=str(architecture),
        framing="mark" if digits else "whole", recipe={"data": "mnist", "split": "own"} if digits else {},
    )  # fmt: skip
    names = [name for placed in metadata.layers for name in placed.weight_shapes]
    weights = {name: value.numpy() for name, value in zip(names, built.weights, strict=True)}
    model = Model(decode_model(encode_model(weights, metadata)), name=str(path))
    images = np.random.default_rng(0).integers(0, 256, (64, side, side, depth), dtype=np.uint8)
    refuse_difference(model.predict(images), built, images)
    if digits:
        evaluation = evaluate(model, load_dataset("mnist").split("own").test)
        metadata = replace(metadata, test_accuracy=evaluation.accuracy, test_n=evaluation.n)
    write_model(out, weights, metadata)
    return Converted(metadata, " ".join(str(warning.message) for warning in caught if warning.category is UserWarning))


def _shapes(path: Path) -> list[tuple[int, ...]]:
    """Shapes of the kernels: ``(row, column, channel, filter)`` or ``(input, output)``."""
    with open_keras_file(path) as file:
        stored = [file.shape(name) for name in file.names[::2]]
    shapes: list[tuple[int, ...]] = []
    channels = 0
    for shape in stored:
        if len(shape) == 4:
            first, second, third, fourth = shape
            turned = first != second or (third == fourth and channels not in (0, third))
            shapes.append((third, fourth, second, first) if turned else shape)
            channels = shapes[-1][3]
        else:
            shapes.append(shape)
    if 4 * sum(map(prod, shapes)) > MOST_BYTES:
        raise LenetError(f"{path}: claims arrays of more than {MOST_BYTES >> 20} MiB, what a model file holds")
    if not shapes or len(shapes[-1]) != 2:
        raise LenetError(f"{path}: has no dense layer at its end: not a LeNet's weights file")
    return shapes


def _place(
    path: Path, shapes: Sequence[tuple[int, ...]], network: Architecture | None, depth: int, classes: int
) -> tuple[Architecture, int]:
    """The architecture and the side of its input that have kernels of these shapes."""
    convolutions = [shape for shape in shapes if len(shape) == 4]
    tried = [network] if network is not None else [_usual(convolutions, shapes, padding) for padding in ("", " valid")]
    for side in SIDES:
        for architecture in tried:
            try:
                placed = architecture.place(side, side, depth, classes)
            except LenetError:
                continue
            kernels = [shape for it in placed for shape in list(it.weight_shapes.values())[:1]]
            if kernels == list(shapes):
                return architecture, side
    raise LenetError(f"{path}: its arrays are not those of {network or 'a LeNet'}; name its layers with --network")


def _usual(convolutions: Sequence[tuple[int, ...]], shapes: Sequence[tuple[int, ...]], padding: str) -> Architecture:
    words = [f"conv {shape[3]} {shape[0]}{padding}, relu, maxpool 2" for shape in convolutions]
    words += [f"dense {shape[1]}, relu" for shape in shapes[len(convolutions) : -1]]
    return Architecture.parse(", ".join(words))
