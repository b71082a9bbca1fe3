"""Where pixels lie: in memory while they are few, in a file that is mapped into memory when they are many.

Both are NumPy arrays, so nothing else needs to know. Mapped files lie in the user's cache folder: those made for one
array vanish with it, decoded pictures stay for the next time under a key of all that decided them.
"""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from lenet.atomic import replacing, write_text
from lenet.errors import LenetError

Pixels = npt.NDArray[np.uint8]

# Beyond this, images go to a mapped file; five times MNIST still fits.
IN_MEMORY_BYTES = 256 << 20
# What one compressed file may unpack to, so that a few bytes cannot fill the memory.
MOST_UNPACKED_BYTES = 4 << 30
# Decoded pictures that nobody asked for in this time are removed.
KEPT_DAYS = 30
# Half-written ones that nobody wrote to in this time are what a killed process left.
LEFTOVER_DAYS = 1


def cache_folder() -> Path:
    """Where mapped files lie: ``lenet`` in ``$XDG_CACHE_HOME``, or in ``~/.cache``.

    Raises:
        LenetError: when the user has no home, as in some containers, and no cache folder is named.
    """
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lenet"
    except RuntimeError as error:
        raise LenetError("this user has no home for ~/.cache; name a cache folder in XDG_CACHE_HOME") from error


def gather(images: Pixels, indices: npt.NDArray[np.int64]) -> Pixels:
    """``images[indices]``, copied into memory or, when they are many, into a file that vanishes with the array.

    Raises:
        LenetError: when the cache folder has no room for it.
    """
    shape = (len(indices), *images.shape[1:])
    if prod(shape) <= IN_MEMORY_BYTES:
        return images[indices]
    out = room(shape)
    for start in range(0, len(indices), 4096):
        part = slice(start, start + 4096)
        out[part] = images[indices[part]]
    return out


def room(shape: tuple[int, ...]) -> Pixels:
    """An array to fill, in memory or, when it is large, in a file that vanishes with it.

    Raises:
        LenetError: when the cache folder has no room for it.
    """
    if prod(shape) <= IN_MEMORY_BYTES:
        return np.empty(shape, np.uint8)
    try:
        cache_folder().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache_folder()) as file:
            return _mapped(file, shape)
    except OSError as error:
        raise _no_room(shape, error) from error


def recall(key: str) -> tuple[Pixels, tuple[str, ...]] | None:
    """The images and notes that ``remember`` kept under ``key``, or None."""
    pixels, about = _paths(key)
    try:
        content = json.loads(about.read_text(encoding="utf-8"))
        shape, notes = tuple(content["shape"]), tuple(content["notes"])
        if pixels.stat().st_size != prod(shape):
            return None
        os.utime(about)
        return np.memmap(pixels, np.uint8, "r", shape=shape), notes
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(key: str, shape: tuple[int, ...], fill: Callable[[Pixels], None], notes: Sequence[str]) -> Pixels:
    """Have ``fill`` write images of ``shape`` and, when they are many, keep them under ``key`` for the next time.

    Raises:
        LenetError: when the cache folder has no room, or whatever ``fill`` raises; nothing is kept then.
    """
    if prod(shape) <= IN_MEMORY_BYTES:
        images = np.empty(shape, np.uint8)
        fill(images)
        return images
    _forget_old()
    pixels, about = _paths(key)
    with replacing(pixels) as temporary, temporary.open("r+b") as file:
        try:
            images = _mapped(file, shape)
        except OSError as error:
            raise _no_room(shape, error) from error
        fill(images)
        images.flush()  # type: ignore[attr-defined]
    # Written last: an entry without it does not count.
    write_text(about, json.dumps({"shape": shape, "notes": list(notes)}, ensure_ascii=False))
    return np.memmap(pixels, np.uint8, "r", shape=shape)


def _mapped(file: IO[bytes] | Any, shape: tuple[int, ...]) -> Pixels:
    # Writing to a mapped file on a full disk kills the process, so its place is taken beforehand.
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, prod(shape))
    elif shutil.disk_usage(cache_folder()).free > prod(shape):
        file.truncate(prod(shape))
    else:
        raise OSError("the disk is too full")
    return np.memmap(file, np.uint8, "r+", shape=shape)


def _no_room(shape: tuple[int, ...], error: OSError) -> LenetError:
    return LenetError(
        f"{cache_folder()}: has no room for {prod(shape) / 2**30:.1f} GiB of pixels ({error.strerror or error}); "
        "name another cache folder in XDG_CACHE_HOME, or choose a smaller size"
    )


def _paths(key: str) -> tuple[Path, Path]:
    return cache_folder() / f"{key}.pixels", cache_folder() / f"{key}.json"


def _forget_old() -> None:
    for about in _untouched("*.json", KEPT_DAYS):
        about.unlink(missing_ok=True)
        about.with_suffix(".pixels").unlink(missing_ok=True)
    for leftover in _untouched(".*.pixels.*", LEFTOVER_DAYS):
        leftover.unlink(missing_ok=True)


def _untouched(pattern: str, days: int) -> Iterator[Path]:
    """The files of the cache folder that were not changed for so many days."""
    for path in cache_folder().glob(pattern):
        with suppress(FileNotFoundError):  # another process may be tidying, too
            if time.time() - path.stat().st_mtime > days * 86_400:
                yield path
