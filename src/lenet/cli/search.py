"""``lenet search``."""

import csv
import io
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_origin

import click

from lenet.atomic import refuse_inputs, write_bytes, write_text
from lenet.cli.data import load_for
from lenet.cli.many import count, end_stopped, scale_options
from lenet.cli.signals import stop_signals
from lenet.cli.verb import FILE, FOLDER, paths_of, verb
from lenet.errors import LenetError
from lenet.network.named import NETWORKS
from lenet.scale.cluster import check_cluster
from lenet.training.recipe import Recipe

if TYPE_CHECKING:
    from lenet.scale.search import Space, Trial

# Trials in the table.
SHOWN = 10
# Fields that cannot be searched, and why.
FIXED = {
    "it decides which images are compared": {"data", "depth", "framing", "invert", "seed", "size", "split"},
    "it changes nothing in a trial": {"each_source", "name", "validation"},
    "it is chosen for the machines": {"precision", "shards"},
    "all trials start from the same weights": {"start", "start_classes", "start_sha256"},
    "trials train without a teacher": {"distillation", "teacher", "teacher_epochs", "teacher_sha256"},
}


@verb(
    "search",
    "lenet search --over learning_rate=0.002:0.02:log --over batch_size=64,128,256 --trials 30",
    "lenet search --recipe augmented --space space.toml --trials 50 --run runs/search-2 --workers 2",
)
@click.option("--recipe", default="fast", show_default=True, help="What all trials have in common; as for lenet train.")
@click.option("--data", metavar="SOURCE", help="What to train on.  [default: the recipe's]")
@click.option(
    "--over",
    metavar="FIELD=VALUES",
    multiple=True,
    help="A field of the recipe and its values: LOW:HIGH, LOW:HIGH:log, or A,B,C. Several times: all of these.",
)
@click.option(
    "--space",
    type=FILE,
    metavar="FILE",
    help='The same as TOML, such as learning_rate = "0.002:0.02:log", or with a list: network = ["lenet", "mlp"].',
)
@click.option("--trials", type=click.IntRange(1), default=30, show_default=True, help="Number of trials in all.")
@click.option("--run", type=FOLDER, default=Path("runs/search-1"), show_default=True, help="The folder of the search.")
@scale_options("--workers", "Number of trials at once.  [default: one for each core]")
def command(
    recipe: str,
    data: str | None,
    over: tuple[str, ...],
    space: Path | None,
    trials: int,
    run: Path,
    cluster: str | None,
    workers: int | None,
) -> None:
    """Search for a better recipe: train many, stop the worse ones early, and keep the best as RUN/recipe.toml.

    Trials are compared on images of the training part that are held out, by other writers where those are known, never
    on the test part. A trial trains up to four times, each time with other images held out; the mean counts. Run the
    command again to resume: no trial is lost or run twice. Watch it with:
    optuna-dashboard RUN/search.journal --host 127.0.0.1

    Train with the result: lenet train --recipe RUN/recipe.toml. Needs lenet[scale].
    """
    chosen = Recipe.read(Path(recipe)) if recipe.endswith(".toml") else Recipe.named(recipe)
    chosen = chosen.change(data=data) if data is not None else chosen
    refuse_inputs(run, paths_of(chosen.data))
    axes = _axes(chosen, _given(over, space))
    check_cluster(cluster)
    dataset = load_for(chosen)
    from lenet.scale.search import STATES, ranked, search, search_parts

    validation = search_parts(dataset, chosen)[1]
    writers = "" if validation.writer_of is None else " by other writers"
    held_out = f"{len(validation):,} training images{writers} that are held out, others in each training of a trial"
    click.echo(f"compared on {held_out}", err=True)
    with stop_signals() as received:
        found, importance = search(chosen, axes, trials, run, cluster, workers, _say, lambda: bool(received))
    _write_table(run, list(axes), found, importance)
    complete = ranked(found)
    for trial in complete[:SHOWN]:
        click.echo(_line(trial))
    states = [it.state for it in found]
    click.echo(", ".join([count(len(found), "trial"), *(f"{states.count(one)} {one}" for one in STATES.values())]))
    if complete:
        click.echo(f"train with: lenet train --recipe {run / 'recipe.toml'}")
    if received:
        end_stopped(received)


def _write_table(run: Path, names: list[str], found: list["Trial"], importance: dict[str, float]) -> None:
    """All trials as a table, and the complete ones as a figure."""
    from lenet import figures
    from lenet.figures.render import as_png
    from lenet.scale.search import ranked

    rows = [[it.number, it.state, it.wrong, *(it.values.get(name) for name in names)] for it in found]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([["trial", "state", "wrong", *names], *rows])
    write_text(run / "trials.csv", text.getvalue())
    if curve := sorted((it.number, it.wrong) for it in ranked(found) if it.wrong is not None):
        write_bytes(run / "search.png", as_png(figures.search(curve, importance)))


def _say(trial: "Trial", best: "Trial | None") -> None:
    ahead = "" if best is None else f"; best: trial {best.number}, {best.wrong:.2%} wrong"
    click.echo(f"{_line(trial)}{ahead}", err=True)


def _line(trial: "Trial") -> str:
    values = ", ".join(f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
                       for name, value in trial.values.items())  # fmt: skip
    wrong = "" if trial.wrong is None else f", {trial.wrong:.2%} wrong"
    return f"trial {trial.number} {trial.state}{wrong}: {values}"


def _given(over: tuple[str, ...], space: Path | None) -> dict[str, Any]:
    """Fields with their values as they are written."""
    from lenet.text_files import read_toml

    given: dict[str, Any] = dict(read_toml(space)) if space else {}
    for one in over:
        name, equals, values = one.partition("=")
        if not equals:
            raise click.UsageError(f"--over {one}: write FIELD=LOW:HIGH, FIELD=LOW:HIGH:log or FIELD=A,B,C")
        given[name.strip()] = values
    if not given:
        raise click.UsageError("name what to change: --over FIELD=VALUES, or --space FILE")
    return given


def _axes(recipe: Recipe, given: dict[str, Any]) -> "Space":
    """The space, each of whose ends and values the recipe can have."""
    axes: dict[str, Any] = {}
    for name, values in given.items():
        if name not in recipe.to_dict():
            recipe.change(**{name: 0})  # says which field was meant
        if whys := [why for why, names in FIXED.items() if name in names]:
            raise LenetError(f"{name}: cannot be searched: {whys[0]}")
        kind = type(recipe.to_dict()[name])
        choices = cast(object, get_origin(Recipe.__annotations__[name])) is Literal
        try:
            if not values:
                raise ValueError
            if isinstance(values, list):
                axes[name] = [float(value) if kind is float else value for value in values]
            elif ":" in values:
                low, high, *log = values.split(":")
                if log not in ([], ["log"]) or kind not in (int, float) or choices:
                    raise ValueError
                axes[name] = (kind(low), kind(high), bool(log))
            else:
                axes[name] = [
                    kind(value.strip()) if kind in (int, float) else value.strip() for value in values.split(",")
                ]
        except (AttributeError, ValueError, TypeError):
            wrong = "no list of its values; use A,B,C" if choices else "neither LOW:HIGH, LOW:HIGH:log nor A,B,C for it"
            raise LenetError(f"{name}: {values!r} is {wrong}") from None
        if name == "network" and isinstance(values, str) and not set(axes[name]) <= set(NETWORKS):
            raise LenetError(f"network: {values!r}: give names; texts of networks go into a file for --space")
        tried = axes[name] if isinstance(axes[name], list) else axes[name][:2]
        if isinstance(axes[name], tuple) and not (0 if axes[name][2] else -inf) < tried[0] < tried[1]:
            raise LenetError(f"{name}: {values!r}: LOW must be smaller than HIGH, and with log more than 0")
        for value in tried:
            recipe.change(**{name: value})
    return axes
