"""How a training's progress is told: a bar on a terminal, a plain line an epoch on a pipe. Always on stderr."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Protocol

import click

if TYPE_CHECKING:
    from lenet.training.loop import Progress


class Watch(Protocol):
    """Is told of every bit of progress."""

    def __call__(self, progress: "Progress") -> None:
        """Take note."""


@contextmanager
def training_progress() -> Iterator[Watch]:
    """Watch a training."""
    if not sys.stderr.isatty():
        yield _print_epoch
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
            if stage not in tasks:  # a line a stage, in their order
                tasks[stage] = bar.add_task(stage, said="") if tasks else first
            said = f"loss {progress.loss:.3f}, {progress.accuracy:.1%}"
            bar.update(tasks[stage], description=stage, completed=progress.step, total=progress.steps, said=said)
            if progress.epoch:
                bar.console.print(_epoch_line(progress), highlight=False)

        yield advance


def _print_epoch(progress: "Progress") -> None:
    if progress.epoch:
        with suppress(OSError):  # whoever listened has gone; that ends no training
            click.echo(_epoch_line(progress), err=True)


def _stage(progress: "Progress") -> str:
    return f"{progress.stage}, " if progress.stage else ""


def _epoch_line(progress: "Progress") -> str:
    row = progress.epoch
    assert row is not None
    line = f"{_stage(progress)}epoch {row.epoch:.3g}: loss {row.loss:.4f}, accuracy {row.accuracy:.2%}"
    if row.validation_accuracy is not None:
        line += f", validation accuracy {row.validation_accuracy:.2%}"
    return f"{line}, {row.seconds:.1f} s"
