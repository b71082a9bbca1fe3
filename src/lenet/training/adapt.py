"""Settings of a recipe that depend on the training data and on its initial weights."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lenet.datasets import Dataset
from lenet.datasets.dataset import LITTLE
from lenet.errors import LenetError
from lenet.network.architecture import Conv, PlacedLayer, Pool
from lenet.training.recipe import Recipe

# Number of images that are measured, evenly spaced over the data.
SAMPLE = 1000
# Ink is centred when the pixels outside the centre view have less than this share of the mean brightness of all:
# MNIST's digits have 0.01 there, Fashion-MNIST's clothes 0.31.
CENTRED = 0.05


def recipe_for_few(dataset: Dataset) -> Recipe | None:
    """``few``, with the augmentation that suits the framing, for fewer than 1,000 to train on; None for more."""
    if (dataset.test_from or len(dataset)) >= LITTLE:
        return None
    few = Recipe.named("few")
    return few if dataset.framing == "mark" else few.change(shear=0.0, elastic=0.0, thickness=0.0)


def adapt(recipe: Recipe, dataset: Dataset, layers: Sequence[PlacedLayer]) -> Recipe:
    """The recipe with the settings that follow from ``dataset``, the training part, for a network of ``layers``."""
    centred = is_centred(dataset, layers)
    view, normalisation = recipe.view, recipe.normalisation
    if recipe.start:
        # These weights were trained on whole images, and have normalisation folded in.
        view, normalisation = "whole", "none"
    elif view == "auto":
        view = "centre" if centred else "whole"
    refuse_shards(recipe, len(dataset))
    batch_size = min(recipe.batch_size, len(dataset))
    batch_size -= batch_size % recipe.shards
    epochs = recipe.epochs if centred else recipe.whole_epochs or recipe.epochs
    epochs = max(epochs, recipe.least_steps * batch_size / len(dataset))
    return recipe.change(view=view, normalisation=normalisation, epochs=epochs, batch_size=batch_size)


def refuse_shards(recipe: Recipe, images: int) -> None:
    """Raise a LenetError for fewer training images than shards."""
    if images < recipe.shards:
        most = f"use --shards {1 << images.bit_length() - 1} or fewer"
        raise LenetError(f"shards is {recipe.shards}, but there are only {images} training images: {most}")


def is_centred(dataset: Dataset, layers: Sequence[PlacedLayer]) -> bool:
    """Whether these images have next to no ink outside the centre view of a network of ``layers``."""
    view = centre_view(layers)
    if view is None:
        return False
    chosen = np.unique(np.linspace(0, len(dataset) - 1, SAMPLE).astype(int))
    brightness = dataset.images[chosen].mean(axis=(0, 3))
    outside = np.ones(brightness.shape, bool)
    outside[view.pixels] = False
    return bool(outside.any() and brightness[outside].mean() < CENTRED * brightness.mean())


class View(NamedTuple):
    """A part of a network's input and of its last feature maps."""

    pixels: tuple[slice, slice]  # rows and columns of the input that the places depend on
    places: tuple[slice, slice]  # rows and columns of the last feature maps


def centre_view(layers: Sequence[PlacedLayer]) -> View | None:
    """The places that no padding reaches: computed without padding, they give the same numbers in less time.

    None where there are no such places, or no convolution or pooling.
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
