"""The places of everything on the sheet, in millimetres, and the pattern that names its classes."""

import hashlib
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lenet.datasets.classes import in_natural_order
from lenet.errors import LenetError
from lenet.pictures.formats import is_folder_name

WIDTH, HEIGHT = 210.0, 297.0  # A4
# Centres of the corner marks, clockwise from the upper left one: squares in squares of 7 modules, as those of QR codes.
MARKS = np.array([[15.0, 15.0], [195.0, 15.0], [195.0, 282.0], [15.0, 282.0]])
MODULE = 1.7
# The pattern is printed twice, above and below the boxes: upper left corner, side of a cell, rows and columns.
PATTERNS = ((41.0, 9.0), (41.0, 276.0))
CELL = 2.0
BITS = (6, 64)
# Boxes: upper left corner of the first, distance of two, side (at the middle of the outline), and their number.
FIRST, PITCH, SIDE = (30.0, 32.0), 12.0, 10.4
ROWS, COLUMNS = 20, 14
# Bytes of the pattern: a checksum, then the text's length and the text, hidden by bytes that follow from the checksum:
# half of the cells are black whatever the text is, and other classes have wholly other patterns.
BYTES, CHECKSUM = BITS[0] * BITS[1] // 8, 4
LONGEST_TEXT = BYTES - CHECKSUM - 1
MOST_CLASSES = 200
_RANGE = re.compile(r"(\d{1,6})-(\d{1,6})|([a-z])-([a-z])|([A-Z])-([A-Z])")

Bits = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Sheet:
    """One page: a row of ``COLUMNS`` boxes for each class, or several rows when there are few classes.

    Attributes:
        class_names: One to ``ROWS`` names.
    """

    class_names: tuple[str, ...]

    @property
    def rows(self) -> tuple[str, ...]:
        """The class of each row of boxes, from above."""
        return tuple(name for name in self.class_names for _ in range(ROWS // len(self.class_names)))

    @property
    def bits(self) -> Bits:
        """The pattern that names the classes, True for black, ``BITS``."""
        text = ",".join(self.class_names).encode()
        content = bytes([len(text)]) + text.ljust(LONGEST_TEXT, b"\0")
        checksum = zlib.crc32(content).to_bytes(CHECKSUM)
        return np.unpackbits(np.frombuffer(checksum + _hide(content, checksum), np.uint8)).astype(bool).reshape(BITS)

    @staticmethod
    def from_bits(bits: Bits) -> "Sheet | None":
        """The sheet of that pattern, ``BITS``; None when the checksum is wrong."""
        found = np.packbits(bits).tobytes()
        checksum = found[:CHECKSUM]
        content = _hide(found[CHECKSUM:], checksum)
        if zlib.crc32(content).to_bytes(CHECKSUM) != checksum or content[0] > LONGEST_TEXT:
            return None
        names = content[1 : 1 + content[0]].decode(errors="replace").split(",")
        return Sheet(tuple(names[:ROWS]))


def box_corner(row: int, column: int) -> tuple[float, float]:
    """The upper left corner (x, y) of a box."""
    return FIRST[0] + PITCH * column, FIRST[1] + PITCH * row


def parse_classes(text: str) -> tuple[str, ...]:
    """Class names from ranges and names with commas between them: ``0-9``, ``a-f,A-F`` or ``cat,dog``.

    Raises:
        LenetError: for a range that runs backwards, a name that no folder can have, one that occurs twice, or too many.
    """
    names: list[str] = []
    for part in (part.strip() for part in text.split(",")):
        found = _RANGE.fullmatch(part)
        ends = [end for end in found.groups() if end] if found else []
        first, last = (int(end) if end.isdigit() else ord(end) for end in ends) if ends else (0, 0)
        if last < first:
            raise LenetError(f"classes {part!r}: a range goes up, such as 0-9 or a-z")
        if last - first >= MOST_CLASSES:
            raise LenetError(f"classes {part!r}: more than {MOST_CLASSES}; make several sheets")
        if ends:
            names += [str(value) if ends[0].isdigit() else chr(value) for value in range(first, last + 1)]
        else:
            names.append(part)
    for name in names:
        if not is_folder_name(name) or len(name.encode()) > LONGEST_TEXT:
            raise LenetError(f"classes: {name!r} has more than {LONGEST_TEXT} bytes or cannot be a folder's name")
    in_natural_order(np.arange(len(names)), names, f"classes {text!r}"[:80])
    if len(names) > MOST_CLASSES:
        raise LenetError(f"classes: {len(names)} are more than {MOST_CLASSES}; make several sheets")
    return tuple(names)


def sheets(class_names: Sequence[str]) -> list[Sheet]:
    """As many pages as the classes need: each has at most ``ROWS``, whose names fit into the pattern."""
    pages: list[list[str]] = [[]]
    fewest = -(-len(class_names) // ROWS)
    most = -(-len(class_names) // fewest)
    for name in class_names:
        if len(pages[-1]) == most or len(",".join([*pages[-1], name]).encode()) > LONGEST_TEXT:
            pages.append([])
        pages[-1].append(name)
    return [Sheet(tuple(page)) for page in pages]


def _hide(content: bytes, checksum: bytes) -> bytes:
    """Hide the text, or find it again."""
    stream = hashlib.shake_128(b"lenet sheet 1" + checksum).digest(len(content))
    return bytes(byte ^ other for byte, other in zip(content, stream, strict=True))
