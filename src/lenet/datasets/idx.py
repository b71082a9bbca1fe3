"""IDX, the format of MNIST's own files: a magic number, the sizes, then the bytes."""

import gzip
import struct
import zlib
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.errors import LenetError

# Third byte of the magic number: the element type. MNIST and its kin have unsigned bytes only.
UNSIGNED_BYTE = 0x08


def read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes, gzipped or plain.

    Returns:
        The array in the shape that its header names.

    Raises:
        LenetError: missing, truncated, too long, corrupted, or not IDX.
    """
    return parse_idx(unpack(path), path)


def parse_idx(content: bytes, path: Path) -> npt.NDArray[np.uint8]:
    """Make the array of an unpacked IDX file's ``content``; ``path`` is for the messages.

    Raises:
        LenetError: truncated, too long, or not IDX.
    """
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != UNSIGNED_BYTE or content[3] not in (1, 2, 3, 4):
        raise LenetError(f"{path}: is not an IDX file of unsigned bytes")
    header = 4 + 4 * content[3]
    if len(content) < header:
        raise LenetError(f"{path}: is truncated within its header")
    shape: tuple[Any, ...] = struct.unpack(f">{content[3]}I", content[4:header])
    if len(content) - header != prod(shape):
        raise LenetError(
            f"{path}: its header promises {prod(shape):,} bytes, {len(content) - header:,} are there: "
            "truncated or corrupted"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def unpack(path: Path) -> bytes:
    """Read a file whole, through gzip when it is gzipped.

    Raises:
        LenetError: missing, truncated or corrupted.
    """
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except OSError as error:
        raise LenetError(f"{path}: cannot be read ({error.strerror or 'damaged gzip data'})") from error
    except (EOFError, zlib.error) as error:
        raise LenetError(f"{path}: is truncated or corrupted ({error})") from error
