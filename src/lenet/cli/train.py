"""``lenet train``."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from lenet.cli.data import preparation_options
from lenet.cli.progress import Watch, training_progress
from lenet.cli.verb import verb
from lenet.errors import LenetError
from lenet.training.recipe import CLASS_WEIGHTS, NAMED, PRECISIONS, Recipe

if TYPE_CHECKING:
    from lenet.datasets import Dataset
    from lenet.training.run import Run

DEFAULT = NAMED[0].name


class Filters(click.ParamType[tuple[int, int]]):
    """Two numbers with a comma."""

    name = "N,N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """From ``20,50`` to ``(20, 50)``."""
        try:
            first, second = (int(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is not two numbers with a comma, such as 20,50", param, ctx)
        return first, second


# What can be changed of a run that is gone on with.
RESUMABLE = {"debug", "resume", "data", "epochs", "learning_rate"}


@verb(
    "train",
    "lenet train",
    "lenet train --recipe tutorial --epochs 2 --run runs/short",
    "lenet train --from runs/train-1 --data photos --run runs/photos",
    "lenet train --resume runs/train-1 --epochs 1.2",
)
@click.option("--data", metavar="SOURCE", help="What to learn from: see `lenet data --help`.")
@preparation_options
@click.option(
    "--recipe",
    default=DEFAULT,
    show_default=True,
    help=f"{', '.join(recipe.name for recipe in NAMED)}, or a recipe.toml. It decides all that follows unless named.",
)
@click.option("--split", metavar="TRAIN:TEST", help="own (the source's own parts, else 6:1), 2:1 or 75:25.")
@click.option("--seed", type=int, help="Decides split, first weights and order.")
@click.option("--run", type=click.Path(path_type=Path), help="The folder to make.  [default: runs/train-N]")
@click.option(
    "--resume",
    metavar="RUN",
    help="Go on with an interrupted run; with --epochs, also with a finished one; with --data, from where it lies now.",
)
@click.option("--from", "start", metavar="MODEL", help="A run or model file whose weights to begin with.")
@click.option("--epochs", type=float, help="How often every training image is seen.")
@click.option("--batch-size", type=int, help="Images a step.")
@click.option("--learning-rate", type=float, help="The highest of the schedule.")
@click.option("--filters", type=Filters(), help="Kernels of the two convolutions.")
@click.option("--kernel-size", type=int, help="Their side in pixels.")
@click.option("--dense-units", type=int, help="Units of the hidden dense layer.")
@click.option(
    "--class-weights",
    type=click.Choice(CLASS_WEIGHTS),
    is_flag=False,
    flag_value="balanced",
    help="balanced (also without a value): rare classes count as much as frequent ones.",
)
@click.option("--precision", type=click.Choice(PRECISIONS), help="What to compute in; weights are float32 always.")
def command(recipe: str, run: Path | None, resume: str | None, start: str | None, **changes: Any) -> None:
    """Teach a LeNet and leave a run folder with the model, its measures and its pictures.

    Ctrl-C ends the training early and says how to go on with it; so does a kill, with what was learnt half a minute
    before.
    """
    given = {name: value for name, value in changes.items() if value is not None}
    if resume is not None:
        _refuse_besides_resume()
        finished, number = _resume(resume, given)
    else:
        finished, number = _train(recipe, run, start, given)
    metrics = finished.metrics
    test = metrics["test"]
    click.echo(
        f"{test['accuracy']:.2%} of {test['n']:,} test images read right ({test['n'] - test['correct']} wrong), "
        f"trained in {metrics['train_seconds']:.1f} s"
    )
    click.echo(f"run: {finished.path}")
    if number:
        click.get_current_context().exit(128 + number)


def _train(recipe: str, where: Path | None, start: str | None, changes: dict[str, Any]) -> tuple["Run", int]:
    """A new run, and the signal that came meanwhile, 0 for none."""
    chosen = Recipe.read(Path(recipe)) if recipe.endswith(".toml") else Recipe.named(recipe)
    chosen = chosen.change(**changes)
    if start is not None:
        from lenet.training.start import start_from

        chosen = start_from(chosen, start)
        sizes = {name: changes[name] for name in ("filters", "kernel_size", "dense_units") if name in changes}
        chosen = chosen.change(**sizes)

    from lenet.training.trainer import train

    dataset = _load(chosen)
    return _stoppable(lambda watch, stop: train(dataset, chosen, where, watch=watch, stop=stop))


def _resume(where: str, changes: dict[str, Any]) -> tuple["Run", int]:
    """The same for a run that is gone on with."""
    from lenet.training.run import Run
    from lenet.training.trainer import resume

    run = Run(Path(where))
    data = changes.pop("data", run.recipe.data)
    if not changes and run.finished:
        click.echo(f"{where}: is finished; --epochs makes it longer", err=True)
        return run, 0
    try:
        dataset = _load(run.recipe.change(data=data))
    except LenetError as error:
        raise LenetError(f"{error} (the run learns from it; when it lies elsewhere now, add --data)") from error

    def tell(sentence: str) -> None:
        click.echo(f"{where}: {sentence}", err=True)

    return _stoppable(lambda watch, stop: resume(run, dataset, **changes, watch=watch, stop=stop, tell=tell))


def _load(recipe: Recipe) -> "Dataset":
    from lenet.datasets import load_dataset

    dataset = load_dataset(recipe.data, recipe.size or None, recipe.depth or None, recipe.invert)
    for note in dataset.notes:
        click.echo(f"{dataset.name}: {note}", err=True)
    return dataset


def _stoppable(work: Callable[[Watch, "StopSignals"], "Run"]) -> tuple["Run", int]:
    """Do the work with its progress shown; leave with the signal's status when it was stopped."""
    from lenet.training.stages import StoppedError

    with StopSignals() as stop:
        try:
            with training_progress() as watch:
                run = work(watch, stop)
        except StoppedError as stopped:
            click.echo(f"lenet: {stopped}", err=True)
            click.get_current_context().exit(128 + stop.signal)
    return run, stop.signal


def _refuse_besides_resume() -> None:
    context = click.get_current_context()
    for parameter in context.command.params:
        name = str(parameter.name)
        if name not in RESUMABLE and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{parameter.opts[0]} belongs to the run already; --resume goes without it")


class StopSignals:
    """Ctrl-C and termination as a question that training asks; a second one ends at once."""

    def __init__(self) -> None:
        """None came so far."""
        self.signal = 0
        self._before: dict[int, Any] = {}

    def __call__(self) -> bool:
        """Whether one came."""
        return bool(self.signal)

    def __enter__(self) -> "StopSignals":
        """Listen."""
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Listen no more."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.signal:
            raise SystemExit(128 + number)
        self.signal = number
        # Not by Python's own streams, which may be in the midst of another line.
        with suppress(OSError):
            os.write(2, "stopping after these steps …\n".encode())
