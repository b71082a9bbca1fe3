"""Recorded strokes, drawn on the page with the mouse."""

import json
import time
from pathlib import Path

from playwright.sync_api import Page

from tests.conftest import SLOW

Stroke = list[tuple[float, float]]

# Each digit's strokes in its own square, x and y from 0 to 1.
STROKES: dict[str, list[Stroke]] = json.loads((Path(__file__).parent / "strokes.json").read_text())
# Place of the square on the pad: left, top, side.
PLACES = {
    "middle": (0.2, 0.2, 0.6),
    "top left": (0.02, 0.02, 0.42),
    "top right": (0.56, 0.02, 0.42),
    "bottom left": (0.02, 0.56, 0.42),
    "bottom right": (0.56, 0.56, 0.42),
    "small": (0.41, 0.41, 0.18),
    "large": (0.02, 0.02, 0.96),
}


def draw(page: Page, strokes: list[Stroke], place: str = "middle") -> None:
    """Draw strokes and wait for the answer."""
    left, top, side = PLACES[place]
    box = page.locator("#pad").bounding_box()
    assert box
    for points in strokes:
        for number, (x, y) in enumerate(points):
            across = box["x"] + (left + x * side) * box["width"]
            down = box["y"] + (top + y * side) * box["height"]
            page.mouse.move(across, down)
            if number == 0:
                page.mouse.down()
        page.mouse.up()
    settle(page)


def settle(page: Page) -> None:
    """Wait until the answer shown is that of the drawing."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.wait_for_selector("body:not([data-verdict=loading])")


def until(page: Page, expression: str) -> None:
    """Wait until a JavaScript expression holds; Playwright's own waiting needs ``eval``, which the page forbids."""
    deadline = time.monotonic() + SLOW / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, expression
        page.wait_for_timeout(20)


def clear(page: Page) -> None:
    """Clear the pad."""
    page.click("#clear")
    settle(page)


def answer(page: Page) -> str:
    """The digit shown: a class, ``?`` for unknown, empty for nothing."""
    return page.inner_text("#digit")


def shares(page: Page) -> list[float]:
    """The probabilities shown, as shares of their bars."""
    return page.eval_on_selector_all(
        "#bars .bar", "(bars) => bars.map((bar) => +bar.style.getPropertyValue('--share'))"
    )


def pixels(page: Page, canvas: str) -> list[int]:
    """Red of each pixel of a 28×28 canvas."""
    return page.evaluate(
        """(id) => Array.from(document.getElementById(id).getContext("2d").getImageData(0, 0, 28, 28).data)
          .filter((_, i) => i % 4 === 0)""",
        canvas,
    )
