"""Exact resume: all that decides the rest of a training, in one file.

A file is a line of magic, the header's length (8 bytes, little-endian), the header as JSON, the float32 arrays one
after another, and the SHA-256 of all that. It is written to the side, flushed, renamed and its folder flushed; the last
two are kept, so that one is always whole. Nothing in it is code, and nothing is allocated that it does not hold.
"""

import hashlib
import json
import struct
import time
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.atomic import read_bytes, write_bytes
from lenet.errors import LenetError

MAGIC = b"lenet checkpoint 1\n"
LENGTH = struct.Struct("<Q")
DIGEST_BYTES = hashlib.sha256().digest_size
# Adam's memory makes three arrays of each weight; a hundred times the tutorial's LeNet fits.
MOST_BYTES = 2 << 30
# With the steps that are under way, less than 30 s of work is ever lost.
EVERY_SECONDS = 20.0
KEPT = 2

Arrays = dict[str, npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Checkpoint:
    """What one file holds.

    Attributes:
        state: plain values, as JSON has them.
        arrays: float32, by name.
    """

    state: dict[str, Any]
    arrays: Arrays


class Checkpoints:
    """The folder ``checkpoint/`` of a run, or one within it for a network that teaches the run's own."""

    def __init__(self, run: Path, owner: dict[str, str], within: str = "") -> None:
        """Take the folder, which need not be there.

        Args:
            run: the run folder.
            owner: what must be equal for a checkpoint to be gone on from: hashes by name.
            within: a folder's name in ``checkpoint/``.
        """
        self.run = run
        self.folder = run / "checkpoint" / within
        self.owner = owner
        self.passed_over: list[str] = []  # what was wrong with those that ``newest`` removed
        self._saved_at = time.monotonic()  # which no setting of the clock moves

    def due(self) -> bool:
        """Whether it is time for another one."""
        return time.monotonic() - self._saved_at >= EVERY_SECONDS

    def save(self, step: int, state: dict[str, Any], arrays: Arrays) -> None:
        """Keep what a training has come to after ``step`` steps.

        Raises:
            LenetError: when it cannot be written; the older ones are then still whole.
        """
        if not self.run.is_dir():
            raise LenetError(f"{self.run}: the run folder has gone while training; start again")
        try:
            write_bytes(self._path(step), encode({"owner": self.owner, "step": step, **state}, arrays))
        except LenetError as error:
            raise LenetError(f"{error}; mend that, then go on with: lenet train --resume {self.run}") from error
        self.keep_last(KEPT)
        self._saved_at = time.monotonic()

    def newest(self) -> Checkpoint | None:
        """The newest one that is whole; None when none was written yet.

        Newer ones that are damaged are removed: they would take the place of whole ones.

        Raises:
            LenetError: when all are damaged, or they belong to another recipe or to other data.
        """
        damaged: dict[Path, LenetError] = {}
        for path in reversed(self.paths()):
            try:
                checkpoint = read(path)
            except LenetError as error:
                damaged[path] = error
                continue
            self._check_owner(path, checkpoint.state.get("owner"))
            for worthless in damaged:
                worthless.unlink(missing_ok=True)
            self.passed_over += [str(error) for error in damaged.values()]
            return checkpoint
        if damaged:
            raise LenetError(f"{next(iter(damaged.values()))}, and no other one is whole; start again")
        return None

    def paths(self) -> list[Path]:
        """The files, by step, the newest last."""
        return sorted(self.folder.glob("step-*.ckpt"))

    def keep_last(self, count: int) -> None:
        """Remove all but the newest ``count``."""
        for path in self.paths()[:-count]:
            path.unlink(missing_ok=True)

    def _path(self, step: int) -> Path:
        return self.folder / f"step-{step:010d}.ckpt"

    def _check_owner(self, path: Path, owner: Any) -> None:
        for name, value in self.owner.items():
            if not isinstance(owner, dict) or owner.get(name) != value:
                raise LenetError(f"{path}: belongs to another {name}; give back the {name} that the run began with")


def encode(state: dict[str, Any], arrays: Arrays) -> bytes:
    """The bytes of a file: the same for the same content."""
    shapes = {name: list(array.shape) for name, array in arrays.items()}
    header = json.dumps({"arrays": shapes, "state": state}, allow_nan=False).encode()
    parts = [MAGIC, LENGTH.pack(len(header)), header]
    parts += [np.ascontiguousarray(array, "<f4").tobytes() for array in arrays.values()]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return b"".join([*parts, digest.digest()])


def read(path: Path) -> Checkpoint:
    """Read and verify a file.

    Raises:
        LenetError: one line that names the file and what is wrong with it.
    """
    content = read_bytes(path, MOST_BYTES, "checkpoint")
    try:
        return decode(content)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, struct.error) as error:
        raise LenetError(f"{path}: is no whole checkpoint ({str(error).splitlines()[0]})") from error


def decode(content: bytes) -> Checkpoint:
    """Verify the bytes of a file and take them apart.

    Raises:
        ValueError: or its like, for anything but what ``encode`` writes.
    """
    body = memoryview(content)[:-DIGEST_BYTES]
    if not content.startswith(MAGIC):
        raise ValueError("it does not begin like one")
    if hashlib.sha256(body).digest() != content[-DIGEST_BYTES:]:
        raise ValueError("its SHA-256 does not fit")
    start = len(MAGIC) + LENGTH.size
    end = start + LENGTH.unpack_from(body, len(MAGIC))[0]
    header = json.loads(bytes(body[start:end]))
    arrays = {}
    for name, shape in header["arrays"].items():
        if not all(type(side) is int and side > 0 for side in shape):
            raise ValueError(f"its array {name} has no shape")
        start, end = end, end + 4 * prod(shape)
        if end > len(body):
            raise ValueError(f"its array {name} is longer than the file")
        arrays[name] = np.frombuffer(body[start:end], "<f4").reshape(shape).astype(np.float32)
    if end != len(body):
        raise ValueError("it has bytes that belong to nothing")
    if not isinstance(header["state"], dict):
        raise ValueError("its state is none")
    return Checkpoint(header["state"], arrays)
