"""A training that is to be killed: `victim.py RUN [BOUNDARY]`.

It begins the run or resumes it, keeps a checkpoint after every few steps, says "step N" after each, and kills
itself at the BOUNDARY-th moment before or after anything that a checkpoint does to the disk.
"""

import itertools
import os
import shutil
import signal
import sys
from pathlib import Path

import numpy as np

from lenet import Recipe, load_dataset, resume, train
from lenet.training import checkpoint, loop

RECIPE = Recipe(
    name="victim",
    split="4:1",
    epochs=10.0,
    batch_size=40,
    network="conv 4 5, relu, maxpool 2, conv 6 5, relu, maxpool 2, dense 20, relu",
    optimizer="adamw",
    learning_rate=0.003,
    schedule="linear",
    warmup=0.2,
    dropout=0.2,
    rotation=10.0,
    precision="float32",
)
# What `lenet.atomic` and `tempfile` call to change the disk.
CALLS = ("mkdir", "open", "close", "fsync", "chmod", "replace", "unlink")


def main() -> None:
    """Train to the end, or to the kill."""
    run = Path(sys.argv[1])
    checkpoint.EVERY_SECONDS = 0.0
    loop.CHUNK = 2
    if len(sys.argv) > 2:
        kill_at(int(sys.argv[2]))
    dataset = load_dataset("mnist").take(np.arange(1000))
    options = {"on_progress": lambda progress: print("step", progress.step, flush=True)}
    if (run / "recipe.toml").exists():
        resume(run, dataset, **options)
    else:
        shutil.rmtree(run, ignore_errors=True)  # killed before it had a recipe: nothing was begun
        train(dataset, RECIPE, run, **options)


def kill_at(boundary: int) -> None:
    """Count the boundaries while a checkpoint is saved, and die at one."""
    numbers = itertools.count(1)
    saving = False

    def pass_boundary() -> None:
        if saving and next(numbers) == boundary:
            os.kill(os.getpid(), signal.SIGKILL)

    def between_boundaries(call):
        def wrapped(*arguments, **options):
            pass_boundary()
            result = call(*arguments, **options)
            pass_boundary()
            return result

        return wrapped

    def write_in_halves(path: Path, content: bytes) -> None:
        with path.open("wb", buffering=0) as file:
            for half in (content[: len(content) // 2], content[len(content) // 2 :]):
                pass_boundary()
                file.write(half)
            pass_boundary()

    save = checkpoint.Checkpoints.save

    def count_while_saving(*arguments) -> None:
        nonlocal saving
        saving = True
        save(*arguments)
        saving = False

    for name in CALLS:
        setattr(os, name, between_boundaries(getattr(os, name)))
    Path.write_bytes = write_in_halves
    checkpoint.Checkpoints.save = count_while_saving


if __name__ == "__main__":
    main()
