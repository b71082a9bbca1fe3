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

from lenet.pictures.marks import CHARACTER
from lenet.pictures.picture import Pixels
from lenet.session import open_session

Floats = npt.NDArray[np.float32]

FILE = Path(__file__).with_name("finder.onnx")
# Kinds of mark: a character, or a separator.
KINDS = CHARACTER + ".,-/:()"
# Sides that the network takes are multiples of this. It sees that much more of the picture's border on each side.
MULTIPLE = 32
# It gives offsets in this many pixels, and all but the ink at half the size.
OFFSET_UNIT, HALF = 16, 2


class View(NamedTuple):
    """What the network sees on a picture of one size.

    Attributes:
        pixels: The picture in this size, uint8 ``(height, width, 3)``.
        ink: Probability that a pixel is ink of a mark, ``(height, width)``.
        middles: Probability that a pixel is the middle of a mark, at half the size.
        offsets: From each pixel to the middle of its mark, down and across, ``(2, height/2, width/2)``.
        kinds: Logits of ``KINDS`` for each pixel, ``(kinds, height/2, width/2)``.
        lines: Probability that a pixel belongs to a line of the paper, of a table, box or ring, at half the size.
    """

    pixels: Pixels
    ink: Floats
    middles: Floats
    offsets: Floats
    kinds: Floats
    lines: Floats


def look(pixels: Pixels, longer: int) -> View:
    """Look at a picture ``(height, width, 3)``, scaled so that its longer side has so many pixels."""
    zoom = longer / max(pixels.shape[:2])
    height, width = (max(1, round(side * zoom)) for side in pixels.shape[:2])
    resampling = (
        Image.Resampling.BOX if zoom < 0.5 else Image.Resampling.BILINEAR if zoom < 1 else Image.Resampling.BICUBIC
    )
    scaled = np.asarray(Image.fromarray(pixels).resize((width, height), resampling))
    margins = [(MULTIPLE // 2, MULTIPLE // 2 + -side % MULTIPLE) for side in (height, width)]
    padded = np.pad(scaled, (*margins, (0, 0)), mode="edge").transpose(2, 0, 1)[np.newaxis].astype(np.float32)
    answer = _session().run(None, {"pixels": np.ascontiguousarray(padded) / np.float32(255)})[0][0]
    start, rows, columns = MULTIPLE // 2 // HALF, -(-height // HALF), -(-width // HALF)
    answer = answer[:, start : start + rows, start : start + columns]
    ink = answer[:4].reshape(HALF, HALF, rows, columns).transpose(2, 0, 3, 1).reshape(HALF * rows, HALF * columns)
    middles, *offsets_and_kinds, lines = answer[4:]
    offsets, kinds = np.split(np.stack(offsets_and_kinds), [2])
    ink = _probability(ink[:height, :width])
    return View(scaled, ink, _probability(middles), OFFSET_UNIT * offsets, kinds, _probability(lines))


def _probability(logits: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), np.float32)


@cache
def _session() -> onnxruntime.InferenceSession:
    return open_session(FILE.read_bytes())
