"""What verbs share that run in several processes: their options, and what they call."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from lenet.cli.signals import stop_signals
from lenet.cli.training import tell
from lenet.cli.verb import UsageError
from lenet.scale.cluster import check_cluster

if TYPE_CHECKING:
    from lenet.datasets import Dataset
    from lenet.scale.read import Progress
    from lenet.training.recipe import Recipe

# Least seconds between two lines on a pipe, and between two changes on a terminal.
SECONDS, TERMINAL_SECONDS = 20.0, 0.2
# Names of files in the line about those that are skipped.
NAMED = 3


def scale_options(name: str, says: str, *more: str) -> Callable[[Any], Any]:
    """The options ``--cluster`` and, by its ``name``, the number of processes."""

    def decorate(function: Any) -> Any:
        cluster = click.option(
            "--cluster",
            metavar="HOST:PORT",
            callback=_parse_cluster,
            help="Address of a Ray cluster, such as 10.0.0.1:6379.  [default: Ray is started on this machine]",
        )
        processes = click.option(name, *more, type=click.IntRange(1, 4096), metavar="N", help=says)
        return cluster(processes(function))

    return decorate


def _parse_cluster(_: click.Context, __: click.Parameter, address: str | None) -> str | None:
    host, _colon, port = (address or "").rpartition(":")
    if address is not None and not (host and port.isdecimal() and int(port) < 1 << 16):
        raise click.BadParameter(f"{address!r} is not HOST:PORT, such as 10.0.0.1:6379")
    return address


class Hosts(NamedTuple):
    """Values of ``--hosts`` and ``--cluster``."""

    number: int | None = None
    cluster: str | None = None

    @property
    def several(self) -> bool:
        """Whether Ray is needed."""
        return self.cluster is not None or (self.number or 1) > 1

    def prepare(self, recipe: "Recipe") -> None:
        """Before data and TensorFlow are loaded, refuse what cannot work, and set the number of threads."""
        number, shards = self.number or 1, recipe.shards
        if number & (number - 1):
            raise UsageError(f"--hosts {number}: is no power of two; use --hosts {1 << number.bit_length() - 1}")
        if shards % number:
            choices = f"use at most --hosts {shards}, or --shards {number} for a new run"
            raise UsageError(f"--hosts {number}: the recipe has shards = {shards}; {choices}")
        check_cluster(self.cluster)
        if shards > 1:  # two threads give other bits than one
            os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

    def train(self, run: Any, recipe: "Recipe", dataset: "Dataset") -> Callable[..., Any]:
        """A function that trains on ``dataset``: a new run by its path, or a ``Run`` that was begun."""

        def work(on_progress: Any, stop: Callable[[], bool], on_metrics: Callable[[Any], None]) -> Any:
            from lenet.scale.hosts import train_on_hosts

            done = train_on_hosts(run, recipe, dataset, self.number or 1, self.cluster, on_progress, stop, tell)
            on_metrics(done.metrics)
            return done

        return work


def predict_many(data: str, to: str, model: str | None, cluster: str | None, workers: int | None) -> None:
    """Read ``data``, and write the answers to the folder ``to``."""
    from lenet.model.file import read_model
    from lenet.model.runtime import locate_model
    from lenet.scale.read import read

    check_cluster(cluster)
    file, show = read_model(locate_model(model)), _Line().show
    with stop_signals() as received:
        manifest = read(data, to, file, cluster, workers, show, tell_skipped, lambda: bool(received))
    if manifest is None:
        end_stopped(received)
    else:
        errors = f", {manifest['errors']:,} of them not readable" if manifest["errors"] else ""
        click.echo(f"{to}: {count(manifest['rows'], 'row')}{errors}, in {count(len(manifest['shards']), 'file')}")


def end_stopped(received: Sequence[int]) -> None:
    """Say how to resume, and end with the signal's status."""
    click.echo("lenet: stopped; run the command again to resume", err=True)
    click.get_current_context().exit(128 + received[0])


def tell_skipped(names: Sequence[str]) -> None:
    """Say how many files are not read, with the first names."""
    files = f"{len(names):,} files that are" if len(names) > 1 else "1 file that is"
    named = ", ".join(names[:NAMED]) + ", …" * (len(names) > NAMED)
    tell(f"skipped {files} not read: {named}")


def count(number: int, word: str) -> str:
    """Such as 1 row and 2,000 rows."""
    return f"{number:,} {word}{'s' * (number != 1)}"


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
        rows = f"{count(progress.rows, 'row')}, {progress.rows / max(progress.seconds, 1e-9):,.0f} rows/s"
        errors = f", {progress.errors:,} not readable" if progress.errors else ""
        left = "" if last else f", {timedelta(seconds=round(progress.seconds_left))} left"
        line = f"{progress.shards:,} of {count(progress.of, 'shard')}, {rows}{errors}{left}"
        click.echo(f"\r\x1b[K{line}" if terminal else line, err=True, nl=last or not terminal)
