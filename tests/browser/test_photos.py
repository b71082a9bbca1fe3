"""Try, in a real browser: photos are read, and their marks shown on them."""

import io
import json

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page

from benchmarks.paper import compose
from lenet import Dataset
from tests.browser.conftest import Opened
from tests.browser.drawing import answer, settle, until


def sheet(mnist: Dataset, rows: list[int]) -> tuple[bytes, list[str]]:
    """A photographed sheet with so many digits in each row, as a PNG; and the truth."""
    made = compose(np.random.default_rng(3), mnist.images[..., 0], mnist.labels, rows, ruled="none", shadow=False)
    content = io.BytesIO()
    made.image.save(content, "PNG")
    return content.getvalue(), list(made.rows)


def choose_photo(page: Page, content: bytes) -> None:
    page.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": content})
    page.wait_for_selector("#boxes button", state="attached")


def test_reads_a_photo_and_shows_its_marks(open_page: Opened, mnist: Dataset) -> None:
    page = open_page()
    content, rows = sheet(mnist, [4, 3])
    choose_photo(page, content)
    assert page.locator("#boxes button").count() == 7
    read = page.inner_text("#text").split()
    assert [len(row) for row in read] == [4, 3]
    pairs = [pair for mine, truth in zip(read, rows, strict=True) for pair in zip(mine, truth, strict=True)]
    assert sum(mine == truth for mine, truth in pairs) >= 6
    for number in range(7):
        page.locator("#boxes button").nth(number).focus()
        assert page.locator("#boxes button").nth(number).get_attribute("aria-pressed") == "true"
        assert answer(page) == page.locator("#boxes button span").nth(number).text_content()
    page.keyboard.press("ArrowLeft")
    assert page.locator("#boxes button").nth(5).get_attribute("aria-pressed") == "true"
    page.click("#photo-close")
    assert (answer(page), page.is_visible("#pad"), page.is_hidden("#text")) == ("", True, True)


def test_a_mark_that_the_server_does_not_know_is_not_known_here(open_page: Opened, mnist: Dataset) -> None:
    """It has seen the whole photo: among texture, something that looks like a digit is none."""
    page = open_page()
    mark = {"label": "7", "probability": 0.9, "unknown": True, "box": [0, 0, 28, 28], "top": [["7", 0.9]]}
    digits = [{**mark, "image": mnist.images[0, ..., 0].tolist()}]
    reading = {"text": "?", "rows": ["?"], "digits": digits}
    page.route("**/api/read*", lambda route: route.fulfill(json=reading))
    image = io.BytesIO()
    Image.new("L", (28, 28), 255).save(image, "PNG")
    choose_photo(page, image.getvalue())
    settle(page)
    assert (answer(page), page.inner_text("#boxes span")) == ("?", "?")


def test_a_photo_that_cannot_be_read_leaves_no_earlier_answer(open_page: Opened, mnist: Dataset) -> None:
    page = open_page()
    choose_photo(page, sheet(mnist, [2])[0])
    settle(page)
    assert answer(page) != ""
    page.route("**/api/read*", lambda route: route.abort())
    page.set_input_files("#file", {"name": "b.png", "mimeType": "image/png", "buffer": b"\x89PNG"})
    until(page, "document.getElementById('photo-said').textContent.includes('does not answer')")
    assert (answer(page), page.inner_text("#said"), page.is_visible("#pad")) == ("", "Nothing drawn", True)
    open_page.errors.clear()  # the browser notes what did not come


@pytest.mark.parametrize(("width", "height"), [(1600, 300), (300, 1600)])
def test_boxes_lie_on_the_digits_of_a_wide_and_a_high_photo(open_page: Opened, width: int, height: int) -> None:
    page = open_page()
    image = Image.new("L", (width, height), 255)
    for place in (0.1, 0.8):  # two sevens
        x, y = (place * width, 80) if width > height else (80, place * height)
        stroke = [(x, y), (x + 90, y), (x + 30, y + 150)]
        ImageDraw.Draw(image).line(stroke, fill=0, width=14)
    content = io.BytesIO()
    image.save(content, "PNG")
    choose_photo(page, content.getvalue())
    picture = page.locator("#image").bounding_box()
    boxes = [box.bounding_box() for box in page.locator("#boxes button").all()]
    assert picture and len(boxes) == 2
    frame = page.locator(".frame").bounding_box()
    assert frame and picture["width"] <= frame["width"] and picture["height"] <= frame["height"]
    for box, place in zip(boxes, (0.1, 0.8), strict=True):
        assert box
        left = (box["x"] - picture["x"]) / picture["width"] * width
        top = (box["y"] - picture["y"]) / picture["height"] * height
        wanted = (place * width, 80) if width > height else (80, place * height)
        assert abs(left - wanted[0]) < 40 and abs(top - wanted[1]) < 40


def test_labels_do_not_hide_the_digits_of_a_full_sheet(open_page: Opened, mnist: Dataset) -> None:
    page = open_page()
    content, _ = sheet(mnist, [10] * 8)
    choose_photo(page, content)
    assert page.locator("#boxes button").count() > 60
    assert page.locator("#boxes span:visible").count() <= 2  # of the chosen one


def test_a_large_photo_is_shrunk_before_it_is_sent(open_page: Opened) -> None:
    page = open_page()
    noise = np.random.default_rng(0).integers(200, 256, (3000, 4000), np.uint8)
    noise[1000:2000, 1500:1600] = 0
    content = io.BytesIO()
    Image.fromarray(noise).save(content, "PNG")
    with page.expect_request("**/api/read*") as sent:
        choose_photo(page, content.getvalue())
    body = sent.value.post_data_buffer
    assert body is not None and len(body) < len(content.getvalue()) / 4
    assert max(Image.open(io.BytesIO(body)).size) == 2400


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_a_file_that_is_no_picture_is_refused_in_the_pages_language(open_page: Opened, locale: str) -> None:
    page = open_page(locale=locale)
    page.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"})
    wanted = "not a picture" if locale == "en-GB" else "无法读取"
    until(page, f"document.getElementById('photo-said').textContent.includes({json.dumps(wanted)})")
    open_page.errors.clear()  # the browser notes the refusal


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_picture_may_be_dropped_or_pasted(open_page: Opened, way: str) -> None:
    page = open_page()
    send = """async ([way, text]) => {
      const data = new DataTransfer();
      if (text) data.setData("text/plain", text);
      else {
        const canvas = new OffscreenCanvas(200, 200), pen = canvas.getContext("2d");
        pen.fillStyle = "#fff";
        pen.fillRect(0, 0, 200, 200);
        pen.lineWidth = 12;
        pen.beginPath();
        pen.moveTo(60, 50); pen.lineTo(140, 50); pen.lineTo(90, 160);
        pen.stroke();
        data.items.add(new File([await canvas.convertToBlob()], "seven.png", { type: "image/png" }));
      }
      const event = way === "drop" ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
        : new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
      document.body.dispatchEvent(event);
    }"""
    page.evaluate(send, [way, "some text"])
    assert "no picture" in page.inner_text("#photo-said")  # it is not ignored silently
    page.evaluate(send, [way, ""])
    page.wait_for_selector("#boxes button")
    assert page.inner_text("#text").strip() == "7"
