"""Digits to write with: MNIST's images, their middle lines for pens of any width, and printed typefaces."""

from collections.abc import Sequence
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

SIDE, ZOOM = 28, 3
# Where loops that are not closed have their opening, across and down, in the digit's box.
OPENINGS = {0: (0.75, 0.1), 6: (0.35, 0.6), 8: (0.75, 0.15), 9: (0.85, 0.35)}
CHAINED = 0.95, 0.35  # of a zero that runs into the next one
SEVEN_SEGMENTS = {
    "0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc",
    "5": "afgcd", "6": "afgedc", "7": "abc", "8": "abcdefg", "9": "abcdfg",
}  # fmt: skip
ENDS = {
    "a": (0, 0, 1, 0), "b": (1, 0, 1, 1), "c": (1, 1, 1, 2), "d": (0, 2, 1, 2),
    "e": (0, 1, 0, 2), "f": (0, 0, 0, 1), "g": (0, 1, 1, 1),
}  # fmt: skip


class Hands:
    """Draws digits of MNIST's writers, each as ink 0 to 1, cut to its box."""

    def __init__(self, images: Layer, labels: npt.NDArray[np.integer[Any]], fonts: Sequence[Path] = ()) -> None:
        """Take images ``(n, 28, 28)``, bright on black, labels ``(n,)``, and typefaces beside Matplotlib's."""
        self.images, self.labels = images, labels
        own = sorted((Path(matplotlib.get_data_path()) / "fonts/ttf").glob("[DS]*.ttf"))
        # Those that have digits.
        self.fonts = [font for font in own if not any(part in font.name for part in ("Siz", "NonUni", "Display"))]
        self.fonts += fonts
        self._strokes: dict[int, Floats] = {}

    def strokes(self, index: int) -> Floats:
        """Segments ``(n, 4)`` of the middle line of an image, in its pixels."""
        if index not in self._strokes:
            self._strokes[index] = _middle_line(self.images[index])
        return self._strokes[index]

    def european(self, rng: np.random.Generator, index: int) -> Floats:
        """Segments ``(n, 4)`` that make a one flagged, a seven crossed, and a nine's tail curled; of others none."""
        strokes = self.strokes(index)
        points = strokes.reshape(-1, 2)
        top, bottom = points[points[:, 1].argmin()], points[points[:, 1].argmax()]
        height = max(1.0, bottom[1] - top[1])
        r = rng.uniform
        lines: list[list[tuple[float, float]]] = []
        if self.labels[index] == 1:
            angle = np.degrees(np.arctan2(bottom[1] - top[1], bottom[0] - top[0])) + r(20, 60)
            angle = min(angle, r(120, 150))  # a flag that hardly falls makes a seven
            way = np.array((np.cos(np.radians(angle)), np.sin(np.radians(angle))))
            length = height * r(0.2, 0.75 if angle < 130 else 0.45)
            bow = np.array((-way[1], way[0])) * length * r(-0.08, 0.12)
            lines.append([tuple(top), tuple(top + way * length / 2 + bow), tuple(top + way * length)])
            if rng.random() < 0.2:
                left, right, rise = height * r(0.1, 0.35), height * r(0.1, 0.35), height * r(-0.03, 0.05)
                lines.append([(bottom[0] - left, bottom[1] + rise), (bottom[0] + right, bottom[1] - rise)])
        elif self.labels[index] == 7:
            y = top[1] + height * r(0.4, 0.65)
            near = points[np.abs(points[:, 1] - y) < 1, 0]
            if len(near) and np.ptp(near) < 5:  # it has no bar yet
                left, right, rise = height * r(0.12, 0.32), height * r(0.12, 0.32), height * r(-0.04, 0.1)
                x = float(near.mean())
                lines.append([(x - left, y + rise), (x + right, y - rise)])
        elif self.labels[index] == 9:
            turn = np.linspace(0, np.radians(r(50, 130)), 6)
            radius = height * r(0.15, 0.4)
            curl = bottom + radius * np.stack([-np.sin(turn), np.cos(turn) - 1], 1) * (r(0.8, 1.5), 0.7)
            lines.append([tuple(point) for point in curl])
        segments = [(*a, *b) for line in lines for a, b in pairwise(line)]
        return np.array(segments, np.float32).reshape(-1, 4)

    def opened(self, rng: np.random.Generator, index: int, place: tuple[float, float]) -> Floats:
        """Segments ``(n, 4)`` of the middle line with an opening at a place of its box, across and down."""
        strokes = self.strokes(index)
        middles = (strokes[:, :2] + strokes[:, 2:]) / 2
        low, extent = middles.min(axis=0), np.ptp(middles, axis=0) + 1
        away = (middles - low) / extent - (np.array(place) + rng.normal(0, 0.1, 2))
        start = middles[np.hypot(*away.T).argmin()]
        return strokes[np.hypot(*(middles - start).T) > rng.uniform(0.08, 0.3) * extent[1]]

    def drawn(
        self,
        rng: np.random.Generator,
        index: int,
        transform: Floats,
        width: float,
        skips: float,
        european: bool,
        opening: tuple[float, float] | None = None,
    ) -> Floats:
        """The middle line of an image drawn with a pen so many pixels wide, which skips a share of its way."""
        strokes = self.opened(rng, index, opening) if opening else self.strokes(index)
        if european:
            strokes = np.concatenate([strokes, self.european(rng, index)])
        return draw(rng, strokes, transform, width, skips)

    def enlarged(
        self, rng: np.random.Generator, index: int, transform: Floats, threshold: float, size: float, european: bool
    ) -> Floats:
        """An image itself, enlarged, with sharp edges."""
        image = self.images[index]
        added = self.european(rng, index) if european else ()
        if len(added):
            strokes = self.strokes(index)
            length = np.hypot(*(strokes[:, 2:] - strokes[:, :2]).T).sum()
            width = np.clip((image > 110).sum() / max(1.0, length), 1.5, 4.5)
            # Pixels are squares: the middle of the first is half of one from the edge of the enlarged image.
            points = np.round(((added.reshape(-1, 2, 2) + 0.5) * 4 - 0.5) * 16).astype(np.int32)
            large = np.zeros((4 * SIDE, 4 * SIDE), np.uint8)
            cv2.polylines(large, points, False, 255, round(4 * width), cv2.LINE_AA, 4)
            image = np.maximum(image, cv2.resize(large, (SIDE, SIDE), interpolation=cv2.INTER_AREA))
        side = int(2.4 * size) + 4
        matrix = transform.copy()
        matrix[:, 2] = side / 2 - transform[:, :2] @ (13.5, 13.5)
        large = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_CUBIC).astype(np.float32) / 255
        sharp = np.clip(size / 20, 1, 6)
        return cut(np.clip((large - threshold) * sharp + 0.5, 0, 1) * (large > 0.05))


def affine(zoom: float, slant: float, degrees: float, stretch: float) -> Floats:
    """A matrix ``(2, 3)`` that stretches, slants, turns and enlarges."""
    turn = np.radians(degrees)
    shear = np.array([(stretch, -slant), (0, 1)])
    rotation = np.array([(np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn))])
    return np.concatenate([zoom * rotation @ shear, np.zeros((2, 1))], 1).astype(np.float32)


def draw(rng: np.random.Generator, segments: Floats, transform: Floats, width: float, skips: float) -> Floats:
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
    return cut(patch.astype(np.float32) / 255)


def seven_segments(
    rng: np.random.Generator,
    digit: str,
    size: float,
    gap: float,
    slant: float,
    width: float,
    without: str = "",
    added: str = "",
) -> Floats:
    """A digit of this height on a seven-segment display, its segments so many pixels wide."""
    names = [name for name in SEVEN_SEGMENTS[digit] + added if name not in without]
    lines = np.array([ENDS[name] for name in names], np.float32).reshape(-1, 2, 2)
    middle = lines.mean(axis=1, keepdims=True)
    lines = (middle + (lines - middle) * (1 - 2 * gap)) * (0.5 * size, 0.47 * size)
    lines[..., 0] += slant * (size - lines[..., 1])
    return draw(rng, lines.reshape(-1, 4).astype(np.float32), np.eye(2, 3, dtype=np.float32), width, 0)


def printed(text: str, path: Path, size: float, trimmed: bool = True) -> Floats:
    """Text in a printed typeface; digits of this height."""
    font = ImageFont.truetype(path, max(6, round(size / 0.73)))
    left, top, right, bottom = font.getbbox(text)
    drawing = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4))
    ImageDraw.Draw(drawing).text((2 - left, 2 - top), text, fill=255, font=font)
    patch = np.asarray(drawing, np.float32) / 255
    return cut(patch) if trimmed else patch


def cut(patch: Floats) -> Floats:
    """Ink without the empty margin around it."""
    rows, columns = np.flatnonzero((patch > 0.1).any(axis=1)), np.flatnonzero((patch > 0.1).any(axis=0))
    if not len(rows):
        return np.zeros((1, 1), np.float32)
    return patch[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _middle_line(image: Layer) -> Floats:
    """The skeleton of an image as short segments, smoothed, in pixels of the image."""
    side = SIDE * ZOOM
    large = cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC)
    y, x = np.nonzero(skeletonize(large > 110))
    number = np.full((side + 2, side + 2), -1)
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
    return (np.concatenate([points[edges[:, 0]], points[edges[:, 1]]], 1) / ZOOM).astype(np.float32)
