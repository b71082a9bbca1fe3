"""Packed files, unpacked within bounds: a few bytes must not fill the memory."""

import bz2
import gzip
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from lenet.datasets.store import cache_folder
from lenet.errors import LenetError, readable

# What one file may unpack to; and from where on images that pack better than so many times are none.
MOST_UNPACKED_BYTES = 4 << 30
SUSPECT_BYTES, SUSPECT_RATIO = 64 << 20, 100
MOST_FILES = 1_000_000  # in a ZIP file


def refuse_bomb(unpacked: int, packed: int, where: str) -> None:
    """Refuse data of ``packed`` bytes that claims to hold ``unpacked`` ones, before they are made.

    Raises:
        LenetError: for more than 4 GiB, and for more than 64 MiB that were packed better than images can be.
    """
    if unpacked > MOST_UNPACKED_BYTES:
        raise LenetError(f"{where}: unpacks to {unpacked:,} bytes, more than {MOST_UNPACKED_BYTES >> 30} GiB")
    if unpacked > max(SUSPECT_BYTES, SUSPECT_RATIO * packed):
        raise LenetError(f"{where}: {packed:,} bytes claim to unpack to {unpacked:,}; images cannot be packed so small")


@contextmanager
def unpacking(path: Path) -> Iterator[IO[bytes]]:
    """Open a file to read its content, through gzip or bzip2 when it is packed; the caller bounds what it reads.

    Raises:
        LenetError: when it cannot be read or is damaged.
    """
    try:
        with path.open("rb") as file:
            start = file.read(3)
            file.seek(0)
            if start.startswith(b"\x1f\x8b"):
                with gzip.open(file) as unpacked:
                    yield unpacked  # type: ignore[misc]
            elif start == b"BZh":
                with bz2.open(file) as unpacked:
                    yield unpacked
            else:
                yield file
    except OSError as error:
        raise LenetError(f"{path}: cannot be read ({error.strerror or 'damaged packed data'})") from error
    except (EOFError, zlib.error) as error:
        raise LenetError(f"{path}: is truncated or corrupted ({error})") from error


@contextmanager
def unzipped(path: Path) -> Iterator[Path]:
    """A temporary folder with the content of a ZIP file; names that lead out of it stay in it, links become files.

    Raises:
        LenetError: when it is damaged or too large, or the cache folder cannot be written.
    """
    cache = cache_folder()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        temporary = tempfile.TemporaryDirectory(prefix="zip-", dir=cache)
    except OSError as error:
        message = f"{cache}: cannot be written ({error.strerror}); name another cache folder in XDG_CACHE_HOME"
        raise LenetError(message) from error
    with temporary as folder:
        with readable(path, ".zip file"), zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_FILES:
                raise LenetError(f"{path}: holds {len(entries):,} files, at most {MOST_FILES:,} are unpacked")
            if len({entry.filename for entry in entries}) < len(entries):
                raise LenetError(f"{path}: holds two files of the same name; pack it again")
            refuse_bomb(sum(entry.file_size for entry in entries), path.stat().st_size, str(path))
            archive.extractall(folder)
        yield Path(folder)
