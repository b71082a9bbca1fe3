"""MATLAB's ``.mat`` files of version 5 to 7: numeric arrays only, whose sizes are checked before they are read."""

from math import prod
from pathlib import Path

import numpy as np

from lenet.datasets.array_names import meaning
from lenet.datasets.arrays import from_arrays
from lenet.datasets.dataset import Dataset
from lenet.datasets.notes import left_out
from lenet.datasets.unpack import refuse_bomb
from lenet.errors import LenetError, readable

# MATLAB's classes of numbers, and their sizes in bytes.
NUMBERS = {f"{sign}int{8 * size}": size for sign in ("", "u") for size in (1, 2, 4, 8)}
NUMBERS |= {"single": 4, "double": 8, "logical": 1}


def read_mat(path: Path) -> Dataset:
    """Read images and labels by their names: ``data``/``label``, ``X``/``y``, ``train_x``/``train_y``.

    Raises:
        LenetError: damaged, too large, or without such arrays.
    """
    from scipy.io import loadmat, whosmat

    with readable(path, ".mat file"):
        found = whosmat(path)
        wanted = {
            name: said for name, _, kind in found if kind in NUMBERS and (said := meaning(name)) and not said.family
        }
        size = sum(prod(shape) * NUMBERS[kind] for name, shape, kind in found if name in wanted)
        refuse_bomb(size, path.stat().st_size, str(path))
        arrays = loadmat(path, variable_names=list(wanted)) if wanted else {}
    if ("dataset", (1, 1), "struct") in found:
        raise LenetError(f"{path}: is a structure, as EMNIST's .mat files are; {_converted(path)}")
    if not wanted:
        names = ", ".join(f"{name} ({kind})" for name, _, kind in found)[:100]
        raise LenetError(f"{path}: holds {names}; save arrays such as images and labels in MATLAB, no structures")
    named = {said[:2]: (name, np.asarray(arrays[name])) for name, said in wanted.items()}
    others = left_out("arrays", (name for name, *_ in found if name not in wanted))
    return from_arrays(named, None, str(path), others)


def _converted(path: Path) -> str:
    """The line that makes EMNIST's structure an .npz. It is not read here: its sizes are unknown before it is."""
    pairs = "for p in ('train', 'test') for a, b in (('x', 'images'), ('y', 'labels'))"
    save = f"np.savez({path.stem + '.npz'!r}, **{{f'{{a}}_{{p}}': d[p][0, 0][b] {pairs}}})"
    load = f"import numpy as np, scipy.io as io; d = io.loadmat({path.name!r})['dataset'][0, 0]"
    return f"take EMNIST's gzip.zip, or convert it in Python: {load}; {save}"
