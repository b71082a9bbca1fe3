"""A drawing from the page → the image that a model takes."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from lenet.errors import LenetError
from lenet.pictures.framing import Framing
from lenet.pictures.letterbox import letterbox
from lenet.pictures.picture import Picture, Pixels
from lenet.reading.drawing import INKED, prepare_drawing


@dataclass(frozen=True, eq=False)
class FramedDrawing:
    """A drawing as a model takes it."""

    image: Pixels  # uint8 ``(height, width, depth)``
    # Left, top, right, bottom of the ink in pixels of the drawing; None when nothing is drawn.
    box: tuple[int, int, int, int] | None
    plausible: bool  # whether a digit can have such strokes; always True for a model with framing ``whole``


def frame_drawing(pixels: Pixels, framing: Framing, centred: bool = True) -> FramedDrawing:
    """Frame a drawing.

    ``mark`` brings all ink to MNIST's form. ``whole`` letterboxes the drawing: bright ink on black for a grey model,
    black ink on white for a colour one.

    Args:
        pixels: Ink, uint8 ``(h, w)``, 255 for full ink; or colours, uint8 ``(h, w, 3)``, as the model sees them.
        framing: Of the model.
        centred: False leaves the ink of a mark at its place and in its size.

    Raises:
        LenetError: for colours and a model with framing ``mark``.
    """
    if framing.kind == "mark":
        if pixels.ndim == 3:
            raise LenetError("the drawing has colours, but this model reads ink; send rows of numbers")
        drawing = prepare_drawing(pixels, framing.height, framing.width, centred)
        return FramedDrawing(drawing.image[..., np.newaxis], drawing.box, drawing.digit_shaped)
    height, width = pixels.shape[:2]
    if pixels.ndim == 3:
        image = letterbox(pixels, framing.height, framing.width, framing.depth)
        return FramedDrawing(image, (0, 0, width, height), True)
    paper = pixels if framing.depth == 1 and not framing.inverted else 255 - pixels
    image = framing.frame(Picture(np.repeat(paper[..., np.newaxis], 3, axis=2), 1.0, (width, height)))
    return FramedDrawing(image, Image.fromarray(pixels > INKED).getbbox(), True)
