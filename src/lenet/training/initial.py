"""The network before its first step: new weights, or those of a trained model."""

from typing import Any

from lenet.backend import keras
from lenet.datasets import Dataset
from lenet.datasets.classes import merge
from lenet.errors import LenetError
from lenet.model.file import MOST_BYTES, ModelFile
from lenet.network.architecture import Architecture
from lenet.network.build import build
from lenet.training.recipe import Recipe
from lenet.training.start import read_start


def taught_by(recipe: Recipe, dataset: Dataset) -> Recipe:
    """The same recipe with the hash of the teacher that it names.

    Raises:
        LenetError: when there is no such model, or its classes or images are not those of ``dataset``, the training
            part.
    """
    file = _read_teacher(recipe)
    metadata = file.metadata
    images = (metadata.height, metadata.width, metadata.depth)
    if metadata.class_names != dataset.class_names or images != dataset.images.shape[1:]:
        raise LenetError(
            f"{recipe.teacher}: has other classes or images than the training part; train a network on that data "
            "first, and name its run with --teacher"
        )
    return recipe.change(teacher_sha256=file.sha256, teacher_epochs=0.0)


def load_teacher(recipe: Recipe) -> Any:
    """The trained model that ``recipe`` names as its teacher, as a Keras network."""
    file = _read_teacher(recipe)
    metadata = file.metadata
    sizes = metadata.width, metadata.height, metadata.depth, len(metadata.class_names)
    network = build(Architecture.parse(metadata.network), *sizes)
    network.set_weights([file.weights[name] for placed in metadata.layers for name in placed.weight_shapes])
    return network


def _read_teacher(recipe: Recipe) -> ModelFile:
    file = read_start(recipe.teacher)
    if recipe.teacher_sha256 not in ("", file.sha256):
        raise LenetError(f"{recipe.teacher}: is not the teacher that this training began with; its SHA-256 is another")
    return file


def class_names(dataset: Dataset, recipe: Recipe) -> tuple[str, ...]:
    """Classes of the network: those of the model that it starts from, and those of ``dataset``."""
    known = recipe.start_classes
    if not known:
        return dataset.class_names
    return known if set(dataset.class_names) <= set(known) else merge(known, dataset.class_names)


def build_network(dataset: Dataset, recipe: Recipe) -> Any:
    """The recipe's network for the images of ``dataset`` and its ``class_names``, as a Keras network.

    Its weights depend on the recipe's seed, or are those of the model that the recipe starts from.

    Raises:
        LenetError: for a network that is too large for a model file, or that cannot take these images.
    """
    height, width, depth = dataset.images.shape[1:]
    classes = class_names(dataset, recipe)
    parameters = recipe.architecture.count_parameters(height, width, depth, len(classes))
    # The rest of a model file is small, but for its class names.
    needed = 4 * parameters + 64 * len(classes) + (1 << 16)
    if needed > MOST_BYTES:
        raise LenetError(
            f"{dataset.name}: this network for {dataset.width}×{dataset.height} pixels has {parameters:,} parameters, "
            f"{needed / 2**20:,.0f} MiB; a model file holds {MOST_BYTES >> 20} MiB; choose a smaller --size, such as "
            "28x28, or fewer --dense-units"
        )
    keras.utils.set_random_seed(recipe.seed)
    network = build(recipe.architecture, width, height, depth, len(classes), initializer=recipe.initializer)
    if recipe.start:
        load_start(network, recipe, classes)
    return network


def load_start(network: Any, recipe: Recipe, classes: tuple[str, ...]) -> None:
    """Set the weights of ``network`` to those that ``recipe`` starts from.

    The last layer's go to the ``classes`` of the same names; of classes that the model does not have, the new weights
    stay.
    """
    file = read_start(recipe.start)
    if recipe.start_sha256 not in ("", file.sha256):
        raise LenetError(f"{recipe.start}: is not the model that this training started from; its SHA-256 is another")
    weights = {name: file.weights[name] for placed in file.metadata.layers for name in placed.weight_shapes}
    first, last = next(iter(weights)), file.metadata.layers[-2].name
    weights[first] = weights[first] / recipe.input_gain  # which training multiplies with
    for variable, (name, array) in zip(network.weights, weights.items(), strict=True):
        started = _grown(array, variable, file.metadata.class_names, classes) if name.startswith(f"{last}/") else array
        if tuple(variable.shape) != started.shape:
            raise LenetError(
                f"{recipe.start}: its {name} has shape {array.shape}, this training needs {tuple(variable.shape)}; "
                "take the model's network, size and depth of images"
            )
        variable.assign(started)


def _grown(array: Any, variable: Any, known: tuple[str, ...], classes: tuple[str, ...]) -> Any:
    """Weights of the last layer ``(…, classes)``: those in ``array`` for the ``known`` classes, else the variable's."""
    grown = variable.numpy()
    if grown.shape[:-1] != array.shape[:-1]:
        return array
    shared = [name for name in classes if name in known]
    grown[..., [classes.index(name) for name in shared]] = array[..., [known.index(name) for name in shared]]
    return grown
