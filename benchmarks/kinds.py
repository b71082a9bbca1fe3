"""How well each kind of writing is read on legible paper: dates, boxes, tables, rings, displays, broken strokes …

    python benchmarks/kinds.py --count 100 [--final] [--kinds table newspaper]

Pictures are made of MNIST's test digits and typefaces, drawn by the layouts of paper_layouts.py with digits of 24 to
72 pixels, on the paper of paper.py: unevenly lit, turned by up to 4 degrees, slightly out of focus. ``--final``: of
seeds that nothing was chosen on.

Prints a Markdown table:

- right: digits with their label in their place; sure ones right: pictures on which no mark is surely wrong;
- text, words and cells as of reading.py;
- newspaper: filled cells of printed 9×9 grids that are right or unknown, and cells that are wrong;
- broken: pictures of 28×28 pixels with a digit whose strokes are broken, of those that the network alone reads right.
"""

import argparse
from collections import Counter
from collections.abc import Callable

import cv2
import numpy as np
from hands import Hands, affine
from paper import PENS, inked, paper, photographed
from paper_canvas import Canvas
from paper_layouts import LAYOUTS
from paper_simulator import Page
from reading import DEVELOPED, FINAL, judged
from results import table

from lenet import Model, Reader, load_dataset
from lenet.pictures.mnist_form import IMAGE, frame_mark

SIZES = (24, 72)
DEGREES = 4
LINE_TONES = [(90, 130, 190), (130, 130, 135), (60, 60, 65), (200, 110, 115)]


def main() -> None:
    parser = argparse.ArgumentParser(description="How well each kind of writing is read on legible paper.")
    parser.add_argument("--count", type=int, default=100, help="pictures of each kind")
    parser.add_argument("--final", action="store_true")
    parser.add_argument("--kinds", nargs="*", default=[*DRAW, "broken"])
    arguments = parser.parse_args()
    test = load_dataset("mnist").split("60000:10000").test
    hands, reader = Hands(test.images[..., 0], test.labels), Reader(Model.load())
    rows = []
    for kind in arguments.kinds:
        total: Counter[str] = Counter()
        for number in range(arguments.count):
            rng = np.random.default_rng((FINAL if arguments.final else DEVELOPED, number))
            total += _broken(rng, hands, reader) if kind == "broken" else _page(rng, hands, reader, kind)
        rows.append([kind, *_shares(total)])
    names = [
        "kind",
        "pictures",
        "digits",
        "right",
        "sure ones right",
        "text",
        "words",
        "cells",
        "not wrong",
        "wrong",
    ]
    print(table(names, rows))


def draw(rng: np.random.Generator, hands: Hands, kind: str) -> Page:
    """A picture of a kind, with at least one digit."""
    while True:
        height = int(rng.uniform(300, 900))
        width = int(height * rng.uniform(0.7, 1.4))
        canvas = Canvas(rng, hands, height, width, SIZES)
        canvas.pen, canvas.skips, canvas.opened, canvas.chained = max(canvas.pen, 0.04), 0.0, False, False
        canvas.threshold = min(canvas.threshold, 0.45)
        DRAW[kind](canvas)
        if any(label.isdigit() for label in canvas.labels):
            break
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-DEGREES, DEGREES), 0.94)
    ink, lines = (cv2.warpAffine(layer, turn, (width, height)) for layer in (canvas.ink, canvas.lines))
    marks = cv2.warpAffine(canvas.marks, turn, (width, height), flags=cv2.INTER_NEAREST)
    sheet = paper(rng, (height, width), rng.random() < 0.5)
    sheet = inked(sheet, lines * rng.uniform(0.5, 1), LINE_TONES[rng.integers(len(LINE_TONES))])
    sheet = inked(sheet, ink * rng.uniform(0.8, 1), PENS[rng.integers(len(PENS))])
    rows, cells = canvas.visible(marks)
    pixels = np.asarray(photographed(rng, sheet))
    return Page(pixels, marks, lines > 0.2, canvas.labels, rows, canvas.words, canvas.size, cells)


def _table(canvas: Canvas) -> None:
    """Two to ten rows and columns with room around them, one digit in most cells."""
    rng, (height, width) = canvas.rng, canvas.shape
    rows, columns = (int(rng.integers(2, 11)) for _ in range(2))
    cell = min(0.85 * height / rows, 0.85 * width / columns, 2.2 * SIZES[1])
    if cell < 1.3 * SIZES[0]:
        return
    canvas.size = cell * rng.uniform(0.5, 0.75)
    left, top = (side - count * cell for side, count in ((width, columns), (height, rows)))
    _lined(canvas, left / 2, top / 2, rows, columns, cell)
    for row in range(rows):
        marks = [_in_cell(canvas, left / 2, top / 2, row, column, cell) for column in range(columns)]
        canvas.row([mark for mark in marks if mark])


def _newspaper(canvas: Canvas) -> None:
    """A printed Sudoku."""
    canvas.style, (height, width) = "print", canvas.shape
    cell = 0.85 * min(height, width) / 9
    canvas.size = cell * canvas.rng.uniform(0.5, 0.7)
    left, top = (width - 9 * cell) / 2, (height - 9 * cell) / 2
    _lined(canvas, left, top, 9, 9, cell, thick=3)
    for row in range(9):
        marks = [_in_cell(canvas, left, top, row, column, cell, 0.4) for column in range(9)]
        canvas.row([mark for mark in marks if mark])


def _lined(canvas: Canvas, left: float, top: float, rows: int, columns: int, cell: float, thick: int = 0) -> None:
    thin = max(1.0, cell * canvas.rng.uniform(0.01, 0.04))
    for number in range(rows + 1):
        y, width = top + number * cell, thin * (2.5 if thick and number % thick == 0 else 1)
        canvas.line((left, y), (left + columns * cell, y), width)
    for number in range(columns + 1):
        x, width = left + number * cell, thin * (2.5 if thick and number % thick == 0 else 1)
        canvas.line((x, top), (x, top + rows * cell), width)


def _in_cell(canvas: Canvas, left: float, top: float, row: int, column: int, cell: float, filled: float = 0.7) -> int:
    """Write a digit into a cell or leave it empty; the mark's number, or 0."""
    if canvas.rng.random() > filled:
        return 0
    canvas.word += 1
    patch, label = canvas.digit(canvas.size * canvas.rng.uniform(0.9, 1.1))
    free = cell - np.array(patch.shape)
    y, x = (top, left) + cell * np.array((row, column)) + free * canvas.rng.uniform(0.4, 0.6, 2)
    canvas.cells.append((row, column))
    return canvas.put(patch, x, y, label)


def _sizes(canvas: Canvas) -> None:
    """A number, and beside, above or below it lines of smaller ones."""
    rng, (height, width) = canvas.rng, canvas.shape
    canvas.size = float(rng.uniform(18, 40))
    large = min(canvas.size * float(np.exp(rng.uniform(np.log(1.6), np.log(8)))), 0.35 * min(height, width))
    beside, below, gap = rng.random() < 0.3, rng.random() < 0.3, (0.1, 0.2)
    count = int(rng.integers(1, 4 if beside else 5))
    middle = height - 0.8 * large if below and not beside else 0.8 * large
    marks, end = canvas.text([None] * count, rng.uniform(0.03, 0.15) * width, middle, large, gap, 0)
    if not beside:
        canvas.row(marks)
    left = end + 0.5 * canvas.size if beside else rng.uniform(0.05, 0.3) * width
    y, last = 0.8 * large - 0.3 * large * beside, height - 0.8 * canvas.size
    if not beside:
        y, last = (0.8 * canvas.size, middle - 0.8 * large) if below else (middle + 0.8 * large, last)
    for number in range(int(rng.integers(1, 8))):
        if y > last:
            break
        canvas.word += 1
        smaller, _ = canvas.text([None] * int(rng.integers(1, 7)), left, y, canvas.size, gap, 0)
        canvas.row(marks + smaller if beside and number == 0 else smaller)
        y += canvas.size * rng.uniform(1.5, 2.5)


DRAW: dict[str, Callable[[Canvas], None]] = {
    **{kind: LAYOUTS[kind] for kind in ("numbers", "columns", "boxes", "rings", "display")},
    "table": _table,
    "newspaper": _newspaper,
    "sizes": _sizes,
}


def _page(rng: np.random.Generator, hands: Hands, reader: Reader, kind: str) -> Counter[str]:
    page = draw(rng, hands, kind)
    reading = reader.read(page.pixels)
    total = judged(page, reading)
    total["all_right"] = total["wrong"] == 0
    if kind == "newspaper":
        marks = [mark for row in page.rows for mark in row]
        true = {cell: page.labels[mark - 1] for mark, cell in zip(marks, page.cells, strict=True)}
        cells = np.array(reading.cells or [[""]], object)
        shown = {(row, column): cells[row, column] for row, column in np.argwhere(cells != "").tolist()}
        fine = {cell for cell, text in shown.items() if "?" in text or text == true.get(cell)}
        total += Counter(not_wrong=len(fine & set(true)), false=len(set(shown) - fine), filled=len(true))
    return total


def _broken(rng: np.random.Generator, hands: Hands, reader: Reader) -> Counter[str]:
    """A digit from a skipping pen, anywhere on 28×28 pixels: whether reading it agrees with the network alone."""
    index = int(rng.integers(len(hands.images)))
    patch = hands.drawn(rng, index, affine(rng.uniform(0.8, 1), 0, 0, 1), 2.2, rng.uniform(0.1, 0.5), False)
    free = np.maximum(IMAGE - np.array(patch.shape), 0)
    top, left = (int(rng.integers(side + 1)) for side in free)
    ink = np.zeros((IMAGE, IMAGE), np.float32)
    ink[top : top + patch.shape[0], left : left + patch.shape[1]] = patch[:IMAGE, :IMAGE]
    label = str(hands.labels[index])
    alone = reader.model.classify(frame_mark(ink).image[np.newaxis, ..., np.newaxis])
    if reader.model.class_names[int(alone.probabilities.argmax())] != label:
        return Counter(pages=1)
    pixels = np.repeat((255 - 255 * ink).astype(np.uint8)[..., np.newaxis], 3, 2)
    return Counter(pages=1, digits=1, right=reader.read(pixels).rows == [label])


def _shares(total: Counter[str]) -> list[str]:
    def share(part: str, whole: str) -> str:
        return f"{total[part] / total[whole]:.1%}" if total[whole] else ""

    return [
        str(total["pages"]),
        str(total["digits"]),
        share("right", "digits"),
        share("all_right", "pages") if total["all_lines"] else "",
        share("text", "all_lines"),
        share("both", "gaps"),
        share("cells", "all_cells"),
        share("not_wrong", "filled"),
        share("false", "filled"),
    ]


if __name__ == "__main__":
    main()
