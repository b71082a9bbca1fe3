"""Pictures of paper with digits on it, made of MNIST's images, and where each mark lies on them.

``simulate`` draws one: a layout (rows, tables, boxes, rings …), a paper (plain, ruled, squared …), a pen, things that
are no writing (print, fingers, rings of a notepad, a desk around the paper), and a camera (perspective, shadow, blur,
noise).
"""

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from hands import Floats, Hands, Layer, printed
from paper_canvas import OTHER, Canvas
from paper_layouts import LAYOUTS
from photograph import photograph

MOST_TRIES = 20
WITH_WORDS = "rows", "numbers", "notes", "rings"
PRINTED = "abcdefghijkmnopqrstuvwxyzABDEFGHKLMNPRST"
CHARACTERS = {*"0123456789", OTHER}
# How often each layout is drawn.
SHARES = (0.06, 0.1, 0.14, 0.12, 0.09, 0.15, 0.09, 0.06, 0.06, 0.04, 0.06, 0.03)


@dataclass
class Page:
    """A picture and what stands on it.

    Attributes:
        pixels: ``(height, width, 3)``.
        marks: ``(height, width)``: 0 for what is no writing, the number of a mark from 1 on, or ``IGNORED``.
        lines: Where lines of the paper, of tables, boxes and rings are, ``(height, width)``.
        labels: Of the marks: a digit or a separator.
        rows: Numbers of marks in reading order, line by line.
        words: Number of each mark's word.
        size: Height of the writing, pixels.
        cells: Row and column of each mark in a table.
    """

    pixels: Layer
    marks: npt.NDArray[np.int16]
    lines: npt.NDArray[np.bool_]
    labels: list[str]
    rows: list[list[int]]
    words: list[int]
    size: float
    cells: list[tuple[int, int]] = field(default_factory=list)

    @property
    def text(self) -> list[str]:
        """Each line with its separators, and blanks between words."""
        lines = []
        for row in self.rows:
            line = ""
            for last, mark in zip([row[0], *row], row, strict=False):
                line += " " * (self.words[mark - 1] != self.words[last - 1]) + self.labels[mark - 1]
            lines.append(line)
        return lines

    @property
    def characters(self) -> list[str]:
        """The digits of each line, and ``OTHER`` for a sign that is neither digit nor separator."""
        lines = ["".join(label for mark in row if (label := self.labels[mark - 1]) in CHARACTERS) for row in self.rows]
        return [line for line in lines if line]


def simulate(
    rng: np.random.Generator,
    hands: Hands,
    height: int,
    width: int,
    layout: str | None = None,
    others: float = 0.0,
    sizes: tuple[float, float] | None = None,
    clear: bool = False,
) -> Page:
    """Draw a page and take its picture.

    Args:
        rng: Decides.
        hands: Digits to write with.
        height: Of the picture.
        width: Of the picture.
        layout: One of ``LAYOUTS``; any when None.
        others: Share of pages that have letters and other marks among the digits, or instead of them.
        sizes: Least and most height of the digits, pixels; from 12 to half the picture when None.
        clear: Whether the picture is as bright and sharp as most.
    """
    layout = layout or str(rng.choice(list(LAYOUTS), p=SHARES))
    other = rng.random() < others
    for _ in range(MOST_TRIES):  # what is drawn may lie outside the picture
        canvas = Canvas(rng, hands, height, width, sizes or (12, 0.5 * min(height, width)))
        canvas.has_words = other and layout in WITH_WORDS and rng.random() < 0.5
        if other and not canvas.has_words:
            canvas.others = float(rng.choice([1, rng.uniform(0.1, 0.9)]))
            canvas.style = "print" if rng.random() < 0.6 else canvas.style
        LAYOUTS[layout](canvas)
        if canvas.labels or layout == "nothing":
            break
    clutter = np.zeros(canvas.shape, np.float32)
    if rng.random() < 0.35:
        _print_words(canvas, clutter)
    if rng.random() < 0.15:
        _strew(canvas, clutter)
    if layout not in ("table", "grid", "boxes", "display") and rng.random() < 0.55:
        _ruled(canvas)
    pixels, marks, lines = photograph(rng, canvas.ink, canvas.marks, canvas.lines, clutter, canvas.size, clear)
    rows, cells = canvas.visible(marks)
    drawn, seen = (max(1, np.count_nonzero(each > 0)) for each in (canvas.marks, marks))
    return Page(pixels, marks, lines, canvas.labels, rows, canvas.words, canvas.size * (seen / drawn) ** 0.5, cells)


def _ruled(canvas: Canvas) -> None:
    rng = canvas.rng
    height, width = canvas.shape
    kind = rng.choice(["lines", "squares", "margin"], p=[0.55, 0.3, 0.15])
    size = canvas.size or 40
    step = max(7.0, size * float(np.exp(rng.uniform(np.log(0.4), np.log(2.6)))))
    thick = float(np.clip(size * rng.uniform(0.01, 0.05), 0.35, 4))
    offset = rng.uniform(0, step)
    slope = rng.normal(0, 0.01)
    if kind != "margin":
        for y in np.arange(offset - step, height + step, step):
            canvas.line((-5, y), (width + 5, y + slope * width), thick)
    if kind == "squares":
        for x in np.arange(offset, width + step, step):
            canvas.line((x, -5), (x - slope * height, height + 5), thick)
    elif rng.random() < 0.4:
        for _ in range(int(rng.integers(1, 3))):
            x = rng.uniform(0, 0.3) * width
            canvas.line((x, -5), (x, height + 5), thick * rng.uniform(1, 2.5))


def _strew(canvas: Canvas, layer: Floats) -> None:
    """Specks of dust, not where a point might stand."""
    rng = canvas.rng
    near = cv2.dilate((canvas.marks > 0).astype(np.uint8), np.ones((3, 3)), iterations=max(1, round(0.4 * canvas.size)))
    for _ in range(int(rng.integers(1, 40))):
        x, y = (int(rng.integers(side)) for side in canvas.shape[::-1])
        if not near[y, x]:
            radius = max(0.5, canvas.size * rng.uniform(0.005, 0.05))
            cv2.circle(layer, (16 * x, 16 * y), round(16 * radius), rng.uniform(0.3, 1), -1, cv2.LINE_AA, 4)


def _print_words(canvas: Canvas, layer: Floats) -> None:
    """Printed words here and there, or lines of them, with letters lower than the digits."""
    rng = canvas.rng
    height, width = canvas.shape
    font = canvas.hands.fonts[rng.integers(len(canvas.hands.fonts))]
    if rng.random() < 0.7:
        for _ in range(int(rng.integers(1, 5))):
            high = canvas.size * rng.uniform(0.25, 0.6)
            _print_word(canvas, layer, font, high, rng.uniform(0, width), rng.uniform(0, height))
        return
    high = max(5.0, canvas.size * rng.uniform(0.25, 0.7))
    left, right = rng.uniform(0, 0.4) * width, rng.uniform(0.6, 1) * width
    for y in np.arange(rng.uniform(0, 0.5) * height, rng.uniform(0.3, 1) * height, high * rng.uniform(1.6, 3)):
        x = left
        while x < right:
            x += _print_word(canvas, layer, font, high, x, y) + 0.6 * high


def _print_word(canvas: Canvas, layer: Floats, font: Path, size: float, x: float, y: float) -> float:
    """Print a word from a place on, unless that is written on; its width."""
    word = "".join(canvas.rng.choice(list(PRINTED), int(canvas.rng.integers(1, 11))))
    letters = printed(word, font, size, trimmed=False)[: canvas.shape[0] - int(y), : canvas.shape[1] - int(x)]
    (top, left), (height, width) = (int(y), int(x)), letters.shape
    if not canvas.marks[max(0, top - 2) : top + height + 2, max(0, left - 2) : left + width + 2].any():
        part = layer[top : top + height, left : left + width]
        np.maximum(part, letters, out=part)
    return float(max(1, width))
