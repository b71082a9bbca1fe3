"""Any picture a person brings → upright RGB pixels, decoded safely."""

import io
import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from lenet.errors import LenetError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
# More than any telephone's full picture; checked in the header, before a pixel is decoded.
MOST_PIXELS = 64_000_000
MOST_BYTES = 128 << 20
# Digits are found on a picture of at most this many pixels: a page of 30 lines still has 40 pixels a digit.
WORKING_PIXELS = 3_000_000
# What the EXIF entry asks for.
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

Source = str | Path | bytes | npt.NDArray[Any] | Image.Image


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture, upright and small enough to work on.

    Attributes:
        pixels: uint8 ``(height, width, 3)``, red, green, blue.
        scale: pixels of the full picture to one of these; 1 unless the picture was large.
        size: width and height of the full picture, upright.
    """

    pixels: npt.NDArray[np.uint8]
    scale: float
    size: tuple[int, int]


def open_picture(source: Source, name: str | None = None) -> Picture:
    """Decode a picture.

    The first frame or page is taken, turned as its EXIF says; what is transparent lies on white paper, or on black
    where the ink itself is white.

    Args:
        source: a path, a file's bytes, an array ``(height, width)`` or ``(height, width, 1, 3 or 4)``, uint8, bool,
            uint16 or float from 0 to 1, or a Pillow image.
        name: what to call it in an error; its path or kind when not given.

    Raises:
        LenetError: when it is no picture of the formats in ``FORMATS``, is damaged, or is too large.
    """
    if isinstance(source, str | Path):
        name, source = name or str(source), _read(Path(source), name or str(source))
    name = name or "picture"
    with warnings.catch_warnings():
        # Pillow's warnings of odd metadata and of sizes (which are checked here) would be a second line.
        warnings.simplefilter("ignore")
        try:
            image = _opened(source, name)
            _check_size(image, name)
            return _prepared(image)
        except LenetError:
            raise
        except MemoryError:
            raise LenetError(f"{name}: does not fit into the memory; make it smaller") from None
        except Exception as error:  # a decoder fed with hostile bytes may raise anything
            raise LenetError(f"{name}: {_reason(error)}; save it again as PNG or JPEG") from error


def _read(path: Path, name: str) -> bytes:
    try:
        if not path.is_file():
            what = "is a folder, not a picture" if path.is_dir() else "no such picture"
            raise LenetError(f"{name}: {what}; name a file of the kinds {', '.join(FORMATS)}")
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a file's name"
        raise LenetError(f"{name}: cannot be read ({reason})") from error


def _opened(source: bytes | npt.NDArray[Any] | Image.Image, name: str) -> Image.Image:
    if isinstance(source, Image.Image):
        _check_size(source, name)
        return source.copy()  # what is done to it below must not reach the caller's
    if isinstance(source, np.ndarray):
        return Image.fromarray(_as_pixels(source, name))
    if not source:
        raise LenetError(f"{name}: is empty; name a file of the kinds {', '.join(FORMATS)}")
    if len(source) > MOST_BYTES:
        raise LenetError(f"{name}: more than {MOST_BYTES >> 20} MiB; make the picture smaller")
    return Image.open(io.BytesIO(source), formats=FORMATS)


def _as_pixels(array: npt.NDArray[Any], name: str) -> npt.NDArray[np.uint8]:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim not in (2, 3) or array.size == 0 or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise LenetError(f"{name}: an array of shape {array.shape} is no picture; give (height, width[, 1, 3 or 4])")
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype == np.uint16:
        return (array >> 8).astype(np.uint8)
    if array.dtype.kind == "f" and float(np.nanmin(array)) >= 0 and float(np.nanmax(array)) <= 1:
        return np.asarray((np.nan_to_num(array) * 255).round(), np.uint8)
    raise LenetError(f"{name}: an array of {array.dtype} in this range is no picture; give uint8, or floats 0 to 1")


def _check_size(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > MOST_PIXELS:
        limit = MOST_PIXELS // 1_000_000
        raise LenetError(f"{name}: {width}×{height} pixels are more than {limit} million; make the picture smaller")
    if not (width and height):
        raise LenetError(f"{name}: has no pixels")


def _prepared(image: Image.Image) -> Picture:
    """Shrunk, flattened and turned; in this order the memory stays low."""
    full = image.size
    if image.format == "JPEG":
        image.draft(None, _working_size(full))  # the decoder itself halves the picture, as often as it can
    image.load()
    if image.format != "JPEG":
        full = image.size  # a TIFF turns itself while it is loaded
    turn = TURNS.get(image.getexif().get(ORIENTATION, 1))
    image = _eight_bits(image)
    wanted = _working_size(full)
    if image.size != wanted:
        if image.mode in ("1", "P"):  # palette numbers have no mean
            image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        image = image.resize(wanted, Image.Resampling.BOX)
    image = _flat(image)
    if turn is not None:
        image = image.transpose(turn)
        full = full if image.size == wanted else full[::-1]
    return Picture(np.asarray(image), full[0] / image.size[0], full)


def _working_size(full: tuple[int, int]) -> tuple[int, int]:
    shrink = math.sqrt(max(1.0, full[0] * full[1] / WORKING_PIXELS))
    return max(1, round(full[0] / shrink)), max(1, round(full[1] / shrink))


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit and float pictures brought to 0…255; Pillow's own conversion would cut them off."""
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.asarray(image).astype(np.float32)
    np.nan_to_num(values, copy=False, nan=0, posinf=0, neginf=0)
    low, high = float(values.min()), float(values.max())
    if image.mode.startswith("I;16") or (image.mode == "I" and low >= 0 and 255 < high <= 65535):
        low, high = 0, 65535
    elif low >= 0 and high <= 255:
        low, high = 0, 1.0 if image.mode == "F" and high <= 1 else 255.0
    values -= low
    values *= 255 / max(high - low, 1e-6)
    return Image.fromarray(values.round().clip(0, 255).astype(np.uint8))


def _flat(image: Image.Image) -> Image.Image:
    """RGB with what is transparent laid on paper."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    on_white = _laid_on(image, 255)
    alpha = np.asarray(image.getchannel("A"))
    if alpha.min() < alpha.max() and np.asarray(on_white.convert("L")).min() > 200:
        # There is something, and it cannot be seen on white: the ink is white itself.
        return _laid_on(image, 0)
    return on_white


def _laid_on(image: Image.Image, grey: int) -> Image.Image:
    paper = Image.new("RGBA", image.size, (grey, grey, grey, 255))
    return Image.alpha_composite(paper, image).convert("RGB")


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return f"is no picture of the kinds {', '.join(FORMATS)}"
    if isinstance(error, Image.DecompressionBombError):
        return f"has more than {MOST_PIXELS // 1_000_000} million pixels"
    if "truncated" in str(error).lower() or isinstance(error, EOFError):
        return "is cut off before its end"
    return "is damaged"
