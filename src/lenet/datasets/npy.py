"""One array in NumPy's ``.npy`` format, read without ever unpickling."""

from math import prod
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from lenet.errors import LenetError


def read_npy(file: IO[bytes], size: int, where: str) -> npt.NDArray[Any]:
    """The array of an open file of ``size`` bytes; the size that its header claims is checked first.

    Raises:
        LenetError: for pickled objects, or a header that claims something else than what follows.
        Exception: any, when it is no ``.npy`` file.
    """
    version = np.lib.format.read_magic(file)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise LenetError(f"{where}: is in .npy version {version}; save plain arrays")
    shape, by_column, dtype = readers[version](file)
    if dtype.hasobject:
        raise LenetError(f"{where}: holds pickled objects, which could run code; save plain numbers or text")
    if min(shape, default=1) < 0 or dtype.itemsize == 0 or prod(shape) * dtype.itemsize != size - file.tell():
        raise LenetError(f"{where}: its header claims {shape} of {dtype}, which is not what follows")
    return np.frombuffer(file.read(), dtype).reshape(shape, order="F" if by_column else "C")
