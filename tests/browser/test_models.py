"""The page with models of other architectures, framings and depths: every layer is shown, its arithmetic is right."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from lenet import Model, create_app
from tests.browser.conftest import Opened
from tests.browser.drawing import STROKES, answer, draw, settle
from tests.networks import random_model
from tests.serve.serving import running

COLOURED = "conv 3 4 stride 2, sigmoid, maxpool 3, conv 5 2 valid, tanh, avgpool 2, dense 30, relu, dense 12"
MODELS = {
    "lenet5": lambda: random_model("lenet5", framing="mark"),
    "mlp": lambda: random_model("mlp", framing="mark"),
    "no hidden layer": lambda: random_model("", classes=3),
    "colour, whole": lambda: random_model(COLOURED, (30, 41, 3), classes=4, framing="whole"),
    "grey, whole": lambda: random_model("tiny", (32, 32, 1), classes=12, framing="whole"),
}


@contextmanager
def opened(browser: Browser, model: Model) -> Iterator[Page]:
    """A page of this model, which must log no error. There is no gallery: the classes are not MNIST's."""
    with running(create_app(model)) as address:
        pages = Opened(browser, address, gallery=False)
        yield pages()
        for context in pages.contexts:
            context.close()
        assert [error for error in pages.errors if "400" not in error] == []  # the gallery's


def told(page: Page) -> dict:
    return page.evaluate("""async () => {
      const pixels = (await import("./page/pad.js")).pixels();
      const { explain } = await import("./page/api.js");
      return explain(pixels, true);
    }""")  # fmt: skip


def outputs(model: Model, explained: dict) -> dict[str, np.ndarray]:
    """Output of each layer for the explained image: maps ``(filters, height, width)`` or units."""
    image = np.array(explained["answer"]["image"], np.uint8).reshape(model.input_shape)
    activations = model.activations(image)
    return {name: values.transpose(2, 0, 1) if values.ndim == 3 else values for name, values in activations.items()}


@pytest.mark.parametrize("name", MODELS)
def test_every_layer_is_shown_and_its_arithmetic_is_right(browser: Browser, name: str) -> None:
    model = MODELS[name]()
    with opened(browser, model) as page:
        draw(page, STROKES["5"])
        page.wait_for_selector("body[data-inside=shown]")
        assert answer(page) in model.class_names
        computed = outputs(model, told(page))
        shown = [placed.name for placed in model.metadata.layers if placed.name not in ("flatten", "probabilities")]
        assert page.eval_on_selector_all(".maps", "(all) => all.map((it) => it.dataset.layer)") == shown
        for layer in shown:
            values, buttons = computed[layer], page.locator(f"[data-layer={layer}] button")
            assert buttons.count() == (len(values) if values.ndim == 3 else 1)
            number = buttons.count() // 2
            buttons.nth(number).hover()
            for down, across in ((0.02, 0.02), (0.53, 0.53), (0.97, 0.97)):
                canvas = page.locator("#map")
                box = canvas.bounding_box()
                assert box
                canvas.hover(position={"x": across * box["width"], "y": down * box["height"]})
                if values.ndim == 3:
                    expected = values[number][int(down * values.shape[1])][int(across * values.shape[2])]
                else:
                    rows = -(-len(values) // 25)
                    start = 25 * int(down * rows)
                    unit = min(start + int(across * min(25, len(values))), len(values) - 1)
                    assert f"Unit {unit + 1}" in page.inner_text("#arithmetic")
                    expected = values[unit]
                value = float(page.locator("#arithmetic .result").get_attribute("data-value") or "nan")
                assert value == pytest.approx(expected, abs=0.02), (layer, down, across)
        for language in range(2):  # in both languages
            page.click("#language")
            assert "undefined" not in page.inner_text("body"), language


def test_the_evidence_is_of_pixels_in_a_network_without_convolutions(browser: Browser) -> None:
    for network, words in (("mlp", "What each pixel adds"), ("lenet5", "each place of the last convolution")):
        with opened(browser, random_model(network)) as page:
            draw(page, STROKES["2"])
            page.wait_for_selector("body[data-inside=shown]")
            assert words in page.inner_text("#evidence-why")
            page.click("#language")
            page.click("#language")
            assert words in page.inner_text("#evidence-why")


def test_layers_change_with_the_model(browser: Browser, tmp_path: Path) -> None:
    first, second = random_model("lenet5"), random_model("tiny")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "model.onnx").write_bytes(second._content)
    with running(create_app(first, runs=tmp_path)) as address:
        pages = Opened(browser, address, gallery=False)
        page = pages()
        draw(page, STROKES["3"])
        page.wait_for_selector("[data-layer=tanh4]")
        page.select_option("#model", "other")
        page.wait_for_selector("[data-layer=conv3]")
        assert page.locator("[data-layer=tanh4]").count() == 0
        page.locator("[data-layer=conv3] button").nth(15).hover()
        assert "conv3, map 16" in page.inner_text("#detail-title")
        assert "conv 6 3" in page.inner_text("#facts")
        page.context.close()


def test_a_photo_is_classified_as_one_picture_in_colour(browser: Browser, tmp_path: Path) -> None:
    model = random_model(COLOURED, (30, 41, 3), classes=4, framing="whole")
    photo = np.random.default_rng(2).integers(0, 256, (90, 123, 3)).astype(np.uint8)
    Image.fromarray(photo).save(tmp_path / "photo.png")
    with opened(browser, model) as page:
        assert page.is_hidden("#centring")
        page.set_input_files("#file", tmp_path / "photo.png")
        page.wait_for_selector("#boxes button")
        label = page.inner_text("#text").strip()
        assert label in model.class_names and label in page.inner_text("#photo-said")
        assert page.locator("#boxes button").count() == 1
        page.locator("#boxes button").click()
        assert page.evaluate(
            "[document.getElementById('box-seen').width, document.getElementById('box-seen').height]"
        ) == [41, 30]
        page.click("#box-look")  # its pixels go to the pad, and back to the server as they are
        settle(page)
        assert answer(page) == label
        page.wait_for_selector("body[data-inside=shown]")
        colours = page.evaluate("""() => {
          const { data } = document.getElementById("seen").getContext("2d").getImageData(0, 0, 41, 30);
          return Array.from(data).filter((_, i) => i % 4 < 3);
        }""")  # fmt: skip
        assert np.array_equal(np.array(colours).reshape(30, 41, 3), told(page)["answer"]["image"])
        draw(page, STROKES["1"])  # over the picture
        page.wait_for_selector("body[data-inside=shown]")
        assert np.shape(told(page)["answer"]["image"]) == (30, 41, 3)
