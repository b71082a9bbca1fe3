"""What exact resume costs while nothing goes wrong; writes a section of RESULTS.md.

    python benchmarks/checkpoints.py [--epochs 20]

Trains by the recipe `best`, without its teacher, with a checkpoint every 20 seconds, as `lenet train` does, and times
each from the moment that it is due until it lies on the disk. The one that every training ends with is not among them.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from results import write_section

from lenet import Recipe, load_dataset
from lenet.processor import model_name, usable_cores
from lenet.training.checkpoint import EVERY_SECONDS, Checkpoints
from lenet.training.initial import build_network
from lenet.training.loop import fit


class TimedCheckpoints(Checkpoints):
    """Counts the seconds from a checkpoint's being due to its lying on the disk."""

    def __init__(self, run: Path) -> None:
        super().__init__(run, {})
        self.seconds: list[float] = []
        self._due_at: float | None = None

    def due(self) -> bool:
        """Whether it is time for another one; notes when it first was."""
        self._due_at = time.perf_counter() if super().due() else None
        return self._due_at is not None

    def save(self, *arguments: Any) -> None:
        """Keep one, and note how long that took."""
        super().save(*arguments)
        if self._due_at is not None:
            self.seconds.append(time.perf_counter() - self._due_at)
        self._due_at = None


def main() -> None:
    parser = argparse.ArgumentParser(description="What exact resume costs while nothing goes wrong.")
    parser.add_argument("--epochs", type=float, default=20.0)
    recipe = Recipe.named("best").change(epochs=parser.parse_args().epochs, teacher_epochs=0.0, distillation=0.0)

    dataset = load_dataset("mnist").split("own").train
    with tempfile.TemporaryDirectory() as folder:
        checkpoints = TimedCheckpoints(Path(folder))
        state = fit(build_network(dataset, recipe), dataset, recipe, checkpoints=checkpoints)
        size = checkpoints.paths()[-1].stat().st_size
    if not checkpoints.seconds:
        sys.exit(f"no checkpoint came due in {state.seconds:.0f} s of training; take more --epochs")
    spent = np.array(checkpoints.seconds)
    write_section(
        "What survival costs",
        f"""`python benchmarks/checkpoints.py`: {state.seconds:.0f} s of training, `best` without its teacher,
on {usable_cores()} cores of {model_name()}: {len(spent)} checkpoints of {size:,} bytes, one every {EVERY_SECONDS:g} s,
each {np.median(spent):.3f} s (median; {spent.min():.3f} to {spent.max():.3f}) from the last step before it to the next:
{spent.sum() / state.seconds:.2%} of the training time.""",
    )


if __name__ == "__main__":
    main()
