"""IDX, the format of MNIST's own files: a magic number, the sizes, then the bytes."""

import gzip
import re
import struct
import zlib
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from lenet.datasets.assemble import PART_NAMES, assemble, join
from lenet.datasets.classes import resolve
from lenet.datasets.dataset import Dataset, Images, as_images
from lenet.datasets.store import MOST_UNPACKED_BYTES
from lenet.errors import LenetError

# Third byte of the magic number: the element type. MNIST and its kin have unsigned bytes only.
UNSIGNED_BYTE = 0x08
# train-images-idx3-ubyte, t10k-images.idx3-ubyte.gz, emnist-letters-test-images-idx3-ubyte.gz
IMAGES_FILE = re.compile(r"(?:.*-)?(?P<part>[a-z0-9]+)-images[-.]idx\d-ubyte(\.gz)?", re.IGNORECASE)
# One class name in each line, in the order of the labels; EMNIST's own file has label and code point in each line.
NAMES_FILE, EMNIST_NAMES = "classes.txt", "*-mapping.txt"


def read_idx_folder(folder: Path) -> Dataset:
    """Read the pairs of images and labels in a folder: ``train-…``, ``t10k-…``, gzipped or plain.

    Classes are named by ``classes.txt`` (one name in each line), by EMNIST's ``…-mapping.txt``, or by their numbers.

    Raises:
        LenetError: names the file that is missing, damaged or does not match its pair.
    """
    images: list[Images] = []
    labels: list[npt.NDArray[np.uint8]] = []
    parts: list[npt.NDArray[np.int64]] = []
    for path in idx_images(folder):
        found = IMAGES_FILE.fullmatch(path.name)
        part = PART_NAMES.get(found["part"].lower()) if found else None
        if part is None:
            raise LenetError(f"{path}: its name tells no part; it begins with one of {', '.join(PART_NAMES)}")
        if any(part in before for before in parts):
            raise LenetError(f"{path}: a second file of the same part is beside it; remove one")
        images.append(as_images(read_idx(path), str(path)))
        labels.append(_read_labels(path, len(images[-1])))
        parts.append(np.full(len(images[-1]), part))
    if not images:
        raise LenetError(f"{folder}: holds no IDX images such as train-images-idx3-ubyte.gz")
    joined = join(images, str(folder))
    values = np.concatenate(labels)
    every, class_names = resolve(*_with_names(folder, values), str(folder))
    return assemble(str(folder), joined, every, class_names, np.concatenate(parts))


def idx_images(folder: Path) -> list[Path]:
    """The files of a folder that are named as IDX images are."""
    return sorted(path for path in folder.iterdir() if IMAGES_FILE.fullmatch(path.name) and path.is_file())


def read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """The array of an IDX file of unsigned bytes, gzipped or plain; LenetError when it is missing or damaged."""
    return parse_idx(unpack(path), path)


def parse_idx(content: bytes, path: Path) -> npt.NDArray[np.uint8]:
    """The array of an unpacked IDX file's ``content``; LenetError, with ``path``, when it is truncated or too long."""
    header, shape = _header(content, path)
    if len(content) - header != prod(shape):
        raise LenetError(
            f"{path}: its header promises {prod(shape):,} bytes, {len(content) - header:,} are there: "
            "truncated or corrupted"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def unpack(path: Path) -> bytes:
    """Read an IDX file whole, through gzip when it is gzipped, but never more than a byte beyond what it promises."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            if not packed:
                return _read_promised(file, path)
            with gzip.open(file) as unpacked:
                return _read_promised(unpacked, path)
    except OSError as error:
        raise LenetError(f"{path}: cannot be read ({error.strerror or 'damaged gzip data'})") from error
    except (EOFError, zlib.error) as error:
        raise LenetError(f"{path}: is truncated or corrupted ({error})") from error


def _read_promised(file: IO[bytes] | gzip.GzipFile, path: Path) -> bytes:
    start = file.read(4 + 4 * 4)
    header, shape = _header(start, path)
    if prod(shape) > MOST_UNPACKED_BYTES:
        raise LenetError(f"{path}: promises {prod(shape):,} bytes, more than {MOST_UNPACKED_BYTES >> 30} GiB")
    return start + file.read(max(0, header + prod(shape) + 1 - len(start)))


def _header(content: bytes, path: Path) -> tuple[int, tuple[int, ...]]:
    """Its length in bytes, and the shape that it names."""
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != UNSIGNED_BYTE or content[3] not in (1, 2, 3, 4):
        raise LenetError(f"{path}: is not an IDX file of unsigned bytes")
    length = 4 + 4 * content[3]
    if len(content) < length:
        raise LenetError(f"{path}: is truncated within its header")
    shape: tuple[Any, ...] = struct.unpack(f">{content[3]}I", content[4:length])
    return length, shape


def _read_labels(images: Path, count: int) -> npt.NDArray[np.uint8]:
    """The labels that belong to a file of images, packed like it or not."""
    name = re.sub(r"images([-.])idx\d", r"labels\1idx1", images.name, flags=re.IGNORECASE)
    plain = images.with_name(name.removesuffix(".gz"))
    packed = plain.with_name(f"{plain.name}.gz")
    path = next((path for path in (images.with_name(name), plain, packed) if path.exists()), None)
    if path is None:
        raise LenetError(f"{images}: its labels {plain.name} or {packed.name} are not beside it")
    labels = read_idx(path)
    if labels.shape != (count,):
        raise LenetError(f"{path}: has labels of shape {labels.shape} for {count:,} images; are the files swapped?")
    return labels


def _with_names(folder: Path, values: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[Any], list[str] | None]:
    """Labels and the names that they index, or the labels alone when nothing names them."""
    path = folder / NAMES_FILE
    mappings = sorted(folder.glob(EMNIST_NAMES))
    try:
        if path.exists():
            return values, path.read_text(encoding="utf-8").splitlines()
        if not mappings:
            return values, None
        path = mappings[0]
        names = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            label, code, *_ = line.split()
            names[int(label)] = chr(int(code))
    except OSError as error:
        raise LenetError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, OverflowError) as error:
        raise LenetError(f"{path}: has not one label and one code point in each line ({error})") from error
    missing = sorted(set(np.unique(values).tolist()) - names.keys())
    if missing:
        raise LenetError(f"{path}: does not name the label {missing[0]}")
    return np.array([names[value] for value in values.tolist()]), list(names.values())
