"""One mark → one image made the way MNIST's were.

MNIST's makers took bilevel scans, shrank each digit into 20×20 pixels with its proportions kept and grey edges, and put
its centre of mass into the middle of 28×28 (LeCun et al., 1998, section III-A). Their pens were of one kind; here they
are not, so strokes are also brought to MNIST's thickness before shrinking.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from lenet.pictures.picture import Picture, Pixels

Strength = npt.NDArray[np.float32]

# The digit's longer side in an image of MNIST's 28 pixels.
BOX, IMAGE = 20, 28
# Drawn this many times larger than in the end, so that shrinking gives grey edges.
OVERSIZE = 5
# Stroke widths of the middle half of MNIST's training digits, in pixels of the 20.
THINNEST, THICKEST = 2.0, 2.7
# Of MNIST's training digits none has strokes that are, laid end to end, longer than 4.2 times the digit's longer side,
# nor a spot further than 0.31 of it from every edge.
LONGEST, FATTEST = 6.0, 0.35


class FramedMark(NamedTuple):
    """A mark in MNIST's form.

    Attributes:
        image: uint8 ``(height, width)``, bright ink on black; all black when there is no ink.
        digit_shaped: Whether a digit can have such strokes; a blot or a scribble cannot.
        length: Length of all strokes, in longer sides of the mark; 0 where it was not measured.
    """

    image: Pixels
    digit_shaped: bool
    length: float = 0.0


def frame_mark(strength: Strength, height: int = IMAGE, width: int = IMAGE) -> FramedMark:
    """Bring a mark to MNIST's form.

    Args:
        strength: ``(h, w)``, 1 for ink, 0 for paper and for everything that is not this mark; any size.
        height: Of the image to make.
        width: Of the image to make.
    """
    box = round(min(height, width) * BOX / IMAGE)
    outline = _outline(strength, box * OVERSIZE)
    if outline is None:
        return FramedMark(np.zeros((height, width), np.uint8), False)
    drawing, digit_shaped, length = _evened(outline, box)
    return FramedMark(_centred(_shrunk(drawing, box), height, width), digit_shaped, length)


def find_mnist_image(picture: Picture) -> Pixels | None:
    """The picture itself, bright on black, ``(28, 28)``, if it is grey and in MNIST's form in either polarity."""
    if picture.pixels.shape[:2] != (IMAGE, IMAGE) or np.ptp(picture.pixels, axis=2).any():
        return None
    grey = picture.pixels[..., 0]
    return next((image for image in (grey, 255 - grey) if is_like_mnist(image)), None)


def is_like_mnist(image: Pixels) -> bool:
    """Whether an image ``(h, w)``, bright on black, is in MNIST's form: size, box and centre of mass."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    if image.shape != (IMAGE, IMAGE) or rows.size == 0:
        return False
    box = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    # MNIST's own centres of mass are never further than half a pixel from (14, 14).
    return bool(box == BOX and np.abs(_centre_of_mass(image) - IMAGE / 2).max() <= 0.51)


def _outline(strength: Strength, side: int) -> npt.NDArray[np.bool_] | None:
    """The mark as a bilevel drawing whose longer side is ``side``, with a margin; None where no ink is left."""
    inked = strength > 0.5
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    if rows.size == 0:
        return None
    drawn = np.pad(strength, 1)[rows[0] : rows[-1] + 3, columns[0] : columns[-1] + 3]
    zoom = side / max(rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1)
    if zoom < 1:  # a hairline must not be averaged away
        from scipy import ndimage

        drawn = ndimage.maximum_filter(drawn, size=round(1 / zoom))
    size = (max(1, round(drawn.shape[1] * zoom)), max(1, round(drawn.shape[0] * zoom)))
    enlarged = np.asarray(Image.fromarray(drawn).resize(size, Image.Resampling.BICUBIC))
    return np.pad(enlarged > 0.5, OVERSIZE) if enlarged.max() > 0.5 else None


def _evened(outline: npt.NDArray[np.bool_], box: int) -> tuple[Strength, bool, float]:
    """The drawing with strokes of MNIST's thickness and soft edges, whether it has a digit's strokes, their length.

    The thickness is evened by moving the whole edge in or out.
    """
    from scipy import ndimage

    scale = OVERSIZE * box / BOX  # pixels of the drawing to one of MNIST's
    inside = ndimage.distance_transform_edt(outline)
    middle = inside[outline & (inside == ndimage.maximum_filter(inside, size=3))]
    thickness = max(1.0, 2 * float(middle.mean()) - 1)
    length = float(np.count_nonzero(outline) / max(2.0, thickness) / (OVERSIZE * box))
    digit_shaped = bool(length <= LONGEST and float(middle.max()) <= FATTEST * OVERSIZE * box)
    move = (float(np.clip(thickness, THINNEST * scale, THICKEST * scale)) - thickness) / 2
    # Where the pen was light, a stroke keeps at least a pixel of the 20.
    move = max(move, min(0.0, scale / 2 - float(np.percentile(middle, 10))))
    # Where the edge moves in, nothing outside is drawn.
    outside = ndimage.distance_transform_edt(~outline) if move > 0 else 1
    distance = np.where(outline, inside - 0.5, 0.5 - outside)
    return np.asarray(np.clip(distance + move + 0.5, 0, 1), np.float32), digit_shaped, length


def _shrunk(drawing: Strength, box: int) -> Strength:
    rows, columns = np.flatnonzero(drawing.any(axis=1)), np.flatnonzero(drawing.any(axis=0))
    if rows.size == 0:
        return np.zeros((1, 1), np.float32)
    cut = drawing[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    zoom = box / max(cut.shape)
    size = (max(1, round(cut.shape[1] * zoom)), max(1, round(cut.shape[0] * zoom)))
    return np.asarray(Image.fromarray(cut).resize(size, Image.Resampling.BOX))


def _centred(digit: Strength, height: int, width: int) -> Pixels:
    image = np.zeros((height, width), np.uint8)
    centre = _centre_of_mass(digit)
    top = int(np.clip(round(height / 2 - centre[0]), 0, height - digit.shape[0]))
    left = int(np.clip(round(width / 2 - centre[1]), 0, width - digit.shape[1]))
    image[top : top + digit.shape[0], left : left + digit.shape[1]] = (digit * 255).round()
    return image


def _centre_of_mass(image: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    weights = image.astype(np.float64)
    total = max(float(weights.sum()), 1e-9)
    rows, columns = np.arange(image.shape[0]), np.arange(image.shape[1])
    return np.array([weights.sum(axis=1) @ rows, weights.sum(axis=0) @ columns]) / total
