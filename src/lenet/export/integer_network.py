"""LeNet in integers, as the C export computes it: 8-bit pixels, weights and activations, 32-bit sums.

Activations are never negative here (pixels, then ReLU), so all 8 bits go to 0…255 and zero is exact, as padding wants.
After Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
2018.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.datasets.dataset import Images
from lenet.errors import LenetError
from lenet.export.layout import channels_last
from lenet.export.quantize import Int8, quantize_rows
from lenet.export.target import Probabilities
from lenet.model.file import ModelFile
from lenet.model.graph import Array
from lenet.model.preprocessing import softmax
from lenet.model.runtime import Model

Int32 = npt.NDArray[np.int32]
LARGEST_ACTIVATION = 255
# A sum must stay within 32 bits; half of that for the bias leaves the other half for the products.
LARGEST_BIAS, LARGEST_SUM = 1 << 30, (1 << 31) - 1
# Images a step; the widest layer's windows of so many have some 80 MB.
BATCH = 100
# After each hidden layer, the tensor that is kept in 8 bits.
HIDDEN = {"conv1": "pool1", "conv2": "pool2", "dense1": "relu3"}


@dataclass(frozen=True)
class IntegerLayer:
    """One layer with weights.

    Attributes:
        kernel: int8, channels last, one row a filter or unit.
        bias: int32 ``(rows,)``, in units of input scale times kernel scale.
        scale: what a sum is worth, float32 ``(rows,)``.
        multiplier: with ``shift``, what turns a sum into an 8-bit activation: ``sum · multiplier / 2^shift``.
        shift: uint8 ``(rows,)``.
    """

    kernel: Int8
    bias: Int32
    scale: Array
    multiplier: Int32
    shift: npt.NDArray[np.uint8]

    def sums(self, windows: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Exact sums ``(…, rows)`` for 8-bit inputs ``(…, weights a row)``."""
        rows = self.kernel.reshape(len(self.kernel), -1)
        # Floating point adds integers exactly, and fast, as long as they stay below its 24 or 53 bits.
        exact = np.float32 if _largest_sum(self) < 1 << 24 else np.float64
        products = windows.astype(exact) @ rows.T.astype(exact)
        return np.asarray(products.astype(np.int64) + self.bias)

    def activations(self, sums: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """ReLU, scaling and rounding of ``(…, rows)`` to 8 bits."""
        shift = self.shift.astype(np.int64)
        scaled = (np.maximum(sums, 0) * self.multiplier.astype(np.int64) + (np.int64(1) << (shift - 1))) >> shift
        return np.asarray(np.minimum(scaled, LARGEST_ACTIVATION).astype(np.uint8))


class IntegerNetwork:
    """A model's network in integers, calibrated on images."""

    def __init__(self, file: ModelFile, images: Images) -> None:
        """Quantize a model of temperature 1.

        Args:
            file: the model.
            images: to see how large activations become, uint8 ``(n, height, width, depth)``; training images.

        Raises:
            LenetError: when its sums do not fit 32 bits.
        """
        weights, largest = channels_last(file), _largest_activations(file, images)
        self.layers: dict[str, IntegerLayer] = {}
        input_scale = np.float32(file.metadata.pixel_scale)
        for name in ("conv1", "conv2", "dense1", "dense2"):
            output_scale = np.float32(largest.get(name, 1.0) / LARGEST_ACTIVATION)
            layer = _quantize(weights[f"{name}/kernel"], weights[f"{name}/bias"], input_scale, output_scale)
            if _largest_sum(layer) > LARGEST_SUM:
                raise LenetError(f"{name} is too wide for 32-bit sums; export it with --format c-float")
            self.layers[name] = layer
            input_scale = output_scale

    def predict(self, images: Images) -> Probabilities:
        """Probabilities ``(n, classes)`` of uint8 images ``(n, height, width, depth)``, as the C code finds them."""
        return np.concatenate([self._predict(images[i : i + BATCH]) for i in range(0, len(images), BATCH)])

    def _predict(self, images: Images) -> Probabilities:
        activations: npt.NDArray[np.uint8] = images
        for name in ("conv1", "conv2"):
            layer = self.layers[name]
            sums = layer.sums(_windows(activations, layer.kernel.shape[1]))
            activations = layer.activations(_pool(sums))
        dense1, dense2 = self.layers["dense1"], self.layers["dense2"]
        activations = dense1.activations(dense1.sums(activations.reshape(len(images), -1)))
        return softmax(dense2.sums(activations).astype(np.float32) * dense2.scale)


def _quantize(kernel: Array, bias: Array, input_scale: np.float32, output_scale: np.float32) -> IntegerLayer:
    smallest_scale = np.abs(bias) / (input_scale * np.float32(LARGEST_BIAS))
    integers, scale = quantize_rows(kernel, smallest_scale)
    sum_scale = scale * input_scale
    # The multiplier takes 31 bits of the ratio, the shift the rest.
    fraction, exponent = np.frexp(sum_scale.astype(np.float64) / np.float64(output_scale))
    multiplier = np.minimum(np.rint(fraction * (1 << 31)), LARGEST_SUM)
    shift = 31 - exponent
    if shift.min() < 1:
        raise LenetError("its weights are too large for 8-bit activations; export it with --format c-float")
    multiplier[shift > 62] = 0  # such a sum rounds to nothing
    return IntegerLayer(
        integers,
        np.rint(bias / sum_scale).astype(np.int32),
        sum_scale,
        multiplier.astype(np.int32),
        np.minimum(shift, 62).astype(np.uint8),
    )


def _largest_activations(file: ModelFile, images: Images) -> dict[str, float]:
    """The largest value that each hidden layer gives for any of ``images``; 1 where all are 0."""
    model = Model(file)
    largest = dict.fromkeys(HIDDEN, 0.0)
    for image in images:
        activations = model.activations(image)
        for layer, tensor in HIDDEN.items():
            largest[layer] = max(largest[layer], float(activations[tensor].max()))
    return {layer: value or 1.0 for layer, value in largest.items()}


def _largest_sum(layer: IntegerLayer) -> int:
    weights = np.abs(layer.kernel.reshape(len(layer.kernel), -1).astype(np.int64)).sum(axis=1)
    return int((weights * LARGEST_ACTIVATION + np.abs(layer.bias.astype(np.int64))).max())


def _windows(images: npt.NDArray[np.uint8], size: int) -> npt.NDArray[np.uint8]:
    """The ``size``×``size`` neighbourhood of every pixel, ``(n, height, width, size·size·depth)``."""
    margin = ((size - 1) // 2, size // 2)
    padded = np.pad(images, ((0, 0), margin, margin, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(1, 2))
    return windows.transpose(0, 1, 2, 4, 5, 3).reshape(*images.shape[:3], -1)


def _pool(sums: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The largest of every 2×2; an odd last row or column is left out."""
    n, height, width, filters = sums.shape
    whole = sums[:, : height // 2 * 2, : width // 2 * 2]
    blocks = whole.reshape(n, height // 2, 2, width // 2, 2, filters)
    return np.asarray(blocks.max(axis=(2, 4)))
