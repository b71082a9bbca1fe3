"""Beside the pad: test digits, the menu of networks and its card, corrections, and what can be shared."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from lenet import Model, load_dataset
from tests.browser.conftest import Opened
from tests.browser.drawing import STROKES, answer, clear, draw, pixels, settle, shares, until


def test_gallery_digit_is_read_and_can_be_taken_back(open_page: Opened) -> None:
    page = open_page()
    labels = page.eval_on_selector_all("#samples button", "(all) => all.map((it) => it.getAttribute('aria-label'))")
    assert len(labels) == 10
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


def test_switches_to_another_network(open_page: Opened) -> None:
    page = open_page()
    assert page.locator("#model option").all_text_contents() == ["bundled", "mine"]
    until(page, "document.getElementById('card-said').textContent.startsWith('34 of 10,000')")
    draw(page, STROKES["6"])
    page.select_option("#model", "mine")
    until(page, "document.getElementById('card-said').textContent.startsWith('50 of 100 test')")
    settle(page)
    assert answer(page) == "6"


def test_the_network_in_use_is_downloaded_and_the_way_to_a_chip_is_named(open_page: Opened, tmp_path: Path) -> None:
    page = open_page()
    page.select_option("#model", "mine")
    until(page, "document.getElementById('chip').textContent.includes('lenet export mine.onnx --format arduino')")
    with page.expect_download() as saved:
        page.click("#download-onnx")
    assert saved.value.suggested_filename == "mine.onnx"
    saved.value.save_as(tmp_path / "mine.onnx")
    assert Model.load(tmp_path / "mine.onnx").metadata.test_accuracy == 0.5
    assert "format=html" in (page.get_attribute("#download-html", "href") or "")
    guide = "docs/how-to/chip.md"
    assert guide in page.inner_text("#chip") and (Path(__file__).parents[2] / guide).is_file()


def test_the_card_opens_the_pictures_that_were_read_wrongly(open_page: Opened) -> None:
    page = open_page()
    until(page, "!document.getElementById('confusion').hidden")
    page.click("#confusion summary")
    page.wait_for_selector("#matrix button")
    numbers = [int(it.replace(",", "")) for it in page.locator("#matrix button").all_inner_texts()]
    assert sum(numbers) == 34
    cell = page.locator("#matrix button").first
    truth, read = re.findall(r"(\d) read as (\d)", cell.get_attribute("aria-label") or "")[0]
    cell.click()
    page.wait_for_selector("#mistakes button")
    assert page.locator("#mistakes button").count() == numbers[0]
    page.locator("#mistakes button").first.click()
    settle(page)
    assert truth != read and set(answer(page)) <= {read, "?", " "}  # a broken digit is two unknown marks


# Corrections


def test_corrections_fill_a_tray(open_page: Opened) -> None:
    page = open_page()
    assert page.is_disabled("#wrong-open") and page.is_hidden("#tray")
    for name, said in (("1", "7"), ("2", "not a digit")):
        draw(page, STROKES[name])
        page.click("#wrong-open")
        page.click(f"#wrong-labels >> text={said}")
        clear(page)
    assert page.locator("#tray-items li span").all_inner_texts() == ["7", "not a digit"]
    tray = page.evaluate("""async () => {
      const { lab, on } = await import("/page/core/lab.js");
      on("learn", () => { document.body.dataset.learn = "asked"; });
      return lab.tray.map(({ image, label }) => [label, image.length, Math.max(...image)]);
    }""")  # fmt: skip
    assert tray == [["7", 784, 255], [None, 784, 255]]
    page.click("#tray-items li:first-child .remove")
    assert page.locator("#tray-items li span").all_inner_texts() == ["not a digit"]
    assert page.evaluate("document.activeElement.className") == "remove"
    page.click("#tray-items .remove")
    assert page.is_hidden("#tray") and page.evaluate("document.activeElement.id") == "pad"


def test_a_collecting_server_keeps_corrections(open_page: Opened, folder: Path) -> None:
    shutil.rmtree(folder / "wrong", ignore_errors=True)
    page = open_page()
    draw(page, STROKES["1"])
    page.click("#wrong-open")
    with page.expect_response("**/api/collect*"):
        page.click("#wrong-labels >> text=7")
    dataset = load_dataset(str(folder / "wrong"))
    assert dataset.class_names == ("7",) and len(dataset) == 1
    assert dataset.images[0].ravel().tolist() == pixels(page, "seen")


def test_a_refused_correction_says_so_and_stays(open_page: Opened) -> None:
    page = open_page()
    page.route("**/api/collect*", lambda route: route.fulfill(status=413, json={"error": "too large"}))
    draw(page, STROKES["1"])
    page.click("#wrong-open")
    page.click("#wrong-labels >> text=7")
    until(page, "document.getElementById('done').textContent.includes('too large')")
    page.wait_for_timeout(800)
    assert "the server did not keep it" in page.inner_text("#done") and page.locator("#tray-items li").count() == 1
    open_page.errors.clear()


# Sharing


def test_the_address_has_tab_network_and_strokes(open_page: Opened) -> None:
    page = open_page()
    draw(page, STROKES["5"])
    before = answer(page), shares(page)
    page.select_option("#model", "mine")
    page.click("#tab-inside")
    until(page, "location.hash.includes('strokes') && location.hash.includes('network=mine')")
    other = open_page(path=page.url.removeprefix(open_page.address))
    until(other, "document.getElementById('model').value === 'mine'")
    settle(other)
    assert other.is_visible("#inside") and (answer_of(other), len(page.url)) == (before[0], pytest.approx(300, abs=250))
    assert shares(other) == pytest.approx(before[1], abs=0.02)
    page.go_back()
    assert page.is_visible("#try") and page.is_hidden("#inside")
    assert page.evaluate("scrollY") == 0


def answer_of(page: Page) -> str:
    return page.inner_text("#line-digit")


def test_saves_a_picture_of_drawing_and_answer(open_page: Opened, tmp_path: Path) -> None:
    page = open_page()
    assert page.is_disabled("#share-picture")
    draw(page, STROKES["8"])
    with page.expect_download() as saved:
        page.click("#share-picture")
    saved.value.save_as(tmp_path / "card.png")
    card = Image.open(tmp_path / "card.png").convert("L")
    assert card.size == (1200, 630)
    for left in (60, 430, 800):  # drawing, image, evidence
        assert np.ptp(np.asarray(card.crop((left, 190, left + 340, 530)))) > 150
    assert np.ptp(np.asarray(card.crop((60, 60, 700, 140)))) > 150  # words
