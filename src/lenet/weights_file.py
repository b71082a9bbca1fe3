"""Files of weights that Keras 1, 2 and 3 write, verified before an array is read; nothing in them is run.

HDF5 can refer to external files, declare arrays of any size, and crash on damaged compressed ones. So the size of the
file, its names, shapes, dtypes and layout are checked before an array is read. What a file says about its order of axes
is looked for as plain words in its bytes, since HDF5 may crash on damaged texts, too.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from lenet.datasets.classes import natural_key
from lenet.errors import LenetError, readable

Array = npt.NDArray[np.float32]
# Largest file; and what HDF5 adds to the arrays, some 30 KB in a LeNet's file.
MOST_BYTES, OVERHEAD_BYTES = 256 << 20, 1 << 20
# Where a compiled network's file has the optimizer's arrays.
OPTIMIZER = ("optimizer/", "optimizer_weights/")
# Keras 3's names: layers/<class>[_<count>]/vars/<index>.
KERAS_3 = re.compile(r"layers/(conv2d|dense)(?:_(\d+))?/vars/(\d+)")


@dataclass(frozen=True)
class KerasFile:
    """A file of weights.

    Attributes:
        path: Of the file, for messages.
        file: As HDF5.
        names: Of its arrays, kernel and bias of each layer: convolutions first, then in the order of their names.
        channels_first: Whether the rows of the first dense layer are in the order channel, row, column; None when the
            file does not say.
        flipped: Whether kernels are turned by 180 degrees, as Theano has them; None when the file does not say.
    """

    path: Path
    file: Any
    names: tuple[str, ...]
    channels_first: bool | None
    flipped: bool | None

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of an array.

        Raises:
            LenetError: when it is missing, or not stored in one piece as float32.
        """
        with readable(self.path, "weights file"):
            return tuple(self._find(name).shape)

    def read(self, name: str, shape: tuple[int, ...]) -> Array:
        """An array of that shape, or of its transpose when it is a kernel of Keras 1 (filter, channel, row, column).

        Raises:
            LenetError: when it is missing, of another shape, or not stored in one piece as finite float32.
        """
        with readable(self.path, "weights file"):
            return self._read(name, shape)

    def _read(self, name: str, shape: tuple[int, ...]) -> Array:
        stored = self._find(name)
        turned = len(shape) == 4 and stored.shape == (shape[3], shape[2], shape[0], shape[1])
        if stored.shape != shape and not turned:
            raise LenetError(
                f"{self.path}: {name} has shape {stored.shape}, this network needs {shape}: another network's file"
            )
        # Damaged chunks and filters (compression) end the process inside HDF5, and virtual arrays lie in other files.
        settings = stored.id.get_create_plist()
        if settings.get_layout() != h5py.h5d.CONTIGUOUS or settings.get_nfilters() or stored.external:
            raise LenetError(
                f"{self.path}: {name} is compressed, in chunks or in another file; save it again with Keras"
            )
        array = stored[()]
        if not np.isfinite(array).all():
            raise LenetError(f"{self.path}: {name} holds values that are not finite; train again or take an older file")
        return np.asarray(array.transpose(2, 3, 1, 0) if stored.shape != shape else array)

    def refuse_others(self) -> None:
        """Refuse a file with arrays beside ``names`` and the optimizer's; LenetError names one."""

        def visit(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset) and name not in self.names and not name.startswith(OPTIMIZER):
                raise LenetError(f"{self.path}: holds {name}, which this network does not have: another network's file")

        with readable(self.path, "weights file"):
            self.file.visititems(visit)

    def _find(self, name: str) -> Any:
        found = self.file
        for part in name.split("/"):
            # Links to other files are refused before they are followed.
            if not isinstance(found, h5py.Group) or not isinstance(found.get(part, getlink=True), h5py.HardLink):
                raise LenetError(f"{self.path}: does not contain the weights {name}: not a LeNet's weights file")
            found = found[part]
        if not isinstance(found, h5py.Dataset) or found.dtype != np.float32:
            raise LenetError(f"{self.path}: {name} is not a float32 array")
        return found


@contextmanager
def open_keras_file(path: Path, most: int = MOST_BYTES) -> Iterator[KerasFile]:
    """Open a file of weights or of a whole network: ``.h5``, ``.hdf5`` or ``.keras``, whatever its ending.

    Args:
        path: The file.
        most: Bytes that it may have.

    Raises:
        LenetError: for a file that is missing, empty, too large or not from Keras.
    """
    content = _read(path, most)
    said = content
    if content.startswith(b"PK"):
        content, said = _unzip(content, path, most)
    with readable(path, "weights file"):
        file = h5py.File.in_memory(content)
    try:
        with readable(path, "weights file"):
            names = _names(file)
            if "layers" in file:
                keras_3 = sorted((name for name in names if KERAS_3.fullmatch(name)), key=_place)
                opened = KerasFile(path, file, tuple(keras_3), b'"channels_first"' in said, False)
            else:
                opened = KerasFile(path, file, tuple(_in_pairs(file, names, path)), *_order(said))
        yield opened
    finally:
        with readable(path, "weights file"):  # a damaged one may fail even then
            file.close()


def _read(path: Path, most: int) -> bytes:
    try:
        if path.is_dir():
            raise LenetError(f"{path}: is a folder, not a weights file")
        size = path.stat().st_size
        if size == 0:
            raise LenetError(f"{path}: is empty, not a weights file")
        if size > most or not path.is_file():
            raise LenetError(
                f"{path}: has {size:,} bytes, this network's weights at most {most:,}: another network's file"
            )
        return path.read_bytes()
    except OSError as error:
        raise LenetError(f"{path}: cannot be read ({error.strerror})") from error


def _unzip(content: bytes, path: Path, most: int) -> tuple[bytes, bytes]:
    """The weights and the configuration of a ``.keras`` file, which is not executed."""
    with readable(path, ".keras file"), zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = [archive.getinfo(name) for name in ("model.weights.h5", "config.json")]
        if sum(entry.file_size for entry in entries) > most:
            raise LenetError(f"{path}: unpacks to more than {most:,} bytes: another network's file")
        weights, config = map(archive.read, entries)
        return weights, config


def _names(file: Any) -> list[str]:
    """Of all arrays; links are not followed."""
    found: list[str] = []
    file.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None)
    return found


def _place(name: str) -> tuple[str, int, int]:
    """Sorts Keras 3's arrays as the layers follow one another: convolutions come before dense layers."""
    match = KERAS_3.fullmatch(name)
    assert match is not None
    return match[1], int(match[2] or 0), int(match[3])


def _in_pairs(file: Any, names: list[str], path: Path) -> list[str]:
    """The arrays of Keras 1 and 2, which has a group for each layer: kernels with their biases, convolutions first.

    The lists of names in such a file are not read: they may be texts of variable length, which crash HDF5 when they are
    damaged.
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        if not name.startswith(OPTIMIZER):
            groups.setdefault(name.rpartition("/")[0], []).append(name)
    layers = []
    for group, arrays in groups.items():
        arrays.sort(key=lambda name: -file[name].ndim)
        dimensions = [file[name].ndim for name in arrays]
        if dimensions not in ([4, 1], [2, 1]):
            raise LenetError(
                f"{path}: {group or 'its root'} is no layer of a LeNet, which has a kernel and a bias each"
            )
        layers.append((-dimensions[0], natural_key(group), arrays))
    if not layers:
        raise LenetError(f"{path}: does not contain the weights of a network: not a LeNet's weights file")
    return [name for _, _, arrays in sorted(layers) for name in arrays]


def _order(content: bytes) -> tuple[bool | None, bool | None]:
    """What the bytes of a file of Keras 1 or 2 say: channels first or not, kernels flipped or not."""
    first = any(word in content for word in (b"channels_first", b'"dim_ordering": "th"'))
    last = any(word in content for word in (b"channels_last", b'"dim_ordering": "tf"'))
    theano, tensorflow = b"theano" in content, b"tensorflow" in content
    return first if first != last else None, theano if theano != tensorflow else None
