"""Pictures to measure reading on: MNIST digits written onto rendered paper, and paper with no digit on it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

PAPERS = [(250, 250, 248), (235, 230, 215), (214, 218, 224), (243, 232, 190), (190, 186, 180)]
PENS = [(25, 25, 30), (20, 35, 120), (60, 60, 70), (120, 25, 35)]
KINDS_WITHOUT = ("blank", "black", "texture", "scribble", "letters")
FONTS = ["DejaVuSans", "DejaVuSerif", "DejaVuSansMono", "STIXGeneral", "DejaVuSans-Oblique"]


@dataclass(frozen=True)
class Sheet:
    """A picture and what stands on it."""

    image: Image.Image
    rows: list[str]


def compose(rng, images, labels, rows=None, *, ruled=None, shadow=None, degrees=None) -> Sheet:
    """Write MNIST images ``(n, 28, 28)`` onto a sheet; ``rows`` says how many in each, else 1–12 in 1–4 rows."""
    if rows is None:
        count = int(rng.integers(1, 5))
        total = int(rng.integers(count, 13))
        rows = [total // count + (row < total % count) for row in range(count)]
    ruled = rng.choice(["none", "lines", "squares"]) if ruled is None else ruled
    degrees = rng.uniform(-8, 8) if degrees is None else degrees
    shadow = rng.random() < 0.5 if shadow is None else shadow
    size = int(rng.integers(36, 100))  # of a digit's 20×20 box, in pixels
    pitch = rng.uniform(1.6, 2.3) * size
    width = int((max(rows) * 1.6 + 3) * size)
    height = int(len(rows) * pitch + 2.2 * size)
    written = np.zeros((height, width), np.float32)
    truth = []
    for row, count in enumerate(rows):
        x = rng.uniform(0.8, 1.6) * size
        base = 1.1 * size + row * pitch
        text = ""
        for _ in range(count):
            pick = int(rng.integers(len(images)))
            digit = _enlarged(images[pick], size * rng.uniform(0.88, 1.1))
            y = int(base + rng.uniform(-0.06, 0.06) * size)
            part = written[y : y + digit.shape[0], int(x) : int(x) + digit.shape[1]]
            np.maximum(part, digit[: part.shape[0], : part.shape[1]], out=part)
            text += str(labels[pick])
            x += digit.shape[1] + rng.uniform(0.15, 0.5) * size
        truth.append(text)
    written = _turned(written, degrees)
    rules = rule(rng, written.shape, ruled, size, degrees + rng.uniform(-1, 1))
    sheet = paper(rng, written.shape, shadow)
    sheet = inked(sheet, rules * rng.uniform(0.25, 0.8), rng.choice([(90, 130, 190), (130, 130, 135)]))
    sheet = inked(sheet, written * rng.uniform(0.8, 1), PENS[rng.integers(len(PENS))])
    return Sheet(photographed(rng, sheet), truth)


def paper(rng, shape, shadow=False):
    """Blank paper, float ``(height, width, 3)``, unevenly lit."""
    height, width = shape
    y, x = np.mgrid[0:height, 0:width] / max(shape)
    angle, depth = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.3)
    light = 1 - depth * (0.5 + 0.5 * (np.cos(angle) * x + np.sin(angle) * y))
    light *= 1 - rng.uniform(0, 0.25) * ((x - 0.5) ** 2 + (y - 0.4) ** 2)
    if shadow:
        edge = np.cos(angle + 1) * (x - rng.uniform(0.2, 0.8)) + np.sin(angle + 1) * (y - rng.uniform(0.1, 0.6))
        light *= 1 - rng.uniform(0.2, 0.5) / (1 + np.exp(-edge / rng.uniform(0.01, 0.06)))
    return light[..., np.newaxis] * np.array(PAPERS[rng.integers(len(PAPERS))], np.float32)


def rule(rng, shape, kind, size, degrees=0.0):
    """Ruled or squared lines all over the sheet, 0 to 1."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    turn = math.radians(degrees)
    step = size * (rng.uniform(1.1, 1.8) if kind == "lines" else rng.uniform(0.45, 0.9))
    thick = max(1, size * rng.uniform(0.015, 0.04))
    lines = np.zeros(shape, bool)
    if kind in ("lines", "squares"):
        lines |= (y * math.cos(turn) + x * math.sin(turn)) % step < thick
    if kind == "squares":
        lines |= (x * math.cos(turn) - y * math.sin(turn)) % step < thick
    return lines.astype(np.float32)


def photographed(rng, sheet) -> Image.Image:
    """Slightly out of focus, with grain."""
    image = Image.fromarray(np.clip(sheet, 0, 255).astype(np.uint8))
    image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 1.2)))
    grain = rng.normal(0, rng.uniform(0.5, 5), (*np.asarray(image).shape[:2], 1))
    return Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))


def no_digit(rng, kind) -> Image.Image:
    """A picture without any digit: one of ``KINDS_WITHOUT``."""
    shape = (int(rng.integers(200, 700)), int(rng.integers(200, 900)))
    if kind == "black":
        return photographed(rng, np.full((*shape, 3), rng.uniform(0, 30)))
    if kind == "texture":
        return photographed(rng, _texture(rng, shape))
    sheet = paper(rng, shape, rng.random() < 0.5)
    if kind == "blank":
        lines = rule(rng, shape, rng.choice(["none", "lines", "squares"]), 60)
        return photographed(rng, inked(sheet, lines * rng.uniform(0.2, 0.9), (90, 110, 160)))
    drawing = Image.new("L", shape[::-1])
    pen = ImageDraw.Draw(drawing)
    if kind == "letters":
        _print(rng, pen, shape)
    else:
        for _ in range(int(rng.integers(1, 4))):
            _scribble(rng, pen, shape)
    return photographed(rng, inked(sheet, np.asarray(drawing) / 255, PENS[rng.integers(len(PENS))]))


def _print(rng, pen, shape):
    size = int(rng.integers(24, 70))
    font = ImageFont.truetype(
        Path(matplotlib.get_data_path()) / "fonts/ttf" / f"{FONTS[rng.integers(len(FONTS))]}.ttf", size
    )
    letters = list("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz")
    for y in range(size, shape[0] - 2 * size, 2 * size):
        words = " ".join("".join(rng.choice(letters, int(rng.integers(3, 9)))) for _ in range(8))
        pen.text((size, y), words[: max(1, int((shape[1] - 2 * size) / (0.75 * size)))], fill=255, font=font)


def _scribble(rng, pen, shape):
    steps = int(rng.integers(150, 600))
    reach = rng.uniform(0.1, 0.35) * min(shape)
    middle = np.array([shape[1] * rng.uniform(0.3, 0.7), shape[0] * rng.uniform(0.3, 0.7)])
    turns = np.cumsum(rng.normal(0.15, 0.2, steps))
    path = middle + reach * np.stack([np.cos(turns), np.sin(1.7 * turns + rng.uniform(0, 6))], 1)
    path += np.cumsum(rng.normal(0, reach * 0.04, (steps, 2)), 0)
    pen.line([tuple(point) for point in path], fill=255, width=int(rng.integers(2, 7)), joint="curve")


def _texture(rng, shape):
    height, width = shape
    kind = rng.integers(4)
    if kind == 0:  # cloth: a weave of two waves
        y, x = np.mgrid[0:height, 0:width] / rng.uniform(3, 15)
        grey = 128 + 50 * np.sin(x) * np.sin(y) + rng.normal(0, 12, shape)
    elif kind == 1:  # stone: noise of all sizes
        grey = np.full(shape, 128.0)
        for scale in (2, 5, 12, 30, 80):
            coarse = rng.normal(0, 14, (math.ceil(height / scale) + 2, math.ceil(width / scale) + 2)).astype(np.float32)
            grey += np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
    elif kind == 2:  # wood: wavy stripes
        y, x = np.mgrid[0:height, 0:width]
        grey = 130 + 40 * np.sin(x / rng.uniform(5, 20) + 4 * np.sin(y / rng.uniform(40, 120)))
        grey += rng.normal(0, 10, shape)
    else:  # gravel: blobs of every tone
        sheet = Image.new("L", (width, height), 120)
        pen = ImageDraw.Draw(sheet)
        for _ in range(1500):
            x, y, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(4, 16)
            pen.ellipse((x - r, y - r * 0.8, x + r, y + r * 0.8), fill=int(rng.uniform(40, 220)))
        grey = np.asarray(sheet, np.float32)
    return np.repeat(grey[..., np.newaxis], 3, 2) * np.array([1, 0.95, 0.88])


def _enlarged(image, size):
    side = round(size * 28 / 20)
    large = np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC), np.float32) / 255
    inked = large > 0.2
    columns, rows = np.flatnonzero(inked.any(0)), np.flatnonzero(inked.any(1))
    cut = large[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.clip((cut - 0.5) * 3 + 0.5, 0, 1)


def _turned(layer, degrees):
    return np.clip(np.asarray(Image.fromarray(layer).rotate(degrees, Image.Resampling.BICUBIC, expand=True)), 0, 1)


def inked(sheet, ink, colour: Sequence[int]):
    ink = np.asarray(ink, np.float32)[..., np.newaxis]
    return sheet * (1 - ink) + ink * sheet * np.array(colour, np.float32) / 255
