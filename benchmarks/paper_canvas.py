"""What is drawn on paper: marks of a pen or of print, and lines under them."""

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt
from hands import CHAINED, OPENINGS, Floats, Hands, affine, draw, printed

IGNORED = -1
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyzÄÖéβλπΩжя"
SEPARATORS = ".,-/:()"
OTHER = "?"  # the label of what is neither a digit nor a letter nor a separator


class Canvas:
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
        self.european, self.opened, self.chained = rng.random() < 0.3, rng.random() < 0.2, rng.random() < 0.15
        self.size = 0.0
        self.others, self.has_words = 0.0, False

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.ink.shape[0], self.ink.shape[1]

    def digit(self, size: float, label: int | None = None, chained: bool = False) -> tuple[Floats, str]:
        """A digit whose longer side is about ``size``, as ink 0 to 1, and its label; ``chained`` to the next one."""
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
                opening = CHAINED if chained else OPENINGS.get(int(hands.labels[index])) if opened else None
                pen = max(0.8, self.pen * size)
                ink = hands.drawn(rng, index, transform, pen, self.skips, european, opening)
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

    def sign(self, text: str, size: float) -> Floats:
        """A separator, or another sign, in the size of the digits beside it."""
        rng = self.rng
        r = lambda low, high: float(rng.uniform(low, high))  # noqa: E731
        high, middle = r(0.25, 0.6), r(0.12, 0.3)
        paths = {
            ".": [[(0, 0), (r(0.0, 0.05), r(0, 0.05))]],
            ",": [[(0.1, 0), (0.1 - r(0.02, 0.12), r(0.12, 0.3))]],
            "-": [[(0, 0), (r(0.2, 0.6), r(-0.06, 0.06))]],
            "/": [[(r(0.25, 0.6), 0), (0, r(0.9, 1.5))]],
            ":": [[(0, 0), (0.02, 0.02)], [(0, high), (0.02, high + 0.02)]],
            "(": [[(0.25, 0), (0.08, 0.3), (0.0, 0.6), (0.08, 0.9), (0.25, 1.2)]],
            ")": [[(0, 0), (0.17, 0.3), (0.25, 0.6), (0.17, 0.9), (0, 1.2)]],
            "+": [[(0, middle), (high, middle + r(-0.06, 0.06))], [(high / 2, 0), (high / 2 + r(-0.08, 0.08), high)]],
            "=": [[(0, 0), (high, r(-0.06, 0.06))], [(0, middle), (high, middle)]],
            "x": [[(0, 0), (high, high)], [(high, 0), (0, high)]],
        }
        if text not in paths or self.style == "print":
            return printed(text, self.font, size)
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
        if self.has_words:
            x = self._letters(x, middle, size * float(self.rng.uniform(0.5, 1.1)), marks)
        self.word += 1
        for place, item in enumerate(text):
            chained = False
            if item == " ":
                self.word += 1
                x += size * self.rng.uniform(0.9, 2)
                continue
            if isinstance(item, str):
                patch, label = self.sign(item, size), item if item in SEPARATORS else OTHER
                offset = {".": 0.42, ",": 0.35, "-": -patch.shape[0] / size / 2, ":": -0.25}.get(
                    item, -0.5 * patch.shape[0] / size
                )
                y = middle + offset * size + self.rng.normal(0, 0.03) * size
            else:
                # Zeros in a row are written in one go.
                chained = self.chained and item == 0 and tuple(text[place + 1 : place + 2]) == (0,)
                patch, label = self.digit(size * self.rng.uniform(0.85, 1.12), item, chained)
                y = middle - patch.shape[0] / 2 + self.rng.normal(0, 0.05) * size
            mark = self.put(patch, x, y + slope * (x - start), label)
            if mark:
                marks.append(mark)
            x += patch.shape[1] + size * self.rng.uniform(*((-0.15, 0.05) if chained else gap))
        return marks, x

    def _letters(self, x: float, middle: float, size: float, marks: list[int]) -> float:
        """Print a word, whose letters are marks; where the next one may begin."""
        font = self.hands.fonts[self.rng.integers(len(self.hands.fonts))]
        self.word += 1
        for letter in self.rng.choice(list(LETTERS), int(self.rng.integers(2, 8))):
            patch = printed(str(letter), font, size)
            marks += [mark for mark in [self.put(patch, x, middle + size / 2 - patch.shape[0], str(letter))] if mark]
            x += patch.shape[1] + size * 0.12
        return x + size * float(self.rng.uniform(0.2, 1.2))

    def loop(self, points: Floats, width: float, pen: bool) -> None:
        """Draw a curve ``(n, 2)`` that is no writing, by the pen that writes or as a line under the ink."""
        drawn = np.zeros_like(self.lines)
        around = np.round(points * 16).astype(np.int32)
        cv2.polylines(drawn, [around], False, min(1.0, float(width)), max(1, round(width)), cv2.LINE_AA, 4)
        for layer in (self.lines, self.ink) if pen else (self.lines,):
            np.maximum(layer, drawn, out=layer)

    def row(self, marks: list[int]) -> None:
        """End a line of these marks."""
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

    def visible(self, marks: npt.NDArray[np.int16]) -> tuple[list[list[int]], list[tuple[int, int]]]:
        """The rows and cells without the marks that the camera cut off, which become ``IGNORED``."""
        count = len(self.labels) + 1
        drawn, seen = (np.bincount(each[each >= 0].ravel(), minlength=count)[1:] for each in (self.marks, marks))
        whole = np.median(seen / np.maximum(drawn, 1)) * drawn if self.labels else np.zeros(0)
        # A small or thin mark loses many of its pixels where it is only sampled anew.
        cut = (seen < 0.75 * whole - whole**0.5) | (seen == 0)
        marks[np.isin(marks, 1 + np.flatnonzero(cut))] = IGNORED
        written = [mark for row in self.rows for mark in row]
        cells = [cell for mark, cell in zip(written, self.cells, strict=False) if not cut[mark - 1]]
        rows = [[mark for mark in row if not cut[mark - 1]] for row in self.rows]
        return [row for row in rows if row], cells
