"""The network before its first step: new weights, or those of a trained model."""

from typing import Any

from lenet.backend import keras
from lenet.datasets import Dataset
from lenet.errors import LenetError
from lenet.model.file import MOST_BYTES, read_model
from lenet.model.runtime import locate_model
from lenet.network.build import build
from lenet.training.recipe import Recipe


def start_from(recipe: Recipe, model: str) -> Recipe:
    """The same recipe, starting from the weights of ``model``, a run folder or a model file.

    It gets the model's network, and its framing, size and depth of images where the recipe does not set them.

    Raises:
        LenetError: when there is no such model, or it fails verification.
    """
    file = read_model(locate_model(model))
    metadata = file.metadata
    return recipe.change(
        start=model,
        start_sha256=file.sha256,
        framing=metadata.framing if recipe.framing == "auto" else recipe.framing,
        size=recipe.size or f"{metadata.width}x{metadata.height}",
        depth=recipe.depth or metadata.depth,
        network=metadata.network,
    )


def build_network(dataset: Dataset, recipe: Recipe) -> Any:
    """The recipe's network for the images and classes of ``dataset``, as a Keras network.

    Its weights depend on the recipe's seed, or are those of the model that the recipe starts from.

    Raises:
        LenetError: for a network that is too large for a model file, or that cannot take these images.
    """
    height, width, depth = dataset.images.shape[1:]
    classes = len(dataset.class_names)
    parameters = recipe.architecture.count_parameters(height, width, depth, classes)
    # The rest of a model file is small, but for its class names.
    needed = 4 * parameters + 64 * classes + (1 << 16)
    if needed > MOST_BYTES:
        raise LenetError(
            f"{dataset.name}: this network for {dataset.width}×{dataset.height} pixels has {parameters:,} parameters, "
            f"{needed / 2**20:,.0f} MiB; a model file holds {MOST_BYTES >> 20} MiB; choose a smaller --size, such as "
            "28x28, or fewer --dense-units"
        )
    keras.utils.set_random_seed(recipe.seed)
    network = build(recipe.architecture, width, height, depth, classes, initializer=recipe.initializer)
    if recipe.start:
        load_start(network, recipe, dataset.class_names)
    return network


def load_start(network: Any, recipe: Recipe, class_names: tuple[str, ...]) -> None:
    """Set the weights of ``network`` to those that ``recipe`` starts from; with other classes, not the last layer's."""
    path = locate_model(recipe.start)
    file = read_model(path)
    if recipe.start_sha256 not in ("", file.sha256):
        raise LenetError(f"{path}: is not the model that this training started from; its SHA-256 is another")
    weights = {name: file.weights[name] for placed in file.metadata.layers for name in placed.weight_shapes}
    first, last = next(iter(weights)), file.metadata.layers[-2].name
    weights[first] = weights[first] / recipe.input_gain  # which training multiplies with
    for variable, (name, array) in zip(network.weights, weights.items(), strict=True):
        if name.startswith(f"{last}/") and class_names != file.metadata.class_names:
            continue
        if tuple(variable.shape) != array.shape:
            raise LenetError(
                f"{path}: its {name} has shape {array.shape}, this training needs {tuple(variable.shape)}; "
                "take the model's network, size and depth of images"
            )
        variable.assign(array)
