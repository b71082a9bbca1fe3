"""What no digit of MNIST looks like: three signs as strokes, and ones with a long flag."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from lenet import Model
from lenet.pictures.mnist_form import frame_mark

Stroke = list[tuple[float, float]]
Pixels = npt.NDArray[np.uint8]


def _star() -> list[Stroke]:
    angles = np.radians(-90 + 144 * np.arange(6))
    return [list(zip(0.5 + 0.45 * np.cos(angles), 0.52 + 0.45 * np.sin(angles), strict=True))]


def _heart() -> list[Stroke]:
    turn = np.linspace(0, 2 * np.pi, 40)
    across = 16 * np.sin(turn) ** 3
    down = 13 * np.cos(turn) - 5 * np.cos(2 * turn) - 2 * np.cos(3 * turn) - np.cos(4 * turn)
    return [list(zip(0.5 + across / 36, 0.48 - down / 36, strict=True))]


# Each in its own square, x and y from 0 to 1; the first two in one stroke, the house in two.
SIGNS: dict[str, list[Stroke]] = {
    "star": _star(),
    "heart": _heart(),
    "house": [
        [(0.2, 0.9), (0.2, 0.45), (0.8, 0.45), (0.8, 0.9), (0.2, 0.9)],
        [(0.12, 0.48), (0.5, 0.1), (0.88, 0.48)],
    ],
}


def vary(strokes: list[Stroke], rng: np.random.Generator) -> list[Stroke]:
    """The same sign as another hand movement draws it: turned, slanted, stretched, and with unsteady points."""
    turn, slant = np.radians(rng.normal(0, 7)), rng.normal(0, 0.12)
    stretch = rng.uniform(0.85, 1.15, 2)
    matrix = np.array([(np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn))]) @ [(1, slant), (0, 1)]
    varied = []
    for stroke in strokes:
        points = (np.array(stroke) - 0.5) * stretch @ matrix.T + 0.5
        points += rng.normal(0, 0.05 / np.sqrt(len(points)), points.shape)
        # Points close together, as a mouse gives them: the pad rounds the corners between distant ones.
        turns, places = np.arange(len(points)), np.linspace(0, len(points) - 1, 41)
        dense = np.stack([np.interp(places, turns, side) for side in points.T], axis=1)
        varied.append([(float(x), float(y)) for x, y in np.clip(dense, 0, 1)])
    return varied


def flagged_ones(model: Model, count: int, seed: int) -> Pixels:
    """Framed ones with a long flag ``(count, 28, 28)``, all of which the model misreads."""
    rng = np.random.default_rng(seed)
    images: list[Pixels] = []
    while len(images) < count:
        image = _flagged_one(rng)
        if model.class_names[int(model.predict(image[np.newaxis, ..., np.newaxis]).argmax())] != "1":
            images.append(image)
    return np.stack(images)


def _flagged_one(rng: np.random.Generator) -> Pixels:
    side, height, lean = 448, 280, rng.uniform(-0.15, 0.35)
    top = np.array([240 + lean * height / 2, 80])
    angle, length = np.radians(rng.uniform(115, 150)), height * rng.uniform(0.55, 0.95)
    flag = top + length * np.array([np.cos(angle), np.sin(angle)])
    middle = (top + flag) / 2 + rng.normal(0, 8, 2)
    bottom = top + np.array([-lean * height, height])
    points = [tuple(point) for point in (flag, middle, top, bottom)]
    drawing = Image.new("L", (side, side))
    ImageDraw.Draw(drawing).line(points, fill=255, width=int(rng.uniform(20, 40)), joint="curve")
    ink = np.asarray(drawing.resize((side // 4, side // 4)), np.float32) / 255
    return frame_mark(ink, 28, 28).image
