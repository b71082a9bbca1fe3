"""IDX, the format of MNIST's own files: a magic number, the sizes, then the numbers."""

import struct
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.datasets.unpack import refuse_bomb, unpacking
from lenet.errors import LenetError

# By the third byte of the magic number. MNIST has unsigned bytes, QMNIST's labels are 32-bit integers.
TYPES: dict[int, np.dtype[Any]] = {0x08: np.dtype("u1"), 0x0C: np.dtype(">i4")}


def read_idx(path: Path) -> npt.NDArray[Any]:
    """The array of an IDX file, packed or plain; LenetError when it is missing or damaged."""
    return parse_idx(unpack(path), path)


def parse_idx(content: bytes, path: Path) -> npt.NDArray[Any]:
    """The array of an unpacked IDX file's ``content``; LenetError, with ``path``, when it is truncated or too long."""
    header, dtype, shape = parse_header(content, path)
    promised, there = prod(shape) * dtype.itemsize, len(content) - header
    if there != promised:
        found = f"only {there:,} are there: it is cut" if there < promised else "more are there: it is damaged"
        raise LenetError(f"{path}: its header promises {promised:,} bytes, {found}")
    return np.frombuffer(content, dtype, offset=header).reshape(shape)


def unpack(path: Path) -> bytes:
    """Read an IDX file whole, unpacked, but never more than a byte beyond what it promises."""
    with unpacking(path) as file:
        start = file.read(4 + 4 * 4)
        header, dtype, shape = parse_header(start, path)
        promised = prod(shape) * dtype.itemsize
        refuse_bomb(promised, path.stat().st_size, str(path))
        return start + file.read(max(0, header + promised + 1 - len(start)))


def parse_header(content: bytes, path: Path) -> tuple[int, np.dtype[Any], tuple[int, ...]]:
    """Its length in bytes, and the type and the shape that it names."""
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES or content[3] not in (1, 2, 3, 4):
        raise LenetError(f"{path}: is not an IDX file of unsigned bytes or 32-bit integers")
    length = 4 + 4 * content[3]
    if len(content) < length:
        raise LenetError(f"{path}: is truncated within its header")
    shape: tuple[Any, ...] = struct.unpack(f">{content[3]}I", content[4:length])
    return length, TYPES[content[2]], shape
