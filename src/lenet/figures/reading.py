"""A picture of handwriting with the result of reading it, and the steps of reading."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image, ImageDraw, ImageFont, ImageOps

from lenet.figures.style import BLUE, VERMILION, drawing, font_file, image_cells, show_image
from lenet.pictures.picture import Box

MOST_COLUMNS = 12


def annotated(
    pixels: npt.NDArray[np.uint8], boxes: Sequence[Box], captions: Sequence[str], doubtful: Sequence[bool]
) -> Image.Image:
    """The picture ``(height, width, 3)`` with a caption for each box; doubtful ones in orange.

    A box is left, top, right, bottom in pixels. Where one leaves no room for its caption, a white strip is added above
    the picture.
    """
    # A picture of 28 pixels is too small for a caption.
    zoom = max(1, math.ceil(320 / max(pixels.shape)))
    image = Image.fromarray(pixels).resize((pixels.shape[1] * zoom, pixels.shape[0] * zoom), Image.Resampling.NEAREST)
    size = max(12.0, 0.3 * zoom * float(np.median([box[3] - box[1] for box in boxes])) if boxes else 12.0)
    font = ImageFont.truetype(font_file("".join(captions)), size)
    line = max(2, round(size / 10))
    high = 2 * line + max((math.ceil(font.getbbox(caption)[3]) for caption in captions), default=0)
    without_room = [zoom * box[1] for box in boxes if zoom * box[1] < high and image.height - zoom * box[3] < high]
    strip = high - min(without_room, default=high)
    image = ImageOps.expand(image, (0, strip, 0, 0), "white")
    pen = ImageDraw.Draw(image)
    for box, caption, doubt in zip(boxes, captions, doubtful, strict=True):
        colour = VERMILION if doubt else BLUE
        left, top, right, bottom = (edge * zoom for edge in box)
        top, bottom = top + strip, bottom + strip
        pen.rectangle((left - line, top - line, right + line, bottom + line), outline=colour, width=line)
        place = _caption_place(pen.textbbox((0, 0), caption, font=font), (left, top, bottom), image.size, line)
        pen.rectangle(pen.textbbox(place, caption, font=font), fill="white")
        pen.text(place, caption, fill=colour, font=font)
    return image


def reading(
    pixels: npt.NDArray[np.uint8],
    strength: npt.NDArray[np.float32],
    mask: npt.NDArray[np.bool_],
    boxes: Sequence[Box],
    images: Sequence[npt.NDArray[np.uint8]],
    captions: Sequence[str],
    doubtful: Sequence[bool],
) -> Figure:
    """The steps of reading: the picture, its ink, the marks, and the network's input for each mark.

    ``boxes``, ``images`` ``(h, w)``, ``captions`` and ``doubtful``, which are orange, have one entry for each mark.

    Args:
        pixels: ``(height, width, 3)``.
        strength: ``(height, width)``, 1 for full ink.
        mask: ``(height, width)``, whether each pixel is writing.
        boxes: Left, top, right, bottom in these pixels, in reading order.
    """
    columns = min(MOST_COLUMNS, max(6, len(images)))
    rows = math.ceil(len(images) / columns)
    height = min(6.0, 4.0 * pixels.shape[0] / pixels.shape[1] + 0.5)
    with drawing(12, height + 1.35 * rows + 0.3) as figure:
        upper, *lower = figure.subfigures(
            1 + bool(rows), 1, height_ratios=[height, 1.35 * rows][: 1 + bool(rows)], squeeze=False
        )[:, 0]
        titles = ("1  The picture", "2  Ink, lighting corrected", "3  The marks")
        stages = (pixels, _as_paper(strength), _as_paper(mask))
        for axes, title, stage in zip(upper.subplots(1, 3), titles, stages, strict=True):
            show_image(axes, stage)
            axes.set_title(title)
        for (left, top, right, bottom), doubt in zip(boxes, doubtful, strict=True):
            size = right - left + 1, bottom - top + 1
            axes.add_patch(Rectangle((left - 1, top - 1), *size, fill=False, edgecolor=VERMILION if doubt else BLUE))
        if lower:
            lower[0].suptitle("4  Input of the network", x=0.01, ha="left", fontweight="bold", fontsize=13)
            cells = image_cells(lower[0], rows, columns)
            for cell, image, caption, doubt in zip(cells, images, captions, doubtful, strict=False):
                show_image(cell, image[..., np.newaxis])
                cell.set_title(caption, fontsize=10, loc="center", color=VERMILION if doubt else BLUE)
    return figure


def _as_paper(ink: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Ink from 0 to 1 as dark on white, in colour so that it is shown as it is."""
    grey = (255 * (1 - ink.astype(np.float32))).astype(np.uint8)
    return np.repeat(grey[..., np.newaxis], 3, axis=2)


def _caption_place(
    text: tuple[float, float, float, float], box: tuple[int, int, int], size: tuple[int, int], line: int
) -> tuple[float, float]:
    """Above the box, or below it at the upper edge; always inside the picture."""
    left, top, bottom = box
    width, height = text[2] - text[0], text[3]
    y = top - 2 * line - height
    if y < 0:
        y = min(bottom + 2 * line, size[1] - height)
    return max(0, min(left, size[0] - width)), y
