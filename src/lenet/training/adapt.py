"""What a recipe leaves to the data and to the weights it starts from: what is looked at, how, and how often."""

import numpy as np

from lenet.datasets import Dataset
from lenet.training.learner import Window
from lenet.training.recipe import Recipe

# Pictures that are looked at to judge all, evenly spread over the data.
SAMPLE = 1000
# Ink is centred when what lies outside the centre view has less than this share of the mean brightness of all: MNIST's
# digits have 0.01 there, Fashion-MNIST's clothes 0.31.
CENTRED = 0.05


def adapt(recipe: Recipe, dataset: Dataset) -> Recipe:
    """The same recipe with what ``dataset``, the training part, decides: view, normalisation and epochs."""
    centred = is_centred(dataset, recipe.kernel_size)
    view, normalisation = recipe.view, recipe.normalisation
    if recipe.start:
        # Weights that were learnt from the whole are not cut down to the centre, and have taken normalisation over.
        view, normalisation = "whole", "none"
    elif recipe.view == "auto":
        view = "centre" if centred else "whole"
    epochs = recipe.epochs
    if recipe.whole_epochs and not centred:
        epochs = recipe.whole_epochs
    epochs = max(epochs, recipe.least_steps * recipe.batch_size / len(dataset))
    return recipe.change(view=view, normalisation=normalisation, epochs=epochs)


def is_centred(dataset: Dataset, kernel_size: int) -> bool:
    """Whether the centre view (see ``lenet.training.learner``) loses next to nothing of these pictures."""
    windows = [Window.centre(pixels, kernel_size) for pixels in (dataset.height, dataset.width)]
    if any(window.first >= window.last for window in windows):
        return False
    chosen = np.unique(np.linspace(0, len(dataset) - 1, SAMPLE).astype(int))
    brightness = dataset.images[chosen].mean(axis=(0, 3))
    outside = np.ones(brightness.shape, bool)
    outside[windows[0].pixels(kernel_size), windows[1].pixels(kernel_size)] = False
    return bool(outside.any() and brightness[outside].mean() < CENTRED * brightness.mean())
