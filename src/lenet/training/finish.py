"""From trained weights to a finished run folder: calibration, test, comparison with Keras, files."""

from typing import Any

import numpy as np

from lenet.datasets import Dataset
from lenet.errors import LenetError
from lenet.evaluation import evaluate
from lenet.evaluation.calibration import calibrate
from lenet.model.file import decode_model, encode_model
from lenet.model.metadata import Metadata
from lenet.model.preprocessing import scale_pixels
from lenet.model.runtime import Model
from lenet.training.environment import library_versions
from lenet.training.recipe import Recipe
from lenet.training.run import Run
from lenet.training.state import TrainingState

# Float32 sums in another order differ in the last digits; a larger difference is an error.
LARGEST_DIFFERENCE = 1e-5


def finish(
    run: Run,
    network: Any,
    recipe: Recipe,
    state: TrainingState,
    dataset: Dataset,
    test_part: Dataset,
    validation: Dataset | None = None,
) -> None:
    """Calibrate on ``validation``, measure on the test part, and write all files of a finished run folder."""

    def model_with(metadata: Metadata) -> Model:
        return Model(decode_model(encode_model(weights, metadata)), name=str(run.path))

    metadata = Metadata(
        class_names=dataset.class_names,
        height=dataset.height,
        width=dataset.width,
        depth=dataset.depth,
        network=recipe.network,
        framing=dataset.framing,
        inverted=dataset.inverted,
        recipe=recipe.to_dict(),
        seed=recipe.seed,
        versions=library_versions(),
        training_data_sha256=dataset.sha256,
    )
    names = [name for placed in metadata.layers for name in placed.weight_shapes]
    weights = {name: value.numpy() for name, value in zip(names, network.weights, strict=True)}
    model = model_with(metadata)
    _check_against_keras(model, network, test_part)
    if validation is not None:
        metadata = calibrate(model, validation)
        model = model_with(metadata)
    run.write_results(network, weights, metadata, recipe, state, evaluate(model, test_part), test_part)


def _check_against_keras(model: Model, network: Any, dataset: Dataset) -> None:
    """Compare the model file with the Keras network before it is written."""
    images = dataset.images[:128]
    difference = np.abs(model.predict(images) - network(scale_pixels(images), training=False).numpy()).max()
    if not difference <= LARGEST_DIFFERENCE:
        raise LenetError(f"the model file and the Keras network differ by {difference:g}; it was not kept")
