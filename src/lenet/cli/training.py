"""A training as the command line runs it: TensorFlow's import, signals, progress, results, and where the time went."""

import gc
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import click

from lenet.cli.main import BEGAN
from lenet.cli.progress import training_progress
from lenet.cli.signals import stop_signals
from lenet.errors import one_line

if TYPE_CHECKING:
    from lenet.training.loop import Progress
    from lenet.training.run import Run

# Keras imports these where they are installed, for parts that are not used here: a third of its time.
UNUSED = ("IPython", "matplotlib", "scipy", "sklearn")


def load_tensorflow() -> None:
    """Import TensorFlow, which takes seconds, and say so; before all else that needs it."""
    if "tensorflow" in sys.modules:
        return
    tell("loading TensorFlow …")
    hidden = [name for name in UNUSED if name not in sys.modules]
    cast(dict[str, Any], sys.modules).update(dict.fromkeys(hidden))  # as if they were not installed
    gc.disable()  # nothing of an import is garbage; looking for it takes a quarter of the time
    try:
        import lenet.backend  # noqa: F401
    finally:
        gc.enable()
        for name in hidden:
            del sys.modules[name]
    gc.freeze()  # so that the end of the process does not look for it either, for half a second


def run_training(work: Callable[..., "Run"]) -> tuple["Run", int]:
    """Call ``work``, show its progress and its results; exit with the signal's status when it was stopped."""
    from lenet.training.events import event_files
    from lenet.training.train import StoppedError

    loaded = trained = measured = time.monotonic()

    def on_progress(progress: "Progress") -> None:
        nonlocal trained
        trained = time.monotonic()
        for hook in hooks:
            hook(progress)

    def on_metrics(metrics: dict[str, Any]) -> None:
        nonlocal measured
        bar.close()
        with suppress(BrokenPipeError):  # which ends no training
            print_results(metrics)
        measured = time.monotonic()

    with stop_signals() as received, ExitStack() as bar:
        hooks = [bar.enter_context(training_progress())]
        if folder := click.get_current_context().params["tensorboard"]:
            hooks.append(bar.enter_context(event_files(folder)))
        try:
            run = work(on_progress=on_progress, stop=lambda: bool(received), on_metrics=on_metrics)
        except StoppedError as stopped:
            bar.close()
            click.echo(f"lenet: {stopped}", err=True)
            click.get_current_context().exit(128 + received[0])
    _add_process_seconds(run, BEGAN, loaded, trained, measured, time.monotonic())
    return run, (received or [0])[0]


def _add_process_seconds(run: "Run", *moments: float) -> None:
    """Add the time of this process and its parts to the metrics of a run that was not finished before."""
    if "process_seconds" in run.metrics:
        return
    parts = zip(("loading", "training", "measuring", "drawing"), pairwise(moments), strict=True)
    seconds = {"total": moments[-1] - moments[0]} | {part: end - start for part, (start, end) in parts}
    run.add_to_metrics(process_seconds={name: round(part, 3) for name, part in seconds.items()})


def print_results(metrics: dict[str, Any]) -> None:
    """Print what a run's metrics say of its network."""
    test = metrics["test"]
    click.echo(
        f"{test['accuracy']:.2%} of {test['n']:,} test images read correctly ({test['n'] - test['correct']} wrong), "
        f"trained in {metrics['train_seconds']:.1f} s"
    )
    for row in metrics.get("held_out", []):
        before = f"before {row['before'] / row['n']:.2%}, " if row.get("before") is not None and row["n"] else ""
        now = f"{before}now {row['correct'] / row['n']:.2%} of {row['n']:,}" if row["n"] else "no"
        click.echo(f"{row['data']}: {now} test images")
    if "verdict" in metrics:
        click.echo(metrics["verdict"])
    for remark in metrics.get("remarks", []):
        click.echo(f"note: {remark}")


def tell(sentence: str) -> None:
    """Print a line on standard error."""
    click.echo(one_line(sentence), err=True)
