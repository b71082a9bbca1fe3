"""Pictures of paper with digits on it, made of MNIST's images, and where each mark lies on them.

``simulate`` draws one: a layout (rows, tables, boxes, rings …), a paper (plain, ruled, squared …), a pen, things that
are no writing (print, fingers, rings of a notepad, a desk around the paper), and a camera (perspective, shadow, blur,
noise).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt
from hands import Floats, Hands, Layer, affine, draw, printed
from photograph import photograph

IGNORED = -1
MOST_TRIES = 20
LAYOUTS = (
    "nothing", "single", "rows", "numbers", "notes", "table", "boxes", "grid", "rings", "scatter", "columns", "display",
)  # fmt: skip
# How often each is drawn.
SHARES = (0.06, 0.1, 0.14, 0.12, 0.09, 0.15, 0.09, 0.06, 0.06, 0.04, 0.06, 0.03)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyzÄÖéβλπΩжя"
OTHER = "?"  # the label of what is neither a digit nor a letter nor a separator
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
    *("9000", "n00", "-9000", "999-9000", "999-n00", "n000000", "n.00", "n,000"),
)


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
        self.european, self.opened = rng.random() < 0.3, rng.random() < 0.2
        self.size = 0.0
        self.others = 0.0

    @property
    def shape(self) -> tuple[int, int]:
        return self.ink.shape[0], self.ink.shape[1]

    def digit(self, size: float, label: int | None = None) -> tuple[Floats, str]:
        """A digit whose longer side is about ``size``, as ink 0 to 1, and its label."""
        rng, hands = self.rng, self.hands
        if label is None and self.others and rng.random() < self.others:
            return self.other(size)
        if self.style == "print":
            text = str(rng.integers(10) if label is None else label)
            return printed(text, self.font, size), text
        while True:
            index = int(self.writer + rng.integers(-60, 60)) % len(hands.images)
            if label is not None and hands.labels[index] != label:
                index = int(rng.choice(np.flatnonzero(hands.labels == label)))
            transform = affine(size / 20, self.slant + rng.normal(0, 0.04), self.turn + rng.normal(0, 3), self.stretch)
            european = self.european and rng.random() < 0.85
            if self.style == "pen":
                opened = self.opened and rng.random() < 0.7
                ink = hands.drawn(rng, index, transform, max(0.8, self.pen * size), self.skips, european, opened)
            else:
                ink = hands.enlarged(rng, index, transform, self.threshold, size, european)
            if ink.max() > 0.4:
                return ink, str(hands.labels[index])

    def other(self, size: float) -> tuple[Floats, str]:
        """A mark that is no digit, and its label: a printed letter, or some strokes, perhaps through a digit."""
        rng = self.rng
        if self.style == "print":
            text = LETTERS[rng.integers(len(LETTERS))]
            return printed(text, self.font, size * rng.choice([1, 1, 1.3])), text
        shape = rng.choice(["scribble", "scribble", "strokes", "crossed"])
        if shape == "scribble":
            turns = np.cumsum(rng.normal(rng.uniform(-0.3, 0.3), rng.uniform(0.1, 0.5), int(rng.integers(12, 120))))
            points = np.cumsum(np.stack([np.cos(turns), rng.uniform(0.5, 2) * np.sin(turns)], 1), 0)
            segments = np.concatenate([points[:-1], points[1:]], 1)
        else:
            segments = rng.random((int(rng.integers(2, 7)), 4))
        if shape == "crossed":
            strokes = self.hands.strokes(int(rng.integers(len(self.hands.images)))) / 20
            low, high = strokes.reshape(-1, 2).min(0), strokes.reshape(-1, 2).max(0)
            segments = np.concatenate([strokes, np.tile(low, 2) + segments * np.tile(high - low, 2)])
        points = segments.reshape(-1, 2)
        extent = max(1e-3, float(np.ptp(points, axis=0).max()))
        matrix = size * rng.uniform(0.7, 1.2) / extent * np.eye(2, 3, dtype=np.float32)
        return draw(rng, segments.astype(np.float32), matrix.astype(np.float32), max(0.8, self.pen * size), 0), OTHER

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
        return draw(rng, np.array(segments, np.float32), size * np.eye(2, 3, dtype=np.float32), width, 0)

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
            # Zeros in a row are written in one go.
            chained = self.opened and label == "0"
            x += patch.shape[1] + size * self.rng.uniform(*((-0.15, 0.05) if chained else gap))
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
    others: float = 0.0,
    sizes: tuple[float, float] | None = None,
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
    """
    layout = layout or str(rng.choice(LAYOUTS, p=SHARES))
    other = rng.random() < others
    for _ in range(MOST_TRIES):  # what is drawn may lie outside the picture
        canvas = _Canvas(rng, hands, height, width, sizes or (12, 0.5 * min(height, width)))
        if other:
            canvas.others = float(rng.choice([1, rng.uniform(0.1, 0.9)]))
            canvas.style = "print" if rng.random() < 0.6 else canvas.style
        globals()[f"_{layout}"](canvas)
        if canvas.labels or layout == "nothing":
            break
    clutter = _no_writing(canvas) if rng.random() < 0.35 else None
    if layout not in ("table", "grid", "boxes", "display") and rng.random() < 0.55:
        _ruled(canvas)
    pixels, marks, lines = photograph(rng, canvas.ink, canvas.marks, canvas.lines, clutter, canvas.size)
    rows, cells = _visible(canvas, marks)
    drawn, seen = (max(1, np.count_nonzero(each > 0)) for each in (canvas.marks, marks))
    return Page(pixels, marks, lines, canvas.labels, rows, canvas.words, canvas.size * (seen / drawn) ** 0.5, cells)


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
            patch = draw(rng, lines.reshape(-1, 4).astype(np.float32), np.eye(2, 3, dtype=np.float32), segment, 0)
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
        digits: list[int | None] = [None] * count
        if rng.random() < 0.15:  # hundreds, thousands
            digits = [None if place == 0 or rng.random() < 0.2 else 0 for place in range(count)]
        marks, _ = canvas.text(digits, left + size * rng.normal(0, 0.1), y, size, gap, slope)
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
        marks, _ = canvas.text(_items(form), rng.uniform(0.1, 0.4) * width, y, size, gap, rng.normal(0, 0.02))
        canvas.row(marks)
        y += pitch * rng.uniform(1, 1.6)


def _items(form: str) -> list[int | str | None]:
    """What ``text`` takes, of a form with 9 for any digit."""
    return [None if item == "9" else int(item) if item.isdigit() else item for item in form]


def _notes(canvas: _Canvas) -> None:
    """A few short numbers, one below the other anywhere on a page that is mostly empty."""
    rng = canvas.rng
    height, width = canvas.shape
    size, gap = _size(canvas, 0.12), _gap(rng)
    y = rng.uniform(0.03, 0.5) * height + size / 2
    while y < height - size and len(canvas.rows) < 9:
        form = str(rng.choice(FORMS)) if rng.random() < 0.6 else "n"
        form = form.replace("n", "9" * int(rng.integers(1, 4)))
        x = rng.uniform(0.03, 0.97) * max(1.0, width - 0.9 * size * len(form))
        marks, _ = canvas.text(_items(form), x, y, size * rng.uniform(0.85, 1.15), gap, rng.normal(0, 0.05))
        canvas.row(marks)
        y += size * rng.uniform(1.3, 5)


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
            if not missing and rows * columns >= 4:  # fewer, and those without some lines, are no clear table
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
        for mark in marks:  # what stands in boxes is one number
            canvas.words[mark - 1] = canvas.word
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
        letters = printed(
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
