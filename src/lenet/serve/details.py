"""Details of a model: what its file says, its kernels, and test images to try it on."""

from functools import lru_cache
from typing import Any

import numpy as np

from lenet.datasets import Dataset, load_dataset
from lenet.errors import LenetError
from lenet.evaluation.metrics import wilson_interval
from lenet.evaluation.parts import data_for, part_for
from lenet.model.runtime import Model
from lenet.network.architecture import Conv
from lenet.serve.schema import image_rows

# Number of images that a gallery is chosen from.
POOL = 2000


def details(model: Model, name: str) -> dict[str, Any]:
    """What the model file says about itself, in plain values."""
    about = model.metadata
    measured = about.test_accuracy is not None and about.test_n > 0
    correct = round((about.test_accuracy or 0) * about.test_n)
    return {
        "name": name,
        "class_names": list(about.class_names),
        "height": about.height,
        "width": about.width,
        "depth": about.depth,
        "framing": about.framing,
        "network": about.network,
        "parameters": sum(array.size for array in model.weights.values()),
        "test_accuracy": about.test_accuracy,
        "test_n": about.test_n,
        "accuracy_interval": list(wilson_interval(correct, about.test_n)) if measured else None,
        "temperature": about.temperature,
        "unknown_threshold": about.unknown_threshold,
        "recipe": dict(about.recipe),
        "seed": about.seed,
        "versions": dict(about.versions),
        "training_data_sha256": about.training_data_sha256,
    }


def kernels(model: Model) -> dict[str, Any]:
    """Kernels ``(filters, depth, k, k)`` and biases of all convolutions, by the layer's name."""

    def plain(name: str, *axes: int) -> Any:
        array = model.weights[name]
        return array.transpose(axes or None).astype(np.float64).round(5).tolist()

    return {
        placed.name: {"kernels": plain(f"{placed.name}/kernel", 3, 2, 0, 1), "biases": plain(f"{placed.name}/bias")}
        for placed in model.metadata.layers
        if isinstance(placed.layer, Conv)
    }


def gallery(model: Model, count: int, seed: int) -> dict[str, Any]:
    """Images that the model was not trained on, as many of each class as possible, with their classes.

    Raises:
        LenetError: when its data cannot be loaded and MNIST has other classes or another size.
    """
    part = _held_out(model)
    order = np.random.default_rng(seed).permutation(len(part))
    # The first of each class, then the second of each, and so on.
    labels = part.labels[order]
    turn = np.empty(len(order), np.int64)
    for label in np.unique(labels):
        turn[labels == label] = np.arange(np.count_nonzero(labels == label))
    chosen = order[np.lexsort((labels, turn))[:count]]
    return {
        "source": part.name,
        "samples": [
            {"label": part.class_names[part.labels[index]], "image": image_rows(part.images[index])}
            for index in chosen.tolist()
        ],
    }


@lru_cache(maxsize=8)
def _held_out(model: Model) -> Dataset:
    """Some of the images that a model was not trained on; to load and check all of them takes a second."""
    about = model.metadata
    try:
        part = part_for(about, data_for(about))
    except LenetError:
        part = part_for(about, load_dataset("mnist"))
    part = part.with_classes(about.class_names)
    if part.images.shape[1:] != model.input_shape:
        raise LenetError(f"{model.name}: there are no test images of its size; train it again, or choose another model")
    return part.take(np.random.default_rng(0).permutation(len(part))[:POOL])
