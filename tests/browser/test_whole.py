"""The page for everyone: any size, both languages, light and dark, without a mouse, without the internet."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from lenet import create_app
from lenet.model.runtime import Model
from tests.browser.conftest import SLOW, Opened
from tests.browser.drawing import STROKES, answer, draw, settle
from tests.serve.serving import running

# What axe checks for WCAG 2.2 AA and below, and its best practices.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
LOOKS = {
    "desktop, light, English": {"color_scheme": "light", "locale": "en-GB"},
    "desktop, dark, Chinese": {"color_scheme": "dark", "locale": "zh-CN"},
    "phone, light, Chinese": {**PHONE, "color_scheme": "light", "locale": "zh-CN"},
    "phone, dark, English": {**PHONE, "color_scheme": "dark", "locale": "en-GB"},
}


def violations(page: Page) -> list[tuple[str, str]]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [(it["id"], node["html"][:120]) for it in found for node in it["nodes"]]


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing(open_page: Opened, look: str) -> None:
    page = open_page(**LOOKS[look])
    assert violations(page) == []
    draw(page, STROKES["8"])
    page.wait_for_selector("body[data-inside=shown]")
    page.click("#wrong-open")
    page.locator("[data-layer=conv2] button").nth(7).focus()
    assert violations(page) == []


def test_axe_finds_nothing_in_a_photo_and_the_docs(open_page: Opened) -> None:
    page = open_page()
    picture = page.locator("#samples canvas").nth(4).screenshot()
    page.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": picture})
    page.wait_for_selector("#photo-body:not([hidden])")
    assert violations(page) == []
    page.goto(open_page.address + "docs")
    page.wait_for_selector(".route")
    paths = page.locator(".route h2").all_inner_texts()
    assert any("/api/predict" in path for path in paths) and len(paths) >= 10
    assert violations(page) == []


@pytest.mark.parametrize("look", LOOKS)
def test_fits_its_window(open_page: Opened, look: str) -> None:
    """No horizontal scrolling, the pad is square, all controls are large enough."""
    page = open_page(**LOOKS[look])
    draw(page, STROKES["3"])
    page.wait_for_selector("body[data-inside=shown]")
    width, content = page.evaluate("() => [innerWidth, document.documentElement.scrollWidth]")
    assert content <= width
    pad = page.locator("#pad").bounding_box()
    assert pad and abs(pad["width"] - pad["height"]) < 1 and pad["width"] >= 300
    for control in page.locator(
        "header button, .tools button, .tools .button:visible, #wrong-open, #more, select"
    ).all():
        size = control.bounding_box()
        assert size and size["height"] >= 44 and size["width"] >= 44
    small = page.eval_on_selector_all(
        "button, input:not(.only-heard)", "(all) => all.map((it) => it.getBoundingClientRect())"
        ".filter((it) => it.width && (it.width < 24 || it.height < 18)).length",
    )  # fmt: skip
    assert small == 0


def test_a_stroke_on_a_phone_draws_and_does_not_scroll(open_page: Opened) -> None:
    page = open_page(**PHONE)
    box = page.locator("#pad").bounding_box()
    assert box
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    def swipe(x: float, start: float, end: float) -> None:
        send("touchStart", (x, start))
        for step in range(1, 21):
            send("touchMove", (x, start + (end - start) * step / 20))
        send("touchEnd")
        page.wait_for_timeout(300)

    middle = box["x"] + box["width"] / 2
    swipe(middle, box["y"] + 0.85 * box["height"], box["y"] + 0.15 * box["height"])
    settle(page)
    assert page.evaluate("scrollY") == 0
    assert answer(page) == "1"
    swipe(4, 700, 300)  # beside the pad, the same finger scrolls
    assert page.evaluate("scrollY") > 50


def test_language_follows_the_browser_and_is_remembered(open_page: Opened) -> None:
    page = open_page(locale="zh-CN")
    assert (page.title(), page.get_attribute("html", "lang")) == ("写一个数字", "zh-CN")
    draw(page, STROKES["7"])
    assert page.inner_text("#said") == "这是 7"
    page.click("#language")
    assert (page.title(), page.inner_text("#said"), page.get_attribute("html", "lang")) == (
        "Draw a digit",
        "This is 7",
        "en",
    )
    page.reload()
    page.wait_for_selector("#samples canvas")
    assert page.title() == "Draw a digit"


def test_no_word_is_missing_in_either_language(open_page: Opened) -> None:
    page = open_page()
    missing = page.evaluate("""async () => {
      const { words } = await import("./page/words.js");
      const keys = (value, path) =>
        typeof value === "object" ? Object.keys(value).flatMap((key) => keys(value[key], `${path}.${key}`)) : [path];
      const english = keys(words.en, ""), chinese = keys(words.zh, "");
      const marked = [...document.querySelectorAll("[data-word], [data-label]")];
      return [
        ...english.filter((key) => !chinese.includes(key)),
        ...chinese.filter((key) => !english.includes(key)),
        ...marked.flatMap((it) => [it.dataset.word, it.dataset.label]).filter((key) => key && !words.en[key]),
      ];
    }""")  # fmt: skip
    assert missing == []
    assert "undefined" not in page.inner_text("body")
    page.click("#language")
    words = re.sub(r"ReLU|LeNet|API|HiResCAM|SHA-256|Auto|English|Ctrl|Delete", "", page.inner_text("main"))
    assert "undefined" not in words and not re.findall(r"[A-Za-z]{4,} [a-z]{3,} [a-z]{3,}", words)


def test_colours_follow_the_system_unless_chosen(open_page: Opened) -> None:
    page = open_page(color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"

    def is_dark() -> bool:
        return sum(map(int, re.findall(r"\d+", page.evaluate(ground))[:3])) < 300

    assert is_dark()
    page.click("#theme")
    assert page.inner_text("#theme-name") == "Light" and not is_dark()
    page.reload()
    page.wait_for_selector("#samples canvas")
    assert not is_dark()
    page.click("#theme")
    assert is_dark()


def test_every_control_is_reached_by_tab_and_shows_where_it_is(open_page: Opened) -> None:
    page = open_page()
    draw(page, STROKES["9"])
    page.wait_for_selector("body[data-inside=shown]")
    page.evaluate("document.activeElement.blur(); getSelection().removeAllRanges(); scrollTo(0, 0)")
    page.locator(".skip").focus()
    reached = set()
    for _ in range(60):
        name, outline = page.evaluate("""() => {
          const it = document.activeElement, around = it.matches(".only-heard") ? it.parentElement : it;
          const name = it.id || it.className || it.textContent.trim() || it.parentElement.dataset.layer;
          return [name || it.parentElement.id, getComputedStyle(around).outlineStyle];
        }""")  # fmt: skip
        reached.add(name)
        assert outline != "none" or name == "skip", name  # which a script has focused
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
    assert {
        "model",
        "theme",
        "language",
        "pad",
        "undo",
        "clear",
        "brush",
        "wrong-open",
        "centre",
        "map",
        "file",
        "more",
    } <= reached
    assert {f"{layer}{number}" for layer in ("conv", "relu", "pool") for number in (1, 2)} <= reached


def test_a_busy_server_is_asked_again(open_page: Opened) -> None:
    page = open_page()
    tries = []

    def busy_once(route) -> None:
        tries.append(1)
        if len(tries) == 1:
            route.fulfill(status=503, headers={"retry-after": "1"}, json={"error": "too many"})
        else:
            route.continue_()

    page.route("**/api/predict*", busy_once)
    draw(page, STROKES["0"])
    assert answer(page) == "0" and len(tries) > 1 and page.is_hidden("#notice")
    open_page.errors.clear()


def test_odd_class_names_are_only_text(browser, odd_model: Model) -> None:
    with running(create_app(odd_model)) as address:
        page = browser.new_page()
        page.set_default_timeout(SLOW)
        page.goto(address)
        page.wait_for_selector("body[data-answer=shown]")
        draw(page, STROKES["4"])
        names = page.eval_on_selector_all("#bars .name", "(all) => all.map((it) => it.textContent)")
        assert names == list(odd_model.class_names)
        assert page.locator("#bars b").count() == 0
        page.context.close()
