"""NumPy's ``.npz``: named arrays in a ZIP file, read without ever unpickling."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.atomic import replacing
from lenet.datasets.array_names import Meaning, meaning
from lenet.datasets.arrays import from_arrays, text
from lenet.datasets.assemble import TRAIN, sections
from lenet.datasets.dataset import Dataset
from lenet.datasets.notes import left_out
from lenet.datasets.npy import read_npy
from lenet.datasets.unpack import refuse_bomb
from lenet.errors import LenetError, readable


def read_npz(path: Path) -> Dataset:
    """Read images and labels by their keys: ``x_train``/``y_train``, ``trainX``/``trainY``, ``images``/``labels``.

    Labels are numbers or names; ``class_names`` says what the numbers mean.

    Raises:
        LenetError: damaged, pickled, too large, or without such keys.
    """
    arrays = read_arrays(path)
    found: dict[tuple[str, int], tuple[str, npt.NDArray[Any]]] = {}
    for key, array in arrays.items():
        said = _meaning(key)
        if said is None:
            continue
        if said[:2] in found:
            raise LenetError(f"{path}: {found[said[:2]][0]} and {key} mean the same")
        found[said[:2]] = (key, array)
    key, names = found.pop(("names", TRAIN), ("", None))
    if not found:
        keys = ", ".join(arrays)[:100] or "nothing of use"
        raise LenetError(f"{path}: holds {keys}; it needs x_train and y_train, with x_test and y_test or without")
    if names is not None and (names.ndim != 1 or names.dtype.kind not in "US"):
        raise LenetError(f"{path}: {key} is {names.dtype} of shape {names.shape}; one text a class is needed")
    with zipfile.ZipFile(path) as archive:
        others = [name for it in archive.namelist() if not _meaning(name := it.removesuffix(".npy"))]
    listed = None if names is None else text(names, f"{path}: {key}").tolist()
    return from_arrays(found, listed, str(path), left_out("arrays", others))


def read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The arrays of the file by their keys: those that can be images, labels or names, or the only one.

    Raises:
        LenetError: as for ``read_npz``.
    """
    with readable(path, ".npz file"), zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if entry.filename.endswith(".npy")]
        if not entries:
            raise LenetError(f"{path}: holds {', '.join(archive.namelist()[:5]) or 'nothing'} and no array")
        if len(entries) > 1:
            entries = [entry for entry in entries if _meaning(entry.filename.removesuffix(".npy"))] or entries[:1]
        if {entry.compress_type for entry in entries} - {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise LenetError(f"{path}: is packed otherwise than NumPy does; save it again with NumPy")
        packed = sum(entry.compress_size for entry in entries)
        refuse_bomb(sum(entry.file_size for entry in entries), packed, str(path))
        arrays = {}
        for entry in entries:
            key = entry.filename.removesuffix(".npy")
            with archive.open(entry) as file:
                arrays[key] = read_npy(file, entry.file_size, f"{path}: {key}")
        return arrays


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


def _meaning(key: str) -> Meaning | None:
    """What a key says, if it says nothing else."""
    said = meaning(key)
    return said if said and not said.family else None
