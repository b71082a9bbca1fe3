"""What one can do on the page of `lenet serve`, in Chromium: a network of one's own, corrections, own signs; writes a
section of RESULTS.md.

    python benchmarks/lab.py [--hands 3]

- Own network: from opening the page to a network that was trained there and answers the drawing.
- Corrections: 20 ones with a long flag, all misread, are corrected and learnt; 50 further ones, all misread before, are
  read again, and MNIST's 10,000 test digits.
- Own signs: three signs are drawn 10 times each, trained, and 10 further drawings of each are read. Drawings are made
  with the mouse and added with Enter; the seconds do not count the time that a hand takes.
"""

import argparse
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright
from results import table, write_section
from serving import server_process
from signs import SIGNS, Stroke, flagged_ones, vary

from lenet import Model
from lenet.export.html import BROWSERS

CORRECTED, FURTHER, DRAWN = 20, 50, 10
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
            for measure in (own_network, corrections, own_signs):
                with opened(browser, address) as page:
                    rows.append([f"{measure.__name__.replace('_', ' ')}, hand {seed}", *measure(page, seed)])
                print(rows[-1], flush=True)
        browser.close()
    write_section(
        "Lab",
        f"""`python benchmarks/lab.py --hands {hands}`: what one can do on the page, in Chromium. Corrections:
{CORRECTED} ones with a long flag are learnt; {FURTHER} further ones, all misread before, and MNIST's 10,000 test digits
are read again. Own signs: {len(SIGNS)} signs, {DRAWN} drawings each; {len(SIGNS) * DRAWN} further drawings are read.

{table(["", "clicks", "seconds", "right after", "MNIST, points"], rows)}""",
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


def own_network(page: Page, seed: int) -> list[str]:
    begin = time.perf_counter()
    draw(page, vary(SIGNS["house"], np.random.default_rng(seed)))
    page.click("#tab-train")
    page.click("#start")
    page.wait_for_selector(DONE)
    page.wait_for_selector("#second")
    return ["2", f"{time.perf_counter() - begin:.1f}", "", ""]


def corrections(page: Page, seed: int) -> list[str]:
    images = flagged_ones(Model.load(), CORRECTED + FURTHER, seed).reshape(CORRECTED + FURTHER, -1).tolist()
    page.wait_for_selector("body[data-verdict=empty]")
    page.evaluate(
        """async (images) => {
      const { putInTray } = await import("./page/core/lab.js");
      for (const image of images) putInTray(Uint8Array.from(image), "1", { width: 28, depth: 1 });
    }""",
        images[:CORRECTED],
    )
    begin = time.perf_counter()
    page.click("#tab-train")
    page.click("#train .kinds label >> nth=2")
    page.click("#start")
    page.wait_for_selector(DONE)
    seconds = time.perf_counter() - begin
    right = page.evaluate(
        """async ([name, images]) => {
      const { loadNetwork } = await import("./page/core/lab.js");
      const network = await loadNetwork(name), names = network.description.classNames;
      return images.filter((image) => {
        const { probabilities } = network.read(Uint8Array.from(image));
        return names[probabilities.indexOf(Math.max(...probabilities))] === "1";
      }).length;
    }""",
        [page.inner_text(f"{DONE} summary strong"), images[CORRECTED:]],
    )
    cells = page.locator("#train .before-after tr >> nth=2 >> td").all_inner_texts()
    before, after = (int(re.search(r"\(([\d,]+) of", cell)[1].replace(",", "")) for cell in cells)  # type: ignore[index]
    return ["3", f"{seconds:.1f}", f"{right} of {FURTHER}", f"{(after - before) / 100:+.2f}"]


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
    return [str(clicks), f"{time.perf_counter() - begin:.1f}", f"{right} of {len(SIGNS) * DRAWN}", ""]


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
