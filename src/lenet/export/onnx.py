"""``onnx``: the model file itself, for any ONNX tool."""

from pathlib import Path

import numpy as np
import onnxruntime

from lenet.datasets.dataset import Images
from lenet.export.target import Probabilities, Target
from lenet.model.graph import INPUT, OUTPUT
from lenet.model.runtime import channels_first

BATCH = 512


class Onnx(Target):
    """The verified file; a temperature other than 1 moves into its weights, for tools that do not know of it."""

    def write(self, path: Path) -> None:
        """Write the file."""
        path.write_bytes(self.model.content)

    def run(self, path: Path, images: Images) -> Probabilities:
        """Run it in plain ONNX Runtime."""
        return run_onnx(path, images)


def run_onnx(path: Path, images: Images) -> Probabilities:
    """What any ONNX Runtime makes of a file that we wrote: probabilities ``(n, classes)``."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    parts = (images[start : start + BATCH] for start in range(0, len(images), BATCH))
    pixels = (channels_first(part) for part in parts)
    return np.concatenate([session.run([OUTPUT], {INPUT: part})[0] for part in pixels])
