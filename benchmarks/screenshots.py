"""Pictures of the lab for the docs: its three tabs, light and dark, on a desktop and on a phone.

    python benchmarks/screenshots.py [--out docs/lab]

Starts ``lenet serve`` on a free port and draws a recorded digit. Train is shown while it trains.
"""

import argparse
import io
import json
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright
from serving import server_process

DIGIT = "3"
STROKES = json.loads((Path(__file__).parents[1] / "tests" / "browser" / "strokes.json").read_text())
DEVICES = {
    "desktop": {"viewport": {"width": 1280, "height": 720}},
    "phone": {"viewport": {"width": 390, "height": 664}, "is_mobile": True, "has_touch": True},
}
COLOURS = 128  # of each picture; more are not seen and double its size
HALFWAY = """() => new Promise((done) => {
  const bar = document.querySelector("#train progress");
  const look = () => (bar.value > 0.5 ? done() : setTimeout(look, 20));
  look();
})"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("docs/lab"))
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    with server_process() as (_, address), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=asked.chromium, args=["--no-sandbox", "--disable-gpu"])
        for device, options in DEVICES.items():
            for scheme in ("light", "dark"):
                context = browser.new_context(**options, color_scheme=scheme, locale="en-GB")
                context.add_init_script("localStorage.setItem('lenet.visited', 'yes')")
                context.set_default_timeout(120_000)
                page = context.new_page()
                page.goto(address)
                page.wait_for_selector("#samples canvas")
                for tab, content in take(page).items():
                    image = Image.open(io.BytesIO(content)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
                    image.save(asked.out / f"{tab}-{device}-{scheme}.png", optimize=True)
                context.close()
        browser.close()


def take(page: Page) -> dict[str, bytes]:
    """Pictures of the tabs, as PNG."""
    draw(page)
    taken = {"try": page.screenshot()}
    page.click("#tab-inside")
    page.click("#inside button:has-text('Conv 1')")
    page.wait_for_timeout(300)
    taken["inside"] = page.screenshot()
    page.click("#tab-train")
    page.click("#start")
    page.evaluate(HALFWAY)
    taken["train"] = page.screenshot()
    page.click("#stop")
    return taken


def draw(page: Page) -> None:
    box = page.locator("#pad").bounding_box()
    assert box
    for points in STROKES[DIGIT]:
        for number, (x, y) in enumerate(points):
            page.mouse.move(box["x"] + (0.2 + 0.6 * x) * box["width"], box["y"] + (0.2 + 0.6 * y) * box["height"])
            if number == 0:
                page.mouse.down()
        page.mouse.up()
    page.wait_for_timeout(300)


if __name__ == "__main__":
    main()
