"""A network in integers, as the C export computes it: 8-bit pixels, weights and activations, 32-bit sums.

An activation is ``scale · (integer - zero)`` with an integer from 0 to 255; 0 is exact, as padding needs. After ReLU
nothing is negative, so ``zero`` is 0 and the clipping to 0…255 is the ReLU itself. Source: Jacob et al., "Quantization
and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", 2018.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.datasets.dataset import Images
from lenet.errors import LenetError
from lenet.export.steps import Step, group_layers
from lenet.export.target import Probabilities
from lenet.model.file import ModelFile
from lenet.model.graph import Array
from lenet.model.preprocessing import softmax
from lenet.model.runtime import Model

Int8 = npt.NDArray[np.int8]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
LARGEST_WEIGHT, LARGEST_ACTIVATION = 127, 255
# A sum must fit 32 bits; half of the range is for the bias, half for the products.
LARGEST_BIAS, LARGEST_SUM = 1 << 30, (1 << 31) - 1
# Images per call; the windows of the widest layer take some 80 MB for so many.
BATCH = 100


@dataclass(frozen=True)
class IntegerWeights:
    """The weights of one step."""

    kernel: Int8  # int8 ``(rows, k, k, depth)`` or ``(rows, inputs)``, one row for each filter or unit
    bias: Int32  # int32 ``(rows,)``, in units of input scale times kernel scale
    scale: Array  # factor from a sum to a real number, float32 ``(rows,)``
    multiplier: Int32  # with ``shift``, turns a sum into an 8-bit activation: ``sum · multiplier / 2^shift``
    shift: npt.NDArray[np.uint8]  # uint8 ``(rows,)``

    @property
    def largest_sum(self) -> int:
        """Upper bound of any sum."""
        weights = np.abs(self.kernel.reshape(len(self.kernel), -1).astype(np.int64)).sum(axis=1)
        return int((weights * LARGEST_ACTIVATION + np.abs(self.bias.astype(np.int64))).max())

    def sums(self, windows: npt.NDArray[Any]) -> Int64:
        """Exact sums ``(…, rows)`` for integers ``(…, weights of a row)``."""
        rows = self.kernel.reshape(len(self.kernel), -1)
        # Floating point adds integers exactly, and fast, as long as they fit its 24 or 53 bits.
        exact = np.float32 if self.largest_sum < 1 << 24 else np.float64
        products = windows.astype(exact) @ rows.T.astype(exact)
        return np.asarray(products.astype(np.int64) + self.bias)

    def requantize(self, sums: Int64) -> Int64:
        """Sums ``(…, rows)`` in units of the output scale, rounded half away from zero."""
        shift = self.shift.astype(np.int64)
        scaled = (np.abs(sums) * self.multiplier.astype(np.int64) + (np.int64(1) << (shift - 1))) >> shift
        return np.asarray(np.sign(sums) * scaled)


@dataclass(frozen=True)
class IntegerStep:
    """A step in integers."""

    step: Step
    input_zero: int  # integer that stands for 0 in its input
    output_zero: int  # integer that stands for 0 in its output
    weights: IntegerWeights | None  # None for a step without weights, whose scale does not change

    def sums(self, activations: npt.NDArray[np.uint8]) -> Int64:
        """Sums before requantization, ``(n, rows, columns, filters)``."""
        activations = activations.reshape(len(activations), *self.step.input_shape)
        if self.weights is None:
            return activations.astype(np.int64) - self.input_zero
        return self.weights.sums(windows(activations.astype(np.int16) - self.input_zero, self.step))

    def activations(self, inputs: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """The step's output ``(n, rows, columns, filters)``."""
        sums, size = self.sums(inputs), self.step.pool_size
        n, _, _, filters = sums.shape
        rows, columns, _ = self.step.output_shape
        whole = sums[:, : rows * size, : columns * size].reshape(n, rows, size, columns, size, filters)
        if self.step.pool == "max":
            return self._requantize(whole.max(axis=(2, 4)))
        count = size * size
        total = self._requantize(whole).astype(np.int64).sum(axis=(2, 4))
        return np.asarray(((2 * total + count) // (2 * count)).astype(np.uint8))

    def _requantize(self, sums: Int64) -> npt.NDArray[np.uint8]:
        scaled = sums if self.weights is None else self.weights.requantize(sums)
        return np.asarray(np.clip(scaled + self.output_zero, 0, LARGEST_ACTIVATION).astype(np.uint8))


class IntegerNetwork:
    """A model's network in integers, calibrated on images."""

    def __init__(self, file: ModelFile, images: Images) -> None:
        """Quantize a model of temperature 1; training ``images`` give the range of activations.

        LenetError for sums that do not fit 32 bits; ``refuse_activations`` comes before.
        """
        steps = group_layers(file.metadata.layers)
        ranges = activation_ranges(file, images, steps)
        self.steps: list[IntegerStep] = []
        scale, zero = np.float32(file.metadata.pixel_scale), 0
        for step in steps:
            weights, output_zero = None, 0 if step.activation == "relu" else zero
            if step.weights is not None:
                lowest, highest = ranges[step]
                output_scale = np.float32((highest - lowest) / LARGEST_ACTIVATION)
                output_zero = round(-lowest / float(output_scale))
                kernel, bias = (file.weights[f"{step.weights}/{kind}"] for kind in ("kernel", "bias"))
                weights = _quantize(as_rows(kernel), bias, scale, output_scale)
                if weights.largest_sum > LARGEST_SUM:
                    raise LenetError(f"c: {step.weights} is too wide for 32-bit sums; use --format c-float")
                scale = output_scale
            self.steps.append(IntegerStep(step, zero, output_zero, weights))
            zero = output_zero

    def predict(self, images: Images) -> Probabilities:
        """Probabilities ``(n, classes)`` of uint8 images ``(n, height, width, depth)``, as the C code computes them."""
        return np.concatenate([self._predict(images[i : i + BATCH]) for i in range(0, len(images), BATCH)])

    def _predict(self, activations: npt.NDArray[np.uint8]) -> Probabilities:
        *hidden, last = self.steps
        for step in hidden:
            activations = step.activations(activations)
        assert last.weights is not None  # it is the last dense layer
        return softmax(last.sums(activations).reshape(len(activations), -1).astype(np.float32) * last.weights.scale)


def refuse_activations(steps: tuple[Step, ...]) -> None:
    """LenetError for activations other than ReLU."""
    for step in steps:
        if step.activation not in (None, "relu"):
            raise LenetError(f"{step.activation} is not available in integers; use --format c-float")


def as_rows(kernel: Array) -> Array:
    """A kernel in Keras's layout as one row a filter or unit: ``(filters, k, k, depth)`` or ``(units, inputs)``."""
    return np.ascontiguousarray(np.moveaxis(kernel, -1, 0))


def quantize_rows(kernel: Array, smallest_scale: npt.NDArray[np.floating] | None = None) -> tuple[Int8, Array]:
    """Round each row (the weights of one filter or unit) to 8-bit integers with a scale of its own, symmetric around 0.

    Args:
        kernel: ``(rows, …)``.
        smallest_scale: Lower bound of each row's scale, ``(rows,)``.

    Returns:
        int8 of the same shape, and the scale of each row, float32: ``kernel ≈ integers · scale``.
    """
    rows = kernel.reshape(len(kernel), -1)
    scale = np.abs(rows).max(axis=1) / np.float32(LARGEST_WEIGHT)
    if smallest_scale is not None:
        scale = np.maximum(scale, smallest_scale)
    scale = np.where(scale > 0, scale, 1).astype(np.float32)
    return np.rint(rows / scale[:, np.newaxis]).astype(np.int8).reshape(kernel.shape), scale


def _quantize(kernel: Array, bias: Array, input_scale: np.float32, output_scale: np.float32) -> IntegerWeights:
    smallest_scale = np.abs(bias) / (input_scale * np.float32(LARGEST_BIAS))
    integers, scale = quantize_rows(kernel, smallest_scale)
    sum_scale = scale * input_scale
    # The multiplier takes 31 bits of the ratio, the shift the rest.
    fraction, exponent = np.frexp(sum_scale.astype(np.float64) / np.float64(output_scale))
    multiplier = np.minimum(np.rint(fraction * (1 << 31)), LARGEST_SUM)
    shift = 31 - exponent
    if shift.min() < 1:
        raise LenetError("c: its weights are too large for 8-bit activations; use --format c-float")
    multiplier[shift > 62] = 0  # such a sum rounds to 0
    return IntegerWeights(
        integers,
        np.rint(bias / sum_scale).astype(np.int32),
        sum_scale,
        multiplier.astype(np.int32),
        np.minimum(shift, 62).astype(np.uint8),
    )


def activation_ranges(file: ModelFile, images: Images, steps: tuple[Step, ...]) -> dict[Step, tuple[float, float]]:
    """Range of the values that each step with weights requantizes, 0 included; 0 to 1 where all are 0."""
    model = Model(file)
    # The average is taken of requantized values, the maximum before.
    names = {step: step.layers[-1 if step.pool == "max" else -2] for step in steps if step.weights}
    ranges = dict.fromkeys(names, (0.0, 0.0))
    for image in images:
        activations = model.activations(image)
        for step, name in names.items():
            lowest, highest = ranges[step]
            values = activations[name]
            ranges[step] = min(lowest, float(values.min())), max(highest, float(values.max()))
    return {step: (0.0, 1.0) if found == (0, 0) else found for step, found in ranges.items()}


def windows(images: npt.NDArray[Any], step: Step) -> npt.NDArray[Any]:
    """Inputs of the kernel at each of its places, ``(n, rows, columns, k·k·depth)``, padded with 0."""
    size, stride = step.kernel_size, step.stride
    sides = zip(step.map_shape, images.shape[1:3], (step.top, step.left), strict=True)
    padding = [(before, max(0, (places - 1) * stride + size - pixels - before)) for places, pixels, before in sides]
    padded = np.pad(images, ((0, 0), *padding, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(1, 2))[:, ::stride, ::stride]
    rows, columns = step.map_shape
    windows = windows[:, :rows, :columns].transpose(0, 1, 2, 4, 5, 3)
    return windows.reshape(len(images), rows, columns, -1)
