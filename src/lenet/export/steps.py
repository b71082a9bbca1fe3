"""Layers grouped into steps that a small device computes together, so that it stores no full-size feature maps."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from lenet.network.architecture import Activation, Conv, Dense, Flatten, PlacedLayer, Pool, Shape, Softmax


@dataclass(frozen=True)
class Step:
    """A convolution or dense layer, then an activation, then pooling; each may be missing.

    A dense layer is a convolution with a kernel of 1×1 over an input of 1×1×n.
    """

    layers: tuple[str, ...]  # names of the layers that it computes
    input_shape: Shape  # ``(height, width, channels)``
    filters: int  # number of maps that it gives
    weights: str | None = None  # name of the layer whose kernel and bias it uses; None when it has no weights
    activation: str | None = None  # applied to each number before pooling
    pool: str = "max"  # or "average"
    pool_size: int = 1  # side of the pooling's squares; 1 for no pooling
    kernel_size: int = 1  # side of the kernel; 1 without weights
    stride: int = 1  # distance between the places of the kernel
    top: int = 0  # rows of padding above the input
    left: int = 0  # columns of padding before the input
    map_shape: tuple[int, int] = (1, 1)  # ``(rows, columns)`` before pooling

    @property
    def output_shape(self) -> Shape:
        """Shape after pooling, ``(rows, columns, filters)``."""
        rows, columns = self.map_shape
        return (rows // self.pool_size, columns // self.pool_size, self.filters)


def group_layers(layers: Sequence[PlacedLayer]) -> tuple[Step, ...]:
    """The steps of a network, from the pixels to the logits; the softmax is left out."""
    steps: list[Step] = []
    for placed in layers:
        names = (placed.name,)
        match placed.layer:
            case Conv(filters, size, stride) as conv:
                top, left = (conv.padding_for(side)[0] for side in placed.input_shape[:2])
                rows, columns, _ = placed.output_shape
                step = Step(names, placed.input_shape, filters, placed.name, map_shape=(rows, columns))
                steps.append(replace(step, kernel_size=size, stride=stride, top=top, left=left))
            case Dense(units):
                steps.append(Step(names, (1, 1, *placed.input_shape), units, placed.name))
            case Activation(kind):
                # All activations are monotone, so that an activation after max-pooling can also come before it.
                if not steps or steps[-1].activation or steps[-1].pool == "average":
                    steps.append(_without_weights(placed))
                steps[-1] = replace(steps[-1], layers=steps[-1].layers + names, activation=kind)
            case Pool(kind, size):
                if not steps or steps[-1].pool_size > 1:
                    steps.append(_without_weights(placed))
                steps[-1] = replace(steps[-1], layers=steps[-1].layers + names, pool=kind, pool_size=size)
            case Flatten() | Softmax():
                pass
            case _ as missing:
                assert_never(missing)
    return tuple(steps)


def _without_weights(placed: PlacedLayer) -> Step:
    rows, columns, channels = placed.input_shape if len(placed.input_shape) == 3 else (1, 1, *placed.input_shape)
    return Step((), (rows, columns, channels), channels, map_shape=(rows, columns))
