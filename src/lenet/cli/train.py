"""``lenet train``."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click
from click.core import ParameterSource

from lenet.atomic import refuse_inputs, refuse_loss, write_bytes
from lenet.cli.data import load_for, preparation_options
from lenet.cli.main import BEGAN
from lenet.cli.many import Hosts, scale_options
from lenet.cli.training import load_tensorflow, print_results, run_training, tell
from lenet.cli.verb import FOLDER, as_source, paths_of, typed, verb
from lenet.errors import LenetError
from lenet.network.architecture import ActivationKind, PoolKind
from lenet.network.named import NETWORKS, find_network
from lenet.training.figures import DrawingProcess
from lenet.training.recipe import NAMED, ClassWeights, Precision, Recipe

if TYPE_CHECKING:
    from lenet.datasets import Dataset
    from lenet.training.run import Run

# Options that were given, by name.
Changes = dict[str, Any]
# New classes that are named.
MOST_NAMED = 10


FIND = "find"
RATE_CURVE = Path("learning-rate.png")


def filters(text: str) -> tuple[int, ...]:
    """From ``20,50`` to ``(20, 50)``."""
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(f"{text!r} is not numbers with commas between them, such as 20,50") from None


def rate(text: str) -> float | str:
    """From ``0.01`` to 0.01; ``find`` as it is."""
    try:
        return FIND if text == FIND else float(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is neither a number nor {FIND}") from None


# Options that change the network, beside --network.
SHORTHANDS = ("filters", "kernel_size", "dense_units", "activation", "pooling")
# Options that are allowed beside --resume.
RESUMABLE = {"debug", "resume", "data", "epochs", "learning_rate", "tensorboard", "hosts", "cluster"}


@verb(
    "train",
    "lenet train",
    "lenet train --recipe tutorial --epochs 2 --run runs/short",
    'lenet train --network "conv 8 3, tanh, avgpool 2, dense 64, tanh"',
    "lenet train --from bundled --data mnist --data photos --run runs/photos",
    "lenet train --learning-rate find",
    "lenet train --resume runs/train-1 --epochs 1.2",
    "lenet train --shards 8 --hosts 2",
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
    "--teacher",
    metavar="MODEL",
    help="bundled, or a run or model file whose answers are a part of the targets, with a recipe such as small.  "
    "[default: as the recipe says]",
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
    type=rate,
    metavar="X|find",
    help="The highest learning rate of the schedule; find prints one and draws learning-rate.png instead of training.",
)
@click.option(
    "--network",
    metavar="NAME|TEXT",
    help=f"{', '.join(NETWORKS)}, or layers such as 'conv 8 3, tanh, avgpool 2, dense 64, tanh'.  [default: lenet]",
)
@click.option("--filters", type=filters, metavar="N,N", help="Number of kernels of each convolution.")
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
@click.option("--shards", type=int, help="Equal parts of each batch, which hosts divide among them; a power of two.")
@scale_options("--hosts", "Number of processes that train together; any number gives the same bits.", "--workers")
def command(
    data: tuple[str, ...], recipe: str | None, run: Path | None, resume: str | None, start: str | None, **changes: Any
) -> None:
    """Train a network and write a run folder with the model, its metrics and its figures.

    Ctrl-C stops the training and says how to resume it. A killed training can be resumed, too; at most half a minute of
    work is lost.
    """
    hosts = Hosts(changes.pop("hosts"), changes.pop("cluster"))
    given = {name: value for name, value in changes.items() if value is not None and name != "tensorboard"}
    if given.get("learning_rate") == FIND:
        if hosts.several:
            raise click.UsageError("--learning-rate find cannot be combined with --hosts or --cluster")
        _find_rate(recipe, resume, start, data, given)
        return
    if resume is not None:
        _refuse_besides_resume()
    for place in filter(None, (run, changes.get("tensorboard"))):
        refuse_inputs(place, paths_of(as_source(data)))
    if folder := changes.get("tensorboard"):
        from lenet.training.events import refuse_unwritable

        refuse_unwritable(folder)
    with DrawingProcess() as drawing:
        if resume is not None:
            finished, number = _resume(resume, data, given, hosts, drawing)
        else:
            finished, number = _train(recipe, run, start, data, given, hosts, drawing)
    click.echo(f"run: {finished.path}")
    tell(f"{time.monotonic() - BEGAN:.1f} s in all")
    if number:
        click.get_current_context().exit(128 + number)


def _train(
    recipe: str | None,
    where: Path | None,
    start: str | None,
    data: tuple[str, ...],
    changes: Changes,
    hosts: Hosts,
    drawing: DrawingProcess,
) -> tuple["Run", int]:
    """A new run, and the signal that was received, 0 for none."""
    if where is not None:
        from lenet.training.run import refuse_existing

        refuse_existing(where)
    dataset, chosen = _prepare(recipe, start, data, changes, hosts)
    from lenet.training.train import named_models, train

    if hosts.several:
        return run_training(hosts.train(where, named_models(chosen, dataset), dataset))
    return run_training(lambda **hooks: train(dataset, chosen, where, draw=drawing, **hooks))


def _find_rate(
    recipe: str | None, resume: str | None, start: str | None, data: tuple[str, ...], changes: Changes
) -> None:
    """Print a learning rate for this data and recipe, and draw how it was found."""
    from lenet.figures import learning_rate
    from lenet.figures.render import as_png

    if resume is not None:
        raise click.UsageError("--learning-rate find cannot be combined with --resume")
    refuse_loss(RATE_CURVE, paths_of(as_source(data)))
    del changes["learning_rate"]
    dataset, chosen = _prepare(recipe, start, data, changes, Hosts())
    from lenet.training.rate import find_rate

    found = find_rate(dataset.split(chosen.split, chosen.seed).train, chosen)
    write_bytes(RATE_CURVE, as_png(learning_rate(found.rates.tolist(), found.losses.tolist(), found.rate)))
    click.echo(f"--learning-rate {found.rate:g}; the recipe has {chosen.learning_rate:g}; see {RATE_CURVE}")


def _prepare(
    recipe: str | None, start: str | None, data: tuple[str, ...], changes: Changes, hosts: Hosts
) -> tuple["Dataset", Recipe]:
    """The data and the recipe that the options ask for."""
    from lenet.datasets.dataset import BY_WRITER, OWN, parse_ratio
    from lenet.training.adapt import recipe_for_few

    if start is not None and recipe is None:
        data = _with_own_data(start, data)
    if data:
        changes["data"] = as_source(data)
    shorthands = {name: changes.pop(name) for name in SHORTHANDS if name in changes}
    default = "fast" if start is None else "tune"
    read = Recipe.read(Path(recipe)) if recipe and recipe.endswith(".toml") else None
    with typed():
        chosen = (read or Recipe.named(recipe or default)).change(**changes)
        if chosen.split not in (OWN, BY_WRITER):
            parse_ratio(chosen.split)
    hosts.prepare(chosen)
    if start is not None:
        from lenet.training.start import start_from

        chosen = start_from(chosen, start)
        if "network" in changes and str(find_network(changes["network"])) != chosen.network:
            raise LenetError(f"--network: the model of --from has another network: {chosen.network}")
    with typed():
        changes["network"] = str(chosen.architecture.change(**shorthands))
        chosen = chosen.change(network=changes["network"])

    dataset = load_for(chosen)
    if default == "fast" and recipe is None and (few := recipe_for_few(dataset)):
        chosen = few.change(**changes)
        tell(f"{dataset.name}: few pictures ({len(dataset)}): recipe {few.name}, framing {dataset.framing}")
    if chosen.start_classes:
        new = [name for name in dataset.class_names if name not in chosen.start_classes]
        grown = f"; new are {', '.join(new[:MOST_NAMED])}{', …' * (len(new) > MOST_NAMED)}" if new else ""
        tell(f"{chosen.start}: the network keeps its {len(chosen.start_classes)} classes{grown}")
    load_tensorflow()
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
        tell(f"{start}: {lost}; name it with --data, too, or it may be forgotten")
    elif data and not set(own) <= set(data):
        tell(f"{start}: learns from {', '.join(own)} again, too, so as not to forget it; with --recipe it does not")
    return tuple(dict.fromkeys([*own, *data]))


def _resume(
    where: str, data: tuple[str, ...], changes: Changes, hosts: Hosts, drawing: DrawingProcess
) -> tuple["Run", int]:
    """The same for a run that is resumed."""
    from lenet.training.run import Run

    run = Run(Path(where))
    if not changes and run.finished:
        tell(f"{where}: is finished; --epochs makes it longer")
        print_results(run.metrics)
        return run, 0
    recipe = run.recipe
    source = as_source(data) if data else recipe.data
    with typed():
        recipe.change(**changes)
    hosts.prepare(recipe)
    try:
        dataset = load_for(recipe.change(data=source))
    except LenetError as error:
        raise LenetError(f"{error} (the run is trained on it; if it has moved, add --data)") from error
    if hosts.several:
        return run_training(hosts.train(run, recipe.change(**changes), dataset))

    load_tensorflow()
    from lenet.training.train import resume

    changes |= {"on_warning": lambda sentence: tell(f"{where}: {sentence}"), "draw": drawing}
    return run_training(lambda **hooks: resume(run, dataset, **changes, **hooks))


def _refuse_besides_resume() -> None:
    context = click.get_current_context()
    for parameter in context.command.params:
        name = str(parameter.name)
        if name not in RESUMABLE and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{parameter.opts[0]} cannot be combined with --resume: the run has its own")
