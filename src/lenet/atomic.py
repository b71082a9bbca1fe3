"""Atomic writing of files and folders, so that a reader finds the old or the new one; reading with a size limit."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path

from lenet.errors import LenetError, reason

# Every drawing of lenet contains the mark. What it exports contains one of the others: the model's metadata, or the
# page's generator.
MARK = "made by lenet"
_MARKS = (MARK.encode(), b"training_data_sha256", b'name="generator" content="lenet"')
# It is in the first or the last of so many bytes.
_MARKED_BYTES = 1 << 16


def refuse_inputs(path: Path, inputs: Set[Path]) -> None:
    """Refuse to write to ``path`` when it is one of the resolved paths ``inputs``, or lies in one."""
    if not inputs.isdisjoint((path.resolve(), *path.resolve().parents)):
        raise LenetError(f"{path}: is an input or lies in one, and inputs are not changed; choose another place")


def refuse_loss(path: Path, inputs: Set[Path] = frozenset()) -> None:
    """Refuse to write to ``path`` where that would change an input or destroy a file of the user.

    Raises:
        LenetError: when it is one of ``inputs``, the resolved paths of files and folders that are read, or lies in one,
            or when it exists and was not made by lenet.
    """
    refuse_inputs(path, inputs)
    if not os.path.lexists(path):
        return
    if not is_made_here(path):
        raise LenetError(f"{path}: exists and was not made by lenet, so it is not overwritten; choose another place")


def is_made_here(path: Path) -> bool:
    """Whether ``path`` is a file that lenet made; False when it cannot be read."""
    try:
        if not path.is_file():  # opening a pipe would wait
            return False
        with path.open("rb") as file:
            ends = file.read(_MARKED_BYTES)
            file.seek(-min(_MARKED_BYTES, path.stat().st_size), os.SEEK_END)
            ends += file.read(_MARKED_BYTES)
    except OSError:
        return False
    return any(mark in ends for mark in _MARKS)


@contextmanager
def replacing(path: Path, suffix: str = "") -> Iterator[Path]:
    """Yield a temporary path beside ``path``; it replaces ``path`` when the block ends without an error.

    The new file is flushed to the disk before it is renamed, its folder after.

    Args:
        path: File to write or replace; its folder is made when missing.
        suffix: Suffix of the temporary name, for libraries that need one.

    Raises:
        LenetError: when the folder or the file cannot be written (read-only, full, not a folder).
    """
    try:
        make_folder(path.parent)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=suffix, dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise LenetError(f"{path}: cannot be written ({error.strerror}); choose another place") from error
    temporary = Path(name)
    try:
        yield temporary
        flush(temporary)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
        flush(path.parent)
    except OSError as error:
        # HDF5's errors have many lines, and an error number instead of a text.
        what = os.strerror(error.errno) if error.errno else str(error).splitlines()[0]
        raise LenetError(f"{path}: cannot be written ({what}); nothing was changed") from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside ``path``; it replaces ``path`` when the block ends without an error.

    Args:
        path: Folder to make or replace; its parents are made when missing.

    Raises:
        LenetError: when it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as error:
        raise LenetError(f"{path}: cannot be made ({error.strerror}); choose another place") from error
    old = temporary.with_name(f"{temporary.name}.old")
    try:
        yield temporary
        if hasattr(os, "sync"):  # once for all files, which may be many
            os.sync()
        temporary.chmod(0o777 & ~_umask())
        # A folder cannot replace one that is not empty: the old one is renamed first, and restored on an error.
        if path.exists():
            path.rename(old)
        temporary.rename(path)
        flush(path.parent)
    except OSError as error:
        raise LenetError(f"{path}: cannot be written ({error.strerror or error}); nothing was changed") from error
    finally:
        if old.exists() and not path.exists():
            old.rename(path)
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def building(path: Path) -> Iterator[Path]:
    """``replacing_folder`` for a folder that must not exist yet.

    Raises:
        LenetError: when ``path`` exists already or cannot be written.
    """
    if path.exists() or path.is_symlink():
        raise LenetError(f"{path}: exists already and is not overwritten; choose another name")
    with replacing_folder(path) as temporary:
        yield temporary


def read_bytes(path: Path, most: int, kind: str) -> bytes:
    """Content of a file of at most ``most`` bytes.

    Raises:
        LenetError: when it is larger, which the message says of its ``kind``, is a folder, pipe or device, or cannot be
            read.
    """
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise LenetError(f"{path}: is no file; name a {kind}")
        if about.st_size > most:
            raise LenetError(f"{path}: has {about.st_size:,} bytes; a {kind} has at most {most:,}")
        with path.open("rb") as file:
            return file.read(most)
    except (OSError, ValueError) as error:  # a name with a NUL is a ValueError
        raise LenetError(f"{path}: cannot be read ({reason(error)})") from error


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write ``content`` to ``path`` atomically as UTF-8."""
    write_bytes(path, content.encode())


def make_folder(path: Path) -> None:
    """Make a folder and its parents, where they are missing, flushed to the disk.

    Raises:
        OSError: when it cannot be made.
    """
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        flush(path.parent)


def flush(path: Path) -> None:
    """Wait until a file, or the list of names in a folder, is written to the disk."""
    if os.name == "nt" and path.is_dir():  # Windows cannot open folders, and does not need to flush them
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
