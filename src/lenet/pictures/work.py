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
# A TIFF's tags: where its strips or tiles lie. Each is decoded on its own.
STRIPS, TILES, MOST_STRIPS = 273, 324, 100_000


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
    if image.format in ("JPEG", "MPO"):
        place = file.tell()
        file.seek(0)
        scans = file.read().count(START_OF_SCAN)
        file.seek(place)
        if scans * image.width * image.height > MOST_SCANNED:
            raise LenetError(f"{name}: has {scans:,} scans of {image.width}×{image.height} pixels; save it again")
    strips = max((len(getattr(image, "tag_v2", {}).get(tag, ())) for tag in (STRIPS, TILES)), default=0)
    if strips > MOST_STRIPS:
        raise LenetError(f"{name}: has {strips:,} strips or tiles, more than {MOST_STRIPS:,}; save it again")
