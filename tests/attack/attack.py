"""Thousands of hostile files over every entrance: one line each, no signal, no traceback, bounded memory and time.

    python tests/attack/attack.py [--share 1] [--only PART]

Each file is read in a child of a process that has everything loaded. The child's standard error, exit, processor time
and memory are looked at. Files that break the rules are kept, and named. Seeds are fixed.
"""

import argparse
import ctypes
import os
import resource
import shutil
import sys
import tempfile
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))  # for tests.…
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # so that ONNX Runtime has no threads, which a fork loses

from lenet import Architecture, LenetError, Model, Reader, Recipe, load_dataset, load_weights
from lenet.cli.search import _axes, _given
from lenet.datasets.preparation import Preparation
from lenet.datasets.shards import find_shards
from lenet.datasets.source import load_unlabelled
from lenet.explain.explanation import explain
from lenet.pictures.picture import open_pages
from lenet.reading.many import answers
from lenet.scale.read import _items
from lenet.sheet.cut import read_sheets
from lenet.training.checkpoint import read as read_checkpoint
from lenet.training.compare import Record
from lenet.training.start import own_data, start_from
from lenet.training.state import TrainingState
from tests.attack.files import CLASSES, SHAPE, entrances, small_model

# Of the processor, and of memory beside what is loaded before: 400 MiB with the 100 that `lenet predict` has loaded.
MOST_SECONDS, MOST_MIB = 5.0, 300
ENDED = 2 * MOST_SECONDS  # after which the child is killed


class Found(NamedTuple):
    """The result of one file."""

    what: str  # read, refused, or how the rules were broken
    seconds: float  # of the processor
    mebibytes: float  # at the peak, beside what is loaded


class Conv2D:
    """A layer as `load_weights` sees those of Keras, whose threads would not survive a fork."""

    def __init__(self, *arrays: np.ndarray) -> None:
        self.weights = [Variable(array) for array in arrays]


class Dense(Conv2D):
    """The same."""


class Variable:
    """An array as Keras has it."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.shape = array, array.shape

    def numpy(self) -> np.ndarray:
        return self.array

    def assign(self, array: np.ndarray) -> None:
        assert array.shape == self.shape
        assert np.isfinite(array).all()


class Flatten(Conv2D):
    """The same, with what goes into it."""

    input = np.empty((0, 4, 4, 3))


class Network:
    """The small model's layers."""

    input_shape, output_shape = (None, *SHAPE), (None, CLASSES)

    def __init__(self) -> None:
        arrays = list(small_model().weights.values())
        self.layers = [Conv2D(*arrays[:2]), Flatten(), Dense(*arrays[2:4]), Dense(*arrays[4:])]


def readers() -> dict[str, Callable[[Path], object]]:
    """What is done with a file of each entrance, by the first word of its name."""
    reader, network = Reader(), Network()
    reader.read(np.full((60, 80), 255, np.uint8))
    image = np.zeros((1, *SHAPE), np.uint8)

    def use_model(path: Path) -> None:
        model = Model.load(path)
        model.predict(image)
        Reader(model).read(np.full((60, 80), 255, np.uint8))
        explain(model, image[0])

    def use_picture(path: Path) -> None:
        for page in open_pages(path):
            if isinstance(page.picture, LenetError):
                raise page.picture
            reader.read(page.picture)

    def use_start(path: Path) -> None:
        start_from(Recipe.named("tune"), str(path))
        own_data(str(path))

    def use_data(path: Path) -> None:
        dataset = load_dataset(path, on_error=str)
        np.asarray(dataset.images).sum()

    def use_many(path: Path) -> None:
        for shard in find_shards(str(path))[0]:
            list(answers(reader, _items(shard, str(path))))

    return {
        "model": use_model,
        "start": use_start,
        "weights": lambda path: load_weights(network, path),
        "picture": use_picture,
        "data": use_data,
        "table": lambda path: load_unlabelled(path, Preparation((28, 28), 1, "no", "mark")),
        "many": use_many,
        "architecture": lambda path: Architecture.parse(path.read_text(errors="replace")).place(*SHAPE, CLASSES),
        "recipe": Recipe.read,
        "space": lambda path: _axes(Recipe.named("fast"), _given((), path)),
        "checkpoint": lambda path: TrainingState.from_dict(read_checkpoint(path).state.get("training")),
        "run": lambda path: Record.read(str(path)),
        "sheet": read_sheets,
    }


def tried(use: Callable[[Path], object], path: Path, errors: Path) -> Found:
    """Use a file in a child, and see what becomes of it."""
    ctypes.CDLL(None).malloc_trim(0)  # else the child uses what was freed here, and seems to take no memory
    loaded = _mebibytes("VmRSS:")  # here, since a child has the libraries' pages only when it uses them
    child = os.fork()
    if not child:
        _child(use, path, errors, loaded)
    _, status, used = os.wait4(child, 0)
    seconds = used.ru_utime + used.ru_stime
    said = errors.read_text(errors="replace").splitlines()
    peak = float(said.pop()) if said else 0.0
    if os.WIFSIGNALED(status):
        what = f"ended by signal {os.WTERMSIG(status)}"
    elif os.WEXITSTATUS(status) == 2 or len(said) > 1:
        what = f"said {len(said)} lines: {said[-1] if said else ''}"
    elif seconds > MOST_SECONDS:
        what = f"took {seconds:.1f} s"
    elif peak > MOST_MIB:
        what = f"took {peak:.0f} MiB"
    else:
        what = "refused" if os.WEXITSTATUS(status) else "read"
    return Found(what, seconds, peak)


def _child(use: Callable[[Path], object], path: Path, errors: Path, loaded: float) -> None:
    """Exit with 0 for what was read, 1 for one line, 2 for a traceback; the last line is the memory at its peak."""
    status = 2
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (int(ENDED), int(ENDED)))
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        try:
            use(path)
            status = 0
        except LenetError as error:
            print(str(error), file=sys.stderr)
            status = 1
        except BaseException:
            traceback.print_exc()
        print(f"{_mebibytes('VmHWM:') - loaded:.1f}", file=sys.stderr, flush=True)
    finally:
        os._exit(status)


def _mebibytes(entry: str) -> float:
    return int(Path("/proc/self/status").read_text().partition(entry)[2].split()[0]) / 1024


def attack(share: float, only: str, kept: Path) -> int:
    """Try a share of all files, print what became of them, and keep the bad ones; gives how many those are."""
    uses, bad, total = readers(), 0, 0
    most = Found("", 0.0, 0.0)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "sound").mkdir()
        for name, entrance in entrances(folder / "sound").items():
            if not name.startswith(only):
                continue
            rng = np.random.default_rng(zlib.crc32(name.encode()))
            counts: Counter[str] = Counter()
            for number, files in zip(range(max(1, round(share * entrance.count))), entrance.make(rng), strict=False):
                place = folder / name / str(number)
                for file, content in files.items():
                    (place / file).parent.mkdir(parents=True, exist_ok=True)
                    (place / file).write_bytes(content)
                found = tried(uses[name.partition(",")[0]], place / entrance.name, folder / "errors")
                counts[found.what] += 1
                most = Found("", max(most.seconds, found.seconds), max(most.mebibytes, found.mebibytes))
                if found.what not in ("read", "refused"):
                    shutil.copytree(place, kept / name / str(number), dirs_exist_ok=True)
                shutil.rmtree(place)
            total += counts.total()
            bad += counts.total() - counts["read"] - counts["refused"]
            print(f"{name}: {', '.join(f'{count} {what}' for what, count in counts.most_common())}", flush=True)
    print(f"{total:,} files, {bad} bad; at most {most.seconds:.1f} s of the processor and {most.mebibytes:.0f} MiB")
    return bad


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0, help="of the files of each entrance")
    parser.add_argument("--only", default="", help="entrances whose names begin so")
    parser.add_argument("--kept", type=Path, default=Path("attack-kept"), help="folder for the bad ones")
    asked = parser.parse_args()
    began = time.monotonic()
    bad = attack(asked.share, asked.only, asked.kept)
    print(f"{time.monotonic() - began:.0f} s")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
