"""Look inside: the walk through any network, by keyboard, in both languages; its numbers are those of Python."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from lenet import Model, create_app
from lenet.explain.explanation import layer_inputs
from lenet.model.file import write_model
from lenet.network.architecture import Conv, Dense, Flatten, PlacedLayer, Pool
from tests.browser.conftest import Opened
from tests.browser.drawing import STROKES, clear, draw, until
from tests.networks import random_model
from tests.serve.serving import running

# Strides, valid, an even kernel, all activations, both poolings with dropped rows, two dense layers in a row.
COLOURED = "conv 3 4 stride 2, sigmoid, maxpool 3, conv 5 2 valid, tanh, avgpool 2, dense 30, relu, dense 12"
NETWORKS: dict[str, Callable[[], Model]] = {
    "bundled": Model.load,
    "lenet5": lambda: random_model("lenet5", framing="mark", temperature=1.5),
    "mlp": lambda: random_model("mlp", framing="mark"),
    "coloured": lambda: random_model(COLOURED, (30, 41, 3), classes=12, framing="whole"),
    "shallow": lambda: random_model("maxpool 2, relu", classes=3, framing="whole"),
}
PHONE = {"width": 390, "height": 664, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with networks of many kinds."""
    folder = tmp_path_factory.mktemp("walked")
    for name in NETWORKS.keys() - {"bundled"}:
        model = NETWORKS[name]()
        write_model(folder / name / "model.onnx", model.weights, model.metadata)
    with running(create_app(Model.load(), runs=folder)) as address:
        yield address


@pytest.fixture
def open_page(browser: Browser, served: str) -> Iterator[Opened]:
    opened = Opened(browser, served, gallery=False)
    yield opened
    for context in opened.contexts:
        context.close()
    # Whether the server has test digits for a network is no matter of the walk.
    assert [error for error in opened.errors if "Failed to load resource" not in error] == []


def walk(page: Page, network: str, digit: str = "3") -> Model:
    """Draw, choose a network and look inside."""
    model = NETWORKS[network]()
    draw(page, STROKES[digit])
    if network != "bundled":
        page.select_option("#model", network)
    page.click("#tab-inside")
    page.wait_for_selector(f".overview li:nth-child({len(model.metadata.layers) + 1}):last-child")
    return model


@dataclass
class Truth:
    """What Python computes for the drawing."""

    model: Model
    inputs: dict[str, np.ndarray]
    outputs: dict[str, np.ndarray]


def truth(page: Page, model: Model) -> Truth:
    pixels = page.evaluate("async () => Array.from((await import('./page/core/lab.js')).lab.image)")
    image = np.array(pixels, np.uint8).reshape(model.input_shape)
    outputs = model.activations(image)
    return Truth(model, layer_inputs(model.metadata.layers, image, outputs), outputs)


def value(page: Page) -> float:
    return float(page.locator(".stage .outcome").get_attribute("data-value") or "nan")


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", text.replace(",", "").replace("−", "-"))]


def place(page: Page, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Index of the number that is shown in an output of this shape."""
    said = numbers(page.inner_text(".stage .value"))
    if len(shape) == 1:
        return (int(said[0]) - 1,)
    heading = page.locator(".stage .part").last.locator("h4").inner_text()
    return int(said[0]) - 1, int(said[1]) - 1, int(numbers(heading)[-1]) - 1


def check_stage(page: Page, placed: PlacedLayer, known: Truth) -> None:
    """The numbers of a stage are Python's."""
    assert not re.search(r"undefined|NaN|null|function|\[object", page.inner_text(".walk"))
    output, before = known.outputs[placed.name], known.inputs[placed.name]
    kernel = known.model.weights.get(f"{placed.name}/kernel")
    if placed.name == "probabilities":
        rows = page.locator(".shares tbody tr")
        names = rows.locator("th").all_inner_texts()
        shares = [float(row.get_attribute("data-value") or "nan") for row in rows.all()]
        order = [known.model.class_names.index(name) for name in names]
        wanted = known.model.predict(_image(known)[np.newaxis])[0]
        assert np.allclose(shares, wanted[order], atol=1e-4) and float(wanted.max()) == pytest.approx(
            max(shares), abs=1e-4
        )
        assert page.inner_text(".answered") == known.model.class_names[int(wanted.argmax())]
        return
    match placed.layer:
        case Dense(units):
            last = placed.name == known.model.metadata.layers[-2].name
            unit = (
                known.model.class_names.index(page.inner_text(".score[aria-pressed=true] span"))
                if last
                else place(page, output.shape)[0]
            )
            assert output[unit] == output.max()  # starts at the strongest
            found = [float(it.get_attribute("data-value") or "nan") for it in page.locator(".pushes li").all()]
            pushes = before * kernel[:, unit]
            assert np.allclose(found, pushes[np.argsort(-np.abs(pushes), kind="stable")][:10], atol=1e-3)
            if last:
                shown = [numbers(text)[-1] for text in page.locator(".score b").all_inner_texts()]
                assert np.allclose(shown, np.sort(output)[::-1][:10] if units > 10 else output, atol=0.0051)
            at: tuple[int, ...] = (unit,)
        case Conv(_, size, stride) as conv:
            at = row, column, filter_ = place(page, output.shape)
            assert output[at] == output.max()
            top, left = (conv.padding_for(side)[0] for side in before.shape[:2])
            padded = np.pad(before, ((top, size), (left, size), (0, 0)))
            window = padded[row * stride :, column * stride :][:size, :size]
            products = window * kernel[..., filter_]
            strongest = np.abs(products.sum(axis=(0, 1))).argmax()
            cells = [numbers(text) for text in page.locator(".numbers td").all_inner_texts()]
            assert np.allclose(np.array(cells)[:, 0], window[..., strongest].ravel(), atol=0.0051)
            assert np.allclose(np.array(cells)[:, 1], kernel[..., strongest, filter_].ravel(), atol=0.0051)
        case Pool(_, size):
            at = row, column, channel = place(page, output.shape)
            square = before[row * size : (row + 1) * size, column * size : (column + 1) * size, channel]
            cells = [numbers(text)[0] for text in page.locator(".numbers td").all_inner_texts()]
            assert np.allclose(cells, square.ravel(), atol=0.0051)
        case Flatten():
            at = place(page, output.shape)
            *where, number, total = [int(it) for it in numbers(page.inner_text(".stage .outcome"))]
            english = page.get_attribute("html", "lang") == "en"
            channel = where.pop(2 if english else 0) if len(where) == 3 else 1  # the picture's only one has no number
            assert np.ravel_multi_index((where[0] - 1, where[1] - 1, channel - 1), before.shape) == number - 1 == at[0]
            assert total == before.size
        case _:
            at = place(page, output.shape)
    assert value(page) == pytest.approx(float(output[at]), rel=1e-3, abs=1e-3)


def _image(known: Truth) -> np.ndarray:
    first = known.inputs[known.model.metadata.layers[0].name]
    return (first * 255).round().astype(np.uint8)


@pytest.mark.parametrize("network", NETWORKS)
def test_walks_any_network_by_keyboard_in_both_languages_and_its_numbers_are_right(
    open_page: Opened, network: str
) -> None:
    page = open_page()
    model = walk(page, network)
    known, layers = truth(page, model), model.metadata.layers
    page.focus(".overview [aria-current]")
    for placed in layers:
        page.keyboard.press("ArrowRight")
        check_stage(page, placed, known)
    assert page.inner_text(".count").startswith(f"Stage {len(layers) + 1} of {len(layers) + 1}")
    page.keyboard.press("ArrowRight")  # there is no further stage
    assert page.inner_text(".title") == "Softmax" and page.get_attribute(".walk .next", "aria-disabled") == "true"
    page.click("#language")
    page.focus(".overview [aria-current]")
    for placed in reversed(layers):
        check_stage(page, placed, known)
        assert not re.search(r"\b(row|unit|map|number)\b", page.inner_text(".walk"))  # nothing is left in English
        page.keyboard.press("ArrowLeft")
        assert page.evaluate("document.activeElement.ariaCurrent") == "step"  # the focus stays on the row of stages
    assert page.inner_text(".title") == "图像" and page.get_attribute(".walk .back", "aria-disabled") == "true"


def at(page: Page) -> tuple[str, str]:
    """What is shown: the map and the place, without the value."""
    return page.locator(".stage .part").last.locator("h4").inner_text(), page.inner_text(".stage .value").rpartition(
        ":"
    )[0]


def test_a_click_pins_a_place_and_a_passing_pointer_does_not(open_page: Opened) -> None:
    page = open_page()
    walk(page, "bundled")
    page.click(".overview li:nth-child(3) button")  # ReLU 1
    shown = at(page)
    box = page.locator(".choosable").bounding_box()
    assert box
    spot = {"x": 20.5 / 28 * box["width"], "y": 9.5 / 28 * box["height"]}
    page.hover(".choosable", position=spot)
    page.locator(".several .group button").nth(3).hover()
    assert at(page) == shown and page.is_hidden(".walk .unpin")
    page.click(".choosable", position=spot)
    assert at(page) == (shown[0], "row 10, column 21")
    page.locator(".several .group button").nth(3).click()
    named = page.locator(".several .group button").nth(3).inner_text()
    assert at(page) == (f"ReLU 1, {named}", "row 10, column 21")
    page.click(".walk .next")
    assert at(page) == (f"Max pooling 1, {named}", "row 5, column 11")  # the square that the place lies in
    page.click(".walk .back")
    page.click(".walk .back")
    assert at(page) == (f"Convolution 1, {named}", "row 10, column 21")
    page.click(".walk .next")
    page.click(".walk .next")
    page.focus(".choosable")
    page.keyboard.press("ArrowDown")
    highest = numbers(page.inner_text(".stage .value"))
    assert highest[:2] == [6, 11]
    page.click(".walk .back")  # to the number of the square that won
    row, column, winner = numbers(page.inner_text(".stage .value"))
    assert row in (11, 12) and column in (21, 22) and winner == highest[2]
    page.click(".walk .back")
    assert numbers(at(page)[1]) == [row, column]
    clear(page)
    assert page.is_visible(".walk .empty") and page.locator(".stage").inner_text() == ""
    draw(page, STROKES["7"])
    assert page.inner_text(".title") == "Convolution 1"  # another drawing keeps the stage and the place
    page.click(".walk .next")
    page.click(".walk .next")
    assert at(page) == (f"Max pooling 1, {named}", "row 6, column 11")
    page.click(".walk .unpin")
    assert at(page) != (f"Max pooling 1, {named}", "row 6, column 11")
    assert page.evaluate("document.activeElement.className") == "title"


def test_keyboard_reaches_places_maps_and_sources_and_keeps_the_focus(open_page: Opened) -> None:
    page = open_page()
    walk(page, "bundled")
    page.click(".overview li:nth-child(5) button")  # Convolution 2
    page.focus(".choosable")
    row, column = numbers(at(page)[1])
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    assert numbers(at(page)[1]) == [row - 1, column - 1]
    assert page.evaluate("document.activeElement.dataset.key") == "map"
    assert ", ".join(at(page)) in (page.get_attribute(".choosable", "aria-label") or "")  # for those who listen
    page.keyboard.press("Tab")  # to the six strongest
    page.keyboard.press("ArrowRight")
    chosen = page.evaluate("document.activeElement.innerText").strip()
    page.keyboard.press("Enter")
    assert at(page)[0] == f"Convolution 2, {chosen}" and numbers(at(page)[1]) == [row - 1, column - 1]
    assert page.evaluate("document.activeElement.innerText").strip() == chosen
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # all of them
    assert page.locator(".several .group button").count() == 50
    assert page.evaluate("document.activeElement.dataset.key") == "all"
    page.focus(".sources button[aria-pressed=true]")
    page.keyboard.press("ArrowRight")
    source = page.evaluate("document.activeElement.innerText").split("\n")[0]
    page.keyboard.press("Enter")
    assert page.locator(".stage .part h4").first.inner_text() == f"Max pooling 1, {source}"
    page.focus(".walk .next")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.className") == "next" and page.inner_text(".title") == "ReLU 2"
    page.keyboard.press("ArrowRight")  # arrow keys go on from any button that is no group's
    assert page.inner_text(".title") == "Max pooling 2"


def filled(page: Page) -> int:
    """How many numbers of the map are painted."""
    return int(page.evaluate("""() => {
      const canvas = document.querySelector(".choosable canvas");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, i) => i % 4 === 3 && value).length;
    }"""))  # fmt: skip


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_play_slides_the_window_and_goes_on(open_page: Opened, motion: str) -> None:
    page = open_page(reduced_motion=motion)
    page.clock.install()
    walk(page, "bundled")
    page.click(".walk .next")
    page.click(".walk .play")
    assert page.inner_text(".walk .play") == "Pause"
    page.clock.run_for(3500)  # half of the way, by the square of the time
    assert (filled(page) == pytest.approx(784 / 4, abs=12)) if motion != "reduce" else (filled(page) == 784)
    page.clock.run_for(4000)
    assert filled(page) == 784
    page.clock.run_for(5000)
    assert page.inner_text(".title") == "ReLU 1" if motion != "reduce" else page.inner_text(".title") == "Max pooling 1"
    page.keyboard.press("ArrowLeft")  # whoever goes on by himself stops it
    stopped = page.inner_text(".title")
    page.clock.run_for(20_000)
    assert page.inner_text(".title") == stopped and page.inner_text(".walk .play") == "Play"
    page.click(".overview li:last-child button")
    page.click(".walk .play")  # from the end, it starts over
    assert page.inner_text(".title") == "Picture"
    clear(page)
    assert page.inner_text(".walk .play") == "Play"


def test_looking_inside_asks_the_server_nothing(open_page: Opened) -> None:
    page = open_page()
    walk(page, "bundled")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/" in request.url else None)
    clear(page)
    draw(page, STROKES["8"])
    page.focus(".walk .next")
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    assert page.inner_text(".title") == "Softmax" and asked == []


def test_another_network_and_language_keep_the_stage(open_page: Opened) -> None:
    page = open_page()
    walk(page, "bundled")
    page.click(".overview li:nth-child(5) button")
    page.click("#language")
    assert page.inner_text(".title") == "卷积 2"
    page.select_option("#model", "lenet5")
    until(page, "document.querySelectorAll('.overview li').length === 14")
    assert page.inner_text(".title") == "卷积 2" and page.locator(".overview [aria-current]").count() == 1
    page.select_option("#model", "mlp")  # has none
    until(page, "document.querySelectorAll('.overview li').length === 8")
    assert page.inner_text(".title") == "图像"


@pytest.mark.parametrize(("network", "look", "locale"), [("bundled", "light", "en-GB"), ("coloured", "dark", "zh-CN")])
def test_axe_finds_nothing_and_nothing_is_wider_than_a_small_phone(
    open_page: Opened, network: str, look: str, locale: str
) -> None:
    page = open_page(**{**PHONE, "width": 320}, color_scheme=look, locale=locale)
    model = walk(page, network)
    for placed in model.metadata.layers:
        page.click(".walk .next")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        small = page.eval_on_selector_all(
            ".walk button",
            "(all) => all.map((it) => it.getBoundingClientRect()).filter((it) => it.width && it.height < 24).length",
        )
        assert small == 0
        if placed.name in ("conv1", "relu1", "sigmoid1", "pool1", "flatten", "dense1", "probabilities"):
            found = Axe().run(page, context="#inside", options=RULES).response["violations"]
            assert [(it["id"], node["html"][:120]) for it in found for node in it["nodes"]] == []
