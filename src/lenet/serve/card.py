"""What is known of a model, and test images to try it on."""

from functools import lru_cache
from typing import Any

import numpy as np

from lenet.datasets import Dataset, load_dataset
from lenet.errors import LenetError
from lenet.evaluation.metrics import wilson_interval
from lenet.evaluation.parts import data_for, part_for
from lenet.model.runtime import Model

# Images that a gallery is chosen from.
POOL = 2000


def card(model: Model, name: str) -> dict[str, Any]:
    """Plain values of all that the model file says about itself."""
    about, weights = model.metadata, model.weights
    measured = about.test_accuracy is not None and about.test_n > 0
    correct = round((about.test_accuracy or 0) * about.test_n)
    conv1, conv2, dense1 = (weights[f"{layer}/kernel"].shape for layer in ("conv1", "conv2", "dense1"))
    return {
        "name": name,
        "class_names": list(about.class_names),
        "height": about.height,
        "width": about.width,
        "parameters": sum(array.size for array in weights.values()),
        "filters": [conv1[0], conv2[0]],
        "kernel_size": conv1[2],
        "dense_units": dense1[1],
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
    """Kernels and biases of both convolutions."""
    return {
        layer: {
            "kernels": model.weights[f"{layer}/kernel"].astype(np.float64).round(5).tolist(),
            "biases": model.weights[f"{layer}/bias"].astype(np.float64).round(5).tolist(),
        }
        for layer in ("conv1", "conv2")
    }


def gallery(model: Model, count: int, seed: int) -> dict[str, Any]:
    """Some images that the model has not learnt from, of every class as many, with their classes.

    Raises:
        LenetError: when its data cannot be had and MNIST has other classes or another size.
    """
    part = _unseen(model)
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
            {"label": part.class_names[part.labels[index]], "image": part.images[index, ..., 0].tolist()}
            for index in chosen.tolist()
        ],
    }


@lru_cache(maxsize=8)
def _unseen(model: Model) -> Dataset:
    """Some of the images that a model has not learnt from; to load and to check them all takes a second."""
    about = model.metadata
    try:
        part = part_for(about, data_for(about))
    except LenetError:
        part = part_for(about, load_dataset("mnist"))
    part = part.with_classes(about.class_names)
    if part.images.shape[1:] != model.input_shape:
        raise LenetError(f"{model.name}: no test images of its size are at hand")
    return part.take(np.random.default_rng(0).permutation(len(part))[:POOL])
