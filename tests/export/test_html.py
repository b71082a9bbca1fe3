"""The page, in a real browser, from the disk: it reads what is drawn on it."""

import base64
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from lenet import Dataset, Model
from lenet.export.export import fold_temperature
from lenet.export.html import IMPORT, PAGE, Html, round_kernels
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
    box = page.locator("#pad").bounding_box()
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
    """Answer, large digit, bars, bars marked as the best, whether nothing is on the pad."""
    _settle(page)
    bars = page.locator("#bars li").count(), page.locator("#bars .best").count()
    return [page.inner_text("#said"), page.inner_text("#digit"), *bars, page.locator("#clear").is_disabled()]


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
    assert _state(page)[1] not in ("", "4")
    page.keyboard.press("Control+z")
    assert _state(page) == NOTHING
    _draw(page, DIGITS["7"])
    page.click("#clear")
    assert _state(page) == NOTHING
    _draw(page, DIGITS["7"])
    page.focus("#pad")
    page.keyboard.press("Delete")
    assert _state(page) == NOTHING
    page.keyboard.press("Control+z")  # what was cleared comes back, too
    assert _state(page)[1] == "7"
    page.keyboard.press("Control+y")
    assert _state(page) == NOTHING


def test_scribble_is_no_digit(page: Page, trained_file: ModelFile) -> None:
    zigzag = [(0.1 + 0.8 * abs((step / 6) % 2 - 1), 0.1 + 0.08 * step / 6) for step in range(61)]
    _draw(page, [zigzag, [(0.5, 0.1), (0.5, 0.9)]])
    assert _state(page) == ["This looks like no digit", "?", 10, 0, False]
    image = page.evaluate(
        """() => {
          const seen = document.getElementById("seen"), all = seen.getContext("2d").getImageData(0, 0, 28, 28).data;
          return Array.from({ length: 28 * 28 }, (_, i) => all[4 * i]);
        }"""
    )
    assert Model(trained_file).classify(np.array(image, np.uint8).reshape(1, 28, 28, 1)).unknown.tolist() == [True]


def test_moving_without_pressing_draws_nothing(page: Page) -> None:
    box = page.locator("#pad").bounding_box()
    assert box
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.move(box["x"] + 90, box["y"] + 150)
    assert _state(page) == NOTHING


def test_it_shares_its_modules_with_the_served_page(path: Path) -> None:
    """One copy of each: the file holds the same scripts, but for the names of the modules that they import."""
    content = path.read_text(encoding="utf-8")
    modules = json.loads(re.search(r'<script type="importmap">(.*)</script>', content)[1])["imports"]
    assert {
        f"core/{name}.js" for name in ("pad", "ink", "network", "answer", "words", "views", "inside/inside")
    } <= set(modules)
    for name, address in modules.items():
        script = base64.b64decode(address.partition(",")[2]).decode()
        assert len(script.splitlines()) == len((PAGE / name).read_text().splitlines())
        assert all(imported in modules for imported in IMPORT.findall(script)), name


def test_its_network_computes_every_layer(page: Page, trained_file: ModelFile, mnist: Dataset) -> None:
    image = mnist.images[3]
    wanted = Model(round_kernels(trained_file)).activations(image)
    found = page.evaluate(
        """async (pixels) => {
          const { createNetwork } = await import("core/network.js");
          const { description, kernels } = await import("single/weights.js");
          return Object.entries(createNetwork(description, kernels()).read(pixels).layers)
            .map(([name, values]) => [name, Array.from(values)]);
        }""",
        image.ravel().tolist(),
    )
    assert [name for name, _ in found] == list(wanted)
    for name, values in found:
        assert np.allclose(values, wanted[name].ravel(), atol=1e-4), name


def test_draws_with_the_keyboard(page: Page) -> None:
    page.focus("#pad")
    for key, times in (("ArrowUp", 12), ("ArrowLeft", 8), ("Space", 1), ("ArrowRight", 16)):
        for _ in range(times):
            page.keyboard.press(key)
    for _ in range(12):
        for key in ("ArrowDown", "ArrowDown", "ArrowLeft"):
            page.keyboard.press(key)
    page.keyboard.press("Space")
    assert _state(page)[1] == "7"


def test_shows_why_and_looks_inside(page: Page) -> None:
    _draw(page, DIGITS["4"])
    assert page.inner_text("#why-title") == "Why 4?"
    page.click("#bars li:nth-child(10) button")
    assert page.inner_text("#why-title") == "Why not 9?"
    page.click("#tab-inside")
    assert page.is_visible("#inside") and page.is_hidden("#try") and page.is_visible("#pad")
    assert page.locator("#inside button").count() >= 12 and "undefined" not in page.inner_text("#inside")


def test_axe_finds_nothing(page: Page) -> None:
    _draw(page, DIGITS["4"])
    for tab in ("try", "inside"):
        page.click(f"#tab-{tab}")
        page.wait_for_timeout(200)  # colours that change slowly have changed
        assert [(it["id"], it["nodes"][0]["html"]) for it in Axe().run(page).response["violations"]] == [], tab


def test_changes_its_colours(page: Page) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    seen = {page.evaluate(ground)}
    for _ in range(2):
        page.click("#theme")
        seen.add(page.evaluate(ground))
    assert len(seen) == 2


def test_speaks_chinese(page: Page) -> None:
    page.click("#language")
    assert (page.title(), page.inner_text("#said"), page.inner_text("#language")) == (
        "写一个数字", "还没有写", "English",
    )  # fmt: skip
    assert page.get_attribute("html", "lang") == "zh-CN"
    _draw(page, DIGITS["7"])
    assert (page.inner_text("#said"), page.inner_text("#clear")) == ("这是 7", "清除")


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
          return ["language", "clear", "digit", "said", "best", "views-title", "why-title", "why-text"]
            .map((id) => document.getElementById(id))
            .concat([...document.querySelectorAll("#bars span.value, h1, footer p")])
            .map((element) => [element.id, getComputedStyle(element).color, behind(element)]);
        }"""
    )
    assert len(pairs) == 20
    for name, front, back in pairs:
        light, dark = sorted((_luminance(front), _luminance(back)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (name, front, back)
    wanted_dark = page.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches")
    assert (_luminance(pairs[0][2]) < 0.5) == wanted_dark


def test_fits_its_window(page: Page) -> None:
    """Nothing to scroll sideways, the drawing area square, every button large enough for a finger."""
    width, content = page.evaluate("() => [innerWidth, document.documentElement.scrollWidth]")
    assert content <= width
    box = page.locator("#pad").bounding_box()
    assert box and abs(box["width"] - box["height"]) < 1 and box["width"] >= 300
    for button in page.locator("button:visible:not(#bars button)").all():
        size = button.bounding_box()
        assert size and size["height"] >= 44 and size["width"] >= 44


def _luminance(colour: str) -> float:
    red, green, blue = (int(value) / 255 for value in re.findall(r"\d+", colour)[:3])
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
