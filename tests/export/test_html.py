"""The page, in a real browser, from the disk: it reads what is drawn on it."""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from lenet import Dataset, Model
from lenet.export.export import fold_temperature
from lenet.export.html import Html, round_kernels
from lenet.model.file import ModelFile
from tests.conftest import SLOW
from tests.export.conftest import ODD_NAMES, Odd

Stroke = list[tuple[float, float]]


def _arc(x: float, y: float, across: float, down: float, start: int, end: int) -> Stroke:
    turns = [math.radians(start + (end - start) * step / 20) for step in range(21)]
    return [(x + across * math.cos(turn), y + down * math.sin(turn)) for turn in turns]


# Strokes in fractions of the canvas, drawn as a person does: large, small, off centre.
DIGITS: dict[str, list[Stroke]] = {
    "0": [_arc(0.5, 0.5, 0.2, 0.32, -90, 270)],
    "1": [[(0.9, 0.1), (0.9, 0.4)]],
    "3": [_arc(0.24, 0.18, 0.09, 0.08, -150, 90) + _arc(0.24, 0.34, 0.1, 0.08, -90, 150)],
    "4": [[(0.35, 0.2), (0.3, 0.55), (0.7, 0.55)], [(0.62, 0.2), (0.6, 0.85)]],
    "7": [[(0.3, 0.22), (0.7, 0.22), (0.45, 0.82)]],
}

MNIST_FORM = {"height": 28, "width": 28, "depth": 1, "framing": "mark"}
NOTHING = ["Nothing drawn", "", 10, 0, True]


@pytest.fixture(scope="module")
def path(trained_file: ModelFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("html") / "digits.html"
    Html(trained_file, lambda: pytest.fail("nothing is calibrated")).write(path)
    return path


@pytest.fixture(params=[("light", 1200, 800), ("dark", 390, 844)], ids=["desk", "phone"])
def page(request: pytest.FixtureRequest, browser: Browser, path: Path) -> Iterator[Page]:
    """The page as someone sees it who opens the file, the network off."""
    scheme, width, height = request.param
    context = browser.new_context(
        offline=True, locale="en-GB", color_scheme=scheme, viewport={"width": width, "height": height}
    )
    context.set_default_timeout(SLOW)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(path.as_uri())
    yield page
    context.close()
    assert [error for error in errors if "Content Security Policy" not in error] == []


def _draw(page: Page, strokes: list[Stroke]) -> None:
    """As a hand does it with a mouse."""
    box = page.locator("#canvas").bounding_box()
    assert box
    for points in strokes:
        for number, (x, y) in enumerate(points):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
            if number == 0:
                page.mouse.down()
        page.mouse.up()
    _settle(page)


def _settle(page: Page) -> None:
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def _state(page: Page) -> list[object]:
    """Answer, large digit, bars, bars marked as the best, whether there is nothing to undo."""
    _settle(page)
    bars = page.locator("#bars li").count(), page.locator("#bars .best").count()
    return [page.inner_text("#answer"), page.inner_text("#digit"), *bars, page.locator("#undo").is_disabled()]


def test_reads_what_is_drawn(page: Page) -> None:
    for name, strokes in DIGITS.items():
        _draw(page, strokes)
        assert _state(page) == [f"This is {name}", name, 10, 1, False]
        assert page.inner_text("#bars .best .name") == name
        page.click("#clear")


def test_nothing_drawn_is_an_answer_of_its_own(page: Page) -> None:
    assert _state(page) == NOTHING
    _draw(page, DIGITS["4"])
    page.click("#undo")  # one stroke of two
    one_left = _state(page)
    assert one_left[1] != "4" and one_left[2:] == [10, 1, False]
    page.keyboard.press("Control+z")
    assert _state(page) == NOTHING
    _draw(page, DIGITS["7"])
    page.click("#clear")
    assert _state(page) == NOTHING
    _draw(page, DIGITS["7"])
    page.keyboard.press("Escape")
    assert _state(page) == NOTHING


def test_scribble_is_no_digit(page: Page, trained_file: ModelFile) -> None:
    _draw(page, [[(0.1 + 0.8 * (step % 2), 0.1 + 0.08 * step) for step in range(11)], [(0.5, 0.1), (0.5, 0.9)]])
    assert _state(page) == ["This looks like no digit", "?", 10, 1, False]
    image = page.evaluate(
        """() => {
          const seen = document.getElementById("seen"), all = seen.getContext("2d").getImageData(0, 0, 28, 28).data;
          return Array.from({ length: 28 * 28 }, (_, i) => all[4 * i]);
        }"""
    )
    assert Model(trained_file).classify(np.array(image, np.uint8).reshape(1, 28, 28, 1)).unknown.tolist() == [True]


def test_moving_without_pressing_draws_nothing(page: Page) -> None:
    box = page.locator("#canvas").bounding_box()
    assert box
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.move(box["x"] + 90, box["y"] + 150)
    assert _state(page) == NOTHING


def test_ink_is_placed_as_mnist_places_it(page: Page) -> None:
    """Wherever and however large it is drawn: 20 pixels long, its centre of mass in the middle, white in the stroke."""
    for strokes in DIGITS.values():
        points = [[{"x": x, "y": y} for x, y in stroke] for stroke in strokes]
        pixels = page.evaluate("([strokes, form]) => Array.from(ink.toPixels(strokes, form))", [points, MNIST_FORM])
        picture = np.array(pixels, float).reshape(28, 28)
        rows, columns = np.nonzero(picture > 127)
        assert 18 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 21
        mass = [(picture.sum(axis=1 - axis) * np.arange(28)).sum() / picture.sum() for axis in (0, 1)]
        assert np.allclose(mass, 14, atol=0.1)
        assert picture.max() == 255


def _framed(page: Page, strokes: list[Stroke], depth: int) -> np.ndarray:
    points = [[{"x": x, "y": y} for x, y in stroke] for stroke in strokes]
    size = {"height": 20, "width": 30, "depth": depth, "framing": "whole"}
    pixels = page.evaluate("([strokes, size]) => Array.from(ink.toPixels(strokes, size))", [points, size])
    return np.array(pixels).reshape(20, 30, depth)


def test_whole_drawing_is_letterboxed(page: Page) -> None:
    """Where it was drawn: a line along the left border of the square canvas, which is 20 wide in 30."""
    grey = _framed(page, [[(0, 0), (0, 1)]], 1)
    assert (grey[5:15, 5, 0] > 127).all() and (grey[:, 8:] == 0).all() and (grey[:, :4] == 0).all()


def test_colour_networks_get_black_ink_on_white(page: Page) -> None:
    colour = _framed(page, DIGITS["4"], 3)
    assert (colour == 255 - _framed(page, DIGITS["4"], 1)).all() and colour[0, 0].tolist() == [255, 255, 255]


def test_read_gives_the_output_of_every_layer(page: Page, trained_file: ModelFile, mnist: Dataset) -> None:
    image = mnist.images[3]
    wanted = Model(round_kernels(trained_file)).activations(image)
    found = page.evaluate(
        """(pixels) => {
          const model = JSON.parse(document.getElementById("model").textContent);
          const { layers } = createNetwork(model, atob(document.getElementById("weights").textContent)).read(pixels);
          return Object.entries(layers).map(([name, values]) => [name, Array.from(values)]);
        }""",
        image.ravel().tolist(),
    )
    assert [name for name, _ in found] == list(wanted)
    for name, values in found:
        assert np.allclose(values, wanted[name].ravel(), atol=1e-4), name


def test_a_tap_stays_a_dot(page: Page) -> None:
    pixels = page.evaluate("(form) => Array.from(ink.toPixels([[{ x: 0.2, y: 0.9 }]], form))", MNIST_FORM)
    assert 0 < np.count_nonzero(pixels) <= 16


def test_speaks_chinese(page: Page) -> None:
    page.click("#language")
    assert (page.title(), page.inner_text("#answer"), page.inner_text("#language")) == (
        "写一个数字", "还没有写", "English",
    )  # fmt: skip
    assert page.get_attribute("html", "lang") == "zh"
    _draw(page, DIGITS["7"])
    assert (page.inner_text("#answer"), page.inner_text("#undo")) == ("这是 7", "撤销")


def test_greets_a_chinese_browser_in_chinese(browser: Browser, path: Path) -> None:
    page = browser.new_page(offline=True, locale="zh-CN")
    page.goto(path.as_uri(), timeout=SLOW)
    assert page.title() == "写一个数字"
    page.context.close()


def test_cannot_reach_the_network(page: Page, path: Path) -> None:
    """Nothing in it names another place, and its own policy forbids to reach one."""
    content = path.read_text(encoding="utf-8")
    assert not re.search(r"https?://|@import|url\(", content)
    assert re.findall(r'(?:src|href)="([^"]*)"', content) == ["data:,"]
    broken = page.evaluate(
        """() => new Promise((done) => {
          document.addEventListener("securitypolicyviolation", (event) => done(event.effectiveDirective));
          fetch("http://127.0.0.1:1/").catch(() => {});
        })"""
    )
    assert broken == "connect-src"


def test_small_enough_to_send(path: Path) -> None:
    assert path.stat().st_size < 2.5e6


def test_odd_names_are_only_text(browser: Browser, odd: Odd, tmp_path: Path) -> None:
    path = tmp_path / "odd.html"
    Html(fold_temperature(odd.file), lambda: odd.dataset.images).write(path)
    page = browser.new_page(offline=True, locale="en-GB")
    page.goto(path.as_uri(), timeout=SLOW)
    _draw(page, DIGITS["4"])
    assert page.eval_on_selector_all("#bars .name", "(names) => names.map((name) => name.textContent)") == [*ODD_NAMES]
    assert page.title() == "Draw a picture"
    page.context.close()


def test_text_can_be_read_in_light_and_dark(page: Page) -> None:
    """Contrast of every text with what lies behind it, by WCAG's formula: at least 4.5 to 1."""
    _draw(page, DIGITS["4"])
    pairs = page.evaluate(
        """() => {
          const behind = (element) => {
            const colour = getComputedStyle(element).backgroundColor;
            return colour === "rgba(0, 0, 0, 0)" ? behind(element.parentElement) : colour;
          };
          return ["title", "lead", "language", "undo", "digit", "answer", "detail", "bars-title", "about"]
            .map((id) => document.getElementById(id)).concat([...document.querySelectorAll("#bars span.value")])
            .map((element) => [element.id, getComputedStyle(element).color, behind(element)]);
        }"""
    )
    assert len(pairs) == 19
    for name, front, back in pairs:
        light, dark = sorted((_luminance(front), _luminance(back)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (name, front, back)
    wanted_dark = page.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches")
    assert (_luminance(pairs[0][2]) < 0.5) == wanted_dark


def test_fits_its_window(page: Page) -> None:
    """Nothing to scroll sideways, the drawing area square, every button large enough for a finger."""
    width, content = page.evaluate("() => [innerWidth, document.documentElement.scrollWidth]")
    assert content <= width
    box = page.locator("#canvas").bounding_box()
    assert box and abs(box["width"] - box["height"]) < 1 and box["width"] >= 300
    for button in page.locator("button").all():
        size = button.bounding_box()
        assert size and size["height"] >= 44 and size["width"] >= 44


def _luminance(colour: str) -> float:
    red, green, blue = (int(value) / 255 for value in re.findall(r"\d+", colour)[:3])
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
