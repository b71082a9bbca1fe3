"""Weights of Keras networks: written in Keras's format, and read from files of Keras 1, 2 and 3."""

import io
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from lenet.atomic import write_bytes
from lenet.errors import LenetError
from lenet.weights_file import OVERHEAD_BYTES, Array, KerasFile, open_keras_file

# Digits of MNIST on which the orders that a file may have are tried.
TRIED = 1000


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


def load_weights(network: Any, path: str | Path) -> str:
    """Read a file of ``save_weights`` or of Keras 1, 2 or 3 into ``network``, which is not changed on an error.

    Kernels of Keras 1 are transposed, those of Theano turned, and the rows of the first dense layer of a network with
    the channels first are permuted. Where a file does not say whether it needs that, each way is tried on 1,000
    training digits of MNIST, if the network reads digits.

    Args:
        network: A Keras network.
        path: The weights alone, or a whole network: ``.h5``, ``.hdf5`` or ``.keras``.

    Returns:
        A sentence on what was tried and taken; empty where there was nothing to try.

    Raises:
        LenetError: for a file that is missing, empty, not HDF5, too large, or of a network with other shapes.
    """
    path = Path(path)
    places = _places(network)
    variables = list(places.values())
    # The file of a compiled network also holds its optimizer: up to two more arrays for each weight.
    most = 3 * sum(variable.numpy().nbytes for variable in variables) + OVERHEAD_BYTES
    with open_keras_file(path, most) as file:
        names = list(places) if "layers" in file.file else _matched(file, [tuple(it.shape) for it in variables])
        arrays = [file.read(name, tuple(it.shape)) for name, it in zip(names, variables, strict=True)]
        file.refuse_others()
        transposed = any(file.shape(name) != array.shape for name, array in zip(names, arrays, strict=True))
    first = (True,) if transposed else _ways(file.channels_first)
    ways = [_ordered(network, arrays, *way) for way in product(first, _ways(file.flipped))]
    chosen, said = _best(network, variables, ways, file) if len(ways) > 1 else (ways[0], "")
    _assign(variables, chosen)
    return said


def _places(network: Any) -> dict[str, Any]:
    """Keras 3's path for each variable: layers/<class>[_<count>]/vars/<index>."""
    places: dict[str, Any] = {}
    counts: Counter[str] = Counter()
    for layer in network.layers:
        if layer.weights:
            kind = {"Conv2D": "conv2d", "Dense": "dense"}[type(layer).__name__]
            folder = f"{kind}_{counts[kind]}" if counts[kind] else kind
            counts[kind] += 1
            places |= {f"layers/{folder}/vars/{index}": variable for index, variable in enumerate(layer.weights)}
    return places


def _matched(file: KerasFile, shapes: list[tuple[int, ...]]) -> list[str]:
    """The names of kernels and biases in the order of ``shapes``, whatever the layers are called."""
    pairs = list(zip(file.names[::2], file.names[1::2], strict=True))
    if 2 * len(pairs) != len(shapes):
        raise LenetError(
            f"{file.path}: has {len(pairs)} layers with weights, this network has {len(shapes) // 2}: another network's"
        )
    names: list[str] = []
    for shape in shapes[::2]:
        fitting = (pair for pair in pairs if sorted(file.shape(pair[0])) == sorted(shape))
        pair = next(fitting, pairs[0])
        pairs.remove(pair)
        names += pair
    return names


def _ways(known: bool | None) -> tuple[bool, ...]:
    return (False, True) if known is None else (known,)


def _ordered(network: Any, arrays: list[Array], channels_first: bool, flipped: bool) -> list[Array]:
    """The arrays in the order of this network: channels last, kernels not turned."""
    if flipped:
        arrays = [array[::-1, ::-1] if array.ndim == 4 else array for array in arrays]
    flat = next((layer for layer in network.layers if type(layer).__name__ == "Flatten"), None)
    if channels_first and flat is not None and len(flat.input.shape) == 4:
        height, width, channels = flat.input.shape[1:]
        dense = next(place for place, array in enumerate(arrays) if array.ndim == 2)
        rows = arrays[dense].reshape(channels, height, width, -1).transpose(1, 2, 0, 3)
        arrays = [*arrays[:dense], rows.reshape(arrays[dense].shape), *arrays[dense + 1 :]]
    return arrays


def _best(network: Any, variables: list[Any], ways: list[list[Array]], file: KerasFile) -> tuple[list[Array], str]:
    """The way that reads most digits, and a sentence; the first way where the network reads no digits."""
    unsaid = f"{file.path}: does not say how its axes are ordered"
    if network.input_shape[1:] != (28, 28, 1) or network.output_shape[1:] != (10,):
        return ways[0], f"{unsaid}; taken as TensorFlow has them, the channels last"
    from lenet.datasets.mnist import load_mnist

    digits = load_mnist()
    images = digits.images[:TRIED] / np.float32(255)
    before = [variable.numpy() for variable in variables]
    right = []
    for way in ways:
        _assign(variables, way)
        answers = network(images, training=False).numpy().argmax(axis=1)
        right.append(int((answers == digits.labels[:TRIED]).sum()))
    _assign(variables, before)
    best = int(np.argmax(right))
    tried = ", ".join(map(str, right))
    return ways[best], f"{unsaid}: of {len(ways)} ways, which read {tried} of {TRIED:,} digits, the best was taken"


def _assign(variables: list[Any], arrays: list[Array]) -> None:
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
