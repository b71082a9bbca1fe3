"""A whole picture scaled into another size."""

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from lenet.pictures.picture import Pixels


def letterbox(pixels: Pixels, height: int, width: int, depth: int) -> Pixels:
    """Scale a picture until it fits, its proportions kept, and centre it.

    Args:
        pixels: uint8 ``(h, w, 1 or 3)``.
        height: Of the image to make.
        width: Of the image to make.
        depth: 1 for grey, 3 for colour.

    Returns:
        uint8 ``(height, width, depth)``; the margin has the median colour of the picture's border.
    """
    picture = as_picture(pixels)
    mode = "L" if depth == 1 else "RGB"
    picture = picture if picture.mode == mode else picture.convert(mode)
    if picture.size != (width, height):
        scale = min(width / picture.width, height / picture.height)
        inner = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        ground = np.median(border(_as_array(picture)), axis=0).astype(int)
        sheet = Image.new(picture.mode, (width, height), tuple(ground.tolist()))
        scaled = picture.resize(inner, Image.Resampling.BILINEAR)
        sheet.paste(scaled, ((width - inner[0]) // 2, (height - inner[1]) // 2))
        picture = sheet
    return _as_array(picture)


def border(images: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The outermost pixels of images ``(..., height, width, depth)``, as ``(pixels, depth)``."""
    edges = (images[..., 0, :, :], images[..., -1, :, :], images[..., :, 0, :], images[..., :, -1, :])
    return np.concatenate([edge.reshape(-1, images.shape[-1]) for edge in edges])


def as_picture(image: Pixels) -> Image.Image:
    """A uint8 image ``(height, width, 1 or 3)`` as a Pillow image in mode L or RGB."""
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


def as_png(image: Pixels) -> bytes:
    """A uint8 image ``(height, width, 1 or 3)`` as a PNG file."""
    content = io.BytesIO()
    as_picture(image).save(content, "PNG")
    return content.getvalue()


def _as_array(picture: Image.Image) -> Pixels:
    pixels = np.asarray(picture)
    return pixels[..., np.newaxis] if pixels.ndim == 2 else pixels
