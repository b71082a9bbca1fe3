"""``onnx``: the model file itself, for any ONNX tool; ``onnx-int8``: the same in 8-bit integers."""

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime import quantization

from lenet.datasets.dataset import Images
from lenet.export.target import Probabilities, Target
from lenet.model.graph import INPUT, OUTPUT, logits_name
from lenet.model.runtime import channels_first

BATCH = 512
CALIBRATION_BATCH = 100


class Onnx(Target):
    """The model file, with its temperature folded into the weights for tools that do not read the metadata."""

    def write(self, path: Path) -> None:
        """Write the file."""
        path.write_bytes(self.model.content)

    def run(self, path: Path, images: Images) -> Probabilities:
        """Run it in plain ONNX Runtime."""
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        batches = (channels_first(images[start : start + BATCH]) for start in range(0, len(images), BATCH))
        return np.concatenate([session.run([OUTPUT], {INPUT: batch})[0] for batch in batches])


class OnnxInt8(Onnx):
    """Static quantization with quantize and dequantize nodes, 8-bit signed activations, one scale for each filter.

    A quarter of the size, and faster on processors that multiply 8-bit integers.

    Weights use 7 of the 8 bits: processors without VNNI add two products in 16 bits, which full weights overflow.
    Of 20,000 training images, 32 changed their label with 8 bits on such a processor, 2 with 7. The last layer stays
    float32: it has 0.4 % of the tutorial's weights, and its rounding errors would directly change the probabilities.
    """

    rounds_alone = True

    def write(self, path: Path) -> None:
        """Quantize, calibrated on training images."""
        with tempfile.TemporaryDirectory() as folder, _quiet():
            source = Path(folder) / "model.onnx"
            source.write_bytes(self.model.content)
            quantization.quantize_static(
                source,
                path,
                _Calibration(self.training_images()),
                quant_format=quantization.QuantFormat.QDQ,
                activation_type=quantization.QuantType.QInt8,
                weight_type=quantization.QuantType.QInt8,
                per_channel=True,
                reduce_range=True,
                nodes_to_exclude=[logits_name(self.model.metadata.layers), OUTPUT],
            )
        quantized = onnx.load(path)
        onnx.helper.set_model_props(quantized, self.model.metadata.to_properties())
        onnx.checker.check_model(quantized, full_check=True)
        path.write_bytes(quantized.SerializeToString(deterministic=True))


class _Calibration(quantization.CalibrationDataReader):  # type: ignore[misc]
    """The images in batches."""

    def __init__(self, images: Images) -> None:
        batches = (images[start : start + CALIBRATION_BATCH] for start in range(0, len(images), CALIBRATION_BATCH))
        self._inputs = ({INPUT: channels_first(batch)} for batch in batches)

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next batch; None after the last."""
        return next(self._inputs, None)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the advice, logged by the root logger, to preprocess the graph, which this one does not need."""
    logger = logging.getLogger()
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
