"""Memory for images: an array while they are few, a temporary file that is mapped into memory when they are many.

Both are NumPy arrays, so nothing else needs to know.
"""

import os
import shutil
import tempfile
from math import prod
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lenet.errors import LenetError

Pixels = npt.NDArray[np.uint8]

# Beyond this, images go to a mapped file; five times MNIST still fits.
IN_MEMORY_BYTES = 256 << 20


def cache_folder() -> Path:
    """The folder of mapped files: ``lenet`` in ``$XDG_CACHE_HOME``, or in ``~/.cache``; LenetError without a home."""
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lenet"
    except RuntimeError as error:
        raise LenetError("this user has no home for ~/.cache; name a cache folder in XDG_CACHE_HOME") from error


def gather(images: Pixels, indices: npt.NDArray[np.int64]) -> Pixels:
    """Copy ``images[indices]`` to an array of its own, see ``allocate``."""
    shape = (len(indices), *images.shape[1:])
    if prod(shape) <= IN_MEMORY_BYTES:
        return images[indices]
    out = allocate(shape)
    for start in range(0, len(indices), 4096):
        part = slice(start, start + 4096)
        out[part] = images[indices[part]]
    return out


def allocate(shape: tuple[int, ...]) -> Pixels:
    """An array to fill: in memory or, when it is large, in a mapped file that is deleted with it.

    Raises:
        LenetError: when the cache folder has no space for it.
    """
    if prod(shape) <= IN_MEMORY_BYTES:
        return np.empty(shape, np.uint8)
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            # Writing to a mapped file on a full disk kills the process, so its space is reserved beforehand.
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, prod(shape))
            elif shutil.disk_usage(folder).free > prod(shape):
                file.truncate(prod(shape))
            else:
                raise OSError("the disk is too full")
            return np.memmap(file, np.uint8, "r+", shape=shape)
    except OSError as error:
        raise LenetError(
            f"{folder}: has no space for {prod(shape) / 2**30:.1f} GiB of pixels ({error.strerror or error}); "
            "name another cache folder in XDG_CACHE_HOME, or choose a smaller size"
        ) from error
