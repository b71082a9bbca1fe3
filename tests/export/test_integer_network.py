"""The network in integers: the cost of rounding, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from lenet import LenetError, Model
from lenet.datasets import Dataset
from lenet.export.integer_network import IntegerNetwork, quantize_rows
from lenet.model.file import ModelFile, encode_model
from lenet.model.metadata import Metadata
from tests.export.conftest import Odd


def _with(file: ModelFile, **changes: np.ndarray) -> ModelFile:
    weights = {**file.weights, **{name.replace("_", "/"): array for name, array in changes.items()}}
    units = len(weights["dense1/bias"])
    network = file.metadata.network.replace("dense 7", f"dense {units}")
    metadata = replace(file.metadata, temperature=1.0, network=network)
    return ModelFile(encode_model(weights, metadata), weights, metadata)


def test_rows_are_rounded_by_their_own_scale() -> None:
    kernel = np.array([[1.0, -0.5, 0.25], [0.0, 0.0, 0.0], [0.001, 0.002, -0.004]], np.float32)
    integers, scale = quantize_rows(kernel)
    assert integers.dtype == np.int8
    assert integers.tolist() == [[127, -64, 32], [0, 0, 0], [32, 64, -127]]
    assert np.abs(integers * scale[:, np.newaxis] - kernel).max() <= scale.max() / 2


def test_agrees_with_the_model_on_training_images(trained_file: ModelFile, mnist: Dataset) -> None:
    network = IntegerNetwork(trained_file, mnist.images[:200])
    images = mnist.images[1000:1500]
    answers, found = Model(trained_file).predict(images), network.predict(images)
    assert (answers.argmax(axis=1) == found.argmax(axis=1)).mean() >= 0.998
    assert np.abs(answers - found).mean() < 1e-3


def test_more_calibration_images_widen_the_range(odd: Odd) -> None:
    """The range covers all images, not only the last."""
    dark, bright = np.full((1, 9, 14, 3), 10, np.uint8), np.full((1, 9, 14, 3), 255, np.uint8)
    file = _with(odd.file)
    one, two = (IntegerNetwork(file, np.concatenate(images)) for images in ([bright, dark], [dark, bright]))
    assert (one.steps[0].weights.multiplier == two.steps[0].weights.multiplier).all()


def test_average_is_taken_of_values_in_range() -> None:
    """One bright pixel in each square: the values that are averaged are four times as large as their average."""
    weights = {
        "conv1/kernel": np.ones((1, 1, 1, 1), np.float32),
        "conv1/bias": np.zeros(1, np.float32),
        "dense1/kernel": np.array([[8, 0], [0, 8], [4, 0], [0, 4]], np.float32),
        "dense1/bias": np.zeros(2, np.float32),
    }
    metadata = Metadata(class_names=("a", "b"), height=4, width=4, depth=1, network="conv 1 1, relu, avgpool 2")
    file = ModelFile(encode_model(weights, metadata), weights, metadata)
    images = np.zeros((1, 4, 4, 1), np.uint8)
    images[0, 0, 0], images[0, 0, 2], images[0, 2, 2] = 255, 100, 50
    assert np.abs(IntegerNetwork(file, images).predict(images) - Model(file).predict(images)).max() < 0.005


def test_biases_without_weights_still_count(odd: Odd) -> None:
    """A filter of zeros, and one with a bias that is much larger than its weights."""
    kernel = odd.file.weights["conv1/kernel"].copy()
    kernel[..., 0], kernel[..., 1] = 0, 1e-9
    file = _with(odd.file, conv1_kernel=kernel, conv1_bias=np.array([0.5, 0.7, -0.1], np.float32))
    images = odd.dataset.images[:50]
    assert np.abs(IntegerNetwork(file, images).predict(images) - Model(file).predict(images)).max() < 0.05


def test_sums_that_do_not_fit_are_refused(odd: Odd) -> None:
    units = 70_000  # of equal weights: 70,000 · 127 · 255 is more than 31 bits hold
    file = _with(
        odd.file,
        dense1_kernel=np.full((30, units), 0.01, np.float32),
        dense1_bias=np.zeros(units, np.float32),
        dense2_kernel=np.full((units, 4), 0.01, np.float32),
    )
    with pytest.raises(LenetError, match=r"dense2 is too wide .* c-float"):
        IntegerNetwork(file, odd.dataset.images[:2])
