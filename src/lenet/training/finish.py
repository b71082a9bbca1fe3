"""From learnt weights to a finished run folder: calibrated, measured, held against Keras, written."""

from typing import Any

import numpy as np

from lenet.datasets import Dataset
from lenet.errors import LenetError
from lenet.evaluation import evaluate
from lenet.evaluation.calibration import calibrate
from lenet.model.file import decode_model, encode_model
from lenet.model.graph import Weights, from_keras_layout
from lenet.model.metadata import Metadata
from lenet.model.preprocessing import scale_pixels
from lenet.model.runtime import Model
from lenet.training.environment import library_versions
from lenet.training.fitting import Fitting
from lenet.training.learner import NAMES
from lenet.training.recipe import Recipe
from lenet.training.run import Run

# Float32 sums in another order differ in the last digits; more than this is another function.
LARGEST_DIFFERENCE = 1e-5


def finish(
    run: Run,
    network: Any,
    recipe: Recipe,
    fitting: Fitting,
    dataset: Dataset,
    test_part: Dataset,
    validation: Dataset | None = None,
) -> None:
    """Calibrate on ``validation``, measure on the test part, write everything that a finished run folder holds."""
    metadata = Metadata(
        class_names=dataset.class_names,
        height=dataset.height,
        width=dataset.width,
        depth=dataset.depth,
        recipe=recipe.to_dict(),
        seed=recipe.seed,
        versions=library_versions(),
        training_data_sha256=dataset.sha256,
    )
    weights = _onnx_weights(network, dataset)
    model = Model(decode_model(encode_model(weights, metadata)), name=str(run.path))
    _check_against_keras(model, network, test_part)
    if validation is not None:
        metadata = calibrate(model, validation)
        model = Model(decode_model(encode_model(weights, metadata)), name=str(run.path))
    run.write_results(network, weights, metadata, recipe, fitting, evaluate(model, test_part), test_part)


def _onnx_weights(network: Any, dataset: Dataset) -> Weights:
    arrays = {name: value.numpy() for name, value in zip(NAMES, network.weights, strict=True)}
    return from_keras_layout(arrays, dataset.height, dataset.width)


def _check_against_keras(model: Model, network: Any, dataset: Dataset) -> None:
    """Hold the model file against the Keras network before it is kept.

    Raises:
        LenetError: when they differ by more than the order of float32 sums explains.
    """
    images = dataset.images[:128]
    difference = np.abs(model.predict(images) - network(scale_pixels(images), training=False).numpy()).max()
    if not difference <= LARGEST_DIFFERENCE:
        raise LenetError(f"the model file and the Keras network differ by {difference:g}; it was not kept")
