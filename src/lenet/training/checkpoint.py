"""Checkpoints: the whole state of a training in one file, so that it can be resumed exactly.

A file is a safetensors file, with the state as JSON among its arrays, followed by its SHA-256. It is written
atomically; the last two are kept, so that one is always whole. It holds no code.
"""

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import safetensors.numpy

from lenet.atomic import read_bytes, write_bytes
from lenet.errors import LenetError

STATE = "state"  # the array that holds it
DIGEST_BYTES = hashlib.sha256().digest_size
# Adam keeps two moving averages of each weight; a hundred times the tutorial's LeNet fits.
MOST_BYTES = 2 << 30
# Together with the steps in progress, less than 30 s of work can be lost.
EVERY_SECONDS = 20.0
KEPT = 2

Arrays = dict[str, npt.NDArray[np.float32]]


class Checkpoint(NamedTuple):
    """Content of one file."""

    state: dict[str, Any]  # plain values, as JSON has them
    arrays: Arrays  # arrays by name, float32


class Checkpoints:
    """The folder ``checkpoint/`` of a run, or a folder within it for the teacher."""

    def __init__(
        self,
        run: Path,
        owner: dict[str, str],
        within: str = "",
        on_warning: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        """Use the folder, which need not exist yet.

        Args:
            run: The run folder.
            owner: Hashes by name; a checkpoint with others is refused.
            within: Name of a folder in ``checkpoint/``.
            on_warning: Called with a sentence about each damaged checkpoint that ``newest`` removes.
        """
        self.run, self.owner, self.on_warning = run, owner, on_warning
        self.folder = run / "checkpoint" / within
        self._saved_at = time.monotonic()  # unaffected by changes of the clock

    def due(self) -> bool:
        """Whether it is time for another one."""
        return time.monotonic() - self._saved_at >= EVERY_SECONDS

    def save(self, step: int, state: dict[str, Any], arrays: Arrays) -> None:
        """Write the state after ``step`` steps, or raise a LenetError; the older ones are not changed then."""
        if not self.run.is_dir():
            raise LenetError(f"{self.run}: the run folder was removed during training; start again")
        content = encode({"owner": self.owner, "step": step, **state}, arrays)
        try:
            write_bytes(self.folder / f"step-{step:010d}.ckpt", content)
        except LenetError as error:
            raise LenetError(f"{error}; then resume with: lenet train --resume {self.run}") from error
        self.keep_last(KEPT)
        self._saved_at = time.monotonic()

    def newest(self) -> Checkpoint | None:
        """The newest one that is whole; None when none was written yet.

        Newer ones that are damaged are removed, so that the last two are whole.

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
            owner = checkpoint.state.get("owner")
            for name, value in self.owner.items():
                if not isinstance(owner, dict) or owner.get(name) != value:
                    raise LenetError(f"{path}: belongs to another {name}; use the {name} that the run began with")
            for broken, fault in damaged.items():
                broken.unlink(missing_ok=True)
                self.on_warning(f"{fault}; the one before it is used")
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


def encode(state: dict[str, Any], arrays: Arrays) -> bytes:
    """Bytes of a file; the same for the same content."""
    text = np.frombuffer(json.dumps(state, allow_nan=False).encode(), np.uint8)
    body = safetensors.numpy.save({STATE: text, **{name: np.asarray(it, order="C") for name, it in arrays.items()}})
    return body + hashlib.sha256(body).digest()


def read(path: Path) -> Checkpoint:
    """Read and verify a file; a LenetError names the file and what is wrong with it."""
    content = read_bytes(path, MOST_BYTES, "checkpoint")
    try:
        return decode(content)
    except (ValueError, KeyError, RecursionError, safetensors.SafetensorError) as error:
        raise LenetError(f"{path}: is not a whole checkpoint ({str(error).splitlines()[0]})") from error


def decode(content: bytes) -> Checkpoint:
    """Verify and decode the bytes of a file; ValueError, KeyError or SafetensorError for those that it cannot have."""
    body, digest = content[:-DIGEST_BYTES], content[-DIGEST_BYTES:]
    if hashlib.sha256(body).digest() != digest:
        raise ValueError("its SHA-256 does not match")
    arrays = safetensors.numpy.load(body)
    state = json.loads(arrays.pop(STATE).tobytes())
    if not isinstance(state, dict) or any(array.dtype != np.float32 for array in arrays.values()):
        raise ValueError("it holds other values than a training state")
    return Checkpoint(state, arrays)
