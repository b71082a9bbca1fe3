"""Kill trainings, resume them, count what was lost: `python tests/faults/kills.py` for all, with the count."""

import hashlib
import itertools
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from pathlib import Path

from lenet import LenetError, Recipe
from lenet.processor import usable_cores
from lenet.training import checkpoint

VICTIM = Path(__file__).with_name("victim.py")
# The first checkpoint makes the folder, the third removes the first: all that one does happens within three.
BOUNDARIES = range(1, 61)
# At random moments from the first step on, to the end of the results' writing; a few come too late for their training.
RANDOM_KILLS = 80
NEVER = 10_000


@dataclass
class Count:
    """The results of the kills."""

    kills: int = 0
    unreadable: int = 0
    finished: int = 0
    different: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(*(ours + theirs for ours, theirs in zip(astuple(self), astuple(other), strict=True)))

    def __str__(self) -> str:
        return (
            f"{self.kills} kills: {self.unreadable} unreadable states; {self.finished} runs went on to their end, "
            f"{self.different} of them with other weights than the run without a kill"
        )


def torture(folder: Path, moments: Iterable[int | float], expected: str) -> Count:
    """Begin runs, kill them at every one of ``moments`` and go on, until each is at its end.

    Args:
        folder: where the runs may lie.
        moments: whole numbers are moments within the saving of checkpoints, counted from the process's start; others
            are seconds after its first step.
        expected: the SHA-256 that all come to.
    """
    folder.mkdir()
    count, run = Count(), folder / "run"
    for moment in itertools.chain(moments, [NEVER]):
        killed = train(run, moment) if isinstance(moment, int) else kill_after(run, moment)
        if killed:
            count.kills += 1
            count.unreadable += not readable(run)
        else:
            count.finished += 1
            count.different += sha256(run) != expected
            shutil.rmtree(run)
    return count


def train(run: Path, boundary: int | None = None) -> bool:
    """Let a victim work; whether it was killed rather than came to its end."""
    arguments = [] if boundary is None else [str(boundary)]
    done = subprocess.run(
        [sys.executable, str(VICTIM), str(run), *arguments],
        check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    if done.returncode not in (0, -9):
        raise RuntimeError(f"a victim failed: {done.stderr}")
    return done.returncode == -9


def kill_after(run: Path, delay: float) -> bool:
    """The same, killed ``delay`` seconds after the first step that it takes."""
    with subprocess.Popen([sys.executable, str(VICTIM), str(run)], stdout=subprocess.PIPE, text=True) as victim:
        assert victim.stdout is not None
        victim.stdout.readline()
        try:
            victim.wait(delay)
        except subprocess.TimeoutExpired:
            victim.kill()
    if victim.returncode not in (0, -9):
        raise RuntimeError("a victim failed")
    return victim.returncode == -9


def duration(run: Path) -> float:
    """Let a victim work to its end; the seconds that this took from its first step on."""
    with subprocess.Popen([sys.executable, str(VICTIM), str(run)], stdout=subprocess.PIPE, text=True) as victim:
        assert victim.stdout is not None
        victim.stdout.readline()
        began = time.monotonic()
        victim.communicate()
    if victim.returncode:
        raise RuntimeError("a victim failed")
    return time.monotonic() - began


def readable(run: Path) -> bool:
    """Whether the recipe, where there is one, and every checkpoint are whole."""
    try:
        if (run / "recipe.toml").exists():
            Recipe.read(run / "recipe.toml")
        for path in (run / "checkpoint").glob("step-*"):
            checkpoint.read(path)
    except LenetError as error:
        print(error, file=sys.stderr)
        return False
    return True


def sha256(run: Path) -> str:
    """Of the model file: weights and metadata."""
    return hashlib.sha256((run / "model.onnx").read_bytes()).hexdigest()


def main() -> None:
    """All kills, several at a time; the exit status is 1 when anything was lost."""
    started = time.monotonic()
    chance = random.Random(0)
    # Most of a victim's life is its start, which keeps one core half busy.
    chains = 2 * usable_cores()
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(chains) as pool:
        folder = Path(name)
        longest = duration(folder / "reference")
        moments = [*BOUNDARIES, *(chance.uniform(0, longest) for _ in range(RANDOM_KILLS))]
        expected = sha256(folder / "reference")
        count = Count()
        for share in pool.map(
            lambda chain: torture(folder / str(chain), moments[chain::chains], expected), range(chains)
        ):
            count += share
    print(f"{count}; {time.monotonic() - started:.0f} s")
    sys.exit(bool(count.unreadable or count.different or count.kills < 110))


if __name__ == "__main__":
    main()
