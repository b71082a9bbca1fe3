"""A folder of files with one array each, whose names tell the part: IDX, ``.npy``, and ``.npz`` of a single array."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lenet.datasets.array_names import Meaning, meaning
from lenet.datasets.arrays import from_arrays
from lenet.datasets.assemble import WRITTEN
from lenet.datasets.dataset import Dataset
from lenet.datasets.idx import read_idx
from lenet.datasets.notes import left_out_files
from lenet.datasets.npy import read_npy
from lenet.datasets.npz import read_arrays
from lenet.datasets.unpack import refuse_bomb
from lenet.errors import LenetError, readable
from lenet.text_files import read_text

# train-images-idx3-ubyte, t10k-images.idx3-ubyte.gz, qmnist-test-labels-idx2-int.gz
IDX = re.compile(r"(?P<name>.+)[-.]idx\d-(ubyte|int)(\.gz)?", re.IGNORECASE)
NUMPY = re.compile(r"(?P<name>.+)\.np[yz]", re.IGNORECASE)
# One class name in each line, in the order of the labels; EMNIST's own file has label and code point in each line.
NAMES_FILE, EMNIST_NAMES = "classes.txt", "mapping.txt"


class ArrayFile(NamedTuple):
    """A file with one array."""

    path: Path
    said: Meaning


def find_array_files(folder: Path) -> list[ArrayFile]:
    """The files of a folder that are named as files of images or labels are."""
    found = []
    for path in sorted(folder.iterdir()):
        match = IDX.fullmatch(path.name) or NUMPY.fullmatch(path.name)
        said = meaning(match["name"]) if match else None
        if said is not None and said.kind != "names" and path.is_file():
            found.append(ArrayFile(path, said))
    return found


def read_array_files(folder: Path, files: Iterable[ArrayFile], family: str | None = None) -> Dataset:
    """Read the pairs of images and labels of one data set, such as ``train-…`` and ``t10k-…``.

    Two files of the same part, such as a plain and a packed one, must be equal. Classes are named by ``classes.txt``
    (one name in each line), by EMNIST's ``…-mapping.txt``, or by their numbers.

    Args:
        folder: Where they lie.
        files: Of ``find_array_files``.
        family: Which of several data sets: what its files' names begin with.

    Raises:
        LenetError: names the file that is missing, damaged or does not match its pair; or the data sets to choose from.
    """
    chosen = family
    families = sorted({file.said.family for file in files if file.said.kind == "images"})
    if family is None and len(families) > 1:
        names = ", ".join(filter(None, families))
        raise LenetError(f"{folder}: holds several data sets: {names}; name one, such as {folder / families[-1]}")
    family = families[0] if family is None and families else family
    if family is None or family not in families:
        there = ", ".join(filter(None, families)) or "only labels"
        raise LenetError(f"{folder}: holds no images of {family}; there are {there}")
    arrays: dict[tuple[str, int], tuple[str, npt.NDArray[Any]]] = {}
    for path, said in (file for file in files if file.said.family == family):
        array = _read(path)
        before = arrays.setdefault((said.kind, said.part), (path.name, array))
        if not np.array_equal(before[1], array):
            part = WRITTEN[said.part]
            raise LenetError(f"{path}: {before[0]} is a second file of the {part} {said.kind} and differs; remove one")
    where = str(folder / family)
    for (kind, number), (first, _) in arrays.items():
        if kind == "images" and ("labels", number) not in arrays:
            raise LenetError(f"{folder / first}: its labels are not beside it")
    path, class_names = _class_names(folder, family)
    used = {path, *(file.path for file in files if file.said.family == family)}
    others = left_out_files(folder, used) if chosen is None else ()
    if not isinstance(class_names, dict):
        return from_arrays(arrays, class_names, where, others)
    labels = {
        key: (name, _named(labels, class_names, path)) for key, (name, labels) in arrays.items() if key[0] == "labels"
    }
    return from_arrays(arrays | labels, list(class_names.values()), where, others)


def _read(path: Path) -> npt.NDArray[Any]:
    if path.suffix.lower() == ".npz":
        arrays = read_arrays(path)
        if len(arrays) > 1:
            raise LenetError(f"{path}: holds {len(arrays)} arrays, one is expected beside other files of arrays")
        return next(iter(arrays.values()))
    if path.suffix.lower() != ".npy":
        return read_idx(path)
    with readable(path, ".npy file"), path.open("rb") as file:
        size = path.stat().st_size
        refuse_bomb(size, size, str(path))
        return read_npy(file, size, str(path))


def _class_names(folder: Path, family: str) -> tuple[Path, list[str] | dict[int, str] | None]:
    """The file that names the classes, and their names in the labels' order or by label; None without such a file."""
    path = folder / NAMES_FILE
    mappings = sorted(folder.glob(f"{family}-{EMNIST_NAMES}" if family else f"*-{EMNIST_NAMES}"))
    try:
        if path.exists():
            return path, read_text(path).splitlines()
        if not mappings:
            return path, None
        path = mappings[0]
        rows = (line.split() for line in read_text(path).splitlines())
        return path, {int(label): chr(int(code)) for label, code, *_ in rows}
    except (ValueError, OverflowError) as error:
        raise LenetError(f"{path}: has not one label and one code point in each line ({error})") from error


def _named(labels: npt.NDArray[Any], names: dict[int, str], path: Path) -> npt.NDArray[Any]:
    missing = sorted(set(np.unique(labels).tolist()) - names.keys())
    if missing:
        raise LenetError(f"{path}: does not name the label {missing[0]}")
    return np.array([names[label] for label in labels.tolist()])
