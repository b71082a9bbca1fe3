"""``lenet train``."""

import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click
from click.core import ParameterSource

from lenet.cli.data import load_usable, preparation_options
from lenet.cli.progress import OnProgress, training_progress
from lenet.cli.signals import stop_signals
from lenet.cli.verb import FOLDER, typed, verb
from lenet.errors import LenetError, one_line
from lenet.network.architecture import ActivationKind, PoolKind
from lenet.network.named import NETWORKS, find_network
from lenet.training.recipe import NAMED, ClassWeights, Precision, Recipe

if TYPE_CHECKING:
    from lenet.datasets import Dataset
    from lenet.training.loop import Progress
    from lenet.training.run import Run

# New classes that are named.
MOST_NAMED = 10


class Filters(click.ParamType[tuple[int, ...]]):
    """Numbers separated by commas."""

    name = "N,N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """From ``20,50`` to ``(20, 50)``."""
        try:
            return tuple(int(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is not numbers with commas between them, such as 20,50", param, ctx)


FIND = "find"
RATE_CURVE = Path("learning-rate.png")


class Rate(click.ParamType[float | str]):
    """A number, or the word that asks to find one."""

    name = "X|find"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | str:
        """From ``0.01`` to 0.01; ``find`` as it is."""
        try:
            return FIND if value == FIND else float(value)
        except ValueError:
            self.fail(f"{value!r} is neither a number nor {FIND}", param, ctx)


# Options that change the network, beside --network.
SHORTHANDS = ("filters", "kernel_size", "dense_units", "activation", "pooling")
# Options that are allowed beside --resume.
RESUMABLE = {"debug", "resume", "data", "epochs", "learning_rate", "tensorboard"}


@verb(
    "train",
    "lenet train",
    "lenet train --recipe tutorial --epochs 2 --run runs/short",
    'lenet train --network "conv 8 3, tanh, avgpool 2, dense 64, tanh"',
    "lenet train --from bundled --data mnist --data photos --run runs/photos",
    "lenet train --learning-rate find",
    "lenet train --resume runs/train-1 --epochs 1.2",
)
@click.option(
    "--data",
    metavar="SOURCE",
    multiple=True,
    help="What to train on: see `lenet data --help`. Several times: all of these; classes are matched by name.  "
    "[default: mnist; with --from what the model was trained on]",
)
@preparation_options
@click.option(
    "--recipe",
    help=f"{', '.join(recipe.name for recipe in NAMED)}, or a recipe.toml. The options below change it.  "
    "[default: fast; few for fewer than 1,000 pictures; tune with --from]",
)
@click.option("--split", metavar="TRAIN:TEST", help="own (the source's own parts, else 6:1), by-writer, 2:1 or 75:25.")
@click.option("--seed", type=int, help="Decides split, initial weights and order.")
@click.option("--run", type=click.Path(path_type=Path), help="The folder to make.  [default: runs/train-N]")
@click.option(
    "--resume",
    metavar="RUN",
    help="Resume an interrupted run; with --epochs also a finished one; with --data when its data has moved.",
)
@click.option(
    "--from",
    "start",
    metavar="MODEL",
    help="bundled, or a run or model file whose weights to start from. The model keeps its classes; without --recipe "
    "it learns again from its own data, too, so that it does not forget it.",
)
@click.option(
    "--tensorboard",
    type=FOLDER,
    help="Also write event files there, for `tensorboard --logdir`; needs pip install 'lenet[tensorboard]'.",
)
@click.option("--epochs", type=float, help="Number of times that every training image is seen.")
@click.option("--batch-size", type=int, help="Number of images per step.")
@click.option(
    "--learning-rate",
    type=Rate(),
    metavar="X|find",
    help="The highest learning rate of the schedule; find prints one and draws learning-rate.png instead of training.",
)
@click.option(
    "--network",
    metavar="NAME|TEXT",
    help=f"{', '.join(NETWORKS)}, or layers such as 'conv 8 3, tanh, avgpool 2, dense 64, tanh'.  [default: lenet]",
)
@click.option("--filters", type=Filters(), help="Number of kernels of each convolution.")
@click.option("--kernel-size", type=int, help="Side of the kernels in pixels.")
@click.option("--dense-units", type=int, help="Units of the last hidden dense layer.")
@click.option("--activation", type=click.Choice(get_args(ActivationKind)), help="Of all hidden layers.")
@click.option("--pooling", type=click.Choice(get_args(PoolKind)), help="Of all pooling layers.")
@click.option(
    "--class-weights",
    type=click.Choice(get_args(ClassWeights)),
    is_flag=False,
    flag_value="balanced",
    help="balanced (the value may be left out): rare classes count as much as frequent ones.",
)
@click.option(
    "--precision", type=click.Choice(get_args(Precision)), help="Of the computation; weights are always float32."
)
def command(
    data: tuple[str, ...], recipe: str | None, run: Path | None, resume: str | None, start: str | None, **changes: Any
) -> None:
    """Train a network and write a run folder with the model, its metrics and its figures.

    Ctrl-C stops the training and says how to resume it. A killed training can be resumed, too; at most half a minute of
    work is lost.
    """
    began = time.monotonic()
    given = {name: value for name, value in changes.items() if value is not None and name != "tensorboard"}
    if given.get("learning_rate") == FIND:
        _find_rate(recipe, resume, start, data, given)
        return
    if resume is not None:
        _refuse_besides_resume()
        finished, number = _resume(resume, data, given)
    else:
        finished, number = _train(recipe, run, start, data, given)
    _print_results(finished)
    _say(f"{time.monotonic() - began:.1f} s in all")
    if number:
        click.get_current_context().exit(128 + number)


def _print_results(run: "Run") -> None:
    metrics = run.metrics
    test = metrics["test"]
    click.echo(
        f"{test['accuracy']:.2%} of {test['n']:,} test images read correctly ({test['n'] - test['correct']} wrong), "
        f"trained in {metrics['train_seconds']:.1f} s"
    )
    for row in metrics.get("held_out", []):
        before = f"before {row['before'] / row['n']:.2%}, " if row.get("before") is not None and row["n"] else ""
        now = f"{before}now {row['correct'] / row['n']:.2%} of" if row["n"] else "no"
        click.echo(f"{row['data']}: {now} {row['n']:,} test images")
    if "verdict" in metrics:
        click.echo(metrics["verdict"])
    for remark in metrics.get("remarks", []):
        click.echo(f"note: {remark}")
    click.echo(f"run: {run.path}")


def _train(
    recipe: str | None, where: Path | None, start: str | None, data: tuple[str, ...], changes: dict[str, Any]
) -> tuple["Run", int]:
    """A new run, and the signal that was received, 0 for none."""
    if where is not None:
        from lenet.training.run import refuse_existing

        refuse_existing(where)
    dataset, chosen = _prepare(recipe, start, data, changes)
    from lenet.training.train import train

    return _stoppable(lambda on_progress, stop: train(dataset, chosen, where, on_progress=on_progress, stop=stop))


def _find_rate(
    recipe: str | None, resume: str | None, start: str | None, data: tuple[str, ...], changes: dict[str, Any]
) -> None:
    """Print a learning rate for this data and recipe, and draw how it was found."""
    from lenet.atomic import refuse_loss, write_bytes
    from lenet.figures import learning_rate
    from lenet.figures.render import as_png

    if resume is not None:
        raise click.UsageError("--learning-rate find cannot be combined with --resume")
    refuse_loss(RATE_CURVE)
    del changes["learning_rate"]
    dataset, chosen = _prepare(recipe, start, data, changes)
    from lenet.training.rate import find_rate

    found = find_rate(dataset.split(chosen.split, chosen.seed).train, chosen)
    write_bytes(RATE_CURVE, as_png(learning_rate(found.rates.tolist(), found.losses.tolist(), found.rate)))
    click.echo(f"--learning-rate {found.rate:g}; the recipe has {chosen.learning_rate:g}; see {RATE_CURVE}")


def _prepare(
    recipe: str | None, start: str | None, data: tuple[str, ...], changes: dict[str, Any]
) -> tuple["Dataset", Recipe]:
    """The data and the recipe that the options ask for."""
    from lenet.datasets.dataset import BY_WRITER, OWN, parse_ratio
    from lenet.datasets.source import JOINT

    if start is not None and recipe is None:
        data = _with_own_data(start, data)
    if data:
        changes["data"] = JOINT.join(data)
    shorthands = {name: changes.pop(name) for name in SHORTHANDS if name in changes}
    default = "fast" if start is None else "tune"
    read = Recipe.read(Path(recipe)) if recipe and recipe.endswith(".toml") else None
    with typed():
        chosen = (read or Recipe.named(recipe or default)).change(**changes)
        if chosen.split not in (OWN, BY_WRITER):
            parse_ratio(chosen.split)
    if start is not None:
        from lenet.training.start import start_from

        chosen = start_from(chosen, start)
        if "network" in changes and str(find_network(changes["network"])) != chosen.network:
            raise LenetError(f"--network: the model of --from has another network: {chosen.network}")
    with typed():
        changes["network"] = str(chosen.architecture.change(**shorthands))
        chosen = chosen.change(network=changes["network"])

    from lenet.training.adapt import recipe_for_few

    dataset = _load(chosen)
    if default == "fast" and recipe is None and (few := recipe_for_few(dataset)):
        chosen = few.change(**changes)
        _say(f"{dataset.name}: {len(dataset)} pictures are few: recipe {few.name}, framing {dataset.framing}")
    if chosen.start_classes:
        new = [name for name in dataset.class_names if name not in chosen.start_classes]
        grown = f"; new are {', '.join(new[:MOST_NAMED])}{', …' * (len(new) > MOST_NAMED)}" if new else ""
        _say(f"{chosen.start}: the network keeps its {len(chosen.start_classes)} classes{grown}")
    _say_that_tensorflow_loads()
    return dataset, chosen


def _with_own_data(start: str, data: tuple[str, ...]) -> tuple[str, ...]:
    """The sources that the model was trained on, and those of ``data``, each once."""
    from lenet.model.runtime import is_run
    from lenet.training.start import own_data

    own = own_data(start)
    lost = "the data that it was trained on is not there" if is_run(start) else "a model file may not name its data"
    if not own and not data:
        raise LenetError(f"{start}: {lost}; name data with --data")
    if not own:
        _say(f"{start}: {lost}; name it with --data, too, or it may be forgotten")
    elif data and not set(own) <= set(data):
        _say(f"{start}: learns from {', '.join(own)} again, too, so that it forgets nothing; with --recipe it does not")
    return tuple(dict.fromkeys([*own, *data]))


def _resume(where: str, data: tuple[str, ...], changes: dict[str, Any]) -> tuple["Run", int]:
    """The same for a run that is resumed."""
    from lenet.datasets.source import JOINT
    from lenet.training.run import Run

    run = Run(Path(where))
    if not changes and run.finished:
        _say(f"{where}: is finished; --epochs makes it longer")
        return run, 0
    recipe = run.recipe
    with typed():
        recipe.change(**changes)
    try:
        dataset = _load(recipe.change(data=JOINT.join(data) or recipe.data))
    except LenetError as error:
        raise LenetError(f"{error} (the run is trained on it; if it has moved, add --data)") from error

    _say_that_tensorflow_loads()
    from lenet.training.train import resume

    def warn(sentence: str) -> None:
        _say(f"{where}: {sentence}")

    return _stoppable(
        lambda on_progress, stop: resume(run, dataset, **changes, on_progress=on_progress, stop=stop, on_warning=warn)
    )


def _load(recipe: Recipe) -> "Dataset":
    """The recipe's data, and what was done to it."""
    form = ("size", "depth", "invert", "framing")
    dataset = load_usable(recipe.data, {name: getattr(recipe, name) or None for name in form})
    for note in dataset.notes:
        _say(note if dataset.sources else f"{dataset.name}: {note}")
    return dataset


def _say(sentence: str) -> None:
    click.echo(one_line(sentence), err=True)


def _say_that_tensorflow_loads() -> None:
    """Before the first import of what needs it, which takes seconds."""
    if "tensorflow" not in sys.modules:
        _say("loading TensorFlow …")


def _stoppable(work: Callable[[OnProgress, Callable[[], bool]], "Run"]) -> tuple["Run", int]:
    """Call ``work`` and show its progress; exit with the signal's status when it was stopped."""
    from lenet.training.events import event_files
    from lenet.training.train import StoppedError

    folder = click.get_current_context().params["tensorboard"]
    with stop_signals() as received:
        try:
            with (
                training_progress() as show,
                event_files(folder) if folder else nullcontext(lambda progress: None) as write,
            ):

                def on_progress(progress: "Progress") -> None:
                    show(progress)
                    write(progress)

                run = work(on_progress, lambda: bool(received))
        except StoppedError as stopped:
            click.echo(f"lenet: {stopped}", err=True)
            click.get_current_context().exit(128 + received[0])
    return run, (received or [0])[0]


def _refuse_besides_resume() -> None:
    context = click.get_current_context()
    for parameter in context.command.params:
        name = str(parameter.name)
        if name not in RESUMABLE and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{parameter.opts[0]} cannot be combined with --resume: the run has its own")
