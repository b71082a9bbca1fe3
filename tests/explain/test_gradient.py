"""Gradients compared with finite differences of the network itself."""

from itertools import pairwise

import numpy as np
import pytest

from lenet import Model
from lenet.explain.explanation import evidence, evidence_layer, layer_inputs
from lenet.explain.gradient import logit_gradient
from lenet.model.graph import INPUT, logits_name
from tests.networks import random_model

NETWORKS = {
    "lenet": ("lenet", (28, 28, 1)),
    "lenet5": ("lenet5", (28, 28, 1)),
    "mlp": ("mlp", (28, 28, 1)),
    "deep": ("deep", (28, 28, 1)),
    "strides, both paddings, odd sizes, colour": (
        "conv 4 4 stride 2, sigmoid, conv 5 3 valid, tanh, avgpool 3, conv 6 2 stride 3, dense 7, sigmoid, dense 5",
        (37, 30, 3),
    ),
    "max-pooling of a leftover row first": ("maxpool 3, conv 3 3 stride 2 valid, relu", (29, 31, 3)),
    "softmax regression": ("", (9, 8, 1)),
}


def slope(model: Model, pixels: np.ndarray, direction: np.ndarray, label: int, step: float = 1e-3) -> float:
    """Of a logit along a direction, by central difference; pixels and direction ``(height, width, depth)``."""
    both = np.stack([pixels + step * direction, pixels - step * direction]).transpose(0, 3, 1, 2)
    (logits,) = model._session.run([logits_name(model.metadata.layers)], {INPUT: both.astype(np.float32)})
    return float((logits[0, label] - logits[1, label]) / (2 * step))


@pytest.mark.parametrize(("network", "shape"), NETWORKS.values(), ids=NETWORKS)
def test_finite_differences_agree(network: str, shape: tuple[int, int, int]) -> None:
    model = random_model(network, shape, classes=6)
    layers = model.metadata.layers
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, shape).astype(np.uint8)
    inputs = layer_inputs(layers, image, model.activations(image))
    for label in (0, 5):
        gradient = logit_gradient(layers, model.weights, inputs, label, layers[0].name)
        assert gradient.shape == shape
        # The gradient's own direction, where the slope is its length; then blocks of it, each with its own slope.
        for rows in (slice(None), slice(0, shape[0] // 2), slice(shape[0] // 2, None), slice(-2, None)):
            direction = np.zeros(shape)
            direction[rows] = gradient[rows]
            length = np.linalg.norm(direction)
            if length < 1e-6:  # rows that strides and pooling leave out
                continue
            assert slope(model, image / 255, direction / length, label) == pytest.approx(length, rel=0.02)


@pytest.mark.parametrize("network", ["lenet", "deep", "conv 4 3 stride 2, relu, avgpool 2, dense 9, relu"])
def test_evidence_of_piecewise_linear_networks_sums_to_the_logit_less_the_biases(network: str) -> None:
    model = random_model(network)  # its biases are random, too
    layers = model.metadata.layers
    image = np.random.default_rng(2).integers(0, 256, (28, 28, 1)).astype(np.uint8)
    activations = model.activations(image)
    inputs = layer_inputs(layers, image, activations)
    behind = layers[layers.index(evidence_layer(layers)) : -1]
    for label in range(10):
        biases = 0.0
        for placed, following in pairwise(behind):
            if f"{placed.name}/bias" in placed.weight_shapes:
                gradient = logit_gradient(layers, model.weights, inputs, label, following.name)
                biases += float(gradient @ model.weights[f"{placed.name}/bias"])
        biases += model.weights[f"{behind[-1].name}/bias"][label]
        total = evidence(layers, model.weights, inputs, label).sum() + biases
        assert total == pytest.approx(activations[behind[-1].name][label], abs=2e-3)


@pytest.mark.parametrize(
    ("network", "name"),
    [
        ("lenet", "pool2"),
        ("lenet5", "pool2"),
        ("mlp", "flatten"),
        ("maxpool 2, dense 4", "pool1"),
        ("conv 3 3", "flatten"),
    ],
)
def test_evidence_is_for_the_last_convolution_or_the_pixels(network: str, name: str) -> None:
    assert evidence_layer(random_model(network).metadata.layers).name == name


def test_only_the_first_of_equal_pixels_gets_the_gradient_of_max_pooling() -> None:
    model = random_model("maxpool 2", (4, 4, 1), classes=2)
    layers, image = model.metadata.layers, np.full((4, 4, 1), 9, np.uint8)
    inputs = layer_inputs(layers, image, model.activations(image))
    gradient = logit_gradient(layers, model.weights, inputs, 0, "pool1")[..., 0]
    assert (gradient[::2, ::2] == model.weights["dense1/kernel"][:, 0].reshape(2, 2)).all()
    assert np.count_nonzero(gradient) == 4
