"""The browser frames and reads drawings as Python does."""

import base64
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page

from lenet import Dataset, Model, create_app
from lenet.explain.explanation import explain
from lenet.model.description import describe, kernels
from lenet.pictures.framing import Framing
from lenet.serve.drawing import FramedDrawing, frame_drawing
from tests.browser.drawing import STROKES
from tests.conftest import SLOW
from tests.networks import random_model
from tests.serve.serving import running

pytestmark = pytest.mark.long

ODD = "conv 7 4 stride 2, sigmoid, maxpool 3, conv 5 2 valid, tanh, avgpool 2, dense 30, relu"
NETWORKS = {
    "lenet": Model.load,
    "lenet5": lambda: random_model("lenet5", framing="mark", temperature=1.7),
    "mlp": lambda: random_model("mlp", framing="mark"),
    "odd": lambda: random_model(ODD, framing="mark"),
    "colour, whole": lambda: random_model(ODD, (30, 41, 3), classes=4, framing="whole"),
    "inverted, whole": lambda: random_model("tiny", (32, 32, 1), classes=12, framing="whole", inverted=True),
}


def _drawing(rng: np.random.Generator, strokes: list[list[tuple[float, float]]]) -> np.ndarray:
    """Strokes as a hand could have drawn them on the pad: any size, place, slant and pen."""
    side, zoom, turn = 112 * 4, rng.uniform(0.15, 0.95), rng.normal(0, 0.15)
    place = rng.uniform(0, 1 - zoom, 2)
    image = Image.new("L", (side, side))
    width = round(side * rng.uniform(0.03, 0.14))
    for points in strokes:
        turned = np.array(points) @ [[1, turn], [-turn, 1]] + rng.normal(0, 0.01, (len(points), 2))
        at = [tuple(point) for point in (turned * zoom + place) * side]
        ImageDraw.Draw(image).line(at, fill=255, width=width, joint="curve")
        for x, y in at:
            ImageDraw.Draw(image).circle((x, y), width / 2, fill=255)
    return np.asarray(image.resize((112, 112), Image.Resampling.BOX))


@pytest.fixture(scope="module")
def drawings(mnist: Dataset) -> np.ndarray:
    """1,000 of ten digits, uint8 ``(n, 112, 112)``; some are cut off at the edge."""
    rng = np.random.default_rng(0)
    return np.stack([_drawing(rng, STROKES[str(number % 10)]) for number in range(1000)])


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    with running(create_app()) as address:
        page = browser.new_page()
        page.set_default_timeout(SLOW)
        page.goto(address + "page/lab/icon.svg")  # any page of this origin
        yield page
        page.context.close()


def _encoded(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def _read(page: Page, model: Model, drawings: np.ndarray, centre: bool = True) -> dict[str, np.ndarray]:
    """What the browser makes of them: images, probabilities, whether each is unknown."""
    height, width = drawings.shape[1:3]
    description = describe(model.metadata, model.weights)
    asked = {
        "description": description, "kernels": _encoded(kernels(model.metadata, model.weights)),
        "drawings": _encoded(drawings), "height": height, "width": width, "depth": drawings[0].size // height // width,
        "centre": centre,
    }  # fmt: skip
    found = page.evaluate("""async ({ description, kernels, drawings, height, width, depth, centre }) => {
      const { createNetwork } = await import("/page/core/network.js");
      const { readMark } = await import("/page/core/reading.js");
      const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const network = createNetwork(description, new Float32Array(bytes(kernels).buffer));
      const all = bytes(drawings), size = height * width * depth, images = [], probabilities = [], unknown = [];
      for (let start = 0; start < all.length; start += size) {
        const mark = readMark(network, { pixels: all.subarray(start, start + size), height, width, depth }, centre);
        images.push(Array.from(mark.image));
        probabilities.push(Array.from(mark.result.probabilities));
        unknown.push(mark.result.unknown);
      }
      return { images, probabilities, unknown };
    }""", asked)  # fmt: skip
    return {name: np.array(values) for name, values in found.items()}


def _framed(model: Model, drawings: np.ndarray, centre: bool = True) -> list[FramedDrawing]:
    about = model.metadata
    framing = Framing(about.framing, about.height, about.width, about.depth, about.inverted)
    return [frame_drawing(drawing, framing, centre) for drawing in drawings]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_drawing_is_read_as_python_reads_it(page: Page, drawings: np.ndarray, name: str) -> None:
    model = NETWORKS[name]()
    found, framed = _read(page, model, drawings), _framed(model, drawings)
    images = np.stack([each.image for each in framed])
    assert np.array_equal(found["images"], images.reshape(len(images), -1))
    answers = model.classify(images)
    assert np.array_equal(found["probabilities"].argmax(axis=1), answers.probabilities.argmax(axis=1))
    assert np.abs(found["probabilities"] - answers.probabilities).max() < 1e-4
    unknown = answers.unknown | [not each.plausible for each in framed]
    assert np.array_equal(found["unknown"], unknown)
    assert name != "lenet" or 0 < unknown.sum() < 200


def test_drawings_of_other_sizes_and_colours_are_framed_alike(page: Page, mnist: Dataset) -> None:
    rng = np.random.default_rng(1)
    marks, colour = random_model("mlp", framing="mark"), random_model(ODD, (30, 41, 3), classes=4, framing="whole")
    small, grey = random_model("mlp", (14, 20, 1), framing="mark"), random_model("mlp", framing="whole")
    for model, drawn in (
        (marks, mnist.images[:100, ..., 0]),  # most are in MNIST's form already
        (marks, np.roll(mnist.images[:100, ..., 0], 3, axis=1)),
        (small, np.stack([_drawing(rng, STROKES["5"]) for _ in range(50)])),
        (colour, rng.integers(0, 256, (20, 90, 60, 3), np.uint8)),
        (grey, rng.integers(0, 256, (20, 50, 70, 3), np.uint8)),
    ):
        images = np.stack([each.image for each in _framed(model, drawn)])
        assert np.array_equal(_read(page, model, drawn)["images"], images.reshape(len(images), -1))


def test_without_centring_the_ink_stays_where_it_is(page: Page, drawings: np.ndarray) -> None:
    model = random_model("mlp", framing="mark")
    images = np.stack([each.image for each in _framed(model, drawings[:100], False)])
    assert np.array_equal(_read(page, model, drawings[:100], False)["images"], images.reshape(100, -1))


def test_every_layers_output_is_the_models(page: Page, mnist: Dataset) -> None:
    for make in NETWORKS.values():
        model = make()
        image = np.random.default_rng(3).integers(0, 256, model.input_shape, np.uint8)
        asked = [
            describe(model.metadata, model.weights),
            _encoded(kernels(model.metadata, model.weights)),
            image.ravel().tolist(),
        ]
        found = page.evaluate("""async ([description, kernels, pixels]) => {
          const { createNetwork } = await import("/page/core/network.js");
          const weights = new Float32Array(Uint8Array.from(atob(kernels), (letter) => letter.charCodeAt(0)).buffer);
          const { layers } = createNetwork(description, weights).read(pixels);
          return Object.entries(layers).map(([name, values]) => [name, Array.from(values)]);
        }""", asked)  # fmt: skip
        wanted = model.activations(image)
        assert [name for name, _ in found] == list(wanted)
        for name, values in found[:-1]:
            assert np.allclose(values, wanted[name].ravel(), atol=1e-4), name


def _pair(rng: np.random.Generator, names: str) -> np.ndarray:
    """Digits beside one another on the pad."""
    side, left = 112 * 4, 0.03
    image = Image.new("L", (side, side))
    width = round(side * rng.uniform(0.03, 0.07))
    for name in names:
        zoom, turn, top = rng.uniform(0.28, 0.4), rng.normal(0, 0.1), rng.uniform(0.1, 0.5)
        strokes = [np.array(points) @ [[1, turn], [-turn, 1]] for points in STROKES[name]]
        low, high = np.min(np.concatenate(strokes), axis=0), np.max(np.concatenate(strokes), axis=0)
        for points in strokes:
            at = [tuple(point) for point in ((points - low) * zoom + (left, top)) * side]
            ImageDraw.Draw(image).line(at, fill=255, width=width, joint="curve")
        left += (high - low)[0] * zoom + width / side + rng.uniform(0.05, 0.15)
    return np.asarray(image.resize((112, 112), Image.Resampling.BOX))


def test_two_marks_are_read_as_two_and_one_as_one(page: Page, drawings: np.ndarray) -> None:
    model, rng = Model.load(), np.random.default_rng(5)
    pairs = [first + second for first in STROKES for second in STROKES]
    drawn = np.stack([*drawings[:300], *(_pair(rng, names) for names in pairs)])
    asked = [describe(model.metadata, model.weights), _encoded(kernels(model.metadata, model.weights)), _encoded(drawn)]
    read = page.evaluate("""async ([description, kernels, drawings]) => {
      const { createNetwork } = await import("/page/core/network.js");
      const { readInk } = await import("/page/core/reading.js");
      const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const network = createNetwork(description, new Float32Array(bytes(kernels).buffer)), all = bytes(drawings);
      const name = ({ probabilities: values }) => description.classNames[values.indexOf(Math.max(...values))];
      return Array.from({ length: all.length / 12544 }, (_, i) => {
        const pixels = all.subarray(12544 * i, 12544 * (i + 1));
        const marks = readInk(network, { pixels, height: 112, width: 112, depth: 1 });
        return marks.map(({ result }) => name(result)).join("");
      });
    }""", asked)  # fmt: skip
    assert [text for text in read[:300] if len(text) != 1] == []
    wrong = [(truth, text) for truth, text in zip(pairs, read[300:], strict=True) if truth != text]
    assert len(wrong) <= 10, wrong


@pytest.mark.parametrize("name", ["lenet", "mlp", "odd"])
def test_the_evidence_is_pythons(page: Page, mnist: Dataset, name: str) -> None:
    model, image = NETWORKS[name](), mnist.images[7]
    asked = [
        describe(model.metadata, model.weights),
        _encoded(kernels(model.metadata, model.weights)),
        image.ravel().tolist(),
    ]
    found = page.evaluate("""async ([description, kernels, pixels]) => {
      const { createNetwork } = await import("/page/core/network.js");
      const { evidence } = await import("/page/core/evidence.js");
      const weights = new Float32Array(Uint8Array.from(atob(kernels), (letter) => letter.charCodeAt(0)).buffer);
      const network = createNetwork(description, weights), { layers } = network.read(pixels);
      const seed = (...which) => description.classNames.map((_, i) => (i === which[0]) - (i === which[1]));
      return [seed(3), seed(3, 8)].map((it) => evidence(network, pixels, layers, it));
    }""", asked)  # fmt: skip
    three, eight = (explain(model, image, label).evidence for label in (3, 8))
    assert np.allclose(found[0], three, atol=1e-4) and np.abs(three).max() > 0.05
    assert np.allclose(found[1], three - eight, atol=1e-4)
