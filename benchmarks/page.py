"""How quick the page is: first interactive, and from a pointer move to new bars; writes a section of RESULTS.md.

    python benchmarks/page.py [--moves 200] [--loads 10]

Starts ``lenet serve`` on a free port, opens its page in Chromium (Playwright, no cache).
First interactive is the time from the start of the navigation until the page has its network and would answer a stroke.
A move is timed from the event's own time stamp until the bars have changed.
"""

import argparse
import statistics

from playwright.sync_api import Browser, Page, sync_playwright
from results import table, write_section
from serving import server_process

from lenet.processor import model_name, usable_cores

WATCH = """() => {
  window.moves = [];
  let moved = null;
  document.getElementById("pad").addEventListener("pointermove", (event) => { moved ??= event.timeStamp; }, true);
  new MutationObserver(() => {
    if (moved === null) return;
    window.moves.push(performance.now() - moved);
    moved = null;
  }).observe(document.getElementById("bars"), { attributes: true, attributeFilter: ["style"], subtree: true });
}"""
# Else a digit writes itself on the pad, as on the first visit.
VISITED = "localStorage.setItem('lenet.visited', 'yes')"
READY = """() => new Promise((done) => {
  const look = () => (document.body.dataset.verdict === "empty" ? done(performance.now()) : setTimeout(look, 1));
  look();
})"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moves", type=int, default=200)
    parser.add_argument("--loads", type=int, default=10)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    asked = parser.parse_args()
    with server_process() as (_, address), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=asked.chromium, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        loads = [first_interactive(browser, address) for _ in range(asked.loads)]
        page = browser.new_page()
        page.add_init_script(VISITED)
        page.goto(address)
        page.wait_for_selector("#samples canvas")
        moves = pointer_to_bars(page, asked.moves)
        browser.close()
    rows = [row("first interactive", loads), row("pointer move to new bars", moves)]
    head = ["in Chromium, on loopback; ms", "n", "median", "95 %", "highest"]
    machine = f"browser and server share {usable_cores()} cores of {model_name()}"
    write_section("The page", f"`python benchmarks/page.py`; {machine}.\n\n{table(head, rows)}")


def row(name: str, milliseconds: list[float]) -> list[str]:
    ordered = sorted(milliseconds)
    figures = (statistics.median(ordered), ordered[int(0.95 * (len(ordered) - 1))], ordered[-1])
    return [name, str(len(ordered)), *(f"{figure:.0f}" for figure in figures)]


def first_interactive(browser: Browser, address: str) -> float:
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(VISITED)
    page.goto(address, wait_until="commit")
    ready = float(page.evaluate(READY))
    context.close()
    return ready


def pointer_to_bars(page: Page, count: int) -> list[float]:
    """One move at a time; the next comes when the bars have changed, as with somebody who draws slowly."""
    page.evaluate(WATCH)
    box = page.locator("#pad").bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    for number in range(count):
        share = number / count
        x = 0.2 + 0.6 * abs((4 * share) % 2 - 1)
        page.mouse.move(box["x"] + x * box["width"], box["y"] + (0.2 + 0.6 * share) * box["height"])
        while page.evaluate("window.moves.length") <= number:  # the page forbids eval, which Playwright's waiting needs
            page.wait_for_timeout(15)
    page.mouse.up()
    return [float(move) for move in page.evaluate("window.moves")]


if __name__ == "__main__":
    main()
