"""Architecture: a network described as data.

Everything that builds, trains, exports or explains a network is a loop over ``Architecture.place``. To add a kind of
layer, add a class here and a ``case`` in each of those loops; mypy lists the loops that lack one.
"""

from collections import Counter
from dataclasses import dataclass, replace
from html import escape
from math import prod
from typing import Any, Literal, Self, cast, get_args

from lenet.errors import LenetError

ActivationKind = Literal["relu", "tanh", "sigmoid"]
PoolKind = Literal["max", "average"]
Padding = Literal["same", "valid"]
Shape = tuple[int, ...]
ACTIVATIONS: tuple[ActivationKind, ...] = get_args(ActivationKind)
# First words of the layers in the text form.
KINDS = ("conv", "maxpool", "avgpool", "dense", *ACTIVATIONS)

# Bounds on the work of a network, so that no model file or text can take minutes or gigabytes.
MOST_LAYERS = 64
MOST_MULTIPLICATIONS = 2_000_000_000  # for one image; the tutorial's network has 6.5 million
MOST_ACTIVATIONS = 16_000_000  # numbers that one layer computes for one image
LONGEST_TEXT = 2_000


@dataclass(frozen=True)
class Conv:
    """A convolution."""

    filters: int  # number of kernels, and of feature maps that they give
    kernel_size: int  # side of each kernel in pixels
    stride: int = 1  # distance between the places of the kernel, in pixels
    # ``same`` adds zeros around the maps so that height and width are kept (divided by the stride); ``valid`` adds
    # none.
    padding: Padding = "same"

    def __str__(self) -> str:
        stride = f" stride {self.stride}" if self.stride > 1 else ""
        return f"conv {self.filters} {self.kernel_size}{stride}{' valid' * (self.padding == 'valid')}"

    def padding_for(self, pixels: int) -> tuple[int, int]:
        """Zeros before and after a side of so many pixels; an odd one goes after, as in TensorFlow."""
        if self.padding == "valid":
            return 0, 0
        total = max(0, (-(-pixels // self.stride) - 1) * self.stride + self.kernel_size - pixels)
        return total // 2, total - total // 2


@dataclass(frozen=True)
class Activation:
    """A function that is applied to each number."""

    kind: ActivationKind

    def __str__(self) -> str:
        return self.kind


@dataclass(frozen=True)
class Pool:
    """Max-pooling or average pooling over squares that do not overlap; an incomplete last row or column is dropped."""

    kind: PoolKind
    size: int

    def __str__(self) -> str:
        return f"{'max' if self.kind == 'max' else 'avg'}pool {self.size}"


@dataclass(frozen=True)
class Dense:
    """A fully connected layer."""

    units: int

    def __str__(self) -> str:
        return f"dense {self.units}"


@dataclass(frozen=True)
class Flatten:
    """Feature maps as one vector, in the order row, column, channel. Implied, not written."""


@dataclass(frozen=True)
class Softmax:
    """Logits to probabilities. Implied, not written."""


Layer = Conv | Activation | Pool | Dense | Flatten | Softmax


@dataclass(frozen=True)
class PlacedLayer:
    """A layer in its place in a network."""

    name: str  # unique in the network: ``conv1``, ``relu1``, ``pool1``, … ``dense2``, ``probabilities``
    layer: Layer
    input_shape: Shape  # ``(height, width, channels)``, or ``(units,)`` after flattening
    output_shape: Shape  # the same for what it gives

    @property
    def weight_shapes(self) -> dict[str, Shape]:
        """Shapes of its kernel and bias by name, as Keras has them; empty for a layer without weights."""
        match self.layer:
            case Conv(filters, size):
                kernel: Shape = (size, size, self.input_shape[-1], filters)
            case Dense(units):
                kernel = (self.input_shape[0], units)
            case _:
                return {}
        return {f"{self.name}/kernel": kernel, f"{self.name}/bias": kernel[-1:]}

    def count_weights(self) -> int:
        """Number of its weights, those of the bias too."""
        return sum(prod(shape) for shape in self.weight_shapes.values())

    @property
    def multiplications(self) -> int:
        """Multiplications for one image."""
        kernel = next(iter(self.weight_shapes.values()), (0,))
        return prod(kernel) * prod(self.output_shape[:-1])


@dataclass(frozen=True)
class Architecture:
    """A network: its layers from the picture to the last hidden one.

    Flattening, the last dense layer (one unit a class) and the softmax are implied.

    Example:
        >>> Architecture.parse("conv 8 3, tanh, avgpool 2, dense 64, tanh")
    """

    layers: tuple[Layer, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text form: layers separated by commas.

        ``conv FILTERS KERNEL_SIZE [stride N] [valid]``, ``maxpool SIZE``, ``avgpool SIZE``, ``dense UNITS``, and the
        activations ``relu``, ``tanh``, ``sigmoid``.

        Raises:
            LenetError: names the layer at fault by its number and text.
        """
        if not isinstance(text, str):
            raise LenetError(f"a network is a text such as 'conv 8 3, relu, maxpool 2', not {text!r:.40}")
        if len(text) > LONGEST_TEXT:
            raise LenetError(f"the network's text has {len(text):,} characters; at most {LONGEST_TEXT:,} are allowed")
        parts = [part.strip() for part in text.split(",")] if text.strip() else []
        if len(parts) > MOST_LAYERS:
            raise LenetError(f"the network has {len(parts)} layers; at most {MOST_LAYERS} are allowed")
        return cls(tuple(_parse_layer(number, part) for number, part in enumerate(parts, start=1)))

    def __str__(self) -> str:
        return ", ".join(map(str, self.layers))

    def __repr__(self) -> str:
        return f"Architecture.parse({str(self)!r})"

    def _repr_html_(self) -> str:
        """A table of the layers, for notebooks; shapes and weights for MNIST's images, where they can be taken."""
        try:
            rows = [
                (placed.name, str(placed.layer), "×".join(map(str, placed.output_shape)), placed.count_weights())
                for placed in self.place(28, 28, 1, 10)
                if not isinstance(placed.layer, Flatten | Softmax)
            ]
        except LenetError as error:
            return f"<p>{escape(str(self))}</p><p>{escape(str(error))}</p>"
        body = "".join(f"<tr><td>{name}<td>{text}<td>{shape}<td>{count:,}" for name, text, shape, count in rows)
        total = sum(count for *_, count in rows)
        caption = f"<caption>For images of 28×28×1 and 10 classes: {total:,} weights</caption>"
        return f"<table>{caption}<tr><th>name<th>layer<th>output<th>weights{body}</table>"

    def change(
        self,
        *,
        filters: tuple[int, ...] | None = None,
        kernel_size: int | None = None,
        dense_units: int | None = None,
        activation: str | None = None,
        pooling: str | None = None,
    ) -> "Architecture":
        """The same network with some settings changed in all layers that have them.

        ``filters`` are one number for each convolution; ``dense_units`` change only the last hidden dense layer.

        Raises:
            LenetError: for a setting that no layer has, another number of filters, or an unknown kind.
        """
        layers: list[Any] = list(self.layers)
        convolutions = [number for number, layer in enumerate(layers) if isinstance(layer, Conv)]
        if filters is not None and len(filters) != len(convolutions):
            given = ",".join(map(str, filters))
            raise LenetError(f"filters are {given}: the number of convolutions is {len(convolutions)}: {self}")
        if pooling not in (None, *get_args(PoolKind)):
            raise LenetError(f"pooling {pooling!r} is none of {', '.join(get_args(PoolKind))}")
        for number, count in zip(convolutions, filters or (), strict=False):
            layers[number] = replace(layers[number], filters=count)
        for name, field, value, kind in (
            ("kernel size", "kernel_size", kernel_size, Conv), ("dense units", "units", dense_units, Dense),
            ("pooling", "kind", pooling, Pool), ("activation", "kind", activation, Activation),
        ):  # fmt: skip
            having = [number for number, layer in enumerate(layers) if isinstance(layer, kind)]
            if value is not None and not having:
                raise LenetError(f"{name} {value}: no layer of this network has that setting: {self}")
            for number in having[-1:] if kind is Dense else having:
                if value is not None:
                    layers[number] = replace(layers[number], **{field: value})
        # Through the text, which checks every value.
        return Architecture.parse(str(Architecture(tuple(layers))))

    def place(self, height: int, width: int, depth: int, classes: int) -> tuple[PlacedLayer, ...]:
        """All layers, the implied ones too, with their names and shapes, for an input and a number of classes.

        Raises:
            LenetError: for an input that a layer cannot take, or a network that takes too much work.
        """
        sizes: dict[str, Any] = {"height": height, "width": width, "depth": depth, "classes": classes}
        for name, value in sizes.items():
            if not hasattr(value, "__index__"):
                raise LenetError(f"{name} is {value!r:.40}: give a whole number")
        if min(height, width, depth) < 1:
            raise LenetError(f"an input of {width}×{height}×{depth}: all sides must be at least 1")
        if classes < 2:
            raise LenetError(f"there is {classes} class: a classifier needs at least two")
        placed: list[PlacedLayer] = []
        counts: Counter[str] = Counter()
        shape: Shape = (height, width, depth)
        for number, layer in enumerate((*self.layers, Dense(classes)), start=1):
            if isinstance(layer, Dense) and len(shape) == 3:
                placed.append(PlacedLayer("flatten", Flatten(), shape, (prod(shape),)))
                shape = (prod(shape),)
            group = type(layer).__name__.lower()
            counts[group] += 1
            name = f"{layer.kind if isinstance(layer, Activation) else group}{counts[group]}"
            placed.append(PlacedLayer(name, layer, shape, _output_shape(layer, shape, f"layer {number}, {layer}")))
            shape = placed[-1].output_shape
        placed.append(PlacedLayer("probabilities", Softmax(), shape, shape))
        _check_work(placed)
        return tuple(placed)

    def count_parameters(self, height: int, width: int, depth: int, classes: int) -> int:
        """Number of weights: 1,256,080 for the tutorial's network; errors as for ``place``."""
        return sum(placed.count_weights() for placed in self.place(height, width, depth, classes))


def _parse_layer(number: int, text: str) -> Layer:
    where = f"layer {number}, {text[:40]!r}"
    kind, *words = text.split() or [""]
    match kind:
        case "conv":
            padding: Padding = "same"
            if words and words[-1] in get_args(Padding):
                padding = cast(Padding, words.pop())
            stride = 1
            if len(words) == 4 and words[2] == "stride":
                *words, _, last = words
                stride = _number(last, where)
            filters, size = _numbers(words, 2, where, "conv FILTERS KERNEL_SIZE [stride N] [valid]")
            return Conv(filters, size, stride, padding)
        case "maxpool" | "avgpool":
            (size,) = _numbers(words, 1, where, f"{kind} SIZE")
            return Pool("max" if kind == "maxpool" else "average", size)
        case "dense":
            (units,) = _numbers(words, 1, where, "dense UNITS")
            return Dense(units)
        case "relu" | "tanh" | "sigmoid":
            _numbers(words, 0, where, kind)
            return Activation(kind)
        case _:
            raise LenetError(f"{where}: unknown layer; known are {', '.join(KINDS)}")


def _numbers(words: list[str], count: int, where: str, form: str) -> list[int]:
    if len(words) != count:
        raise LenetError(f"{where}: write it as: {form}")
    return [_number(word, where) for word in words]


def _number(word: str, where: str) -> int:
    if not (word.isascii() and word.isdigit() and 0 < len(word) < 8 and int(word) > 0):
        raise LenetError(f"{where}: {word[:20]!r} is not a whole number from 1 to 9,999,999")
    return int(word)


def _output_shape(layer: Layer, shape: Shape, where: str) -> Shape:
    match layer:
        case Activation() | Softmax() | Flatten():
            return shape
        case Dense(units):
            return (units,)
        case Conv() | Pool() if len(shape) == 1:
            raise LenetError(f"{where}: stands after a dense layer; convolutions and pooling come before")
        case Conv(filters, size, stride):
            padded = [side + sum(layer.padding_for(side)) for side in shape[:2]]
            if min(padded) < size:
                raise LenetError(f"{where}: its input is {shape[1]}×{shape[0]}, smaller than the kernel")
            rows, columns = ((side - size) // stride + 1 for side in padded)
            return (rows, columns, filters)
        case Pool(_, size):
            if min(shape[:2]) < size:
                raise LenetError(f"{where}: its input is {shape[1]}×{shape[0]}, too small")
            return (shape[0] // size, shape[1] // size, shape[2])


def _check_work(layers: list[PlacedLayer]) -> None:
    for placed in layers:
        if prod(placed.output_shape) > MOST_ACTIVATIONS:
            raise LenetError(
                f"{placed.name}, {placed.layer}: gives {prod(placed.output_shape):,} numbers an image; at most "
                f"{MOST_ACTIVATIONS:,} are allowed"
            )
    if (total := sum(placed.multiplications for placed in layers)) > MOST_MULTIPLICATIONS:
        most = f"at most {MOST_MULTIPLICATIONS:,} are allowed"
        raise LenetError(f"the network takes {total:,} multiplications an image; {most}")
