"""The page in a real browser: drawings are read and explained, and wrong answers corrected."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from benchmarks.paper import compose
from lenet import load_dataset
from tests.browser.conftest import Opened
from tests.browser.drawing import PLACES, STROKES, answer, clear, draw, settle, until


def shares(page: Page) -> list[float]:
    return page.eval_on_selector_all(
        "#bars .bar", "(bars) => bars.map((bar) => +bar.style.getPropertyValue('--share'))"
    )


def inside(page: Page) -> None:
    page.wait_for_selector("body[data-inside=shown]")


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


def test_bars_and_words_say_the_same(open_page: Opened) -> None:
    page = open_page()
    draw(page, STROKES["4"])
    assert page.inner_text("#said") == "This is 4"
    assert page.locator("#bars li").count() == 10
    assert sum(shares(page)) == pytest.approx(1, abs=1e-4) and np.argmax(shares(page)) == 4
    assert page.inner_text("#bars .best .name") == "4"
    named = re.findall(r"(\d) with ([<>]?[\d.]+) %", page.inner_text("#best"))
    order = np.argsort(shares(page))[::-1]
    assert [name for name, _ in named] == [str(index) for index in order[:3]]
    assert page.inner_text("#spoken").startswith("This is 4")  # for those who listen


def test_blank_dot_and_scribble_are_no_confident_digit(open_page: Opened) -> None:
    page = open_page()
    assert (answer(page), page.inner_text("#said"), sum(shares(page))) == ("", "Nothing drawn", 0)
    draw(page, [[(0.5, 0.5)]])
    assert (answer(page), page.inner_text("#said")) == ("?", "This looks like none of the classes")
    clear(page)
    assert answer(page) == ""
    zigzag = [(0.1 + 0.8 * abs((step / 6) % 2 - 1), 0.1 + 0.08 * step / 6) for step in range(61)]
    draw(page, [zigzag, [(0.5, 0.1), (0.5, 0.9)]])
    assert answer(page) == "?"


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


def test_brush_makes_thicker_strokes(open_page: Opened) -> None:
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
    page.keyboard.press("Tab")
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


def test_centring_can_be_turned_off_and_matters(open_page: Opened) -> None:
    page = open_page()
    lit = """() => {
      const { data } = document.getElementById("seen").getContext("2d").getImageData(0, 0, 28, 28);
      const rows = [], columns = [];
      for (let i = 0; i < 784; i++) if (data[4 * i] > 60) { rows.push(Math.floor(i / 28)); columns.push(i % 28); }
      return [Math.min(...rows), Math.max(...rows), Math.min(...columns), Math.max(...columns)];
    }"""  # fmt: skip
    draw(page, STROKES["3"], "top left")
    assert answer(page) == "3"
    top, bottom, left, right = page.evaluate(lit)
    assert bottom - top >= 17 and abs((top + bottom) / 2 - 13.5) < 2.5 and abs((left + right) / 2 - 13.5) < 3
    sure = shares(page)[3]
    page.click("#centre")
    settle(page)
    assert page.evaluate(lit)[1] < 14 and page.evaluate(lit)[3] < 14
    assert answer(page) != "3" or shares(page)[3] < sure
    page.click("#centre")
    settle(page)
    assert answer(page) == "3" and shares(page)[3] == pytest.approx(sure)


def test_every_layer_is_shown_and_its_arithmetic_is_right(open_page: Opened) -> None:
    page = open_page()
    draw(page, STROKES["5"])
    inside(page)
    counts = {
        "conv1": 20,
        "relu1": 20,
        "pool1": 20,
        "conv2": 50,
        "relu2": 50,
        "pool2": 50,
        "dense1": 1,
        "relu3": 1,
        "dense2": 1,
    }
    for layer, count in counts.items():
        assert page.locator(f"[data-layer={layer}] button").count() == count
    told = page.evaluate("""async () => {
      const pixels = (await import("./page/pad.js")).pixels();
      const { explain } = await import("./page/api.js");
      return explain(pixels, true);
    }""")  # fmt: skip
    layers = {layer["name"]: np.array(layer["maps"]) for layer in told["layers"]}
    layers["relu1"], layers["relu2"] = np.maximum(layers["conv1"], 0), np.maximum(layers["conv2"], 0)
    for layer, number in (
        ("conv1", 3),
        ("conv1", 19),
        ("relu1", 7),
        ("pool1", 11),
        ("conv2", 31),
        ("relu2", 49),
        ("pool2", 5),
    ):
        page.locator(f"[data-layer={layer}] button").nth(number).hover()
        maps = layers[layer]
        for row, column in ((0.1, 0.1), (0.5, 0.5), (0.6, 0.4), (0.99, 0.5)):
            canvas = page.locator("#map")
            canvas.scroll_into_view_if_needed()
            box = canvas.bounding_box()
            assert box
            page.mouse.move(box["x"] + column * box["width"], box["y"] + row * box["height"])
            value = float(page.locator("#arithmetic .result").get_attribute("data-value") or "nan")
            at = maps[number][int(row * maps.shape[1])][int(column * maps.shape[2])]
            assert value == pytest.approx(at, abs=0.02), (layer, number, row, column)
    page.locator("[data-layer=conv1] button").first.hover()
    assert page.locator("#arithmetic table").count() == 3 and page.locator("#arithmetic td").count() == 75


def test_maps_and_pixels_can_be_reached_by_keyboard(open_page: Opened) -> None:
    page = open_page()
    draw(page, STROKES["2"])
    inside(page)
    page.locator("[data-layer=conv1] button").first.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    assert page.inner_text("#detail-title") == "conv1, map 5"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.inner_text("#detail-title") == "pool1, map 1"
    page.focus("#map")
    place = page.inner_text("#arithmetic .place")
    page.keyboard.press("ArrowUp")
    assert page.inner_text("#arithmetic .place") != place


def test_reads_a_photo_and_shows_its_marks(open_page: Opened, mnist, tmp_path: Path) -> None:
    sheet = compose(np.random.default_rng(3), mnist.images[..., 0], mnist.labels, [4, 3], ruled="none", shadow=False)
    path = tmp_path / "photo.png"
    sheet.image.save(path)
    page = open_page()
    page.set_input_files("#file", path)
    page.wait_for_selector("#boxes button")
    assert page.locator("#boxes button").count() == 7
    assert [len(row) for row in page.inner_text("#text").split()] == [4, 3]
    read = page.inner_text("#text").split()
    assert (
        sum(a == b for mine, truth in zip(read, sheet.rows, strict=True) for a, b in zip(mine, truth, strict=True)) >= 6
    )
    picture, first = page.locator("#image").bounding_box(), page.locator("#boxes button").first.bounding_box()
    assert picture and first
    assert picture["x"] <= first["x"] and first["x"] + first["width"] <= picture["x"] + picture["width"]
    page.locator("#boxes button").first.click()
    assert page.locator("#boxes button").first.get_attribute("aria-pressed") == "true"
    assert page.is_visible("#box-seen")
    page.keyboard.press("ArrowRight")
    assert page.locator("#boxes button").nth(1).get_attribute("aria-pressed") == "true"
    label = page.locator("#boxes button span").nth(1).inner_text()
    page.click("#box-look")
    settle(page)
    assert answer(page) == label
    page.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"})
    until(page, "document.getElementById('photo-said').textContent.includes('not a readable picture')")
    open_page.errors.clear()  # the browser notes the refusal


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_picture_may_be_dropped_or_pasted(open_page: Opened, way: str) -> None:
    page = open_page()
    page.evaluate("""async (way) => {
      const canvas = new OffscreenCanvas(200, 200), pen = canvas.getContext("2d");
      pen.fillStyle = "#fff";
      pen.fillRect(0, 0, 200, 200);
      pen.lineWidth = 12;
      pen.beginPath();
      pen.moveTo(60, 50); pen.lineTo(140, 50); pen.lineTo(90, 160);
      pen.stroke();
      const data = new DataTransfer();
      data.items.add(new File([await canvas.convertToBlob()], "seven.png", { type: "image/png" }));
      const event = way === "drop" ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
        : new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
      document.body.dispatchEvent(event);
    }""", way)  # fmt: skip
    page.wait_for_selector("#boxes button")
    assert page.inner_text("#text").strip() == "7"


def test_gallery_digit_is_read_and_can_be_taken_back(open_page: Opened) -> None:
    page = open_page()
    labels = page.eval_on_selector_all("#samples button", "(all) => all.map((it) => it.getAttribute('aria-label'))")
    assert len(labels) == 30
    right = 0
    for number in range(5):
        page.locator("#samples button").nth(number).click()
        settle(page)
        right += f"Test digit {answer(page)}," in labels[number]
    assert right >= 4
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    settle(page)
    assert f"Test digit {answer(page)}," in labels[5]
    first = "document.querySelector('#samples canvas').toDataURL()"
    shown = page.evaluate(first)
    page.click("#more")
    until(page, f"{first} !== {json.dumps(shown)}")


def test_switches_to_another_run(open_page: Opened) -> None:
    page = open_page()
    assert page.locator("#model option").all_text_contents() == ["bundled", "mine"]
    measured = page.inner_text("#about-said")
    draw(page, STROKES["6"])
    page.select_option("#model", "mine")
    until(page, "document.getElementById('about-said').textContent.includes('50.00 % on 100 test')")
    settle(page)
    assert "50.00 %" not in measured and answer(page) == "6"


def test_keeps_what_was_read_wrong(open_page: Opened, folder: Path) -> None:
    shutil.rmtree(folder / "wrong", ignore_errors=True)
    page = open_page()
    assert page.is_disabled("#wrong-open")
    draw(page, STROKES["1"])
    page.click("#wrong-open")
    page.click("#wrong-labels >> text=7")
    until(page, "document.getElementById('best').textContent.includes('Kept as 7')")
    dataset = load_dataset(str(folder / "wrong"))
    assert dataset.class_names == ("7",) and len(dataset) == 1
    seen = page.evaluate("""() => {
      const { data } = document.getElementById("seen").getContext("2d").getImageData(0, 0, 28, 28);
      return Array.from(data).filter((_, i) => i % 4 === 0);
    }""")  # fmt: skip
    assert dataset.images[0].ravel().tolist() == seen
