"""Weights files in Keras's format, verified before they are read into a network.

HDF5 can refer to external files, declare arrays of any size, and crash on damaged compressed ones. So the size of the
file, its names, shapes, dtypes and layout are checked before an array is read.
"""

import io
from collections import Counter
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from lenet.atomic import write_bytes
from lenet.errors import LenetError, reason

# Size of what HDF5 adds to the arrays; some 30 KB in a LeNet's file.
OVERHEAD_BYTES = 1 << 20


def save_weights(network: Any, path: str | Path) -> None:
    """Write a Keras network's weights in the format of a Keras ``.weights.h5`` file, whatever the suffix.

    Raises:
        LenetError: when the file cannot be written; an older one is not changed then.
    """
    # Written to memory first: HDF5 ends the whole process when the disk is full.
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        for name, variable in _places(network).items():
            file[name] = variable.numpy()
    write_bytes(Path(path), content.getvalue())


def load_weights(network: Any, path: str | Path) -> None:
    """Read a file of ``save_weights`` or Keras into ``network``, which is not changed on an error.

    Raises:
        LenetError: for a file that is missing, empty, not HDF5, too large, or of a network with other shapes.
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
    """Keras's path for each variable: layers/<class>[_<count>]/vars/<index>."""
    places: dict[str, Any] = {}
    counts: Counter[str] = Counter()
    for layer in network.layers:
        if layer.weights:
            kind = {"Conv2D": "conv2d", "Dense": "dense"}[type(layer).__name__]
            folder = f"{kind}_{counts[kind]}" if counts[kind] else kind
            counts[kind] += 1
            places |= {f"layers/{folder}/vars/{index}": variable for index, variable in enumerate(layer.weights)}
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
    # The file of a compiled network also holds its optimiser: up to two more arrays for each weight.
    if size > 3 * array_bytes + OVERHEAD_BYTES:
        raise LenetError(
            f"{path}: has {size:,} bytes, this network's weights need {array_bytes:,}: another network's file"
        )


def _read(file: h5py.File, name: str, shape: tuple[int, ...], path: Path) -> np.ndarray[Any, Any]:
    folder = file
    for part in name.split("/"):
        # Links to other files are refused before they are followed.
        if not isinstance(folder.get(part, getlink=True), h5py.HardLink):
            raise LenetError(f"{path}: does not contain the weights {name}: not a LeNet's weights file")
        folder = folder[part]
    if not isinstance(folder, h5py.Dataset) or folder.dtype != np.float32:
        raise LenetError(f"{path}: {name} is not a float32 array")
    if folder.shape != shape:
        raise LenetError(f"{path}: {name} has shape {folder.shape}, this network needs {shape}: another network's file")
    # Damaged chunks and filters (compression) end the process inside HDF5, and virtual arrays lie in other files.
    stored = folder.id.get_create_plist()
    if stored.get_layout() != h5py.h5d.CONTIGUOUS or stored.get_nfilters() or folder.external:
        raise LenetError(f"{path}: {name} is compressed, in chunks or in another file; save it again with Keras")
    array = folder[()]
    if not np.isfinite(array).all():
        raise LenetError(f"{path}: {name} holds values that are not finite; train again or take an older file")
    return np.asarray(array)


def _refuse_unknown(file: h5py.File, known: Any, path: Path) -> None:
    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and name not in known and not name.startswith("optimizer/"):
            raise LenetError(f"{path}: holds {name}, which this network does not have: another network's file")

    file.visititems(visit)
