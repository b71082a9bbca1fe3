"""Which places of the last feature maps are computed in training: all, or only those that no padding reaches."""

from collections.abc import Sequence
from typing import NamedTuple

from lenet.network.architecture import Conv, PlacedLayer, Pool


class View(NamedTuple):
    """A part of a network's input and of its last feature maps.

    Attributes:
        pixels: Rows and columns of the input that the places depend on.
        places: Rows and columns of the last feature maps.
    """

    pixels: tuple[slice, slice]
    places: tuple[slice, slice]


def centre_view(layers: Sequence[PlacedLayer]) -> View | None:
    """The places of the last feature maps that no padding reaches, and the pixels that they depend on.

    Computed without padding, they give the same numbers in less time. None where there are no such places, or no
    convolution or pooling.
    """
    spatial = [placed for placed in layers if isinstance(placed.layer, Conv | Pool)]
    if not spatial:
        return None
    (pixel_rows, rows), (pixel_columns, columns) = _along(spatial, 0), _along(spatial, 1)
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return None
    return View((pixel_rows, pixel_columns), (rows, columns))


def _along(spatial: Sequence[PlacedLayer], axis: int) -> tuple[slice, slice]:
    """Pixels and places along one axis.

    A place ``o`` of a layer with kernel ``k``, stride ``s`` and padding ``p`` depends on the places ``o s - p`` to
    ``o s - p + k`` of its input.
    """
    windows = [_window(placed, axis) for placed in spatial]
    first, last = 0, spatial[0].input_shape[axis]
    for size, stride, before in windows:
        first, last = -(-(first + before) // stride), (last - size + before) // stride + 1
    places = slice(first, last)
    for size, stride, before in reversed(windows):
        first, last = first * stride - before, (last - 1) * stride - before + size
    return slice(first, last), places


def _window(placed: PlacedLayer, axis: int) -> tuple[int, int, int]:
    """Size, stride and zeros before the first pixel."""
    match placed.layer:
        case Conv(_, size, stride) as layer:
            return size, stride, layer.padding_for(placed.input_shape[axis])[0]
        case Pool(_, size):
            return size, size, 0
    raise TypeError(f"{placed.layer} has no window")
