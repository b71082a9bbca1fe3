"""What decoding a picture costs, from its header: refused before it is paid."""

from typing import BinaryIO

from PIL import Image

from lenet.errors import LenetError

# More than any telephone's full picture.
MOST_PIXELS = 64_000_000
# The most that JPEG has. Pillow keeps pointers and sums for each row and column.
MOST_SIDE = 65_535
# A progressive JPEG has about ten scans, and each goes over all pixels.
MOST_SCANNED = 2_000_000_000
START_OF_SCAN = b"\xff\xda"
# A TIFF's tags: where its strips or tiles lie, and the rows of a strip. Each strip is decoded on its own.
STRIPS, TILES, ROWS, MOST_STRIPS = 273, 324, 278, 100_000
# Bytes that pixels take while they are decoded. Of one pixel: what Pillow keeps by mode, 4 for others; and with the
# copies that some decoders make; and of an animation, whose frames are laid on one another.
MOST_HELD = 272 << 20
MODE_BYTES = {"1": 1, "L": 1, "P": 1, "LA": 4, "I;16": 2, "I;16B": 2, "I;16L": 2}
DECODER_BYTES = {"WEBP": 16, "AVIF": 10}
ANIMATION_BYTES = 64
# Of all pages of a file together: pixels that are always read, and more for each byte of it.
MOST_TOTAL, TOTAL_PER_BYTE = 32_000_000, 2_000


def check_size(image: Image.Image, name: str) -> None:
    """Refuse a picture without pixels, or with too many; LenetError."""
    width, height = image.size
    if width * height > MOST_PIXELS:
        limit = MOST_PIXELS // 1_000_000
        raise LenetError(f"{name}: {width}×{height} pixels are more than {limit} million; make the picture smaller")
    if max(width, height) > MOST_SIDE:
        raise LenetError(f"{name}: {width}×{height} pixels; no side may have more than {MOST_SIDE:,}")
    if not (width and height):
        raise LenetError(f"{name}: has no pixels")


def check_work(image: Image.Image, file: BinaryIO, name: str) -> None:
    """Refuse a picture whose decoding takes many times as long as its pixels need; LenetError.

    Args:
        image: With its header read.
        file: That it was opened from; its position stays.
        name: What to call it in the error.
    """
    tags = getattr(image, "tag_v2", {})
    strips = max(1, *(len(tags.get(tag, ())) for tag in (STRIPS, TILES)))
    if strips > MOST_STRIPS:
        raise LenetError(f"{name}: has {strips:,} strips or tiles, more than {MOST_STRIPS:,}; save it again")
    if image.format in ("JPEG", "MPO") or "jpeg" in str(image.info.get("compression")):
        place = file.tell()
        file.seek(0)
        scans = file.read().count(START_OF_SCAN)
        file.seek(place)
        if scans * image.width * image.height > MOST_SCANNED * strips:
            raise LenetError(f"{name}: has {scans:,} scans of {image.width}×{image.height} pixels; save it again")
    each = DECODER_BYTES.get(str(image.format), MODE_BYTES.get(image.mode, 4))
    if image.info.get("progressive"):  # all coefficients, of 2 bytes; the pixels are made at a smaller scale
        samples = [across * down for _, across, down, _ in getattr(image, "layer", ())]
        each = 2 * sum(samples) / max(samples)
    strip = min(tags.get(ROWS, image.height), image.height) if tags else 0
    _refuse_held(round(each * image.width * (image.height + strip)), image, name)


def check_animation(image: Image.Image, name: str) -> None:
    """Refuse an animation that is too large to lay its frames on one another; LenetError."""
    if image.format not in ("TIFF", "PDF"):
        _refuse_held(ANIMATION_BYTES * image.width * image.height, image, name)


def _refuse_held(held: int, image: Image.Image, name: str) -> None:
    """Refuse what takes more than ``MOST_HELD`` bytes of memory; LenetError."""
    if held > MOST_HELD:
        what = f"{image.width}×{image.height} pixels of {image.format} take {held >> 20:,} MiB to decode"
        raise LenetError(f"{name}: {what}, more than {MOST_HELD >> 20}; make the picture smaller")
