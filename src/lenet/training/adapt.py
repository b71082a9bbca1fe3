"""Settings of a recipe that depend on the training data and on its initial weights: view, normalisation, epochs."""

from collections.abc import Sequence

import numpy as np

from lenet.datasets import Dataset
from lenet.network.architecture import PlacedLayer
from lenet.training.recipe import Recipe
from lenet.training.view import centre_view

# Number of images that are measured, evenly spaced over the data.
SAMPLE = 1000
# Ink is centred when the pixels outside the centre view have less than this share of the mean brightness of all:
# MNIST's digits have 0.01 there, Fashion-MNIST's clothes 0.31.
CENTRED = 0.05


def adapt(recipe: Recipe, dataset: Dataset, layers: Sequence[PlacedLayer]) -> Recipe:
    """The recipe with the settings that follow from ``dataset``, the training part, for a network of ``layers``."""
    centred = is_centred(dataset, layers)
    view, normalisation = recipe.view, recipe.normalisation
    if recipe.start:
        # These weights were trained on whole images, and have normalisation folded in.
        view, normalisation = "whole", "none"
    elif recipe.view == "auto":
        view = "centre" if centred else "whole"
    epochs = recipe.epochs
    if recipe.whole_epochs and not centred:
        epochs = recipe.whole_epochs
    epochs = max(epochs, recipe.least_steps * recipe.batch_size / len(dataset))
    return recipe.change(view=view, normalisation=normalisation, epochs=epochs)


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
