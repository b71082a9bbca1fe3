"""Model: from uint8 images to probabilities with ONNX Runtime, without a training library."""

from functools import cached_property
from html import escape
from math import prod
from pathlib import Path
from shlex import quote
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import onnx

from lenet.datasets.dataset import Images
from lenet.errors import LenetError
from lenet.model.file import ModelFile, read_model
from lenet.model.graph import INPUT, logits_name
from lenet.model.preprocessing import scale_pixels, softmax
from lenet.session import open_session

BUNDLED = Path(__file__).parent / "digits.onnx"
# Images per call of ONNX Runtime, whose buffers grow with them: 512 take more memory and gain a few per cent of speed.
BATCH = 256
# Numbers that the largest layer computes in one call; with more for an image, fewer images are taken.
MOST_NUMBERS = 20_000_000


def locate_model(model: str | Path | None = None) -> Path:
    """Path of a model file: in a run folder, the file itself, or the bundled one; LenetError when there is none."""
    if model in (None, "bundled"):
        return BUNDLED
    path = Path(model)
    if path.is_dir():
        run, path = path, path / "model.onnx"
        if not path.exists() and (run / "recipe.toml").exists():
            raise LenetError(f"{run}: is not finished; resume it with: lenet train --resume {quote(str(run))}")
        if not path.exists():
            raise LenetError(f"{run}: has no model.onnx; name a run folder that `lenet train` made")
    elif not path.exists():
        raise LenetError(f"{path}: no such model file or run folder")
    return path


def is_run(model: str | Path | None) -> bool:
    """Whether a model is named by its run folder."""
    return model is not None and Path(model).is_dir()


class Answers(NamedTuple):
    """Result of a model for images."""

    logits: npt.NDArray[np.float32]  # outputs of the last dense layer, before temperature and softmax, ``(n, classes)``
    probabilities: npt.NDArray[np.float32]  # probabilities, calibrated by the model's temperature, ``(n, classes)``
    # Whether each image is similar to none of the classes, ``(n,)``; always False when no threshold was fitted.
    unknown: npt.NDArray[np.bool_]


class Model:
    """A trained network, ready to use. Threads can share it.

    Example:
        >>> probabilities = Model.load("runs/train-1").predict(images)  # (n, classes)
    """

    def __init__(self, file: ModelFile, name: str = "model") -> None:
        """Use a verified file; ``Model.load`` reads one."""
        self.name, self.metadata, self.weights = name, file.metadata, file.weights
        self._content = file.content
        self._session = open_session(file.content)

    @classmethod
    def load(cls, model: str | Path | None = None) -> "Model":
        """Load a run folder's model, a model file, or the bundled model.

        Raises:
            LenetError: when there is none, or it fails verification.
        """
        path = locate_model(model)
        return cls(read_model(path), name=str(model) if model is not None else "bundled")

    def __repr__(self) -> str:
        about = self.metadata
        measured = f", {about.test_accuracy:.2%} of {about.test_n:,} right" if about.test_accuracy is not None else ""
        return f"<Model {self.name}: {about.network}; {len(self.class_names)} classes{measured}>"

    def _repr_html_(self) -> str:
        """What its file says of it, for notebooks."""
        about = self.metadata
        height, width, depth = self.input_shape
        weights = sum(array.size for array in self.weights.values())
        accuracy = "" if about.test_accuracy is None else f"{about.test_accuracy:.2%} of {about.test_n:,} test images"
        rows = {
            "network": about.network, "input": f"{width}×{height}×{depth}, framing {about.framing}",
            "classes": ", ".join(self.class_names), "right": accuracy, "weights": f"{weights:,}",
        }  # fmt: skip
        body = "".join(f"<tr><th>{name}<td>{escape(text)}" for name, text in rows.items() if text)
        return f"<table><caption>{escape(self.name)}</caption>{body}</table>"

    @property
    def class_names(self) -> tuple[str, ...]:
        """One name for each output, in order."""
        return self.metadata.class_names

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Height, width and depth of the images."""
        return (self.metadata.height, self.metadata.width, self.metadata.depth)

    def predict(self, images: Images) -> npt.NDArray[np.float32]:
        """Probabilities ``(n, classes)``, calibrated by the model's temperature.

        Args:
            images: uint8 ``(n, height, width, depth)``, bright ink on black.

        Raises:
            LenetError: for another dtype or shape.
        """
        return self.classify(images).probabilities

    def classify(self, images: Images) -> Answers:
        """Logits, probabilities and whether each image is unknown, in one pass; arguments as for ``predict``.

        An image is unknown when its highest logit lies below ``metadata.unknown_threshold``: see
        ``lenet.evaluation.unknown``.
        """
        return self.answers(self.logits(images))

    def answers(self, logits: npt.NDArray[np.float32]) -> Answers:
        """The result for logits ``(n, classes)``, without another pass."""
        threshold = self.metadata.unknown_threshold
        unknown = np.zeros(len(logits), bool) if threshold is None else logits.max(axis=1) < threshold
        return Answers(logits, softmax(logits / np.float32(self.metadata.temperature)), unknown)

    def logits(self, images: Images) -> npt.NDArray[np.float32]:
        """Outputs of the last dense layer before temperature and softmax, ``(n, classes)``."""
        self._check(images)
        logits = np.empty((len(images), len(self.class_names)), np.float32)
        name = logits_name(self.metadata.layers)
        batch = self._batch
        for start in range(0, len(images), batch):
            part = slice(start, start + batch)
            logits[part] = self._session.run([name], {INPUT: channels_first(images[part])})[0]
        self._check_finite(logits)
        return logits

    def activations(self, image: Images) -> dict[str, npt.NDArray[np.float32]]:
        """Output of every layer for one image ``(height, width, depth)``, by layer name, from the first to the last.

        Feature maps are ``(height, width, filters)``, others ``(units,)``.
        """
        self._check(image[np.newaxis] if isinstance(image, np.ndarray) else image)
        names = [placed.name for placed in self.metadata.layers]
        outputs = [output[0] for output in self._open_session.run(names, {INPUT: channels_first(image[np.newaxis])})]
        self._check_finite(*outputs)
        maps = [output.transpose(1, 2, 0) if output.ndim == 3 else output for output in outputs]
        before = [scale_pixels(image), *maps][names.index("flatten")]
        return dict(zip(names, maps, strict=True)) | {"flatten": before.ravel()}  # in Keras's order, not ONNX's

    @property
    def _batch(self) -> int:
        """Number of images per call."""
        largest = max(prod(self.input_shape), *(prod(placed.output_shape) for placed in self.metadata.layers))
        return max(1, min(BATCH, MOST_NUMBERS // largest))

    @cached_property
    def _open_session(self) -> Any:
        """The same graph with the output of every layer; slower, since nothing can be fused."""
        model = onnx.ModelProto.FromString(self._content)
        del model.graph.output[:]
        model.graph.output.extend(onnx.ValueInfoProto(name=placed.name) for placed in self.metadata.layers)
        return open_session(model.SerializeToString())

    def _check_finite(self, *outputs: npt.NDArray[np.float32]) -> None:
        if not all(np.isfinite(output).all() for output in outputs):
            raise LenetError(f"{self.name}: its answers are not finite numbers, as its weights are too large")

    def _check(self, images: Images) -> None:
        wanted = f"uint8 (n, {', '.join(map(str, self.input_shape))})"
        if not isinstance(images, np.ndarray):
            raise LenetError(f"images is a {type(images).__name__}; give a NumPy array of {wanted}")
        if images.shape == self.input_shape:
            raise LenetError(f"images has the shape of one image, {images.shape}; give images[np.newaxis]")
        if images.dtype != np.uint8 or images.shape[1:] != self.input_shape:
            raise LenetError(f"images are {images.dtype} of shape {images.shape}; this model takes {wanted}")


def channels_first(images: Images) -> npt.NDArray[np.float32]:
    """Input of the graph, float32 ``(n, depth, height, width)`` in [0, 1], for uint8 ``(n, height, width, depth)``."""
    return np.ascontiguousarray(scale_pixels(images).transpose(0, 3, 1, 2))
