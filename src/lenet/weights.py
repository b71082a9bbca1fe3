"""A weights file: written by Keras, verified before a byte of it is read into a network.

HDF5 can name outside files and claim shapes of any size, so the file's size, its names, shapes and dtypes are held
against the network first; only then are the arrays read, each into the place that was made for it.
"""

import io
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from lenet.atomic import write_bytes
from lenet.errors import LenetError, reason

# HDF5's own bookkeeping around the arrays; a LeNet's file carries some 30 KB of it.
OVERHEAD_BYTES = 1 << 20


def save_weights(network: Any, path: str | Path) -> None:
    """Write a Keras network's weights, laid out as a Keras ``.weights.h5`` file, whatever the ending.

    Raises:
        LenetError: when the file cannot be written; an older one is then still whole.
    """
    # Put together in memory: HDF5 ends the whole process when a disk fills under it.
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        for name, variable in _places(network).items():
            file[name] = variable.numpy()
    write_bytes(Path(path), content.getvalue())


def load_weights(network: Any, path: str | Path) -> None:
    """Read a file that ``save_weights`` or Keras wrote into ``network``, all of it or nothing.

    Raises:
        LenetError: missing, empty, not HDF5, too large, or of another network's shape.
    """
    path = Path(path)
    expected = _places(network)
    _check_size(path, sum(variable.numpy().nbytes for variable in expected.values()))
    try:
        with h5py.File(path, "r") as file:
            arrays = {name: _read(file, name, tuple(v.shape), path) for name, v in expected.items()}
            _refuse_unknown(file, expected.keys(), path)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise LenetError(f"{path}: is not a readable weights file (HDF5 says: {reason(error)})") from error
    for name, variable in expected.items():
        variable.assign(arrays[name])


def _places(network: Any) -> dict[str, Any]:
    """Where Keras keeps each variable: layers/<class>[_<count>]/vars/<index>."""
    places: dict[str, Any] = {}
    seen: dict[str, int] = {}
    for layer in network.layers:
        if not layer.weights:
            continue
        kind = {"Conv2D": "conv2d", "Dense": "dense"}[type(layer).__name__]
        count = seen.get(kind, 0)
        seen[kind] = count + 1
        folder = kind if count == 0 else f"{kind}_{count}"
        for index, variable in enumerate(layer.weights):
            places[f"layers/{folder}/vars/{index}"] = variable
    return places


def _check_size(path: Path, array_bytes: int) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise LenetError(f"{path}: cannot be read ({error.strerror})") from error
    if path.is_dir():
        raise LenetError(f"{path}: is a folder, not a weights file")
    if size == 0:
        raise LenetError(f"{path}: is empty, not a weights file")
    # A compiled network's file carries its optimiser, too: up to two more arrays a weight.
    if size > 3 * array_bytes + OVERHEAD_BYTES:
        raise LenetError(
            f"{path}: has {size:,} bytes, this network's weights need {array_bytes:,}: another network's file"
        )


def _read(file: h5py.File, name: str, shape: tuple[int, ...], path: Path) -> np.ndarray[Any, Any]:
    folder = file
    for part in name.split("/"):
        # Links that lead out of the file are refused before they are followed.
        if not isinstance(folder.get(part, getlink=True), h5py.HardLink):
            raise LenetError(f"{path}: has no weights {name} of its own: not a LeNet's weights file")
        folder = folder[part]
    if not isinstance(folder, h5py.Dataset) or folder.external or folder.is_virtual or folder.dtype != np.float32:
        raise LenetError(f"{path}: {name} is not a plain float32 array")
    if folder.shape != shape:
        raise LenetError(f"{path}: {name} has shape {folder.shape}, this network needs {shape}: another network's file")
    array = folder[()]
    if not np.isfinite(array).all():
        raise LenetError(f"{path}: {name} holds values that are not finite; train again or take an older file")
    return np.asarray(array)


def _refuse_unknown(file: h5py.File, known: Any, path: Path) -> None:
    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and name not in known and not name.startswith("optimizer/"):
            raise LenetError(f"{path}: holds {name}, which this network does not have: another network's file")

    file.visititems(visit)
