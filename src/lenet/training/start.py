"""Beginning with the weights of a trained model instead of fresh ones."""

import hashlib
from typing import Any

from lenet.errors import LenetError
from lenet.model.file import read_model
from lenet.model.graph import to_keras_layout
from lenet.model.runtime import locate_model
from lenet.training.learner import NAMES
from lenet.training.recipe import Recipe


def start_from(recipe: Recipe, model: str) -> Recipe:
    """The same recipe, beginning with the weights of ``model``: its network's sizes and its pictures' form are taken.

    Args:
        recipe: its size and depth of pictures stay when they are named.
        model: a run folder or a model file.

    Raises:
        LenetError: when there is none, or it is not to be trusted.
    """
    file = read_model(locate_model(model))
    meta, conv1 = file.metadata, file.weights["conv1/kernel"]
    return recipe.change(
        start=model,
        start_sha256=hashlib.sha256(file.content).hexdigest(),
        size=recipe.size or f"{meta.width}x{meta.height}",
        depth=recipe.depth or meta.depth,
        filters=(conv1.shape[0], file.weights["conv2/kernel"].shape[0]),
        kernel_size=conv1.shape[2],
        dense_units=file.weights["dense1/kernel"].shape[1],
    )


def load_start(network: Any, recipe: Recipe, class_names: tuple[str, ...]) -> None:
    """Give a fresh ``network`` the weights that ``recipe`` begins with; with other classes, all but the last layer's.

    Raises:
        LenetError: when the model is not the one that the recipe was made with, or of another shape.
    """
    path = locate_model(recipe.start)
    file = read_model(path)
    if recipe.start_sha256 not in ("", hashlib.sha256(file.content).hexdigest()):
        raise LenetError(f"{path}: is not the model that this training began with; its SHA-256 is another")
    weights = to_keras_layout(file.weights, file.metadata.height, file.metadata.width)
    # The learner multiplies pixels by the gain: so that it begins as the model ends, its first kernels are divided.
    weights["conv1/kernel"] = weights["conv1/kernel"] / recipe.input_gain
    same_classes = class_names == file.metadata.class_names
    for variable, name in zip(network.weights, NAMES, strict=True):
        if name.startswith("dense2/") and not same_classes:
            continue
        if tuple(variable.shape) != weights[name].shape:
            raise LenetError(
                f"{path}: its {name} has shape {weights[name].shape}, this training needs {tuple(variable.shape)}; "
                "take the model's size and depth of pictures, filters, kernel size and dense units"
            )
        variable.assign(weights[name])
