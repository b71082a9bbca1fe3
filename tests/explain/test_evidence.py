"""Heatmaps held against networks whose reasons are known."""

import numpy as np
import pytest

from lenet import Model
from lenet.explain import explain
from lenet.explain.evidence import PATCH, hires_cam, occlusion
from lenet.model.file import decode_model, encode_model
from lenet.model.metadata import Metadata

# The one place of the second pooling's 7×7 that the hand-made network looks at: pixels 8–11 down, 20–23 across.
ROW, COLUMN = 2, 5


@pytest.fixture(scope="module")
def one_patch() -> Model:
    """Says `ink` when there is ink in one patch of 4×4 pixels, else `none`; all else is the same to it."""
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
    return Model(decode_model(encode_model(weights, Metadata(("ink", "none"), 28, 28, 1))))


@pytest.fixture
def busy():
    """Ink everywhere, the brightest pixel of the patch in its lower right corner."""
    image = np.random.default_rng(0).integers(100, 200, (28, 28, 1)).astype(np.uint8)
    image[11, 23] = 255
    return image


def test_occlusion_lights_up_where_the_answer_hangs(one_patch, busy):
    heat = occlusion(one_patch, busy, 0)
    assert heat.shape == (28, 28)
    reach = PATCH - 1
    near = np.zeros((28, 28), bool)
    near[8 - reach : 12 + reach, 20 - reach : 24 + reach] = True
    assert (heat[~near] == 0).all()
    assert np.unravel_index(heat.argmax(), heat.shape) == (11, 23)
    np.testing.assert_allclose(occlusion(one_patch, busy, 1), -heat, atol=1e-6)


def test_hires_cam_lights_up_the_one_place_and_no_other(one_patch, busy):
    heat = hires_cam(one_patch.weights, one_patch.activations(busy), 0)
    expected = np.zeros((14, 14))
    expected[5, 11] = 1  # 255 scaled to 1, in the cell of pixel (11, 23)
    np.testing.assert_allclose(heat, expected, atol=1e-6)
    assert (hires_cam(one_patch.weights, one_patch.activations(busy), 1) == 0).all()


def test_the_evidence_and_the_biases_add_up_to_the_logit(model, test_part):
    """True of any network of ReLUs, and only when every gradient on the way is right."""
    for image in test_part.images[:5]:
        check_sum(model, image)


def test_odd_sizes_and_colours_add_up_too():
    rng = np.random.default_rng(1)
    shapes = {
        "conv1": (4, 3, 3, 3),
        "conv2": (5, 4, 3, 3),
        "dense1": (5 * 2 * 3, 6),
        "dense2": (6, 3),
    }
    weights = {}
    for layer, shape in shapes.items():
        weights[f"{layer}/kernel"] = rng.normal(size=shape).astype(np.float32)
        outputs = shape[0] if layer.startswith("conv") else shape[1]
        weights[f"{layer}/bias"] = rng.normal(size=outputs).astype(np.float32)
    model = Model(decode_model(encode_model(weights, Metadata(("a", "b", "c"), 11, 14, 3))))
    image = rng.integers(0, 256, (11, 14, 3), np.uint8)
    check_sum(model, image)
    assert occlusion(model, image, 0).shape == (11, 14)


def check_sum(model, image):
    activations = model.activations(image)
    awake = activations["dense1"] > 0
    for label in range(len(model.class_names)):
        outgoing = model.weights["dense2/kernel"][:, label]
        biases = model.weights["dense2/bias"][label] + (model.weights["dense1/bias"] * awake * outgoing).sum()
        total = hires_cam(model.weights, activations, label).sum() + biases
        assert total == pytest.approx(activations["dense2"][label], abs=1e-3)


def test_the_units_add_up_to_the_logit(model, test_part):
    explanation = explain(model, test_part.images[0])
    total = explanation.contributions.sum() + model.weights["dense2/bias"][explanation.label]
    assert total == pytest.approx(explanation.activations["dense2"][explanation.label], abs=1e-3)
