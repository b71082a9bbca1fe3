"""Progress on stderr: a bar on a terminal; of a training, one plain line per epoch on a pipe."""

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lenet.training.loop import Progress

# Least time between two lines on a pipe.
SECONDS = 3.0
MEASURING = "measuring the results …"
OnProgress = Callable[["Progress"], None]


def say(text: str, err: bool = False) -> None:
    """Print a line; on a terminal above the bar, which ``click.echo`` would write into."""
    print(text, file=sys.stderr if err else sys.stdout, flush=True)


@contextmanager
def picture_progress(total: int) -> Iterator[Callable[[], None]]:
    """A function to call after each picture; it moves a bar, on a terminal when there are several pictures."""
    if total < 2 or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True, redirect_stdout=sys.stdout.isatty()) as bar:
        task = bar.add_task("reading", total=total)
        yield lambda: bar.advance(task)


@contextmanager
def training_progress() -> Iterator[OnProgress]:
    """A function that shows the progress of a training."""
    if not sys.stderr.isatty():
        yield _Lines().print
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[said]}"),
    )
    with Bar(*columns, console=Console(stderr=True)) as bar:
        first = bar.add_task("training", total=None, said="building the graph …")
        tasks: dict[str, TaskID] = {}

        def advance(progress: "Progress") -> None:
            stage = progress.stage or "training"
            if stage not in tasks:  # one line per stage
                tasks[stage] = bar.add_task(stage, said="") if tasks else first
            said = MEASURING if _is_last(progress) else f"loss {progress.loss:.3f}, {progress.accuracy:.1%}"
            bar.update(tasks[stage], description=stage, completed=progress.step, total=progress.steps, said=said)
            if progress.epoch:
                bar.console.print(_epoch_line(progress), highlight=False)

        yield advance


def _is_last(progress: "Progress") -> bool:
    return progress.step == progress.steps and not progress.stage


class _Lines:
    """Plain lines for a pipe: one for an epoch, but not more than one in ``SECONDS``, and the last one."""

    def __init__(self) -> None:
        self.printed = -math.inf

    def print(self, progress: "Progress") -> None:
        """Print the line of an epoch, if there is one and it is time."""
        now = time.monotonic()
        if progress.epoch is None or (now - self.printed < SECONDS and progress.step < progress.steps):
            return
        self.printed = now
        with suppress(OSError):  # a closed pipe does not end the training
            click.echo(_epoch_line(progress), err=True)
            if _is_last(progress):
                click.echo(MEASURING, err=True)


def _epoch_line(progress: "Progress") -> str:
    row = progress.epoch
    assert row is not None
    stage = f"{progress.stage}, " if progress.stage else ""
    line = f"{stage}epoch {row.epoch:.3g}: loss {row.loss:.4f}, accuracy {row.accuracy:.2%}"
    if row.validation_accuracy is not None:
        line += f", validation accuracy {row.validation_accuracy:.2%}"
    return f"{line}, {row.seconds:.1f} s"
