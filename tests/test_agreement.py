"""Random networks: everything that computes a network gives the same probabilities.

``make test`` tries a fixed share. ``make agree`` tries 200 others each time, LiteRT for one in ten.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

from lenet import Model, Recipe, build
from lenet.backend import keras
from lenet.export.c import FLAGS, CFloat, CInt8, _call
from lenet.export.c import SOURCE as C_SOURCE
from lenet.export.chip import BITS, ChipC
from lenet.export.chip import SOURCE as CHIP_SOURCE
from lenet.export.html import PAGE
from lenet.export.litert import LiteRT
from lenet.model.description import describe, kernels
from lenet.model.file import ModelFile, decode_model, encode_model
from lenet.model.metadata import Metadata
from lenet.model.preprocessing import scale_pixels, softmax
from lenet.network.architecture import Activation, Architecture, Conv, Dense, Layer, Pool
from lenet.training.learner import Learner
from tests.networks import random_model

NETWORKS = int(os.environ.get("LENET_AGREE", "0"))
IMAGES = 3
TOLERANCE = 1e-4


def _settings(examples: int) -> settings:
    return settings(
        max_examples=NETWORKS * examples // 50 or examples,
        derandomize=not NETWORKS,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@st.composite
def networks(draw: Any) -> Model:
    """Up to four convolutions and two dense layers with random weights, for a random size of input."""
    height, width = draw(st.integers(5, 20)), draw(st.integers(5, 20))
    activations = st.sampled_from([None, *map(Activation, ("relu", "tanh", "sigmoid"))])
    layers: list[Layer] = []
    rows, columns = height, width

    def add(layer: Layer | None) -> None:
        nonlocal rows, columns
        match layer:
            case Conv(_, size, stride, "valid") if size <= min(rows, columns):
                rows, columns = (rows - size) // stride + 1, (columns - size) // stride + 1
            case Conv(_, _, stride, "same"):
                rows, columns = -(-rows // stride), -(-columns // stride)
            case Pool(_, size) if size <= min(rows, columns):
                rows, columns = rows // size, columns // size
            case Activation() | Dense():
                pass
            case _:  # nothing, or a layer that is too large for what is left of the input
                return
        layers.append(layer)

    for _ in range(draw(st.integers(0, 4))):
        padding = draw(st.sampled_from(["same", "valid"]))
        add(Conv(draw(st.integers(1, 6)), draw(st.integers(1, 6)), draw(st.integers(1, 2)), padding))
        pool = draw(st.none() | st.builds(Pool, st.sampled_from(["max", "average"]), st.integers(2, 3)))
        for layer in draw(st.permutations([draw(activations), pool])):
            add(layer)
    for units in draw(st.lists(st.integers(1, 12), max_size=2)):
        add(Dense(units))
        add(draw(activations))
    text = str(Architecture(tuple(layers)))
    depth, classes = draw(st.sampled_from([1, 3])), draw(st.integers(2, 6))
    note(f"{text!r} for {width}×{height}×{depth}, {classes} classes")
    metadata = Metadata(tuple("abcdef"[:classes]), height, width, depth, text)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    weights = {
        name: rng.normal(0, 1.5 / np.sqrt(np.prod(shape[:-1], initial=1)), shape).astype(np.float32)
        for placed in metadata.layers
        for name, shape in placed.weight_shapes.items()
    }
    return Model(decode_model(encode_model(weights, metadata)))


def _file(model: Model) -> ModelFile:
    return ModelFile(encode_model(model.weights, model.metadata), model.weights, model.metadata)


def _images(model: Model) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (IMAGES, *model.input_shape), np.uint8)


def _keras(model: Model) -> Any:
    height, width, depth = model.input_shape
    network = build(Architecture.parse(model.metadata.network), width, height, depth, len(model.class_names))
    for placed in model.metadata.layers:
        network.get_layer(placed.name).set_weights([model.weights[name] for name in placed.weight_shapes])
    return network


@_settings(50)
@given(networks())
def test_keras_training_and_onnx(model: Model) -> None:
    images = _images(model)
    network = _keras(model)
    assert np.abs(network(scale_pixels(images)).numpy() - model.predict(images)).max() < TOLERANCE
    recipe = replace(Recipe.named("fast"), view="whole", normalisation="none", input_gain=1.0)
    logits = Learner(network, recipe, "float32").logits(scale_pixels(images)).numpy()
    assert np.abs(softmax(logits) - model.predict(images)).max() < TOLERANCE
    layers = keras.Model(network.inputs[0], [layer.output for layer in network.layers])(scale_pixels(images[:1]))
    for (name, found), wanted in zip(model.activations(images[0]).items(), layers, strict=True):
        assert np.allclose(found, wanted.numpy()[0], atol=TOLERANCE), name


def _run_c(target: CFloat | CInt8, images: np.ndarray) -> np.ndarray:
    """As ``run``, without optimisation, which takes most of the time."""
    with TemporaryDirectory() as folder:
        target.write(Path(folder))
        sources = [f"{folder}/lenet.c", str(C_SOURCE / "runner.c")]
        flags = [flag for flag in FLAGS if not flag.startswith("-O")]
        _call(["cc", *flags, f"-I{folder}", *sources, "-o", f"{folder}/program", "-lm"], "does not compile")
        output = _call([f"{folder}/program"], "fails", images.tobytes())
    return np.frombuffer(output, np.float32).reshape(len(images), -1)


@_settings(25)
@given(networks())
def test_c(model: Model) -> None:
    """In floating point as the model; in integers exactly as ``IntegerNetwork``, where it has the activations."""
    images = _images(model)
    found = _run_c(CFloat(_file(model), lambda: images), images)
    assert np.abs(found - model.predict(images)).max() < TOLERANCE
    if not {"tanh", "sigmoid"} & set(model.metadata.network.replace(",", "").split()):
        target = CInt8(_file(model), lambda: images)
        assert np.abs(_run_c(target, images) - target.network.predict(images)).max() < 1e-6


@_settings(25)
@given(networks(), st.sampled_from(BITS))
def test_c_for_chips(model: Model, bits: int) -> None:
    """Exactly as ``ChipNetwork``, with ReLU and max-pooling in place of what it does not have."""
    text = re.sub("tanh|sigmoid", "relu", model.metadata.network).replace("avgpool", "maxpool")
    weighted = re.sub(r"((?:conv|dense) [^,]*)(?:, relu)*", r"\1, relu", text)
    network = re.sub(
        r"^(?:(?:relu|maxpool \d+)(?:, |$))*", "", re.sub(r"(maxpool \d+)(?:, (?:relu|maxpool \d+))+", r"\1", weighted)
    )
    shape = (model.metadata.height, model.metadata.width, model.metadata.depth)
    images = _images(model)
    target = ChipC(_file(random_model(network, shape, len(model.class_names))), lambda: images, bits=bits)
    with TemporaryDirectory() as folder:
        target.write(Path(folder))
        command = ["cc", f"-I{folder}", f"{folder}/lenet.c", str(CHIP_SOURCE / "runner.c"), "-o", f"{folder}/program"]
        _call(command, "does not compile")
        output = _call([f"{folder}/program"], "fails", images.tobytes())
    assert (np.frombuffer(output, np.int32).reshape(len(images), -1) == target.network.scores(images)).all()


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    module = (PAGE / "core" / "network.js").read_text(encoding="utf-8")
    page.add_script_tag(content=f"{module}\nwindow.createNetwork = createNetwork;", type="module")
    page.wait_for_function("typeof createNetwork === 'function'")
    yield page
    page.close()


def test_javascript(page: Page) -> None:
    """All layers' outputs."""

    @_settings(50)
    @given(networks())
    def agrees(model: Model) -> None:
        file, image = _file(model), _images(model)[0]
        found = page.evaluate(
            """([description, kernels, pixels]) => {
              const { probabilities, layers } = createNetwork(description, Float32Array.from(kernels)).read(pixels);
              const outputs = Object.entries(layers).map(([name, values]) => [name, Array.from(values)]);
              return [Array.from(probabilities), outputs];
            }""",
            [
                describe(file.metadata, file.weights),
                kernels(file.metadata, file.weights).tolist(),
                image.ravel().tolist(),
            ],
        )
        assert np.abs(found[0] - model.predict(image[np.newaxis])[0]).max() < TOLERANCE
        wanted = model.activations(image)
        assert [name for name, _ in found[1]] == list(wanted)
        for name, values in found[1]:
            assert np.allclose(values, wanted[name].ravel(), atol=TOLERANCE), name

    agrees()


@_settings(5)
@given(networks())
def test_litert(model: Model) -> None:
    images = _images(model)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        target = LiteRT(_file(model), lambda: images)
        target.write(path)
        assert np.abs(target.run(path, images) - model.predict(images)).max() < TOLERANCE
