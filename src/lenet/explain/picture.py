"""From a picture file to the images that are explained."""

from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from lenet.datasets.dataset import Images
from lenet.errors import LenetError
from lenet.model.runtime import Model

FORMATS = ("PNG", "JPEG", "BMP", "GIF")


def images_of(path: Path, model: Model) -> Images:
    """The digits in a picture, ``(n, height, width, depth)`` uint8, ready for ``model``.

    The picture is taken as it is: exactly of the model's size, bright ink on black.

    Raises:
        LenetError: when it cannot be read or has another size.
    """
    height, width, depth = model.input_shape
    try:
        with Image.open(path, formats=FORMATS) as picture:
            if picture.size != (width, height):
                raise LenetError(f"{path}: has {picture.width}×{picture.height} pixels; {width}×{height} are needed")
            pixels = np.asarray(picture.convert("L" if depth == 1 else "RGB"))
    except (OSError, UnidentifiedImageError) as error:
        reason = getattr(error, "strerror", None) or "it is no PNG, JPEG, BMP or GIF"
        raise LenetError(f"{path}: cannot be read as a picture ({reason})") from error
    return pixels.reshape(1, height, width, depth)
