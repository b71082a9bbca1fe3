"""A sheet of paper with ink and lines on it → the picture that a camera takes of it."""

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from hands import Floats, Layer

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
RULES = [(90, 130, 200), (210, 110, 120), (120, 170, 140)]
# Of a picture: least strength of the ink and of the light, deviation of the blur, most grain; share on desks.
ANY, CLEAR = (0.55, 0.4, 0.7, 7.0, 0.35), (0.8, 0.75, 0.4, 4.0, 0.5)
SKINS = [(224, 172, 140), (190, 130, 95), (120, 80, 60)]


class Photograph(NamedTuple):
    """Pixels ``(height, width, 3)``, marks and lines ``(height, width)`` where the camera sees them."""

    pixels: Layer
    marks: npt.NDArray[np.int16]
    lines: npt.NDArray[np.bool_]


def photograph(
    rng: np.random.Generator,
    ink: Floats,
    marks: npt.NDArray[np.int16],
    lines: Floats,
    clutter: Floats,
    size: float,
    clear: bool = False,
) -> Photograph:
    """Take a picture of ink, lines under it and printed clutter, 0 to 1 each, with writing of this height.

    A ``clear`` one is bright and sharp enough that a person reads all of it at a glance.
    """
    height, width = ink.shape
    faintest, darkest, soft, grain, desks = CLEAR if clear else ANY
    scene, marks, seen_lines = _scene(rng, _sheet(rng, ink, lines, clutter, faintest), marks, lines, desks)
    scene *= _light(rng, (height, width))[..., np.newaxis]
    scene = scene * rng.uniform(darkest, 1.1) + rng.normal(0, 4, 3).astype(np.float32)
    blur = abs(rng.normal(0, soft)) * (1 if size < 25 else rng.uniform(1, 2))
    if blur > 0.25:
        scene = cv2.GaussianBlur(scene, (0, 0), blur)
    coarse = rng.uniform(1, np.clip(size / 11, 1, 6)) if rng.random() < 0.4 and not clear else 1.0
    if coarse > 1:  # a picture of few pixels, enlarged
        scene = cv2.resize(scene, (round(width / coarse), round(height / coarse)), interpolation=cv2.INTER_AREA)
    scene += rng.normal(0, rng.uniform(0.3, grain), (*scene.shape[:2], 1)).astype(np.float32)
    pixels = np.clip(scene, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        _, packed = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 95))])
        pixels = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    if coarse > 1:
        pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC)
    return Photograph(pixels, marks, seen_lines)


def _sheet(rng: np.random.Generator, ink: Floats, lines: Floats, clutter: Floats, faintest: float) -> Floats:
    """The paper in its colours, the ink at least so strong."""

    def pick(options: list[tuple[int, int, int]]) -> Floats:
        return np.clip(np.array(options[rng.integers(len(options))]) + rng.normal(0, 10, 3), 0, 255).astype(np.float32)

    dark = rng.random() < 0.15
    paper, pen = (pick(GROUNDS), pick(CHALKS)) if dark else (pick(PAPERS), pick(PENS))
    rules = pick([*RULES, (int(rng.uniform(30, 190)),) * 3])
    layers = [
        (lines, rng.uniform(0.25, 1), pen if rng.random() < 0.3 else 255 - rules if dark else rules),
        (clutter, 0.9, pen if rng.random() < 0.5 else pick(PENS[:1] + PENS[2:3])),
    ]
    uneven: float | Floats = 1.0
    if rng.random() < 0.4:
        uneven = np.clip(_noise(rng, ink.shape, rng.uniform(3, 30)) * rng.uniform(0.05, 0.25) + 0.9, 0.3, 1)
    layers.append((ink * uneven, rng.uniform(faintest, 1), pen))
    sheet = np.broadcast_to(paper, (*ink.shape, 3)).copy()
    if rng.random() < 0.4:
        sheet *= (1 + rng.uniform(0.005, 0.04) * _noise(rng, ink.shape, rng.uniform(1, 20)))[..., np.newaxis]
    for layer, strength, colour in layers:
        alpha = (layer * np.float32(strength))[..., np.newaxis]
        sheet = sheet * (1 - alpha) + alpha * colour
    return sheet


def _scene(
    rng: np.random.Generator, sheet: Floats, marks: npt.NDArray[np.int16], lines: Floats, desks: float
) -> tuple[Floats, npt.NDArray[np.int16], npt.NDArray[np.bool_]]:
    """The sheet as the camera sees it: turned, in perspective, a share of them on ``desks``, with what lies there."""
    height, width = marks.shape
    around = rng.random() < desks
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    target = (corners - (width / 2, height / 2)) * (rng.uniform(0.6, 0.97) if around else rng.uniform(0.97, 1.03))
    turn = np.radians(rng.normal(0, 8))
    target = target @ np.array([(np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn))])
    target += (width / 2, height / 2) + rng.normal(0, 0.025, (4, 2)) * min(height, width)
    matrix = cv2.getPerspectiveTransform(corners, target.astype(np.float32))

    def warp(layer: Floats, **options: int) -> Floats:
        return cv2.warpPerspective(layer, matrix, (width, height), flags=cv2.INTER_LINEAR, **options)

    marks = cv2.warpPerspective(marks, matrix, (width, height), flags=cv2.INTER_NEAREST)
    seen_lines = warp(lines) > 0.2
    if not around:
        return warp(sheet, borderMode=cv2.BORDER_REPLICATE), marks, seen_lines
    scene = surroundings(rng, (height, width))
    inside = warp(np.ones((height, width), np.float32))
    shade = cv2.GaussianBlur(inside, (0, 0), rng.uniform(1, 8))
    scene *= (1 - rng.uniform(0, 0.6) * shade)[..., np.newaxis]
    scene = scene * (1 - inside[..., np.newaxis]) + warp(sheet)
    if rng.random() < 0.4:
        scene = _hand(rng, scene, marks)
    if rng.random() < 0.5:
        scene = _spiral(rng, scene, marks, target)
    return scene.astype(np.float32), marks, seen_lines


def surroundings(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """A desk, cloth or floor with things on it."""
    height, width = shape
    scene = np.broadcast_to(rng.uniform(10, 240, 3).astype(np.float32), (height, width, 3)).copy()
    scene *= (1 + rng.uniform(0.02, 0.25) * _noise(rng, shape, rng.uniform(2, 40)))[..., np.newaxis]
    if rng.random() < 0.3:  # wood
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        scene *= (1 + 0.15 * np.sin(y / rng.uniform(2, 9) + 3 * np.sin(x / rng.uniform(30, 90))))[..., np.newaxis]
    for _ in range(int(rng.integers(0, 6))):
        middle = rng.uniform(-0.1, 1.1, 2) * (width, height)
        corners = middle + rng.normal(0, 0.2, (int(rng.integers(3, 7)), 2)) * min(shape)
        cv2.fillPoly(scene, [corners.astype(np.int32)], rng.uniform(5, 250, 3).tolist(), cv2.LINE_AA)
    for _ in range(int(rng.integers(0, 8))):  # cables, handles, edges
        middle, axes = rng.uniform(0, 1, 2) * (width, height), rng.uniform(0.01, 0.4, 2) * min(shape) + 1
        first, thick = rng.uniform(0, 360), 1 + int(rng.exponential(2))
        cv2.ellipse(
            scene,
            middle.astype(int).tolist(),
            axes.astype(int).tolist(),
            rng.uniform(0, 180),
            first,
            first + rng.uniform(10, 360),
            rng.uniform(5, 250, 3).tolist(),
            thick,
            cv2.LINE_AA,
        )
    return cv2.GaussianBlur(scene, (0, 0), rng.uniform(0.3, 3))


def _hand(rng: np.random.Generator, scene: Floats, marks: npt.NDArray[np.int16]) -> Floats:
    """Fingers and the ball of a hand over the edges, where nothing is written."""
    height, width = marks.shape
    skin = rng.uniform(0.4, 1.1) * np.array(SKINS[rng.integers(len(SKINS))])
    for _ in range(int(rng.integers(1, 5))):
        side, along = rng.integers(4), rng.uniform(0, 1)
        place = [(along * width, 0), (width, along * height), (along * width, height), (0, along * height)][side]
        over = np.zeros((height, width), np.float32)
        axes = (int(rng.uniform(0.08, 0.35) * width), int(rng.uniform(0.03, 0.14) * height))
        angle = rng.uniform(-40, 40) + (90 if side in (0, 2) else 0)
        cv2.ellipse(over, (int(place[0]), int(place[1])), axes, angle, 0, 360, 1.0, -1, cv2.LINE_AA)
        if not marks[over > 0.5].any():
            # A finger is round: its rim is darker.
            roundness = cv2.GaussianBlur(over, (0, 0), max(1.0, 0.3 * min(axes))) * rng.uniform(0.3, 0.8) + 0.5
            scene = scene * (1 - over[..., np.newaxis]) + (over * roundness)[..., np.newaxis] * skin.astype(np.float32)
    return scene


def _spiral(rng: np.random.Generator, scene: Floats, marks: npt.NDArray[np.int16], corners: Floats) -> Floats:
    """The wire rings of a notepad along one edge of the sheet, whose corners go round from the upper left."""
    height, width = marks.shape
    a, b = corners[0], corners[1 if rng.random() < 0.7 else 3]
    count = int(rng.integers(5, 25))
    step = float(np.hypot(*(b - a))) / count
    reach = step * rng.uniform(0.4, 1.1)
    along = (b - a) / np.hypot(*(b - a))
    tone = rng.uniform(20, 230)
    over, glint, holes = (np.zeros((height, width), np.float32) for _ in range(3))
    inwards = np.array((-along[1], along[0])) * reach * rng.uniform(0.3, 0.9)
    first, last = (0, 360) if rng.random() < 0.5 else sorted(rng.uniform(-30, 390, 2))
    axes = (max(1, round(step * rng.uniform(0.1, 0.3))), max(2, round(reach)))
    angle = float(np.degrees(np.arctan2(along[1], along[0]))) + rng.uniform(-15, 15)
    thick = max(1, round(step * rng.uniform(0.06, 0.16)))
    for number in range(count):
        middle = a + (b - a) * (number + 0.5) / count
        for shift in (0.0, step * 0.2) if rng.random() < 0.5 else (0.0,):
            place = np.round(middle + along * shift).astype(int).tolist()
            cv2.ellipse(over, place, axes, angle, first, last, 1.0, thick, cv2.LINE_AA)
            cv2.ellipse(glint, place, axes, angle, first, last, 1.0, max(1, thick // 3), cv2.LINE_AA)
        hole = np.round(middle + inwards).astype(int).tolist()
        cv2.ellipse(holes, hole, (max(1, axes[0]), max(1, axes[0])), angle, 0, 360, 1.0, -1, cv2.LINE_AA)
    if marks[np.maximum(over, holes) > 0.3].any():
        return scene
    if rng.random() < 0.6:  # holes, and the wires' shadow
        shadow = np.roll(over, rng.integers(-thick - 2, thick + 3, 2), (0, 1)) * rng.uniform(0, 0.7)
        scene = scene * (1 - np.maximum(shadow, holes * rng.uniform(0.3, 1)))[..., np.newaxis]
    if rng.random() < 0.5:  # a dark rim of round wire
        rim = cv2.dilate(over, np.ones((3, 3))) * rng.uniform(0.3, 0.9)
        scene = scene * (1 - rim)[..., np.newaxis]
    scene = scene * (1 - over[..., np.newaxis]) + over[..., np.newaxis] * np.float32(tone)
    shine = glint[..., np.newaxis] * rng.uniform(0, 1)
    return scene * (1 - shine) + shine * np.float32(min(255.0, tone + 80))


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
