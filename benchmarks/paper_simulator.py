"""Pictures of paper with digits on it, made of MNIST's images, and where each mark lies on them.

``simulate`` draws one: a layout (rows, tables, boxes, rings …), a paper (plain, ruled, squared …), a pen, things that
are no writing (print, fingers, rings of a notepad, a desk around the paper), and a camera (perspective, shadow, blur,
noise).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import matplotlib
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from skimage.morphology import skeletonize

Floats = npt.NDArray[np.float32]
Layer = npt.NDArray[np.uint8]

IGNORED = -1
MOST_TRIES = 20
LAYOUTS = ("nothing", "single", "rows", "numbers", "table", "boxes", "grid", "rings", "scatter", "columns", "display")
# How often each is drawn.
SHARES = (0.06, 0.1, 0.17, 0.12, 0.16, 0.09, 0.07, 0.07, 0.06, 0.07, 0.03)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyzÄÖéβλπΩжя"
SEVEN_SEGMENTS = {
    "0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc",
    "5": "afgcd", "6": "afgedc", "7": "abc", "8": "abcdefg", "9": "abcdfg",
}  # fmt: skip
# What people write: 9 for any digit, n for one to four.
FORMS = (
    *(
        "99/99/9999",
        "9/9/99",
        "99.99.9999",
        "9.9.99",
        "99-99-99",
        "9999-99-99",
        "99:99",
        "9:99:99",
        "n/n",
        "n.9",
        "n,9",
    ),
    *(
        "n.99",
        "n,99",
        "9,999.99",
        "9.999,99",
        "99,999",
        "-n",
        "-n.9",
        "n-n",
        "n - n",
        "(999) 999-9999",
        "(n)",
        "n n",
        "n",
    ),
    *("n:n", "999-9999", "99 99 99", "-n,9", "n/9", "n . n", "(-n)", "n-", "-n-n", "n, n, n", "9.9999"),
)
SEGMENTS_PER_SIDE = 28 * 3
PAPERS = [(252, 252, 250), (238, 233, 219), (216, 220, 226), (244, 234, 195), (196, 192, 185), (225, 235, 225)]
PENS = [
    (25, 25, 30),
    (20, 35, 130),
    (60, 60, 65),
    (140, 25, 35),
    (20, 100, 50),
    (90, 40, 120),
    (105, 105, 110),
    (60, 90, 190),
]
GROUNDS = [(20, 22, 25), (30, 60, 45), (25, 35, 80), (45, 40, 40)]
CHALKS = [(245, 245, 240), (250, 240, 150), (170, 220, 255), (255, 190, 190)]


class Hands:
    """Digits to write with: MNIST's images, and their middle lines for pens of any width."""

    def __init__(self, images: Layer, labels: npt.NDArray[np.integer[Any]]) -> None:
        """Take images ``(n, 28, 28)``, bright on black, and labels ``(n,)``."""
        self.images, self.labels = images, labels
        self.fonts = sorted((Path(matplotlib.get_data_path()) / "fonts/ttf").glob("[DS]*.ttf"))
        self.fonts = [font for font in self.fonts if "Siz" not in font.name and "NonUni" not in font.name]
        self._strokes: dict[int, Floats] = {}

    def strokes(self, index: int) -> Floats:
        """Segments ``(n, 4)`` of the middle line of an image, in its pixels."""
        if index not in self._strokes:
            self._strokes[index] = _middle_line(self.images[index])
        return self._strokes[index]


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
    def digits(self) -> list[str]:
        """The digits of each line."""
        lines = ["".join(self.labels[mark - 1] for mark in row if self.labels[mark - 1].isdigit()) for row in self.rows]
        return [line for line in lines if line]


class _Canvas:
    """What is drawn so far: ink by mark, lines under it, and how the pen writes."""

    def __init__(
        self, rng: np.random.Generator, hands: Hands, height: int, width: int, sizes: tuple[float, float]
    ) -> None:
        self.rng, self.hands, self.sizes = rng, hands, sizes
        self.ink = np.zeros((height, width), np.float32)
        self.marks = np.zeros((height, width), np.int16)
        self.lines = np.zeros((height, width), np.float32)
        self.labels: list[str] = []
        self.rows: list[list[int]] = []
        self.cells: list[tuple[int, int]] = []
        self.words: list[int] = []
        self.word = 0
        self.style = rng.choice(["pen", "pen", "image", "image", "print"], p=[0.25, 0.25, 0.2, 0.2, 0.1])
        self.pen = float(np.exp(rng.uniform(np.log(0.022), np.log(0.2))))  # width, in heights of a digit
        self.slant, self.turn, self.stretch = rng.normal(0, 0.15), rng.normal(0, 3), rng.uniform(0.8, 1.15)
        self.skips = rng.uniform(0.1, 0.45) if rng.random() < 0.12 else 0.0
        self.font = hands.fonts[rng.integers(len(hands.fonts))]
        self.threshold = rng.uniform(0.3, 0.65)
        self.writer = int(rng.integers(len(hands.images)))  # MNIST's neighbours are by one hand
        self.size = 0.0
        self.letters = False

    @property
    def shape(self) -> tuple[int, int]:
        return self.ink.shape[0], self.ink.shape[1]

    def digit(self, size: float, label: int | None = None) -> tuple[Floats, str]:
        """A digit whose longer side is about ``size``, as ink 0 to 1, and its label."""
        rng, hands = self.rng, self.hands
        if self.style == "print":
            text = str(rng.integers(10) if label is None else label)
            if self.letters and label is None:
                text = LETTERS[rng.integers(len(LETTERS))]
            return _printed(text, self.font, size), text
        while True:
            index = int(self.writer + rng.integers(-60, 60)) % len(hands.images)
            if label is not None and hands.labels[index] != label:
                index = int(rng.choice(np.flatnonzero(hands.labels == label)))
            transform = _affine(size / 20, self.slant + rng.normal(0, 0.04), self.turn + rng.normal(0, 3), self.stretch)
            if self.style == "pen":
                ink = _drawn(rng, hands.strokes(index), transform, max(0.8, self.pen * size), self.skips)
            else:
                ink = _enlarged(hands.images[index], transform, self.threshold, size)
            if ink.max() > 0.4:
                return ink, str(hands.labels[index])

    def separator(self, text: str, size: float) -> Floats:
        """A separator in the size of the digits beside it."""
        rng = self.rng
        r = lambda low, high: float(rng.uniform(low, high))  # noqa: E731
        paths = {
            ".": [[(0, 0), (r(0.0, 0.05), r(0, 0.05))]],
            ",": [[(0.1, 0), (0.1 - r(0.02, 0.12), r(0.12, 0.3))]],
            "-": [[(0, 0), (r(0.25, 0.6), r(-0.06, 0.06))]],
            "/": [[(r(0.25, 0.5), 0), (0, r(0.9, 1.3))]],
            ":": [[(0, 0), (0.02, 0.02)], [(0, 0.45), (0.02, 0.47)]],
            "(": [[(0.25, 0), (0.08, 0.3), (0.0, 0.6), (0.08, 0.9), (0.25, 1.2)]],
            ")": [[(0, 0), (0.17, 0.3), (0.25, 0.6), (0.17, 0.9), (0, 1.2)]],
        }
        segments = [(*a, *b) for path in paths[text] for a, b in pairwise(path)]
        width = max(0.8, self.pen * size) * (1.4 if text in ".:" else 1)
        return _drawn(rng, np.array(segments, np.float32), size * np.eye(2, 3, dtype=np.float32), width, 0)

    def put(self, patch: Floats, x: float, y: float, label: str) -> int:
        """Draw a patch with its left upper corner at a place; the mark's number, or 0 where too little is inside."""
        top, left = round(y), round(x)
        height, width = patch.shape
        rows, columns = (
            slice(max(0, top), min(self.shape[0], top + height)),
            slice(max(0, left), min(self.shape[1], left + width)),
        )
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return 0
        cut = patch[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        if (cut > 0.4).sum() < 0.95 * (patch > 0.4).sum():
            return 0
        np.maximum(self.ink[rows, columns], cut, out=self.ink[rows, columns])
        self.labels.append(label)
        self.words.append(self.word)
        self.marks[rows, columns][cut > 0.35] = len(self.labels)
        return len(self.labels)

    def text(
        self,
        text: Sequence[int | str | None],
        x: float,
        middle: float,
        size: float,
        gap: tuple[float, float],
        slope: float = 0.0,
    ) -> tuple[list[int], float]:
        """Write digits (None: any), separators and blanks in a line; the marks' numbers and where it ended."""
        marks, start = [], x
        self.word += 1
        for item in text:
            if item == " ":
                self.word += 1
                x += size * self.rng.uniform(0.9, 2)
                continue
            if isinstance(item, str):
                patch, label = self.separator(item, size), item
                offset = {".": 0.42, ",": 0.35, "-": -patch.shape[0] / size / 2, ":": -0.25}.get(
                    item, -0.5 * patch.shape[0] / size
                )
                y = middle + offset * size + self.rng.normal(0, 0.03) * size
            else:
                patch, label = self.digit(size * self.rng.uniform(0.85, 1.12), item)
                y = middle - patch.shape[0] / 2 + self.rng.normal(0, 0.05) * size
            mark = self.put(patch, x, y + slope * (x - start), label)
            if mark:
                marks.append(mark)
            x += patch.shape[1] + size * self.rng.uniform(*gap)
        return marks, x

    def row(self, marks: list[int]) -> None:
        if marks:
            self.rows.append(marks)

    def line(
        self,
        a: tuple[float, float],
        b: tuple[float, float],
        width: float,
        layer: Floats | None = None,
        wobble: float = 0.0,
    ) -> None:
        """Draw a straight line under the ink, or a wobbly one."""
        layer = self.lines if layer is None else layer
        count = 2 if not wobble else 6
        points = np.linspace(a, b, count) + (self.rng.normal(0, wobble, (count, 2)) if wobble else 0)
        if width >= 1:
            cv2.polylines(
                layer, [np.round(points * 16).astype(np.int32)], False, 1.0, max(1, round(width)), cv2.LINE_AA, 4
            )
        else:
            faint = np.zeros_like(layer)
            cv2.polylines(faint, [np.round(points * 16).astype(np.int32)], False, float(width), 1, cv2.LINE_AA, 4)
            np.maximum(layer, faint, out=layer)


def simulate(
    rng: np.random.Generator,
    hands: Hands,
    height: int,
    width: int,
    layout: str | None = None,
    letters: float = 0.0,
    sizes: tuple[float, float] | None = None,
) -> Page:
    """Draw a page and take its picture.

    Args:
        rng: Decides.
        hands: Digits to write with.
        height: Of the picture.
        width: Of the picture.
        layout: One of ``LAYOUTS``; any when None.
        letters: Share of pages that have printed letters instead of digits.
        sizes: Least and most height of the digits, pixels; from 12 to half the picture when None.
    """
    layout = layout or str(rng.choice(LAYOUTS, p=SHARES))
    letter = rng.random() < letters
    for _ in range(MOST_TRIES):  # what is drawn may lie outside the picture
        canvas = _Canvas(rng, hands, height, width, sizes or (12, 0.5 * min(height, width)))
        if letter:
            canvas.style, canvas.letters = "print", True
        globals()[f"_{layout}"](canvas)
        if canvas.labels or layout == "nothing":
            break
    clutter = _no_writing(canvas) if rng.random() < 0.35 else None
    if layout not in ("table", "grid", "boxes", "display") and rng.random() < 0.55:
        _ruled(canvas)
    return _photographed(canvas, clutter, _colours(canvas, clutter))


# Layouts


def _nothing(canvas: _Canvas) -> None:
    canvas.size = canvas.rng.uniform(20, 100)
    if canvas.rng.random() < 0.5:
        _cells(canvas, *canvas.rng.uniform(0, 60, 2), 6, 4, 40, 60, empty=True)


def _single(canvas: _Canvas) -> None:
    rng = canvas.rng
    size = rng.uniform(0.25, 0.95) * min(canvas.shape)
    if size > 2 * canvas.sizes[1]:
        size = _size(canvas)
    patch, label = canvas.digit(size)
    free = np.array(canvas.shape[::-1]) - patch.shape[::-1]
    x, y = np.clip(rng.normal(0.5, 0.15, 2), 0.02, 0.98) * np.maximum(free, 0)
    canvas.size = size
    canvas.row([mark for mark in [canvas.put(patch, x, y, label)] if mark])


def _display(canvas: _Canvas) -> None:
    """Digits of a seven-segment display."""
    rng = canvas.rng
    size = _size(canvas, 0.4)
    height, width = canvas.shape
    segment, gap, slant = size * rng.uniform(0.08, 0.16), rng.uniform(0.02, 0.06), rng.uniform(0, 0.15)
    corners = {
        "a": (0, 0, 1, 0),
        "b": (1, 0, 1, 1),
        "c": (1, 1, 1, 2),
        "d": (0, 2, 1, 2),
        "e": (0, 1, 0, 2),
        "f": (0, 0, 0, 1),
        "g": (0, 1, 1, 1),
    }
    y = size * rng.uniform(0.2, 1)
    while y + size < height:
        x, marks, count = size * rng.uniform(0.2, 0.8), [], int(rng.integers(1, 9))
        canvas.word += 1
        while x + 0.7 * size < width and count:
            label = str(rng.integers(10))
            lines = np.array([corners[name] for name in SEVEN_SEGMENTS[label]], np.float32).reshape(-1, 2, 2)
            middle = lines.mean(axis=1, keepdims=True)
            lines = (middle + (lines - middle) * (1 - 2 * gap)) * (0.5 * size, 0.47 * size)
            lines[..., 0] += slant * (size - lines[..., 1])
            patch = _drawn(rng, lines.reshape(-1, 4).astype(np.float32), np.eye(2, 3, dtype=np.float32), segment, 0)
            marks.append(canvas.put(patch, x + (0.5 * size - patch.shape[1]) * (label == "1"), y, label))
            x, count = x + size * rng.uniform(0.72, 0.9), count - 1
        canvas.row([mark for mark in marks if mark])
        y += size * rng.uniform(1.3, 2)


def _size(canvas: _Canvas, most: float = 0.4) -> float:
    """A writing height: from the smallest that can be read, evenly on a logarithmic scale."""
    low, high = canvas.sizes
    high = max(1.1 * low, min(high, most * min(canvas.shape)))
    canvas.size = float(np.exp(canvas.rng.uniform(np.log(low), np.log(high))))
    return canvas.size


def _gap(rng: np.random.Generator) -> tuple[float, float]:
    if rng.random() < 0.25:
        return -0.12, 0.1  # touching
    low = rng.uniform(0.05, 0.4)
    return (low, low + 0.3) if rng.random() < 0.75 else (low + 0.5, low + 1.2)


def _rows(canvas: _Canvas) -> None:
    rng = canvas.rng
    size, gap = _size(canvas, 0.45), _gap(rng)
    height, width = canvas.shape
    pitch = size * rng.uniform(1.35, 2.4)
    y, slope = size * rng.uniform(0.7, 1.5), rng.normal(0, 0.03)
    left, most = size * rng.uniform(0.2, 1.5), int(rng.integers(1, 14))
    for _ in range(int(rng.integers(1, 13))):
        room = int((width - left) / (size * (0.7 + max(0, gap[0]))))
        if y > height - 0.5 * size or room < 1:
            break
        count = int(rng.integers(1, min(most, room) + 1)) if rng.random() < 0.5 else min(most, room)
        marks, _ = canvas.text([None] * count, left + size * rng.normal(0, 0.1), y, size, gap, slope)
        canvas.row(marks)
        y += pitch


def _numbers(canvas: _Canvas) -> None:
    """Dates, decimals, amounts, account lists."""
    rng = canvas.rng
    size, gap = _size(canvas, 0.35), _gap(rng)
    height, width = canvas.shape
    pitch, y = size * rng.uniform(1.4, 3), size * rng.uniform(0.8, 1.6)
    while y < height - 0.6 * size:
        form = str(rng.choice(FORMS))
        form = form.replace("n", "9" * int(rng.integers(1, 5)))
        digits = [None if item == "9" else item for item in form]
        marks, _ = canvas.text(digits, rng.uniform(0.1, 0.4) * width, y, size, gap, rng.normal(0, 0.02))
        canvas.row(marks)
        y += pitch * rng.uniform(1, 1.6)


def _columns(canvas: _Canvas) -> None:
    rng = canvas.rng
    size, gap = _size(canvas, 0.2), _gap(rng)
    height, width = canvas.shape
    pitch, y, apart = size * rng.uniform(1.4, 2.5), size, size * rng.uniform(2, 5)
    starts = np.arange(size * 0.5, width - size, apart + 2 * size)
    while y < height - 0.6 * size:
        line = []
        for x in starts:
            marks, _ = canvas.text(
                [None] * int(rng.integers(1, 4)),
                x + size * rng.uniform(0, 0.5),
                y,
                size,
                (gap[0] % 0.4, gap[0] % 0.4 + 0.15),
            )
            line += marks
        canvas.row(line)
        y += pitch


def _scatter(canvas: _Canvas) -> None:
    rng = canvas.rng
    size = _size(canvas, 0.3)
    taken = np.zeros(canvas.shape, bool)
    for _ in range(int(rng.integers(1, 40))):
        canvas.turn = rng.normal(0, 6)
        patch, label = canvas.digit(size * rng.uniform(0.7, 1.4))
        y, x = (int(rng.uniform(0, max(1, side - cut))) for side, cut in zip(canvas.shape, patch.shape, strict=True))
        around = taken[max(0, y - 3) : y + patch.shape[0] + 3, max(0, x - 3) : x + patch.shape[1] + 3]
        if not around.any():
            around[:] = True
            canvas.row([mark for mark in [canvas.put(patch, x, y, label)] if mark])


def _table(canvas: _Canvas) -> None:
    """Printed or drawn lines around cells, of one or several digits each; some cells empty."""
    rng = canvas.rng
    height, width = canvas.shape
    cell = _size(canvas, 0.35) * rng.uniform(1.1, 2.6)
    cell_height, cell_width = cell, cell * rng.uniform(0.8, 2.8)
    left, top = rng.uniform(-0.3, 0.3) * width, rng.uniform(-0.3, 0.3) * height
    rows = min(int(rng.integers(1, 14)), max(1, int((height - top) / cell_height)))
    columns = min(int(rng.integers(1, 12)), max(1, int((width - left) / cell_width)))
    _cells(canvas, left, top, rows, columns, cell_height, cell_width)


def _grid(canvas: _Canvas) -> None:
    """A Sudoku: nine by nine, with thicker lines around threes, printed digits and some written ones."""
    rng = canvas.rng
    cell = min(canvas.shape) * rng.uniform(0.8, 1.3) / 9
    left, top = (rng.uniform(-0.1, 1) * (side - 9 * cell) for side in canvas.shape[::-1])
    _cells(canvas, left, top, 9, 9, cell, cell, sudoku=True)


def _cells(
    canvas: _Canvas,
    left: float,
    top: float,
    rows: int,
    columns: int,
    cell_height: float,
    cell_width: float,
    sudoku: bool = False,
    empty: bool = False,
) -> None:
    rng = canvas.rng
    width = max(0.4, cell_height * np.exp(rng.uniform(np.log(0.006), np.log(0.07))))
    wobble = cell_height * 0.03 * (rng.random() < 0.25)
    right, bottom = left + columns * cell_width, top + rows * cell_height
    missing = 0.0 if rng.random() < 0.8 else 0.5
    for number in range(rows + 1):
        thick = width * (
            rng.uniform(1.8, 4) if (sudoku and number % 3 == 0) or (number in (0, rows) and rng.random() < 0.3) else 1
        )
        if number in (0, rows) or rng.random() >= missing:
            canvas.line((left, top + number * cell_height), (right, top + number * cell_height), thick, wobble=wobble)
    for number in range(columns + 1):
        thick = width * (2.5 if sudoku and number % 3 == 0 else 1)
        if number in (0, columns) or rng.random() >= missing / 2:
            canvas.line((left + number * cell_width, top), (left + number * cell_width, bottom), thick, wobble=wobble)
    canvas.size = canvas.size if canvas.size and not sudoku else cell_height * rng.uniform(0.4, 0.95)
    size = canvas.size
    per_cell = 1 if sudoku or rng.random() < 0.6 else max(1, int(cell_width / size / 0.8))
    filled = 0.0 if empty else rng.uniform(0.3, 1)
    handwritten = canvas.style if canvas.style != "print" else "pen"
    for row in range(rows):
        marks: list[int] = []
        for column in range(columns):
            if rng.random() > filled:
                continue
            if sudoku:
                canvas.style = "print" if rng.random() < 0.6 else handwritten
            count = int(rng.integers(1, per_cell + 1))
            x = left + column * cell_width + (cell_width - count * 0.7 * size) * rng.uniform(0.3, 0.7)
            written, _ = canvas.text(
                [None] * count,
                x,
                top + (row + 0.5) * cell_height + rng.normal(0, 0.04) * cell_height,
                size,
                (0.02, 0.15),
            )
            marks += written
            canvas.cells += [(row, column)] * len(written)
        canvas.row(marks)


def _boxes(canvas: _Canvas) -> None:
    """A box drawn or printed around each digit, or a comb below."""
    rng = canvas.rng
    size = _size(canvas, 0.4)
    height, width = canvas.shape
    box = size * rng.uniform(1.15, 1.9)
    apart = box * (1 if rng.random() < 0.5 else rng.uniform(1.1, 1.5))
    line = max(0.5, size * np.exp(rng.uniform(np.log(0.01), np.log(0.08))))
    wobble, comb = size * 0.03 * (rng.random() < 0.4), rng.random() < 0.2
    y, left = rng.uniform(0.1, 0.6) * box, rng.uniform(0.1, 0.8) * size
    while y + box < height:
        x, marks = left, []
        for _ in range(int(rng.integers(1, max(2, int((width - left) / apart) + 1)))):
            corners = [(x, y), (x + box, y), (x + box, y + box), (x, y + box)]
            sides = list(zip(corners, [*corners[1:], corners[0]], strict=True))
            for a, b in sides[1:] if comb else sides:
                canvas.line(a, b, line, wobble=wobble)
            if rng.random() < 0.92:
                written, _ = canvas.text(
                    [None], x + box / 2 - 0.35 * size + rng.normal(0, 0.06) * size, y + box / 2, size, (0, 0)
                )
                marks += written
            x += apart
        canvas.row(marks)
        y += box * rng.uniform(1.15, 2)


def _rings(canvas: _Canvas) -> None:
    """Numbers, some with a ring around, underlined or struck through."""
    rng = canvas.rng
    size, (height, width) = _size(canvas, 0.3), canvas.shape
    y = size * rng.uniform(1, 1.8)
    while y < height - size:
        x, marks = size * rng.uniform(0.8, 1.6), []
        while x < width - 2 * size and rng.random() < 0.8:
            written, end = canvas.text([None] * int(rng.integers(1, 4)), x, y, size, (0.05, 0.2))
            middle, reach = (x + end - 0.1 * size) / 2, (end - x) / 2
            line = max(0.8, canvas.pen * size * rng.uniform(0.5, 1.2))
            if rng.random() < 0.6:
                angles = np.linspace(0, 2 * np.pi * rng.uniform(0.92, 1.08), 40) + rng.uniform(0, 6)
                radius = 1 + 0.04 * np.sin(2 * angles + rng.uniform(0, 6))
                ring = np.stack(
                    [
                        middle + (reach + 0.45 * size) * radius * np.cos(angles),
                        y + 0.95 * size * radius * np.sin(angles),
                    ],
                    1,
                )
                cv2.polylines(
                    canvas.lines,
                    [np.round(ring * 16).astype(np.int32)],
                    False,
                    1.0,
                    max(1, round(line)),
                    cv2.LINE_AA,
                    4,
                )
            elif rng.random() < 0.5:
                canvas.line(
                    (x - 0.2 * size, y + 0.72 * size),
                    (end, y + rng.uniform(0.65, 0.9) * size),
                    line,
                    wobble=0.02 * size,
                )
            marks += written
            x = end + size * rng.uniform(1.3, 2.5)
        canvas.row(marks)
        y += size * rng.uniform(2.3, 3.2)


# Paper, things that are no writing, and the camera


def _ruled(canvas: _Canvas) -> None:
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


def _no_writing(canvas: _Canvas) -> Floats:
    """Printed words and blots, ``(height, width)``; letters as high as the digits might be writing."""
    rng = canvas.rng
    height, width = canvas.shape
    layer = np.zeros((height, width), np.float32)
    size = canvas.size
    for _ in range(int(rng.integers(1, 5))):
        word = "".join(rng.choice(list("abcdefghijkmnopqrstuvwxyzABDEFGHKLMNPRST"), int(rng.integers(3, 11))))
        letters = _printed(
            word,
            canvas.hands.fonts[rng.integers(len(canvas.hands.fonts))],
            size * rng.uniform(0.25, 0.6),
            longest=False,
        )
        y, x = (
            int(rng.uniform(0, max(1, side - cut))) for side, cut in zip((height, width), letters.shape, strict=True)
        )
        near = canvas.marks[max(0, y - 2) : y + letters.shape[0] + 2, max(0, x - 2) : x + letters.shape[1] + 2]
        if not near.any():
            part = layer[y : y + letters.shape[0], x : x + letters.shape[1]]
            np.maximum(part, letters[: part.shape[0], : part.shape[1]], out=part)
    return layer


@dataclass
class _Colours:
    paper: npt.NDArray[np.float64]
    ink: npt.NDArray[np.float64]
    lines: npt.NDArray[np.float64]
    print: npt.NDArray[np.float64]
    ink_strength: float
    line_strength: float


def _colours(canvas: _Canvas, clutter: Floats | None) -> _Colours:
    rng = canvas.rng
    dark = rng.random() < 0.15
    pick = lambda options: np.clip(np.array(options[rng.integers(len(options))]) + rng.normal(0, 10, 3), 0, 255)  # noqa: E731
    paper, ink = (pick(GROUNDS), pick(CHALKS)) if dark else (pick(PAPERS), pick(PENS))
    same = rng.random() < 0.3
    grey = rng.uniform(30, 190)
    coloured = np.array([(90, 130, 200), (210, 110, 120), (120, 170, 140), (grey, grey, grey)][rng.integers(4)], float)
    lines = ink.copy() if same else (255 - coloured if dark else coloured)
    return _Colours(
        paper,
        ink,
        lines,
        ink if rng.random() < 0.5 else pick(PENS[:1] + PENS[2:3]),
        rng.uniform(0.55, 1),
        rng.uniform(0.25, 1),
    )


def _photographed(canvas: _Canvas, clutter: Floats | None, colours: _Colours) -> Page:
    rng = canvas.rng
    height, width = canvas.shape
    layers = [(canvas.lines, colours.line_strength, colours.lines)]
    if clutter is not None:
        layers.append((clutter, 0.9, colours.print))
    uneven = 1.0
    if rng.random() < 0.4:
        uneven = np.clip(_noise(rng, (height, width), rng.uniform(3, 30)) * rng.uniform(0.05, 0.25) + 0.9, 0.3, 1)
    layers.append((canvas.ink * uneven, colours.ink_strength, colours.ink))
    sheet = np.broadcast_to(colours.paper.astype(np.float32), (height, width, 3)).copy()
    if rng.random() < 0.4:
        sheet *= (1 + rng.uniform(0.005, 0.04) * _noise(rng, (height, width), rng.uniform(1, 20)))[..., np.newaxis]
    for layer, strength, colour in layers:
        alpha = (layer * np.float32(strength))[..., np.newaxis]
        sheet = sheet * (1 - alpha) + alpha * colour.astype(np.float32)
    scene, marks, lines = _scene(canvas, sheet)
    scene *= _light(rng, (height, width))[..., np.newaxis]
    scene = scene * rng.uniform(0.55, 1.1) + rng.normal(0, 4, 3).astype(np.float32)
    blur = abs(rng.normal(0, 0.7)) * (1 if canvas.size < 25 else rng.uniform(1, 2))
    if blur > 0.25:
        scene = cv2.GaussianBlur(scene, (0, 0), blur)
    coarse = rng.uniform(1, np.clip(canvas.size / 11, 1, 6)) if rng.random() < 0.5 else 1.0
    if coarse > 1:  # a picture of few pixels, enlarged
        scene = cv2.resize(scene, (round(width / coarse), round(height / coarse)), interpolation=cv2.INTER_AREA)
    scene += rng.normal(0, rng.uniform(0.3, 7), (*scene.shape[:2], 1)).astype(np.float32)
    pixels = np.clip(scene, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        _, packed = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 95))])
        pixels = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    if coarse > 1:
        pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC)
    rows, cells = _visible(canvas, marks)
    return Page(pixels, marks, lines, canvas.labels, rows, canvas.words, canvas.size, cells)


def _visible(canvas: _Canvas, marks: npt.NDArray[np.int16]) -> tuple[list[list[int]], list[tuple[int, int]]]:
    """The rows and cells without the marks that the camera cut off, which become ``IGNORED``."""
    count = len(canvas.labels) + 1
    drawn, seen = (np.bincount(each[each >= 0].ravel(), minlength=count)[1:] for each in (canvas.marks, marks))
    share = seen / np.maximum(drawn, 1)
    cut = share < 0.75 * np.median(share) if len(share) else share < 0
    marks[np.isin(marks, 1 + np.flatnonzero(cut))] = IGNORED
    written = [mark for row in canvas.rows for mark in row]
    cells = [cell for mark, cell in zip(written, canvas.cells, strict=False) if not cut[mark - 1]]
    rows = [[mark for mark in row if not cut[mark - 1]] for row in canvas.rows]
    return [row for row in rows if row], cells


def _scene(canvas: _Canvas, sheet: Floats) -> tuple[Floats, npt.NDArray[np.int16], npt.NDArray[np.bool_]]:
    """The sheet as the camera sees it: turned, in perspective, perhaps with what lies around and on it."""
    rng = canvas.rng
    height, width = canvas.shape
    around = rng.random() < 0.25
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    target = (corners - (width / 2, height / 2)) * (rng.uniform(0.75, 0.97) if around else rng.uniform(0.97, 1.03))
    turn = np.radians(rng.normal(0, 5))
    target = target @ np.array([(np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn))])
    target += (width / 2, height / 2) + rng.normal(0, 0.025, (4, 2)) * min(height, width)
    matrix = cv2.getPerspectiveTransform(corners, target.astype(np.float32))
    marks = cv2.warpPerspective(canvas.marks, matrix, (width, height), flags=cv2.INTER_NEAREST)
    lines = cv2.warpPerspective(canvas.lines, matrix, (width, height), flags=cv2.INTER_LINEAR) > 0.2
    if not around:
        edge = cv2.BORDER_REPLICATE
        return (
            cv2.warpPerspective(sheet, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=edge),
            marks,
            lines,
        )
    scene = np.broadcast_to(rng.uniform(10, 240, 3).astype(np.float32), (height, width, 3)).copy()
    scene *= (1 + rng.uniform(0.02, 0.25) * _noise(rng, (height, width), rng.uniform(2, 40)))[..., np.newaxis]
    if rng.random() < 0.3:  # wood
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        scene *= (1 + 0.15 * np.sin(y / rng.uniform(2, 9) + 3 * np.sin(x / rng.uniform(30, 90))))[..., np.newaxis]
    inside = cv2.warpPerspective(np.ones((height, width), np.float32), matrix, (width, height), flags=cv2.INTER_LINEAR)
    shade = cv2.GaussianBlur(inside, (0, 0), rng.uniform(1, 8))
    scene *= (1 - rng.uniform(0, 0.6) * shade)[..., np.newaxis]
    warped = cv2.warpPerspective(sheet, matrix, (width, height), flags=cv2.INTER_LINEAR)
    scene = scene * (1 - inside[..., np.newaxis]) + warped
    skin = rng.uniform(0.5, 1.1) * np.array([(224, 172, 140), (190, 130, 95), (120, 80, 60)][rng.integers(3)])
    for _ in range(int(rng.integers(0, 4))):  # fingers
        side, along = rng.integers(4), rng.uniform(0, 1)
        place = [(along * width, 0), (width, along * height), (along * width, height), (0, along * height)][side]
        over = np.zeros((height, width), np.float32)
        axes = (int(rng.uniform(0.06, 0.2) * width), int(rng.uniform(0.03, 0.1) * height))
        cv2.ellipse(over, (int(place[0]), int(place[1])), axes, rng.uniform(0, 180), 0, 360, 1.0, -1, cv2.LINE_AA)
        if not marks[over > 0.5].any():
            scene = scene * (1 - over[..., np.newaxis]) + over[..., np.newaxis] * skin.astype(np.float32)
    if rng.random() < 0.35:  # rings of a notepad, along an edge
        edge, step = rng.uniform(0, 0.12) * height, rng.uniform(0.04, 0.12) * width
        radius = (int(step * 0.25) + 1, int(step * rng.uniform(0.4, 0.9)) + 1)
        over = np.zeros((height, width), np.float32)
        for x in np.arange(rng.uniform(0, step), width, step):
            cv2.ellipse(
                over,
                (int(x), int(edge)),
                radius,
                rng.uniform(-15, 15),
                0,
                360,
                1.0,
                max(1, round(step * 0.08)),
                cv2.LINE_AA,
            )
        if not marks[over > 0.5].any():
            scene = scene * (1 - over[..., np.newaxis]) + over[..., np.newaxis] * np.float32(rng.uniform(10, 120))
    return scene.astype(np.float32), marks, lines


def _light(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    height, width = shape
    y, x = (np.mgrid[0:height, 0:width] / max(shape)).astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 - rng.uniform(0, 0.4) * (0.5 + 0.5 * (np.cos(angle) * x + np.sin(angle) * y))
    for _ in range(int(rng.integers(0, 3))):
        angle = rng.uniform(0, 2 * np.pi)
        edge = np.cos(angle) * (x - rng.uniform(0.1, 0.9)) + np.sin(angle) * (y - rng.uniform(0.1, 0.9))
        light *= 1 - rng.uniform(0.1, 0.55) / (1 + np.exp(-np.clip(edge / rng.uniform(0.004, 0.08), -30, 30)))
    return light.astype(np.float32)


def _noise(rng: np.random.Generator, shape: tuple[int, int], scale: float) -> Floats:
    """Smooth noise, standard deviation about 1, with grains of so many pixels."""
    coarse = rng.normal(0, 1, (int(shape[0] / scale) + 2, int(shape[1] / scale) + 2)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC))


# Glyphs


def _affine(zoom: float, slant: float, degrees: float, stretch: float) -> Floats:
    turn = np.radians(degrees)
    shear = np.array([(stretch, -slant), (0, 1)])
    rotation = np.array([(np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn))])
    return np.concatenate([zoom * rotation @ shear, np.zeros((2, 1))], 1).astype(np.float32)


def _drawn(rng: np.random.Generator, segments: Floats, transform: Floats, width: float, skips: float) -> Floats:
    """Segments drawn with a pen of this width, cut to their box."""
    scale = 4 if width < 3 else 2 if width < 12 else 1
    points = segments.reshape(-1, 2) @ transform[:, :2].T * scale
    margin = width * scale / 2 + 2 * scale
    points -= points.min(axis=0) - margin
    size = np.ceil(points.max(axis=0) + margin).astype(int)
    size += -size % scale
    patch = np.zeros((size[1], size[0]), np.uint8)
    lines = points.reshape(-1, 2, 2)
    if skips:  # the pen leaves out stretches of its way
        gaps = np.repeat(rng.random(len(lines) // 5 + 1) < skips / 2, 5)[: len(lines)]
        lines = lines[~gaps]
    cv2.polylines(
        patch, np.round(lines * 16).astype(np.int32), False, 255, max(1, round(width * scale)), cv2.LINE_AA, 4
    )
    if scale > 1:
        patch = cv2.resize(patch, (size[0] // scale, size[1] // scale), interpolation=cv2.INTER_AREA)
    return _cut(patch.astype(np.float32) / 255)


def _enlarged(image: Layer, transform: Floats, threshold: float, size: float) -> Floats:
    """An image of MNIST enlarged, with sharp edges, cut to its box."""
    side = int(2.4 * size) + 4
    matrix = transform.copy()
    matrix[:, 2] = side / 2 - transform[:, :2] @ (13.5, 13.5)
    large = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_CUBIC).astype(np.float32) / 255
    sharp = np.clip(size / 20, 1, 6)
    return _cut(np.clip((large - threshold) * sharp + 0.5, 0, 1) * (large > 0.05))


def _printed(text: str, path: Path, size: float, longest: bool = True) -> Floats:
    """Text in a printed typeface; digits of this height."""
    font = ImageFont.truetype(path, max(6, round(size / 0.73)))
    left, top, right, bottom = font.getbbox(text)
    drawing = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4))
    ImageDraw.Draw(drawing).text((2 - left, 2 - top), text, fill=255, font=font)
    patch = np.asarray(drawing, np.float32) / 255
    return _cut(patch) if longest else patch


def _cut(patch: Floats) -> Floats:
    rows, columns = np.flatnonzero((patch > 0.1).any(axis=1)), np.flatnonzero((patch > 0.1).any(axis=0))
    if not len(rows):
        return np.zeros((1, 1), np.float32)
    return patch[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _middle_line(image: Layer) -> Floats:
    """The skeleton of an image as short segments, smoothed, in pixels of the image."""
    large = cv2.resize(image, (SEGMENTS_PER_SIDE, SEGMENTS_PER_SIDE), interpolation=cv2.INTER_CUBIC)
    y, x = np.nonzero(skeletonize(large > 110))
    number = np.full((SEGMENTS_PER_SIDE + 2, SEGMENTS_PER_SIDE + 2), -1)
    number[y + 1, x + 1] = np.arange(len(x))
    pairs = []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        other = number[y + 1 + down, x + 1 + right]
        pairs.append(np.stack([np.flatnonzero(other >= 0), other[other >= 0]], 1))
    edges = np.concatenate(pairs)
    points = np.stack([x, y], 1).astype(np.float32)
    for _ in range(3):
        total, count = points.copy(), np.ones(len(points), np.float32)
        for a, b in ((0, 1), (1, 0)):
            np.add.at(total, edges[:, a], points[edges[:, b]])
            np.add.at(count, edges[:, a], 1)
        points = total / count[:, np.newaxis]
    if len(edges) == 0:
        edges = np.zeros((1, 2), int)
    return (np.concatenate([points[edges[:, 0]], points[edges[:, 1]]], 1) / 3).astype(np.float32)
