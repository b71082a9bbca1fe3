"""A look inside, in plain values: a model's details, test images to try it on, and explanations."""

from contextlib import suppress
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from starlette.responses import JSONResponse

from lenet.datasets import Dataset, load_dataset
from lenet.errors import LenetError
from lenet.evaluation.metrics import wilson_interval
from lenet.evaluation.parts import data_for, part_for
from lenet.explain.explanation import Explanation
from lenet.export.export import fold_temperature
from lenet.export.html import Html
from lenet.model.description import describe
from lenet.model.file import ModelFile, encode_model
from lenet.model.graph import Array
from lenet.model.runtime import Model, is_run
from lenet.network.architecture import Activation, Flatten, PlacedLayer
from lenet.serve.answers import Details
from lenet.serve.schema import image_rows

# Number of images that a gallery is chosen from.
POOL = 2000


def details(model: Model, name: str) -> dict[str, Any]:
    """What the model file says about itself, in plain values."""
    about = model.metadata
    measured = about.test_accuracy is not None and about.test_n > 0
    correct = round((about.test_accuracy or 0) * about.test_n)
    calculated = {
        "name": name,
        "parameters": sum(array.size for array in model.weights.values()),
        "accuracy_interval": list(wilson_interval(correct, about.test_n)) if measured else None,
    }
    return {entry: calculated.get(entry, getattr(about, entry, None)) for entry in Details.model_fields}


def network(model: Model, name: str) -> dict[str, Any]:
    """``answers.Network`` in plain values."""
    about = model.metadata
    recipe = str(about.recipe.get("name", ""))
    return {"name": name, "text": about.network, "recipe": recipe, **describe(about, model.weights)}


def as_file(model: Model, format: str) -> bytes:
    """A model in one file: the model file itself, or a page that works offline."""
    content = encode_model(model.weights, model.metadata)
    if format == "onnx":
        return content
    file = fold_temperature(ModelFile(content, model.weights, model.metadata))
    with TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        Html(file, lambda: np.empty((0, *model.input_shape), np.uint8)).write(page)
        return page.read_bytes()


def gallery(model: Model, count: int, seed: int) -> dict[str, Any]:
    """Images that the model was not trained on, as many of each class as possible, with their classes.

    None when its data cannot be loaded and MNIST has other classes or another size.
    """
    try:
        part = _held_out(model).sample(count, seed)
    except LenetError:
        return {"source": "", "samples": []}
    return {
        "source": Path(part.name).name,  # not where it lies on this machine
        "samples": [
            {"label": part.class_names[label], "image": image_rows(image)}
            for image, label in zip(part.images, part.labels.tolist(), strict=True)
        ],
    }


@lru_cache(maxsize=8)
def _held_out(model: Model) -> Dataset:
    """Some of the images that a model was not trained on; to load and check all of them takes a second."""
    about = model.metadata
    dataset = None
    with suppress(LenetError):
        dataset = data_for(about, own_paths=is_run(model.name))
    # What is there now may be other pictures, and they would be shown to everybody who asks.
    if dataset is None or dataset.sha256 != about.training_data_sha256:
        dataset = load_dataset("mnist")
    part = part_for(about, dataset)
    part = part.with_classes(about.class_names)
    if part.images.shape[1:] != model.input_shape:
        raise LenetError("there are no test images of this model's size; train it again, or choose another model")
    return part.take(np.random.default_rng(0).permutation(len(part))[:POOL])


def encode_explanation(answer: dict[str, Any], explanation: Explanation | None) -> bytes:
    """``answers.Explained`` as the bytes of its JSON; without an explanation where nothing is drawn."""
    content: dict[str, Any] = {"answer": answer, "label": None, "layers": []}
    content |= {"occlusion": [], "evidence": [], "contributions": []}
    if explanation is not None:
        content |= {
            "label": explanation.class_names[explanation.label],
            "layers": [_layer(placed, explanation.activations[placed.name]) for placed in explanation.layers],
            "occlusion": _plain(explanation.occlusion),
            "evidence": _plain(explanation.evidence),
            "contributions": _plain(explanation.contributions),
        }
    return bytes(JSONResponse(content).body)


def _layer(placed: PlacedLayer, values: Array) -> dict[str, Any]:
    # What follows from the layer before by one formula is left to the client: it would double the answer.
    told = not isinstance(placed.layer, Activation | Flatten)
    return {
        "name": placed.name,
        "kind": type(placed.layer).__name__.lower(),
        "settings": asdict(placed.layer),
        "input_shape": list(placed.input_shape),
        "output_shape": list(placed.output_shape),
        "maps": _plain(values.transpose(2, 0, 1)) if told and values.ndim == 3 else [],
        "units": _plain(values) if told and values.ndim == 1 else [],
    }


def _plain(values: Array) -> Any:
    return values.astype(np.float64).round(4).tolist()
