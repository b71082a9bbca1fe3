"""LIBSVM's sparse text format: a label, then ``place:value`` for each pixel that is not 0."""

import io
import math
from pathlib import Path

import numpy as np

from lenet.datasets.arrays import from_arrays
from lenet.datasets.assemble import TRAIN
from lenet.datasets.dataset import Dataset
from lenet.datasets.unpack import refuse_bomb, unpacking
from lenet.errors import LenetError, reason

# Text that is read, and how much at once.
MOST_TEXT_BYTES, PIECE = 1 << 30, 1 << 20


def read_libsvm(path: Path) -> Dataset:
    """Read rows of a label and sparse pixels, packed or not; pixels that no row has at the end are 0.

    Raises:
        LenetError: damaged or too large.
    """
    from sklearn.datasets import load_svmlight_file

    content = io.BytesIO()
    with unpacking(path) as file:
        while piece := file.read(PIECE):
            content.write(piece)
            if content.tell() > MOST_TEXT_BYTES:
                raise LenetError(f"{path}: holds more than {MOST_TEXT_BYTES >> 30} GiB of text; convert a part of it")
    size = content.tell()
    content.seek(0)
    try:
        sparse, labels = load_svmlight_file(content)
    except (ValueError, OverflowError) as error:
        raise LenetError(f"{path}: is not a readable LIBSVM file ({reason(error)})") from error
    count, places = sparse.shape
    side = math.isqrt(max(0, places - 1)) + 1
    # A row takes at least as many bytes as its label, and a place can be any number.
    refuse_bomb(8 * count * side * side, size, str(path))
    pixels = np.zeros((count, side * side), np.float64)
    pixels[:, :places] = sparse.toarray()
    arrays = {("images", TRAIN): ("values", pixels), ("labels", TRAIN): ("labels", labels)}
    return from_arrays(arrays, None, str(path))
