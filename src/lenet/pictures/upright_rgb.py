"""An opened picture of any mode → RGB of 8 bits, upright, small enough to work on."""

import math

import numpy as np
from PIL import Image, ImageOps

# Larger pictures are shrunk to this many pixels: a page of 30 lines still has 40 pixels a digit.
WORKING_PIXELS = 3_000_000
# Pixels that are shrunk at once.
BAND_PIXELS = 4_000_000


def working_size(full: tuple[int, int]) -> tuple[int, int]:
    """Width and height to which a picture of this size is shrunk."""
    shrink = math.sqrt(max(1.0, full[0] * full[1] / WORKING_PIXELS))
    return max(1, round(full[0] / shrink)), max(1, round(full[1] / shrink))


def upright_rgb(image: Image.Image, wanted: tuple[int, int]) -> Image.Image:
    """Load, shrink, flatten and turn; in this order the memory stays low.

    Args:
        image: Its header is read.
        wanted: Width and height of what is returned, before it is turned.
    """
    if image.format == "JPEG":
        image.draft(None, wanted)  # the decoder itself halves the picture, as often as it can
    image.load()
    about = image.info  # with the EXIF data, which is not there before all is loaded
    if image.mode == "P" and image.palette is None:  # a later frame of a GIF, whose palette Pillow keeps to itself
        image = image.convert("RGB")
    image = _flat(_eight_bits(image if image.size == wanted else _shrunk(image, wanted)))
    image.info = dict(about)  # what is changed in it must not reach the next frame
    ImageOps.exif_transpose(image, in_place=True)
    return image


def _shrunk(image: Image.Image, wanted: tuple[int, int]) -> Image.Image:
    """A smaller copy, made in bands of rows: Pillow would convert all of the picture first."""
    (width, height), scale = image.size, image.height / wanted[1]
    step = max(1, int(BAND_PIXELS / (width * scale)))
    small = None
    for top in range(0, wanted[1], step):
        bottom = min(wanted[1], top + step)
        first, last = max(0, math.floor(top * scale) - 1), min(height, math.ceil(bottom * scale) + 1)
        band = image.crop((0, first, width, last))
        if band.mode in ("1", "P"):  # palette numbers have no mean
            band = band.convert("RGBA" if band.has_transparency_data else "RGB")
        box = (0, top * scale - first, width, min(bottom * scale - first, last - first))
        band = band.resize((wanted[0], bottom - top), Image.Resampling.BOX, box)
        small = small or Image.new(band.mode, wanted)
        small.paste(band, (0, top))
    assert small is not None
    small.info = image.info
    return small


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
    """RGB without transparency."""
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
