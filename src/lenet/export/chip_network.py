"""A network in integers for the smallest chips: 8, 4 or 2 bits a weight, 8-bit activations, 32-bit sums.

A weight of b bits is an odd number from -(2^b - 1) to 2^b - 1, times the scale of its filter. An activation is an
integer from 0 to 255 times the scale of its layer. From a sum to an activation takes two shifts, a 16-bit bias and a
15-bit multiplier: no product exceeds 32 bits, and no number is divided. ``chip_source/lenet.c`` computes the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.datasets.dataset import Images
from lenet.errors import LenetError
from lenet.export.integer_network import BATCH, LARGEST_ACTIVATION, as_rows, refuse_activations, windows
from lenet.export.steps import Step, group_layers
from lenet.export.target import Probabilities
from lenet.model.file import ModelFile
from lenet.model.graph import Array
from lenet.model.preprocessing import softmax
from lenet.network.architecture import Shape

# Of a shifted sum with its bias, and of a multiplier: their product has a sign and 30 bits.
SUM_BITS = MULTIPLIER_BITS = 15
# Scores are logits times this.
SCORE_UNIT = 256
# The C code counts rows and columns in a byte, and the places of a buffer in two.
LARGEST_SIDE, LARGEST_COUNT = 255, 65_535

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ChipStep:
    """A convolution with ReLU and max-pooling; a dense layer is one whose kernel covers its whole input."""

    step: Step
    input_shape: Shape  # ``(height, width, channels)``
    dense: bool
    kernel_shape: tuple[int, int]  # ``(rows, columns)``
    weights: Integers  # odd numbers ``(filters, rows, columns, channels)``
    bias: Integers  # int16 ``(filters,)``, added to sums that were shifted by ``before``
    multiplier: Integers  # ``(filters,)``, from 0 to 2^15 - 1
    before: int  # shift of the sums
    after: int  # shift of the products
    last: bool  # whether it gives scores, which are not clipped

    def outputs(self, inputs: Integers) -> Integers:
        """Outputs ``(n, rows, columns, filters)``, exactly as the C code computes them."""
        inputs = inputs.reshape(len(inputs), *self.input_shape)
        places = inputs.reshape(len(inputs), 1, 1, -1) if self.dense else windows(inputs, self.step)
        # Floating point adds integers below 2^53 exactly, and fast.
        sums = (places.astype(np.float64) @ self.weights.reshape(len(self.weights), -1).T.astype(np.float64)).astype(
            int
        )
        half = 1 << self.after >> 1
        scaled = (((sums >> self.before) + self.bias) * self.multiplier + half) >> self.after
        if self.last:
            return np.asarray(scaled)
        rows, columns, filters = self.step.output_shape
        size = self.step.pool_size
        whole = scaled[:, : rows * size, : columns * size].reshape(-1, rows, size, columns, size, filters)
        return np.asarray(np.clip(whole.max(axis=(2, 4)), 0, LARGEST_ACTIVATION))


class ChipNetwork:
    """A model's network in integers."""

    def __init__(self, file: ModelFile, ranges: Mapping[Step, tuple[float, float]], bits: int) -> None:
        """Quantize a model of temperature 1; ``ranges`` are those of its activations for training images.

        LenetError for weights that these integers cannot express; ``check`` comes before.
        """
        grouped = group_layers(file.metadata.layers)
        scale = np.float64(file.metadata.pixel_scale)
        shape: Shape = (file.metadata.height, file.metadata.width, file.metadata.depth)
        self.steps: list[ChipStep] = []
        for step in grouped:
            last = step is grouped[-1]
            output_scale = np.float64(1 / SCORE_UNIT if last else ranges[step][1] / LARGEST_ACTIVATION)
            self.steps.append(_quantize(step, file, shape, scale, output_scale, bits, last))
            scale, shape = output_scale, step.output_shape

    def scores(self, images: Images) -> Integers:
        """Scores ``(n, classes)`` of uint8 images ``(n, height, width, depth)``: logits times ``SCORE_UNIT``."""
        return np.concatenate([self._scores(images[i : i + BATCH]) for i in range(0, len(images), BATCH)])

    def predict(self, images: Images) -> Probabilities:
        """Probabilities ``(n, classes)`` of uint8 images ``(n, height, width, depth)``."""
        return probabilities(self.scores(images))

    def _scores(self, images: Images) -> Integers:
        values: Integers = images.astype(np.int64)
        for step in self.steps:
            values = step.outputs(values)
        return values.reshape(len(images), -1)


def probabilities(scores: npt.NDArray[Any]) -> Probabilities:
    """Softmax of scores ``(n, classes)``."""
    return softmax(scores.astype(np.float32) / np.float32(SCORE_UNIT))


def round_to_odd(rows: Array, bits: int) -> tuple[Integers, npt.NDArray[np.float64]]:
    """Each row as odd numbers and a scale of its own; exact for weights that were trained on such a grid.

    Args:
        rows: ``(rows, …)``.
        bits: Of a number.

    Returns:
        Numbers of the same shape, and the scale of each row: ``rows ≈ numbers · scale``.
    """
    largest = (1 << bits) - 1
    flat = rows.reshape(len(rows), -1).astype(np.float64)
    scale = np.abs(flat).max(axis=1) / largest
    scale[scale == 0] = 1e-12  # no number is 0: a row of zeros is one of next to nothing
    numbers = np.clip(np.rint((flat / scale[:, np.newaxis] + largest) / 2), 0, largest) * 2 - largest
    return numbers.astype(np.int64).reshape(rows.shape), scale


def _quantize(
    step: Step, file: ModelFile, shape: Shape, scale: np.float64, output_scale: np.float64, bits: int, last: bool
) -> ChipStep:
    kernel, bias = (file.weights[f"{step.weights}/{kind}"] for kind in ("kernel", "bias"))
    dense = kernel.ndim == 2
    kernel_shape = (shape[0], shape[1]) if dense else (step.kernel_size, step.kernel_size)
    numbers, row_scale = round_to_odd(as_rows(kernel), bits)
    numbers = numbers.reshape(len(numbers), *kernel_shape, shape[2])
    unit = row_scale * scale  # what a sum of 1 stands for
    sums = np.abs(numbers.reshape(len(numbers), -1)).sum(axis=1) * LARGEST_ACTIVATION + np.abs(bias) / unit
    before = max(0, int(np.ceil(np.log2(sums.max() + 1))) - SUM_BITS)
    factor = unit * (1 << before) / output_scale
    after = MULTIPLIER_BITS - int(np.floor(np.log2(factor.max()))) - 1
    if not 0 <= after <= 30:
        raise LenetError(f"{step.weights} has weights too far apart from its activations; use --format c-float")
    multiplier = np.minimum(np.rint(factor * (1 << after)), (1 << MULTIPLIER_BITS) - 1).astype(np.int64)
    rounded = np.rint(bias / (unit * (1 << before))).astype(np.int64)
    return ChipStep(step, shape, dense, kernel_shape, numbers, rounded, multiplier, before, after, last)


def check(steps: tuple[Step, ...], file: ModelFile) -> None:
    """Refuse what the C code does not compute, with the name of the format that does; LenetError."""
    metadata = file.metadata
    refuse_activations(steps)
    for step in steps:
        name = step.layers[0]
        if step.weights is None or (step.activation is None and step is not steps[-1]):
            raise LenetError(f"{name}: a layer without weights or without relu needs --format c, without --bits")
        if step.pool == "average":
            raise LenetError(f"{name}: average pooling needs --format c, without --bits")
        kernel = file.weights[f"{step.weights}/kernel"]
        if max(*step.input_shape[:2], *step.map_shape) > LARGEST_SIDE or max(kernel.shape) > LARGEST_COUNT:
            raise LenetError(
                f"{name}: is larger than {LARGEST_SIDE} pixels or {LARGEST_COUNT:,} inputs; use --format c"
            )
    if metadata.width * metadata.depth > LARGEST_SIDE * 4:
        raise LenetError(f"rows of {metadata.width * metadata.depth} bytes are too long; use --format c")
