"""One picture file, decoded with care: known formats only, its size checked before its pixels are read."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from lenet.datasets.dataset import Images
from lenet.datasets.prepare import as_array, border, fit
from lenet.errors import LenetError, reason

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "PPM")
ENDINGS = (
    *(".png", ".jpg", ".jpeg", ".jfif", ".gif", ".bmp", ".dib", ".tif", ".tiff"),
    *(".webp", ".avif", ".pgm", ".ppm", ".pbm", ".pnm"),
)
# A camera's largest pictures fit; a bomb of a few bytes does not.
MOST_PIXELS = 64_000_000
MOST_FILE_BYTES = 256 << 20
ORIENTATION = 0x0112  # Exif's tag; 5 to 8 are turned by a quarter

# A picture's file, or its bytes where it lies in another file; None where that file has a place for it, but no bytes.
Encoded = Path | bytes | None


@dataclass(frozen=True)
class Look:
    """What a picture says of itself before its pixels are read.

    Attributes:
        size: height and width, turned as Exif says.
        colour: whether it can hold anything but grey.
    """

    size: tuple[int, int]
    colour: bool


def look(encoded: Encoded, where: str) -> Look:
    """Read a picture's header.

    Raises:
        LenetError: not a picture of a known format, or too large; ``where`` is named in it.
    """
    with _opened(encoded, where) as picture:
        turned = _turn(picture) in (5, 6, 7, 8)
        size = (picture.width, picture.height) if turned else (picture.height, picture.width)
        return Look(size, _is_colour(picture))


def decode(encoded: Encoded, where: str, size: tuple[int, int] | None, depth: int) -> Images:
    """A picture's first frame as uint8 ``(height, width, depth)``.

    Transparency lies on white, Exif's turn is applied, 16-bit grey keeps its upper 8 bits.

    Args:
        encoded: the picture.
        where: its name in messages.
        size: height and width to scale to, as ``fit`` does; None keeps its own.
        depth: 1 for grey, 3 for colour.

    Raises:
        LenetError: when any part of it cannot be read.
    """
    with _opened(encoded, where) as picture:
        flat = _flat(ImageOps.exif_transpose(picture) if _turn(picture) else picture)
        return fit(flat, size or (flat.height, flat.width), depth)


def grey_border(encoded: Encoded, where: str) -> npt.NDArray[np.uint8]:
    """The grey values of a picture's outermost pixels, ``(pixels, 1)``.

    Raises:
        LenetError: when any part of it cannot be read.
    """
    with _opened(encoded, where) as picture:
        return border(as_array(_flat(picture).convert("L")))


@contextmanager
def _opened(encoded: Encoded, where: str) -> Iterator[Image.Image]:
    if encoded is None:
        raise LenetError(f"{where}: holds no picture's bytes; files outside are not followed")
    try:
        if isinstance(encoded, Path) and encoded.stat().st_size > MOST_FILE_BYTES:
            raise ValueError(f"its file is larger than {MOST_FILE_BYTES >> 20} MiB")
        file = io.BytesIO(encoded) if isinstance(encoded, bytes) else encoded
        with Image.open(file, formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise ValueError(f"{picture.width}×{picture.height} pixels are too many")
            yield picture
    except Exception as error:  # decoders of eight formats fail in more ways than can be named
        raise LenetError(f"{where}: is not a readable picture ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return f"not {', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
    return reason(error)


def _turn(picture: Image.Image) -> int:
    """Exif's orientation, 2 to 8, or 0 when the picture stands upright."""
    if picture.format == "PNG" and not {"exif", "Raw profile type exif"} & picture.info.keys():
        return 0  # Pillow would decode the whole picture to look for it at the end
    orientation = picture.getexif().get(ORIENTATION, 1)
    return orientation if orientation in range(2, 9) else 0


def _is_colour(picture: Image.Image) -> bool:
    if picture.mode == "P":
        palette = np.array(picture.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
        return bool((palette != palette[:, :1]).any())
    return picture.mode not in ("1", "L", "LA", "La", "I", "F") and not picture.mode.startswith("I;16")


def _flat(picture: Image.Image) -> Image.Image:
    """In mode L or RGB, without transparency."""
    picture.load()
    if picture.mode == "F":
        raise ValueError("its pixels are fractions; save it with 8 bits a channel")
    if picture.mode == "I" or picture.mode.startswith("I;16"):
        wide = np.asarray(picture).astype(np.int64)
        if wide.min() < 0 or wide.max() > 0xFFFF:
            raise ValueError("its pixels have 32 bits; save it with 8 bits a channel")
        return Image.fromarray((wide >> 8).astype(np.uint8))
    colour = _is_colour(picture)
    if picture.mode in ("L", "RGB") and "transparency" not in picture.info:
        return picture
    if picture.has_transparency_data:
        paper = Image.new("RGBA", picture.size, "white")
        paper.alpha_composite(picture.convert("RGBA"))
        picture = paper
    return picture.convert("RGB").convert("RGB" if colour else "L")
