"""Metadata of a model file: everything beside its graph."""

import json
from collections.abc import Mapping
from dataclasses import field, fields
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from lenet.datasets.classes import LONGEST_NAME, MOST_CLASSES
from lenet.errors import LenetError, first_fault
from lenet.model.preprocessing import PIXEL_SCALE
from lenet.network.architecture import Architecture, PlacedLayer
from lenet.network.named import NETWORKS
from lenet.pictures.framing import FramingKind

# Entries of the recipe that `lenet.evaluation.parts` uses, and their types.
RECIPE_TYPES = {"data": str | list, "split": str, "invert": str, "validation": int}

Side = Annotated[int, Field(ge=1, le=4096)]


@dataclass(frozen=True, config=ConfigDict(strict=True, allow_inf_nan=False))
class Metadata:
    """Everything that is needed to use a model, and its origin.

    Raises:
        LenetError: for a value that no model can have; names the entry.
    """

    class_names: Annotated[tuple[str, ...], Field(min_length=2, max_length=MOST_CLASSES)]
    height: Side  # of the input in pixels, as is the width
    width: Side
    depth: Annotated[int, Field(ge=1, le=4)]  # number of channels of the input: 1 (grey) or 3 (colour)
    network: str = str(NETWORKS["lenet"])  # text form of its ``Architecture``
    framing: FramingKind = "whole"  # framing of a picture for the input: see ``lenet.pictures.framing``
    inverted: bool = False  # whether framing inverts pictures
    # Divisor of the logits before the softmax, which calibrates the probabilities.
    temperature: Annotated[float, Field(ge=0.01, le=100)] = 1.0
    unknown_threshold: float | None = None  # an image with a highest logit below it is unknown; None when not fitted
    # Share of the ``test_n`` test images that are read correctly; None when not measured.
    test_accuracy: Annotated[float, Field(ge=0, le=1)] | None = None
    test_n: Annotated[int, Field(ge=0, le=2**53)] = 0
    recipe: Mapping[str, Any] = field(default_factory=dict)
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    versions: Mapping[str, str] = field(default_factory=dict)  # versions of the libraries that trained it
    training_data_sha256: str = ""  # ``Dataset.sha256`` of the data set
    # Factor from uint8 pixels to the network's input.
    pixel_scale: Literal[0.00392156862745098] = PIXEL_SCALE  # type: ignore[valid-type]
    format_version: Literal[2] = 2  # version of this list
    # Entries of the file that this version does not know, unchanged.
    extra: Mapping[str, str] = field(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _refuse_in_one_line(cls, values: Any, handler: "ModelWrapValidatorHandler[Metadata]") -> "Metadata":
        try:
            return handler(values)
        except ValidationError as error:
            raise LenetError(f"metadata entry {first_fault(error)}") from None

    def __post_init__(self) -> None:
        """Check what the types above cannot say."""
        for name in self.class_names:
            if not (0 < len(name) <= LONGEST_NAME and name.isprintable()):
                raise LenetError(f"metadata entry class_names: {name[:100]!r} is empty, unprintable or too long")
        if len(set(self.class_names)) < len(self.class_names):
            raise LenetError("metadata entry class_names: a name occurs twice")
        for name, kind in RECIPE_TYPES.items():
            if name in self.recipe and not isinstance(self.recipe[name], kind):
                raise LenetError(f"metadata entry recipe: {name} is of another type")
        for name in ("recipe", "versions", "training_data_sha256"):
            try:
                json.dumps(getattr(self, name), ensure_ascii=False, allow_nan=False).encode()
            except ValueError:  # a lone surrogate, or NaN, which no answer of a server could hold
                raise LenetError(f"metadata entry {name}: holds what is not in UTF-8 or not a number") from None
        _ = self.layers

    @cached_property
    def layers(self) -> tuple[PlacedLayer, ...]:
        """The network's layers with their names and shapes; LenetError for a text that describes no network."""
        return Architecture.parse(self.network).place(self.height, self.width, self.depth, len(self.class_names))

    def to_properties(self) -> dict[str, str]:
        """String pairs of ONNX metadata, each value as JSON."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name != "extra"}
        return {**self.extra, **{name: json.dumps(value, sort_keys=True) for name, value in values.items()}}

    @classmethod
    def from_properties(cls, properties: Mapping[str, str], arrays: Mapping[str, tuple[int, ...]]) -> "Metadata":
        """The inverse of ``to_properties``, for a file of format 1 or 2; unknown entries are kept.

        The network of a file of format 1 follows from the shapes of its ``arrays``.

        Raises:
            LenetError: for a missing entry, or one with a value that no model can have.
        """
        known = {entry.name for entry in fields(cls)} - {"extra"}
        try:
            values = {name: json.loads(text) for name, text in properties.items() if name in known}
        except (ValueError, RecursionError):
            raise LenetError("metadata is not readable JSON") from None
        if values.get("format_version") == 1:
            values |= _from_format_1(arrays, values)
        if missing := sorted(known - values.keys()):
            raise LenetError(f"metadata entries missing: {', '.join(missing)}")
        if isinstance(values["class_names"], list):
            values["class_names"] = tuple(values["class_names"])
        return cls(**values, extra={name: text for name, text in properties.items() if name not in known})


def _from_format_1(arrays: Mapping[str, tuple[int, ...]], values: Mapping[str, Any]) -> dict[str, Any]:
    """Entries that format 1 lacked: its networks were LeNets, and those for grey images read marks."""
    try:
        (first, _, size, _), (second, *_), (_, units) = (arrays[f"{it}/kernel"] for it in ("conv1", "conv2", "dense1"))
    except (KeyError, ValueError):
        raise LenetError("its arrays are not those of a LeNet") from None
    network = NETWORKS["lenet"].change(filters=(first, second), kernel_size=size, dense_units=units)
    framing = "mark" if values.get("depth") == 1 else "whole"
    recipe = values.get("recipe")
    inverted = framing == "whole" and isinstance(recipe, dict) and recipe.get("invert") == "yes"
    return {"format_version": 2, "network": str(network), "framing": framing, "inverted": inverted}
