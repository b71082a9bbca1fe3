"""The network that finds marks: which pixels are ink, where the middle of their mark is, and of which kind it is.

It is a small U-Net (Ronneberger et al., 2015) whose outputs are those of Panoptic-DeepLab (Cheng et al., 2020).
``benchmarks/train_finder.py`` trains it, on simulated pages.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import onnxruntime
from PIL import Image

from lenet.pictures.picture import Pixels
from lenet.session import open_session

Map = npt.NDArray[np.float32]

FILE = Path(__file__).with_name("finder.onnx")
# Kinds of mark: digits, separators, and the last for all others.
KINDS = "0123456789.,-/:()?"
# Sides that the network takes are multiples of this. It sees that much more of the picture's border on each side.
MULTIPLE = 32
# It gives offsets in this many pixels; all but the ink at half the size, kinds at a quarter.
OFFSET_UNIT, HALF, QUARTER = 16, 2, 4
# So many pixels are looked at at once, in strips across the picture: memory grows with them. What is so many pixels
# away hardly matters to what is seen at a place.
STRIP, AROUND = 500_000, 64


class View(NamedTuple):
    """What the network sees on a picture of one size.

    Attributes:
        pixels: The picture in this size, uint8 ``(height, width, 3)``.
        ink: Probability that a pixel is ink of a mark, ``(height, width)``.
        middles: Probability that a pixel is the middle of a mark, at half the size.
        offsets: From each pixel to the middle of its mark, down and across, ``(2, height/2, width/2)``.
        kinds: Logits of ``KINDS`` for each pixel, ``(kinds, height/4, width/4)``.
        rules: Probability that a pixel belongs to a line of the paper, of a table, box or ring, at half the size.
    """

    pixels: Pixels
    ink: Map
    middles: Map
    offsets: Map
    kinds: Map
    rules: Map


def look(pixels: Pixels, longer: int) -> View:
    """Look at a picture ``(height, width, 3)``, scaled so that its longer side has so many pixels."""
    zoom = longer / max(pixels.shape[:2])
    height, width = (max(1, round(side * zoom)) for side in pixels.shape[:2])
    resampling = (
        Image.Resampling.BOX if zoom < 0.5 else Image.Resampling.BILINEAR if zoom < 1 else Image.Resampling.BICUBIC
    )
    scaled = np.asarray(Image.fromarray(pixels).resize((width, height), resampling))
    margins = [(MULTIPLE // 2, MULTIPLE // 2 + -side % MULTIPLE) for side in (height, width)]
    answer, kinds = _answers(np.pad(scaled, (*margins, (0, 0)), mode="edge"))
    answer, kinds = _inside(answer, HALF, height, width), _inside(kinds, QUARTER, height, width)
    rows, columns = answer.shape[1:]
    ink = answer[:4].reshape(HALF, HALF, rows, columns).transpose(2, 0, 3, 1).reshape(HALF * rows, HALF * columns)
    ink = _probability(ink[:height, :width])
    return View(scaled, ink, _probability(answer[4]), OFFSET_UNIT * answer[5:7], kinds, _probability(answer[7]))


def _answers(pixels: Pixels) -> list[Map]:
    """What the network says of sides that are multiples of its own: at half the size, and kinds at a quarter."""
    height, width = pixels.shape[:2]
    step = max(MULTIPLE, STRIP // width // MULTIPLE * MULTIPLE)
    strips = []
    for top in range(0, height, step):
        first, last = max(0, top - AROUND), min(height, top + step + AROUND)
        strip = pixels[first:last].transpose(2, 0, 1)[np.newaxis]
        given = np.divide(strip, np.float32(255), out=np.empty(strip.shape, np.float32))
        answers = zip(_session().run(None, {"pixels": given}), (HALF, QUARTER), strict=True)
        strips.append([each[0, :, (top - first) // part : (top - first + step) // part] for each, part in answers])
    return [np.concatenate(parts, axis=1) for parts in zip(*strips, strict=True)]


def _inside(answer: Map, part: int, height: int, width: int) -> Map:
    """An answer at a part of the size without the margin around a picture."""
    start = MULTIPLE // 2 // part
    return answer[:, start : start - -height // part, start : start - -width // part]


def _probability(logits: Map) -> Map:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), np.float32)


@cache
def _session() -> onnxruntime.InferenceSession:
    return open_session(FILE.read_bytes())
