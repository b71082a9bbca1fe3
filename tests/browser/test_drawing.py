"""Try, in a real browser: what is drawn is read and explained."""

import re

import numpy as np
import pytest
from playwright.sync_api import Browser

from lenet import create_app
from lenet.model.runtime import Model
from tests.browser.conftest import Opened
from tests.browser.drawing import PLACES, STROKES, answer, clear, draw, pixels, settle, shares, until
from tests.networks import random_model
from tests.serve.serving import running

PHONE = {"width": 390, "height": 664, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


@pytest.mark.long
def test_reads_ten_digits_wherever_and_however_large(open_page: Opened) -> None:
    page = open_page()
    right = {}
    for place in PLACES:
        for name, strokes in STROKES.items():
            draw(page, strokes, place)
            right[name, place] = answer(page) == name
            clear(page)
    wrong = [key for key, was_right in right.items() if not was_right]
    assert len(right) == 70 and len(wrong) <= 3, wrong  # 95 %


def test_drawing_sends_no_request(open_page: Opened) -> None:
    page = open_page()
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for name, strokes in STROKES.items():
        draw(page, strokes)
        assert answer(page) == name
        page.click("#bars li:nth-child(2) button")
        clear(page)
    page.wait_for_timeout(500)
    assert [url for url in asked if not url.endswith("icon.svg")] == []  # browsers fetch it when they like


def test_bars_and_words_say_the_same(open_page: Opened) -> None:
    page = open_page()
    draw(page, STROKES["4"])
    assert (page.inner_text("#said"), page.inner_text("#line-digit")) == ("This is 4", "4")
    assert page.locator("#bars li").count() == 10
    assert sum(shares(page)) == pytest.approx(1, abs=1e-4) and np.argmax(shares(page)) == 4
    assert page.inner_text("#bars .best .name") == "4"
    named = re.findall(r"(\d) with ([<>]?[\d.]+) %", page.inner_text("#best"))
    order = np.argsort(shares(page))[::-1]
    assert [name for name, _ in named] == [str(index) for index in order[: len(named)]] and named
    assert page.inner_text("#spoken").startswith("This is 4")  # for those who listen


def test_blank_dot_and_scribble_are_no_confident_digit(open_page: Opened) -> None:
    page = open_page()
    assert (answer(page), page.inner_text("#said"), sum(shares(page))) == ("", "Nothing drawn", 0)
    draw(page, [[(0.5, 0.5)]])
    assert (answer(page), page.inner_text("#said")) == ("?", "This looks like no digit")
    clear(page)
    assert answer(page) == ""
    zigzag = [(0.1 + 0.8 * abs((step / 6) % 2 - 1), 0.1 + 0.08 * step / 6) for step in range(61)]
    draw(page, [zigzag, [(0.5, 0.1), (0.5, 0.9)]])
    assert answer(page) == "?"


def test_two_marks_are_read_as_two(open_page: Opened) -> None:
    page = open_page()
    draw(page, STROKES["4"], "top left")
    draw(page, STROKES["2"], "top right")
    assert page.inner_text("#said") == "Two marks: 4, 2"
    assert (np.argmax(shares(page)), page.inner_text("#why-title")) == (4, "Why 4?")
    page.click("#marks button:nth-child(2)")
    assert (np.argmax(shares(page)), page.inner_text("#why-title")) == (2, "Why 2?")
    page.click("#undo")  # the 2 has one stroke
    settle(page)
    assert page.inner_text("#said") == "This is 4" and page.is_hidden("#marks")


def test_fragments_of_one_digit_are_one_mark(open_page: Opened) -> None:
    page = open_page()
    corner = [(0.235, 0.48), (0.23, 0.5), (0.23, 0.5), (0.25, 0.5)]  # drawn slowly, so it is not rounded
    open_four = [[(0.3, 0.2), *corner, (0.5, 0.5)], [(0.62, 0.2), (0.62, 0.85)]]
    draw(page, open_four, "large")
    assert answer(page) == "4"
    clear(page)
    draw(page, [*STROKES["1"], [(0.8, 0.9), (0.81, 0.9)]])  # a point after a 1
    assert page.is_hidden("#marks")


def test_undo_gives_back_the_earlier_answer(open_page: Opened) -> None:
    page = open_page()
    draw(page, STROKES["7"])
    before = answer(page), shares(page), page.inner_text("#best")
    draw(page, [[(0.1, 0.1), (0.9, 0.9)], [(0.1, 0.9), (0.9, 0.1)]])
    after = answer(page), shares(page), page.inner_text("#best")
    assert after[1] != before[1]
    page.click("#undo")
    page.keyboard.press("Control+z")
    settle(page)
    assert (answer(page), shares(page), page.inner_text("#best")) == before
    page.click("#redo")
    page.keyboard.press("Control+y")
    settle(page)
    assert (answer(page), shares(page), page.inner_text("#best")) == after
    assert page.is_disabled("#redo")
    clear(page)
    page.click("#undo")  # what was cleared comes back, too
    settle(page)
    assert (answer(page), shares(page)) == after[:2]


def test_pen_makes_thicker_strokes(open_page: Opened) -> None:
    page = open_page()
    ink = []
    for size in ("3", "14"):
        page.fill("#brush", size)
        draw(page, STROKES["1"])
        ink.append(page.evaluate("""() => {
          const pad = document.getElementById("pad");
          const { data } = pad.getContext("2d").getImageData(0, 0, pad.width, pad.height);
          return data.filter((value, i) => i % 4 === 3 && value > 127).length;
        }"""))  # fmt: skip
        clear(page)
    assert ink[1] > 3 * ink[0] > 0


def test_drawing_with_the_keyboard_alone(open_page: Opened) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "pad"

    def press(key: str, times: int = 1) -> None:
        for _ in range(times):
            page.keyboard.press(key)

    press("ArrowUp", 12)
    press("ArrowLeft", 8)
    press("Space")
    press("ArrowRight", 16)
    for _ in range(12):
        press("ArrowDown", 2)
        press("ArrowLeft")
    press("Space")
    settle(page)
    assert answer(page) == "7"
    press("ArrowRight", 5)  # the pen is up: nothing more is drawn
    settle(page)
    assert answer(page) == "7"
    press("Delete")
    settle(page)
    assert answer(page) == ""


def test_the_focus_stays_on_the_page_after_clear(open_page: Opened) -> None:
    page = open_page()
    draw(page, STROKES["7"])
    page.focus("#clear")
    page.keyboard.press("Enter")
    settle(page)
    assert (answer(page), page.evaluate("document.activeElement.id")) == ("", "pad")


def test_the_network_on_its_way_is_not_nothing_drawn(open_page: Opened) -> None:
    page = open_page()
    page.route("**/api/weights*", lambda route: None)  # which never come
    page.reload()
    page.wait_for_selector("#pad")
    box = page.locator("#pad").bounding_box()
    assert box
    page.mouse.click(box["x"] + 100, box["y"] + 100)
    page.wait_for_timeout(100)
    assert page.inner_text("#said") == "Loading the network …"
    page.unroute_all(behavior="ignoreErrors")


def test_centring_can_be_turned_off_and_matters(open_page: Opened) -> None:
    page = open_page()

    def lit() -> tuple[int, int, int, int]:
        rows, columns = np.nonzero(np.array(pixels(page, "seen")).reshape(28, 28) > 60)
        return rows.min(), rows.max(), columns.min(), columns.max()

    draw(page, STROKES["3"], "top left")
    assert answer(page) == "3"
    top, bottom, left, right = lit()
    assert bottom - top >= 17 and abs((top + bottom) / 2 - 13.5) < 2.5 and abs((left + right) / 2 - 13.5) < 3
    sure = shares(page)[3]
    page.click("#centre")
    assert lit()[1] < 14 and lit()[3] < 14
    assert answer(page) != "3" or shares(page)[3] < sure
    page.click("#centre")
    assert answer(page) == "3" and shares(page)[3] == pytest.approx(sure)


def test_a_bar_says_why_not(open_page: Opened) -> None:
    page = open_page()
    draw(page, STROKES["3"])
    assert page.inner_text("#why-title") == "Why 3?"
    before = pixels(page, "heat")
    page.click("#bars li:nth-child(9) button")
    assert page.inner_text("#why-title") == "Why not 8?" and pixels(page, "heat") != before
    assert page.get_attribute("#bars li:nth-child(9) button", "aria-pressed") == "true"
    page.click("#bars li:nth-child(9) button")  # again: back to the answer
    assert page.inner_text("#why-title") == "Why 3?" and pixels(page, "heat") == before
    page.click("#bars li:nth-child(1) button")
    draw(page, [[(0.5, 0.5), (0.51, 0.51)]])
    assert page.inner_text("#why-title").startswith("Why ") and "not" not in page.inner_text("#why-title")


def test_letters_are_called_letters(browser: Browser) -> None:
    for model, hint in (
        (random_model("mlp", framing="mark"), "Draw a character here"),
        (random_model("mlp", framing="whole"), "Draw a picture here"),
    ):
        with running(create_app(model)) as address:
            pages = Opened(browser, address, gallery=False)
            page = pages()
            assert page.inner_text("#hint") == hint
            assert page.is_hidden("#centring") == (hint == "Draw a picture here")
            page.context.close()


def test_a_ghost_writes_on_the_first_visit_and_leaves_at_the_first_touch(open_page: Opened) -> None:
    page = open_page(visited=False)
    until(page, "document.getElementById('digit').textContent === '3'")
    assert page.is_disabled("#clear")
    draw(page, STROKES["7"])
    assert answer(page) == "7"
    page.reload()
    page.wait_for_selector("body:not([data-verdict=loading])")
    page.wait_for_timeout(300)
    assert answer(page) in ("", "7")  # the address has the 7, and nothing writes itself again
    quiet = open_page(visited=False, reduced_motion="reduce")
    quiet.wait_for_timeout(500)
    assert answer(quiet) == ""


def test_odd_class_names_are_only_text(browser: Browser, odd_model: Model) -> None:
    with running(create_app(odd_model)) as address:
        page = Opened(browser, address, gallery=False)()
        draw(page, STROKES["4"])
        names = page.eval_on_selector_all("#bars .name", "(all) => all.map((it) => it.textContent)")
        assert names == list(odd_model.class_names)
        assert page.locator("#bars b, #wrong-labels b").count() == 0
        page.context.close()


def test_the_answer_is_in_view_while_one_draws_on_a_phone(open_page: Opened) -> None:
    page = open_page(**PHONE)
    page.locator("#pad").scroll_into_view_if_needed()
    draw(page, STROKES["3"])
    for tab in ("try", "inside", "train"):
        page.click(f"#tab-{tab}")
        for place in ("#line", "#pad"):
            box = page.locator(place).bounding_box()
            assert box and box["y"] >= 0 and box["y"] + box["height"] <= 664, (tab, place)
        assert page.inner_text("#line-digit") == "3"
    page.mouse.wheel(0, 400)  # in Train, the pad stays
    page.wait_for_timeout(300)
    box = page.locator("#line").bounding_box()
    assert box and 0 <= box["y"] <= 100
