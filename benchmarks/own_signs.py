"""A child's task on the page of `lenet serve`, in Chromium; writes a section of RESULTS.md.

    python benchmarks/own_signs.py [--hands 3]

Three signs are drawn 10 times each, trained, and 10 further drawings of each are read; then the network is downloaded
as a page. Drawings are made with the mouse and added with Enter: the seconds do not count the time that a hand takes.
"""

import argparse
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright
from results import table, write_section
from serving import server_process
from signs import SIGNS, Stroke, vary

from lenet.export.html import BROWSERS

DRAWN = 10
DONE = "#train .result"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hands", type=int, default=3, help="rounds, each with its own drawings")
    hands = parser.parse_args().hands
    rows = []
    with server_process() as (_, address), sync_playwright() as playwright:
        program = next(filter(None, map(shutil.which, BROWSERS)), None)
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        for seed in range(hands):
            with opened(browser, address) as page:
                rows.append([f"hand {seed}", *own_signs(page, seed)])
            print(rows[-1], flush=True)
        browser.close()
    write_section(
        "Own signs",
        f"""`python benchmarks/own_signs.py --hands {hands}`: {len(SIGNS)} signs are drawn {DRAWN} times each on the
page, trained, tried with {len(SIGNS) * DRAWN} further drawings, and downloaded as a page.

{table(["", "clicks", "seconds", "right"], rows)}""",
    )


@contextmanager
def opened(browser: Browser, address: str) -> Iterator[Page]:
    """The page, opened for the first time."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, locale="en-GB", accept_downloads=True)
    context.set_default_timeout(300_000)
    context.add_init_script("localStorage.setItem('lenet.visited', '1')")  # no ghost writes on the pad
    page = context.new_page()
    page.goto(address)
    yield page
    context.close()


def own_signs(page: Page, seed: int) -> list[str]:
    rng, begin, clicks = np.random.default_rng(seed), time.perf_counter(), 0

    def click(selector: str) -> None:
        nonlocal clicks
        clicks += 1
        page.click(selector)

    click("#tab-train")
    click("#train .kinds label >> nth=1")
    for sign, strokes in SIGNS.items():
        click("#sign-name")
        page.keyboard.type(sign)
        page.keyboard.press("Enter")
        for _ in range(DRAWN):
            draw(page, vary(strokes, rng))
            page.keyboard.press("Enter")
    click("#start")
    page.wait_for_selector(DONE)
    page.wait_for_selector(f"{DONE} button:disabled")  # it is the network in use
    right = 0
    for sign, strokes in SIGNS.items():
        for _ in range(DRAWN):
            draw(page, vary(strokes, rng))
            right += page.text_content("#line-digit") == sign
            page.keyboard.press("Delete")
    with page.expect_download():
        click(f"{DONE} a >> nth=0")
    return [str(clicks), f"{time.perf_counter() - begin:.1f}", f"{right} of {len(SIGNS) * DRAWN}"]


def draw(page: Page, strokes: list[Stroke]) -> None:
    """Draw with the mouse, and wait for the answer."""
    box = page.locator("#pad").bounding_box()
    assert box
    for points in strokes:
        for number, (x, y) in enumerate(points):
            page.mouse.move(box["x"] + (0.15 + 0.7 * x) * box["width"], box["y"] + (0.15 + 0.7 * y) * box["height"])
            if number == 0:
                page.mouse.down()
        page.mouse.up()
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


if __name__ == "__main__":
    main()
