"""Model: uint8 images in, probabilities out. ONNX Runtime, no training library."""

from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime

from lenet.datasets.dataset import Images
from lenet.errors import LenetError
from lenet.model.file import ModelFile, read_model
from lenet.model.graph import INPUT, LAYERS, LOGITS, Weights
from lenet.model.metadata import Metadata
from lenet.model.preprocessing import scale_pixels, softmax
from lenet.model.scores import Scores, highest_logit
from lenet.processor import usable_cores

BUNDLED = Path(__file__).parent / "digits.onnx"
# Images a call of ONNX Runtime, whose buffers grow with them: 512 take more memory and gain a few per cent of speed.
BATCH = 256


def locate_model(model: str | Path | None = None) -> Path:
    """The model file that a user means: a run folder's, the file itself, or the bundled one.

    Raises:
        LenetError: when there is none.
    """
    if model is None:
        return BUNDLED
    path = Path(model)
    if path.is_dir():
        path = path / "model.onnx"
        if not path.exists():
            raise LenetError(f"{path.parent}: has no model.onnx; name a run folder that `lenet train` made")
    elif not path.exists():
        raise LenetError(f"{path}: no such model file or run folder")
    return path


class Judgement(NamedTuple):
    """What a model says of images.

    Attributes:
        probabilities: ``(n, classes)``.
        unknown: whether each image looks like none of the classes, ``(n,)``; never, when no threshold was fitted.
    """

    probabilities: npt.NDArray[np.float32]
    unknown: npt.NDArray[np.bool_]


class Model:
    """A trained network, ready to read. Safe to share between threads.

    Example:
        >>> probabilities = Model.load("runs/train-1").predict(images)  # (n, classes)
    """

    def __init__(self, file: ModelFile, name: str = "model") -> None:
        """Take a verified file; ``Model.load`` is the usual way."""
        self.name = name
        self.metadata: Metadata = file.metadata
        self.weights: Weights = file.weights
        self._content = file.content
        self._session = _session(file.content)

    @classmethod
    def load(cls, model: str | Path | None = None) -> "Model":
        """Load a run folder's model, a model file, or the bundled model.

        Raises:
            LenetError: when there is none, or it is not to be trusted.
        """
        path = locate_model(model)
        return cls(read_model(path), name=str(model) if model is not None else "bundled")

    @property
    def class_names(self) -> tuple[str, ...]:
        """One name an output."""
        return self.metadata.class_names

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Height, width and depth of the images it takes."""
        return (self.metadata.height, self.metadata.width, self.metadata.depth)

    def predict(self, images: Images) -> npt.NDArray[np.float32]:
        """Probabilities ``(n, classes)``, calibrated by the model's temperature.

        Args:
            images: uint8 ``(n, height, width, depth)``, bright ink on black.

        Raises:
            LenetError: for another dtype or shape.
        """
        return self._probabilities(self.logits(images))

    def unknown_scores(self, images: Images) -> Scores:
        """How much each image looks like something the model knows, ``(n,)``; higher = more like a known class.

        The score is the highest logit: see ``lenet.model.scores``, and ``lenet evaluate --unknown`` for how it
        compares with its rivals. An image whose score lies below ``metadata.unknown_threshold`` is unknown.
        """
        return highest_logit(self.logits(images))

    def judge(self, images: Images) -> Judgement:
        """Probabilities and whether each image is unknown, in one pass of the network."""
        logits = self.logits(images)
        threshold = self.metadata.unknown_threshold
        unknown = np.zeros(len(images), bool) if threshold is None else highest_logit(logits) < threshold
        return Judgement(self._probabilities(logits), unknown)

    def logits(self, images: Images) -> npt.NDArray[np.float32]:
        """What the last dense layer says, ``(n, classes)``, before temperature and softmax."""
        self._check(images)
        logits = np.empty((len(images), len(self.class_names)), np.float32)
        for start in range(0, len(images), BATCH):
            part = slice(start, start + BATCH)
            logits[part] = self._session.run([LOGITS], {INPUT: channels_first(images[part])})[0]
        return logits

    def _probabilities(self, logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return softmax(logits / np.float32(self.metadata.temperature))

    def activations(self, image: Images) -> dict[str, npt.NDArray[np.float32]]:
        """What every layer says of one image, by layer name, top to bottom.

        Args:
            image: uint8 ``(height, width, depth)``.

        Returns:
            Feature maps as ``(height, width, filters)``, dense layers as ``(units,)``.
        """
        self._check(image[np.newaxis])
        outputs = self._open_session.run(list(LAYERS), {INPUT: channels_first(image[np.newaxis])})
        return {
            name: output[0].transpose(1, 2, 0) if output.ndim == 4 else output[0]
            for name, output in zip(LAYERS, outputs, strict=True)
        }

    @cached_property
    def _open_session(self) -> Any:
        """The same graph with every layer's output to be had; slower, since nothing can be fused."""
        model = onnx.ModelProto.FromString(self._content)
        del model.graph.output[:]
        model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in LAYERS)
        return _session(model.SerializeToString())

    def _check(self, images: Images) -> None:
        if images.dtype != np.uint8 or images.shape[1:] != self.input_shape:
            raise LenetError(
                f"images are {images.dtype} of shape {images.shape[1:]}; this model takes uint8 {self.input_shape}"
            )


def channels_first(images: Images) -> npt.NDArray[np.float32]:
    """Uint8 ``(n, height, width, depth)`` as the graph takes it: float32 ``(n, depth, height, width)`` in [0, 1]."""
    return np.ascontiguousarray(scale_pixels(images).transpose(0, 3, 1, 2))


def _session(content: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = usable_cores()
    # Idle threads that spin would take the processor from whoever prepares the next batch.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
