"""The model that a training starts from: its file, its recipe, and its data."""

from pathlib import Path

from lenet.datasets.source import BUNDLED, names_of
from lenet.evaluation.parts import bundled_of
from lenet.model.file import ModelFile, read_model
from lenet.model.runtime import is_run, locate_model
from lenet.training.recipe import Recipe


def read_start(model: str) -> ModelFile:
    """The model to start from: ``bundled``, a run folder or a model file; LenetError when it cannot be read."""
    return read_model(locate_model(model))


def start_from(recipe: Recipe, model: str) -> Recipe:
    """The same recipe, starting from the weights of ``model``: ``bundled``, a run folder or a model file.

    It gets the model's network and classes, and its framing, size and depth of images where the recipe does not set
    them.

    Raises:
        LenetError: when there is no such model, or it fails verification.
    """
    file = read_start(model)
    metadata = file.metadata
    return recipe.change(
        start=model,
        start_sha256=file.sha256,
        start_classes=metadata.class_names,
        framing=metadata.framing if recipe.framing == "auto" else recipe.framing,
        size=recipe.size or f"{metadata.width}x{metadata.height}",
        depth=recipe.depth or metadata.depth,
        network=metadata.network,
    )


def own_data(model: str) -> list[str]:
    """The sources that ``model`` was trained on.

    When one of them is not there any more, or is a file or folder that a model file names, which may come from an
    untrusted source: those that come with lenet.
    """
    sources = names_of(read_start(model).metadata.recipe.get("data", ""))
    there = is_run(model) and all(name in BUNDLED or (name and Path(name).exists()) for name in sources)
    return sources if there else bundled_of(sources)
