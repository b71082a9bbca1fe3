"""NumPy's ``.npz``: named arrays in a ZIP file, read without ever unpickling."""

import zipfile
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.atomic import replacing
from lenet.datasets.assemble import PART_NAMES, TRAIN, assemble, join, sections
from lenet.datasets.classes import resolve
from lenet.datasets.dataset import Dataset, as_images
from lenet.datasets.pixels import as_pixels
from lenet.datasets.store import MOST_UNPACKED_BYTES
from lenet.errors import LenetError, reason

IMAGES = ("x", "images", "image", "imgs", "data", "pixels")
LABELS = ("y", "labels", "label", "targets", "target")
NAMES = ("class_names", "classes", "names")
EXPECTED = "x_train and y_train, with x_test and y_test or without"


def read_npz(path: Path) -> Dataset:
    """Read images and labels by their keys: ``x_train``/``y_train``, ``train_images``/``train_labels``, ``x``/``y``.

    Labels are numbers or names; ``class_names`` says what the numbers mean.

    Raises:
        LenetError: damaged, pickled, too large, or without such keys.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = _read_arrays(archive, path)
    except LenetError:
        raise
    except Exception as error:  # zipfile and NumPy's header reader fail in many ways on damaged bytes
        raise LenetError(f"{path}: is not a readable .npz file ({reason(error)})") from error
    names_key, names = arrays.pop("names", (None, None))
    images, labels, parts = [], [], []
    for part in sorted({part for _, part in arrays}):
        if ("images", part) not in arrays or ("labels", part) not in arrays:
            raise LenetError(f"{path}: images without labels, or labels without images; it needs {EXPECTED}")
        key, pixels = arrays["images", part]
        images.append(as_images(as_pixels(pixels, f"{path}: {key}"), f"{path}: {key}"))
        labels.append(_labels(*arrays["labels", part], len(pixels), path))
        parts.append(np.full(len(pixels), part))
    joined = join(images, str(path))
    if names is not None and (names.ndim != 1 or names.dtype.kind not in "US"):
        raise LenetError(f"{path}: {names_key} is {names.dtype} of shape {names.shape}; one text a class is needed")
    every, class_names = resolve(
        np.concatenate(labels), None if names is None else _text(names, f"{path}: {names_key}").tolist(), str(path)
    )
    return assemble(str(path), joined, every, class_names, np.concatenate(parts))


def write_npz(dataset: Dataset, path: Path) -> None:
    """Write ``x_train``, ``y_train``, those of the other parts, and ``class_names``."""
    arrays: dict[str, npt.NDArray[Any]] = {"class_names": np.array(dataset.class_names)}
    for name, rows in sections(dataset).items():
        part = "train" if name == "all" else name
        images = dataset.images[rows]
        arrays[f"x_{part}"] = images[..., 0] if dataset.depth == 1 else images
        arrays[f"y_{part}"] = dataset.labels[rows]
    with replacing(path, suffix=".npz") as temporary:
        np.savez_compressed(temporary, allow_pickle=False, **arrays)


def _read_arrays(archive: zipfile.ZipFile, path: Path) -> dict[Any, tuple[str, npt.NDArray[Any]]]:
    """Images and labels by kind and part, class names as ``names``; each with its key in the file."""
    found: dict[Any, tuple[str, npt.NDArray[Any]]] = {}
    left = MOST_UNPACKED_BYTES
    for entry in archive.infolist():
        key = entry.filename.removesuffix(".npy")
        meaning = _meaning(key)
        if meaning is None:
            continue
        if meaning in found:
            raise LenetError(f"{path}: {found[meaning][0]} and {key} mean the same")
        left -= entry.file_size
        if left < 0:
            raise LenetError(f"{path}: unpacks to more than {MOST_UNPACKED_BYTES >> 30} GiB; use a folder or parquet")
        found[meaning] = (key, _read_array(archive, entry, f"{path}: {key}"))
    if not found.keys() - {"names"}:
        raise LenetError(f"{path}: holds {', '.join(archive.namelist()[:5]) or 'nothing'}; it needs {EXPECTED}")
    return found


def _meaning(key: str) -> Any:
    """``("images" or "labels", part)``, ``names``, or None for another array."""
    key = key.lower()
    if key in NAMES:
        return "names"
    first, _, second = key.partition("_")
    for kind, names in (("images", IMAGES), ("labels", LABELS)):
        if key in names:
            return kind, TRAIN
        for word, part in ((first, second), (second, first)):
            if word in names and part in PART_NAMES:
                return kind, PART_NAMES[part]
    return None


def _read_array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, where: str) -> npt.NDArray[Any]:
    """One ``.npy`` of the archive; the size that its header claims is checked before it is allocated."""
    with archive.open(entry) as file:
        version = np.lib.format.read_magic(file)
        readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        if version not in readers:
            raise LenetError(f"{where}: is in .npy version {version}; save plain arrays")
        shape, by_column, dtype = readers[version](file)
        if dtype.hasobject:
            raise LenetError(f"{where}: holds pickled objects, which could run code; save plain numbers or text")
        size = prod(shape) * dtype.itemsize
        if min(shape, default=1) < 0 or dtype.itemsize == 0 or size != entry.file_size - file.tell():
            raise LenetError(f"{where}: its header claims {shape} of {dtype}, which is not what follows")
        values = np.frombuffer(file.read(), dtype)
    return values.reshape(shape, order="F" if by_column else "C")


def _labels(key: str, labels: npt.NDArray[Any], count: int, path: Path) -> npt.NDArray[Any]:
    """Whole numbers or names, ``(n,)``."""
    labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if labels.shape != (count,):
        raise LenetError(f"{path}: {key} has shape {labels.shape} for {count:,} images; one label an image is needed")
    if labels.dtype.kind == "f" and np.isfinite(labels).all() and (labels == np.rint(labels)).all():
        return labels.astype(np.int64)
    if labels.dtype.kind not in "iuUS":
        raise LenetError(f"{path}: {key} holds {labels.dtype}; whole numbers or names are needed")
    return _text(labels, f"{path}: {key}")


def _text(array: npt.NDArray[Any], where: str) -> npt.NDArray[Any]:
    try:
        return np.char.decode(array, "utf-8") if array.dtype.kind == "S" else array
    except UnicodeDecodeError as error:
        raise LenetError(f"{where} holds bytes that are no text in UTF-8 ({error.reason})") from error
