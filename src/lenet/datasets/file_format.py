"""The format of a data file, by its content; what is never read is refused with the line that converts it."""

import re
import zipfile
from pathlib import Path

from lenet.datasets.csv import DELIMITERS
from lenet.datasets.unpack import unpacking
from lenet.errors import LenetError, readable

FORMATS = "IDX, .npy, .npz, .mat, .csv, .arff, .libsvm, .parquet, or a .zip of these or of pictures"
TEXT_ENDINGS = (".csv", ".tsv", ".arff")
# Beginning of a file that is looked at.
FIRST_BYTES = 1 << 16
PICKLE = re.compile(rb"\x80[\x01-\x05]")
HDF5, HDF5_IN_MATLAB = b"\x89HDF\r\n\x1a\n", b"MATLAB 7.3"


def find_format(path: Path) -> str:
    """``npz``, ``zip``, ``parquet``, ``mat``, ``libsvm`` or ``csv``, which includes ARFF.

    Raises:
        LenetError: for another file; says how to convert or name it.
    """
    with unpacking(path) as file:
        start = file.read(FIRST_BYTES)
    if not start:
        raise LenetError(f"{path}: is empty")
    if start.startswith(b"PK"):
        return _format_of_zip(path)
    if PICKLE.match(start) or ".pkl" in path.suffixes:
        raise LenetError(_pickled(path))
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"MATLAB 5.0"):
        return "mat"
    if start.startswith((HDF5, HDF5_IN_MATLAB)):
        raise LenetError(
            f"{path}: is HDF5; in MATLAB save it with '-v7', else convert it: import h5py, numpy as np; f = "
            f"h5py.File({path.name!r}); np.savez({path.stem + '.npz'!r}, x=f['images'][()], y=f['labels'][()])"
        )
    if start.startswith(b"\x93NUMPY"):
        raise LenetError(
            f"{path}: is one array; name images and labels x_train.npy and y_train.npy, or so, and name their folder"
        )
    if start[:2] == b"\0\0" and start[2:3] in (b"\x08", b"\x0c"):
        raise LenetError(f"{path}: name the folder of the IDX files, {path.parent}")
    first = start.decode("utf-8", "replace").lstrip("\ufeff\r\n\t ").partition("\n")[0]
    if re.match(r"[-+]?\d\S*[ \t]+\d+:", first):
        return "libsvm"
    named = bool({ending.lower() for ending in path.suffixes} & set(TEXT_ENDINGS))
    if named or ("\0" not in first and any(delimiter in first for delimiter in DELIMITERS)):
        return "csv"
    raise LenetError(f"{path}: is not known data; known are {FORMATS}")


def is_data(path: Path) -> bool:
    """Whether a file's ending is that of data which can be read alone."""
    endings = {ending.lower() for ending in path.suffixes[-2:]}
    return bool(endings & {*TEXT_ENDINGS, ".npz", ".mat", ".parquet", ".libsvm", ".zip"})


def _format_of_zip(path: Path) -> str:
    with readable(path, ".zip or .npz file"), zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    if any(name.endswith("/data.pkl") for name in names):
        raise LenetError(_pickled(path))
    whole = path.suffix.lower() == ".npz" or (
        names and all(name.endswith(".npy") and "/" not in name for name in names)
    )
    return "npz" if whole else "zip"


def _pickled(path: Path) -> str:
    """Why a pickle is refused, and the two lines that convert it."""
    target = re.sub(r"\.(pkl|pickle|pt|pth)?(\.gz)?$", "", path.name) + ".npz"
    if path.suffix in (".pt", ".pth"):
        load = f"import torch, numpy as np; x, y = torch.load({path.name!r})"
        save = f"np.savez({target!r}, x_train=x, y_train=y)"
    else:
        opened = f"gzip.open({path.name!r})" if path.suffix == ".gz" else f"open({path.name!r}, 'rb')"
        load = f"import gzip, pickle, numpy as np; (a, b), (c, d), (e, f) = pickle.load({opened}, encoding='latin1')"
        save = f"np.savez({target!r}, x_train=a, y_train=b, x_val=c, y_val=d, x_test=e, y_test=f)"
    return f"{path}: is a pickle, which could run code; if you trust it, convert it in Python: {load}; {save}"
