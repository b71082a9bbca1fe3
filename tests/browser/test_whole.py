"""The page for everyone: any size, both languages, light and dark, without a mouse, without the internet."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import SLOW, Opened
from tests.browser.drawing import STROKES, answer, draw, settle

# What axe checks for WCAG 2.2 AA and below, and its best practices.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PHONE = {"width": 390, "height": 664, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
TABS = ("try", "inside", "train")
LOOKS = {
    "desktop, light, English": {"color_scheme": "light", "locale": "en-GB"},
    "phone, dark, Chinese": {**PHONE, "color_scheme": "dark", "locale": "zh-CN"},
}


def violations(page: Page) -> list[tuple[str, str]]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [(it["id"], node["html"][:300]) for it in found for node in it["nodes"]]


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_in_any_tab(open_page: Opened, look: str) -> None:
    page = open_page(**LOOKS[look])
    assert violations(page) == []
    draw(page, STROKES["8"])
    page.click("#wrong-open")
    page.click("#wrong-labels button >> nth=4")
    page.click("#wrong-open")
    page.click("#confusion summary")
    page.wait_for_selector("#matrix button")
    for tab in TABS:
        page.click(f"#tab-{tab}")
        page.wait_for_timeout(200)  # colours that change slowly have changed
        assert violations(page) == [], tab


def test_axe_finds_nothing_in_a_photo_and_the_docs(open_page: Opened) -> None:
    page = open_page()
    picture = page.locator("#samples canvas").nth(4).screenshot()
    page.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": picture})
    page.wait_for_selector("#boxes button")
    assert violations(page) == []
    page.goto(open_page.address + "docs")
    page.wait_for_selector(".route")
    paths = page.locator(".route h2").all_inner_texts()
    assert any("/api/predict" in path for path in paths) and len(paths) >= 10
    assert violations(page) == []


def test_the_docs_have_the_pages_language_and_colours(open_page: Opened) -> None:
    page = open_page(locale="zh-CN", color_scheme="light")
    page.click("#theme")
    page.click("#theme")  # dark
    page.goto(open_page.address + "docs")
    page.wait_for_selector(".route")
    assert "原文为英文" in page.inner_text("main") and page.get_attribute(".route p", "lang") == "en"
    assert "参数" in page.inner_text("#routes") and page.get_attribute("html", "data-theme") == "dark"
    page.click("#language")
    assert "Parameters" in page.inner_text("#routes") and page.inner_text("h1") == "lenet: API"


@pytest.mark.parametrize("look", LOOKS)
def test_fits_its_window(open_page: Opened, look: str) -> None:
    """No horizontal scrolling from 320 pixels on, the pad is square, all controls are large enough."""
    page = open_page(**LOOKS[look])
    draw(page, STROKES["3"])
    for tab in TABS:
        page.click(f"#tab-{tab}")
        for width in (320, 390, 768, 1000, 1280):
            page.set_viewport_size({"width": width, "height": 720})
            content = page.evaluate("document.documentElement.scrollWidth")
            assert content <= width, (tab, width)
            cut = (
                "[...document.querySelectorAll('.block strong')].filter((it) => it.scrollWidth > it.clientWidth).length"
            )
            assert page.evaluate(cut) == 0, width
    page.click("#tab-try")
    page.set_viewport_size({"width": 390, "height": 664})
    pad = page.locator("#pad").bounding_box()
    assert pad and abs(pad["width"] - pad["height"]) < 1 and pad["width"] >= 300
    for control in page.locator(
        "header button, [role=tab], .tools button:visible, .tools .button:visible, select"
    ).all():
        size = control.bounding_box()
        assert not size or (size["height"] >= 44 and size["width"] >= 44 - 0.5)
    small = page.eval_on_selector_all(
        "button, input:not(.only-heard)", "(all) => all.map((it) => it.getBoundingClientRect())"
        ".filter((it) => it.width && (it.width < 24 || it.height < 18)).length",
    )  # fmt: skip
    assert small == 0


def test_bars_are_there_in_forced_colours(open_page: Opened) -> None:
    page = open_page(forced_colors="active")
    draw(page, STROKES["4"])
    colours = page.evaluate("""() => {
      const bar = document.querySelector("#bars .best .bar");
      return [getComputedStyle(bar, "::before").backgroundColor, getComputedStyle(bar).backgroundColor];
    }""")  # fmt: skip
    assert colours[0] != colours[1]


def test_nothing_moves_when_less_motion_is_asked_for(open_page: Opened) -> None:
    page = open_page(reduced_motion="reduce", visited=False)
    draw(page, STROKES["4"])
    assert page.evaluate("document.getAnimations().length") == 0
    duration = "getComputedStyle(document.querySelector('#bars .bar'), '::before').transitionDuration"
    assert page.evaluate(duration) == "0s"


def test_the_first_load_is_small(browser, address: str) -> None:
    """At most 150 kB over the line, without the weights."""
    page = browser.new_page()
    page.set_default_timeout(SLOW)
    session, sizes = page.context.new_cdp_session(page), {}
    session.send("Network.enable")
    asked: dict[str, str] = {}
    session.on("Network.requestWillBeSent", lambda it: asked.update({it["requestId"]: it["request"]["url"]}))
    session.on("Network.loadingFinished", lambda it: sizes.update({asked[it["requestId"]]: it["encodedDataLength"]}))
    page.goto(address)
    page.wait_for_selector("#samples canvas")
    page.wait_for_timeout(500)
    page.context.close()
    total = sum(size for url, size in sizes.items() if "/api/weights" not in url)
    assert len(sizes) > 20 and total <= 150_000, total


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


def test_each_tab_names_its_lesson(open_page: Opened) -> None:
    page = open_page(locale="zh-CN")
    for tab, number in zip(TABS, (1, 2, 8), strict=True):
        page.click(f"#tab-{tab}")
        assert page.inner_text(".lesson").strip().endswith(f"：lenet lessons {number} --chinese")
    page.click("#tab-inside")
    stages = page.locator("#inside .overview button")
    numbers = []
    for place in range(stages.count()):
        stages.nth(place).click()
        numbers.append(int(page.inner_text(".lesson").split()[-2]))
    # picture, conv, relu, pool, conv, relu, pool, flatten, dense, relu, dense, softmax
    assert numbers == [2, 3, 5, 5, 3, 5, 5, 6, 6, 5, 6, 7]


def test_language_follows_the_browser_and_is_remembered(open_page: Opened) -> None:
    page = open_page(locale="zh-CN")
    assert (page.title(), page.get_attribute("html", "lang")) == ("LeNet 实验室", "zh-CN")
    draw(page, STROKES["7"])
    assert page.inner_text("#said") == "这是 7"
    page.click("#language")
    assert (page.title(), page.inner_text("#said"), page.get_attribute("html", "lang")) == (
        "LeNet lab",
        "This is 7",
        "en",
    )
    page.reload()
    page.wait_for_selector("#samples canvas")
    assert page.title() == "LeNet lab"


def test_no_word_is_missing_in_either_language(open_page: Opened) -> None:
    page = open_page()
    missing = page.evaluate("""async () => {
      const { say, speak } = await import("./page/core/words.js");
      const words = {};
      for (const name of ["en", "zh"]) {
        speak(name);
        words[name] = { ...say() };
      }
      speak("en");
      const keys = (value, path) =>
        typeof value === "object" ? Object.keys(value).flatMap((key) => keys(value[key], `${path}.${key}`)) : [path];
      const english = keys(words.en, ""), chinese = keys(words.zh, "");
      const marked = [...document.querySelectorAll("[data-word], [data-label]")];
      return [
        ...english.filter((key) => !chinese.includes(key)),
        ...chinese.filter((key) => !english.includes(key)),
        ...marked.flatMap((it) => [it.dataset.word, it.dataset.label]).filter((key) =>
          key && !key.split(".").reduce((value, name) => value?.[name], words.en)),
      ];
    }""")  # fmt: skip
    assert missing == []
    assert "undefined" not in page.inner_text("body")
    page.click("#language")
    names = r"lenet export .*zip|ReLU|LeNet|API|HiResCAM|SHA-256|Auto|English|Ctrl|Delete"
    words = re.sub(names, "", page.inner_text("main"))
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
    page.evaluate("document.activeElement.blur(); getSelection().removeAllRanges(); scrollTo(0, 0)")
    page.locator(".skip").focus()
    reached = set()
    for _ in range(60):
        name, outline = page.evaluate("""() => {
          const it = document.activeElement, around = it.matches(".only-heard") ? it.parentElement : it;
          return [it.id || it.className || it.parentElement.id || it.tagName, getComputedStyle(around).outlineStyle];
        }""")  # fmt: skip
        reached.add(name)
        assert outline != "none" or name == "skip", name  # which a script has focused
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
    wanted = "model theme language tab-try pad undo clear brush file more wrong-open share-picture share-link centre"
    assert set(wanted.split()) <= reached


def test_tabs_are_chosen_with_the_arrow_keys(open_page: Opened) -> None:
    page = open_page()
    page.focus("#tab-try")
    for key, tab in (("ArrowRight", "inside"), ("End", "train"), ("ArrowRight", "try"), ("ArrowLeft", "train")):
        page.keyboard.press(key)
        assert page.is_visible(f"#{tab}") and page.evaluate("document.activeElement.id") == f"tab-{tab}"
        assert page.locator("[role=tab][tabindex='0']").count() == 1 if tab != "try" else True
