"""What verbs share that run in several processes: their options, and what they call."""

import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from lenet.errors import one_line

if TYPE_CHECKING:
    from lenet.scale.read import Progress
    from lenet.training.recipe import Recipe

MOST_PROCESSES = 4096
# Least seconds between two lines on a pipe, and between two changes on a terminal.
SECONDS, TERMINAL_SECONDS = 20.0, 0.2


def scale_options(name: str, says: str, *more: str) -> Callable[[Any], Any]:
    """The options ``--cluster`` and, by its ``name``, the number of processes."""

    def decorate(function: Any) -> Any:
        cluster = click.option(
            "--cluster", metavar="ADDRESS", help="Of a Ray cluster, such as 10.0.0.1:6379.  [default: this machine]"
        )
        processes = click.option(name, *more, type=click.IntRange(1, MOST_PROCESSES), metavar="N", help=says)
        return cluster(processes(function))

    return decorate


class Hosts(NamedTuple):
    """Values of ``--hosts`` and ``--cluster``."""

    number: int | None
    cluster: str | None

    @property
    def several(self) -> bool:
        """Whether Ray is needed."""
        return self.cluster is not None or (self.number or 1) > 1


def fix_threads(recipe: "Recipe") -> None:
    """Before TensorFlow is imported, let each process of several compute with one thread: two give other bits."""
    if recipe.shards > 1:
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")


def on_hosts(hosts: Hosts, run: Any, recipe: "Recipe", data: str) -> Callable[..., Any]:
    """A function that trains on ``data``: a new run by its path, or a ``Run`` that was begun."""

    def work(on_progress: Any, stop: Callable[[], bool], on_metrics: Callable[[Any], None]) -> Any:
        from lenet.scale.hosts import train_on_hosts

        def warn(sentence: str) -> None:
            click.echo(one_line(sentence), err=True)

        done = train_on_hosts(run, recipe, data, hosts.number or 1, hosts.cluster, on_progress, stop, warn)
        on_metrics(done.metrics)
        return done

    return work


def predict_many(data: str, to: str, model: str | None, cluster: str | None, workers: int | None) -> None:
    """Read ``data``, and write the answers to the folder ``to``."""
    from lenet.model.file import read_model
    from lenet.model.runtime import locate_model
    from lenet.scale.read import read

    manifest = read(data, to, read_model(locate_model(model)), cluster, workers, _Line().show)
    errors = f", {manifest['errors']:,} of them not readable" if manifest["errors"] else ""
    click.echo(f"{to}: {manifest['rows']:,} rows{errors}, in {len(manifest['shards']):,} files")


class _Line:
    """One line that is written over, on a terminal; on a pipe, lines a few seconds apart."""

    def __init__(self) -> None:
        self.shown = time.monotonic()

    def show(self, progress: "Progress") -> None:
        """Show progress, if it is time."""
        terminal, last = sys.stderr.isatty(), progress.shards == progress.of
        if time.monotonic() - self.shown < (TERMINAL_SECONDS if terminal else SECONDS) and not last:
            return
        self.shown = time.monotonic()
        rate = f"{progress.rows / max(progress.seconds, 1e-9):,.0f} rows/s"
        left = "" if progress.seconds_left is None else f", {_duration(progress.seconds_left)} left"
        errors = f", {progress.errors:,} not readable" if progress.errors else ""
        line = f"{progress.shards:,} of {progress.of:,} shards, {progress.rows:,} rows, {rate}{errors}{left}"
        click.echo(f"\r\x1b[K{line}" if terminal else line, err=True, nl=last or not terminal)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
