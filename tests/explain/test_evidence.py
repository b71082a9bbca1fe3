"""Heatmaps of networks whose reasons are known."""

import numpy as np
import pytest

from lenet import Model
from lenet.explain import explain
from lenet.explain.explanation import PATCH, image_kernels, occlusion
from lenet.model.file import decode_model, encode_model
from lenet.model.metadata import Metadata
from tests.networks import random_model

# The one place of the second pooling's 7×7 that the hand-made network looks at: pixels 8–11 down, 20–23 across.
ROW, COLUMN = 2, 5


@pytest.fixture(scope="module")
def one_patch() -> Model:
    """Says `ink` when there is ink in one patch of 4×4 pixels, else `none`; all other pixels are ignored."""
    dense1 = np.zeros((7, 7), np.float32)
    dense1[ROW, COLUMN] = 1
    one, zero = np.ones((1, 1, 1, 1), np.float32), np.zeros(1, np.float32)
    weights = {
        "conv1/kernel": one,
        "conv1/bias": zero,
        "conv2/kernel": one,
        "conv2/bias": zero,
        "dense1/kernel": dense1.reshape(49, 1),
        "dense1/bias": zero,
        "dense2/kernel": np.array([[1, 0]], np.float32),
        "dense2/bias": np.array([0, 0.5], np.float32),
    }
    network = "conv 1 1, relu, maxpool 2, conv 1 1, relu, maxpool 2, dense 1, relu"
    return Model(decode_model(encode_model(weights, Metadata(("ink", "none"), 28, 28, 1, network))))


@pytest.fixture
def busy():
    """Ink everywhere, the brightest pixel of the patch in its lower right corner."""
    image = np.random.default_rng(0).integers(100, 200, (28, 28, 1)).astype(np.uint8)
    image[11, 23] = 255
    return image


def test_occlusion_lights_up_where_the_answer_depends_on_ink(one_patch, busy):
    heat = explain(one_patch, busy, 0).occlusion
    assert heat.shape == (28, 28)
    reach = PATCH - 1
    near = np.zeros((28, 28), bool)
    near[8 - reach : 12 + reach, 20 - reach : 24 + reach] = True
    assert (heat[~near] == 0).all()
    assert np.unravel_index(heat.argmax(), heat.shape) == (11, 23)
    np.testing.assert_allclose(explain(one_patch, busy, 1).occlusion, -heat, atol=1e-6)


def test_evidence_lights_up_the_one_place_and_no_other(one_patch, busy):
    expected = np.zeros((14, 14))
    expected[5, 11] = 1  # 255 scaled to 1, in the cell of pixel (11, 23)
    np.testing.assert_allclose(explain(one_patch, busy, 0).evidence, expected, atol=1e-6)
    assert (explain(one_patch, busy, 1).evidence == 0).all()


def test_large_images_take_few_squares_and_every_pixel_is_covered():
    model = random_model("conv 2 3 stride 4, relu, maxpool 4", (130, 90, 3), classes=2)
    image = np.random.default_rng(0).integers(0, 256, (130, 90, 3)).astype(np.uint8)
    passes = []
    logits = model.logits
    model.logits = lambda images: passes.append(len(images)) or logits(images)
    heat = occlusion(model, image, 0, logits(image[np.newaxis])[0])
    assert np.isfinite(heat).all()
    assert sum(passes) < 2500


def test_an_even_picture_in_colour_loses_nothing_when_covered():
    model = random_model("conv 3 3, relu", (12, 12, 3), classes=3)
    image = np.tile(np.array([200, 40, 90], np.uint8), (12, 12, 1))
    np.testing.assert_allclose(explain(model, image).occlusion, 0, atol=1e-5)


@pytest.mark.parametrize("network", ["lenet", "lenet5", "mlp", "deep", "tiny", ""])
def test_contributions_and_the_bias_sum_to_the_logit(network):
    """Also where the maps are flattened straight into the last dense layer, in Keras's order."""
    model = random_model(network)
    last = model.metadata.layers[-2].name
    explanation = explain(model, np.random.default_rng(3).integers(0, 256, (28, 28, 1)).astype(np.uint8))
    total = explanation.contributions.sum() + model.weights[f"{last}/bias"][explanation.label]
    assert total == pytest.approx(explanation.activations[last][explanation.label], abs=2e-3)


def test_kernels_of_the_image():
    for network, shape in {
        "lenet": (5, 5, 3, 20),
        "maxpool 2, conv 4 3": (3, 3, 3, 4),
        "mlp": (28, 20, 3, 300),
    }.items():
        model = random_model(network, (28, 20, 3))
        kernels = image_kernels(model.metadata.layers, model.weights)
        assert kernels.shape == shape
    # As an image: the weights that a unit gives to the pixels, at the pixels' places.
    image = np.random.default_rng(0).integers(0, 256, (28, 20, 3)).astype(np.uint8)
    sums = (kernels * (image / 255)[..., np.newaxis]).sum(axis=(0, 1, 2)) + model.weights["dense1/bias"]
    np.testing.assert_allclose(model.activations(image)["dense1"], sums, atol=1e-3)
    pooled = random_model("avgpool 2, dense 5")
    assert image_kernels(pooled.metadata.layers, pooled.weights) is None
