"""What a model file says about itself, beside its graph."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from lenet.errors import LenetError
from lenet.model.preprocessing import PIXEL_SCALE

FORMAT_VERSION = 1
# A name is shown, printed and drawn; the longest sensible one is far below this.
LONGEST_NAME = 100
MOST_CLASSES = 10_000


@dataclass(frozen=True)
class Metadata:
    """Everything that is needed to use a model, and where it came from.

    Attributes:
        class_names: one name an output, in order.
        height: input pixels down.
        width: input pixels across.
        depth: input channels.
        temperature: logits are divided by it before the softmax, so that probabilities are honest.
        unknown_threshold: a picture whose unknown-score lies below it is called unknown; None when not fitted.
        test_accuracy: measured on ``test_n`` images that took no part in the training; None when not measured.
        test_n: how many those were.
        recipe: all that decided the training, as plain values.
        seed: of the training.
        versions: of the libraries that trained it.
        training_data_sha256: the data set's ``Dataset.sha256``.
        pixel_scale: what a uint8 pixel is multiplied with.
        format_version: of this list.
    """

    class_names: tuple[str, ...]
    height: int
    width: int
    depth: int
    temperature: float = 1.0
    unknown_threshold: float | None = None
    test_accuracy: float | None = None
    test_n: int = 0
    recipe: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)
    training_data_sha256: str = ""
    pixel_scale: float = PIXEL_SCALE
    format_version: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        """Refuse values that no model of ours can have.

        Raises:
            LenetError: names the value at fault.
        """
        if self.format_version != FORMAT_VERSION:
            raise LenetError(f"format version {self.format_version!r} is not {FORMAT_VERSION}: made by another lenet")
        names = self.class_names
        _require(2 <= len(names) <= MOST_CLASSES, "class_names")
        _require(all(isinstance(name, str) and 0 < len(name) <= LONGEST_NAME for name in names), "class_names")
        _require(all(name.isprintable() for name in names) and len(set(names)) == len(names), "class_names")
        for size in ("height", "width", "depth"):
            _require(_is_integer(getattr(self, size)) and 1 <= getattr(self, size) <= 4096, size)
        _require(_is_number(self.temperature) and 0.01 <= self.temperature <= 100, "temperature")
        _require(self.unknown_threshold is None or _is_number(self.unknown_threshold), "unknown_threshold")
        _require(
            self.test_accuracy is None or (_is_number(self.test_accuracy) and 0 <= self.test_accuracy <= 1),
            "test_accuracy",
        )
        _require(_is_integer(self.test_n) and self.test_n >= 0, "test_n")
        _require(isinstance(self.recipe, Mapping), "recipe")
        _require(_is_integer(self.seed), "seed")
        _require(isinstance(self.versions, Mapping), "versions")
        _require(isinstance(self.training_data_sha256, str), "training_data_sha256")
        _require(self.pixel_scale == PIXEL_SCALE, "pixel_scale")

    def with_test(self, accuracy: float, n: int) -> "Metadata":
        """The same, with what was measured on ``n`` images that took no part in the training."""
        return replace(self, test_accuracy=accuracy, test_n=n)

    def to_properties(self) -> dict[str, str]:
        """As the string pairs that ONNX metadata holds, each value as JSON."""
        return {
            entry.name: json.dumps(getattr(self, entry.name), sort_keys=True, ensure_ascii=False, allow_nan=False)
            for entry in fields(self)
        }

    @classmethod
    def from_properties(cls, properties: Mapping[str, str]) -> "Metadata":
        """Read the string pairs back.

        Raises:
            LenetError: for a missing, foreign or insane entry.
        """
        expected = {entry.name for entry in fields(cls)}
        if properties.keys() != expected:
            odd = sorted(properties.keys() ^ expected)
            raise LenetError(f"metadata entries missing or foreign: {', '.join(odd)[:LONGEST_NAME]}")
        try:
            values = {name: json.loads(text) for name, text in properties.items()}
        except (ValueError, RecursionError):
            raise LenetError("metadata is not readable JSON") from None
        _require(isinstance(values["class_names"], list), "class_names")
        values["class_names"] = tuple(values["class_names"])
        return cls(**values)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _require(holds: bool, name: str) -> None:
    if not holds:
        raise LenetError(f"metadata entry {name} has a value that no LeNet can have")
