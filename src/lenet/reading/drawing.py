"""A drawing whose ink is known exactly, such as one made on a screen → one image for the network."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from lenet.pictures.mnist_form import BOX, IMAGE, frame_mark, is_like_mnist

Pixels = npt.NDArray[np.uint8]
# Less is no ink but the soft edge of a stroke.
INKED = 127
# Of MNIST's training digits none has strokes longer than 4.2 of its longer sides, and, brought to one thickness of
# stroke, the boldest fill 0.553 of their box. Photos have a higher limit (mark.LONGEST): there, strokes are frayed.
LONGEST, MOST_FILLED = 4.3, 0.56


@dataclass(frozen=True, eq=False)
class Drawing:
    """One mark, ready for the network.

    Attributes:
        image: uint8 ``(height, width)``, bright ink on black.
        box: left, top, right, bottom of the ink in pixels of the drawing; None when nothing is drawn.
        digit_shaped: whether a digit can have such strokes; a dot or a scribble has not.
    """

    image: Pixels
    box: tuple[int, int, int, int] | None
    digit_shaped: bool


def prepare_drawing(pixels: Pixels, height: int, width: int, centred: bool = True) -> Drawing:
    """Make a drawing look like MNIST: all its ink is one mark.

    Args:
        pixels: uint8 ``(h, w)``, 255 for full ink, 0 for none; any size.
        height: of the image to make.
        width: of the image to make.
        centred: False leaves the ink where and as large as it is, so that one sees what centring is good for.
    """
    rows = np.flatnonzero((pixels > INKED).any(axis=1))
    columns = np.flatnonzero((pixels > INKED).any(axis=0))
    if rows.size == 0:
        return Drawing(np.zeros((height, width), np.uint8), None, False)
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    if pixels.shape == (height, width) and (not centred or is_like_mnist(pixels)):
        return Drawing(pixels, box, True)
    if not centred:
        small = Image.fromarray(pixels).resize((width, height), Image.Resampling.BOX)
        return Drawing(np.asarray(small), box, True)
    made = frame_mark(pixels.astype(np.float32) / np.float32(255), height, width)
    filled = np.count_nonzero(made.image > INKED) / (min(height, width) * BOX / IMAGE) ** 2
    digit_shaped = made.digit_shaped and made.length <= LONGEST and filled <= MOST_FILLED
    return Drawing(made.image, box, bool(digit_shaped))
