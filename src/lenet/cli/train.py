"""``lenet train``."""

import signal
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import click

from lenet.cli.data import preparation_options
from lenet.cli.progress import training_progress
from lenet.cli.verb import verb
from lenet.training.recipe import NAMED, PRECISIONS, Recipe

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


@verb("train", "lenet train", "lenet train --recipe tutorial --epochs 2 --run runs/short")
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
@click.option("--epochs", type=float, help="How often every training image is seen.")
@click.option("--batch-size", type=int, help="Images a step.")
@click.option("--learning-rate", type=float, help="The highest of the schedule.")
@click.option("--filters", type=Filters(), help="Kernels of the two convolutions.")
@click.option("--kernel-size", type=int, help="Their side in pixels.")
@click.option("--dense-units", type=int, help="Units of the hidden dense layer.")
@click.option("--precision", type=click.Choice(PRECISIONS), help="What to compute in; weights are float32 always.")
def command(recipe: str, run: Path | None, **changes: Any) -> None:
    """Teach a LeNet and leave a run folder with the model, its measures and its pictures.

    Ctrl-C ends the training early; what was learnt so far is kept.
    """
    chosen = Recipe.read(Path(recipe)) if recipe.endswith(".toml") else Recipe.named(recipe)
    chosen = chosen.change(**{name: value for name, value in changes.items() if value is not None})

    from lenet.datasets import load_dataset
    from lenet.training.trainer import train

    dataset = load_dataset(chosen.data, chosen.size or None, chosen.depth or None, chosen.invert)
    for note in dataset.notes:
        click.echo(f"{dataset.name}: {note}", err=True)
    with training_progress() as watch, StopSignals() as stop:
        finished = train(dataset, chosen, run, watch=watch, stop=stop)
    metrics = finished.metrics
    test = metrics["test"]
    if metrics["stopped"]:
        click.echo(
            f"stopped after {metrics['epochs']:.3g} of {chosen.epochs:g} epochs; what was learnt is kept", err=True
        )
    click.echo(
        f"{test['accuracy']:.2%} of {test['n']:,} test images read right ({test['n'] - test['correct']} wrong), "
        f"trained in {metrics['train_seconds']:.1f} s"
    )
    click.echo(f"run: {finished.path}")
    if stop.signal:
        click.get_current_context().exit(128 + stop.signal)


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
        click.echo("stopping after these steps …", err=True)
