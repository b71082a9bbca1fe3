"""Suppressing what C++ libraries print to standard error, which ``sys.stderr`` cannot redirect."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_ONE_AT_A_TIME = threading.RLock()  # two threads would restore each other's


@contextmanager
def silence() -> Iterator[None]:
    """Discard the standard error of the whole process while the block runs."""
    with _ONE_AT_A_TIME:
        yield from _silence()


def _silence() -> Iterator[None]:
    try:
        kept = os.dup(2)
    except OSError:  # there is no standard error
        yield
        return
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(silent)
