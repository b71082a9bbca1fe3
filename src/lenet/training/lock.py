"""One training a run folder: a lock that the system takes back when its owner dies, however that dies."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lenet.errors import LenetError

NAME = ".lock"
# What the system says when another process holds the lock.
HELD = PermissionError if os.name == "nt" else BlockingIOError


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold ``folder`` for this process alone while the block runs.

    The empty file that carries the lock stays: were it removed, two could hold a lock on two files of that name.

    Raises:
        LenetError: when another process holds it, or the folder is gone or cannot be written.
    """
    try:
        file = (folder / NAME).open("ab")
    except OSError as error:
        raise LenetError(f"{folder}: cannot be written ({error.strerror}); name a run folder of your own") from error
    with file:
        try:
            _lock(file.fileno())
        except HELD:
            raise LenetError(f"{folder}: another lenet is training there; wait for its end or stop it first") from None
        except OSError as error:
            raise LenetError(f"{folder}: cannot be locked ({error.strerror}); choose another disk") from error
        yield


def _lock(descriptor: int) -> None:
    """Take the lock at once or raise; it is given back when the descriptor is closed."""
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
