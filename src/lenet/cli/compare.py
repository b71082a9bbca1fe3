"""``lenet compare``."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lenet.cli.verb import FILE, check_out, verb

if TYPE_CHECKING:
    from lenet.training.compare import Record


@verb("compare", "lenet compare runs/train-1 runs/train-2", "lenet compare runs/train-1 runs/train-2 --json")
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN…")
@click.option(
    "--out", type=FILE, default="compare.png", show_default=True, help="The .png to draw the learning curves to."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of the table.")
def command(runs: tuple[str, ...], out: Path, as_json: bool) -> None:
    """Compare finished runs: their results, and how their recipes differ."""
    if len(runs) < 2:
        raise click.UsageError("one run cannot be compared; name two or more")
    check_out(out, ".png")

    from lenet.atomic import write_bytes
    from lenet.figures.render import as_png
    from lenet.training.compare import compare_runs, draw

    comparison = compare_runs(*runs)
    write_bytes(out, as_png(draw(comparison.records)))
    if as_json:
        click.echo(json.dumps(comparison.to_dict(), ensure_ascii=False, default=str))  # TOML knows dates, JSON does not
    else:
        click.echo(_table(comparison.records, comparison.recipes))
        if not comparison.same_test_set:
            click.echo("\nthe runs were tested on different images, as data, split or seed differ: they are not ranked")
        click.echo(f"\nlearning curves: {out}")


def _table(records: "Sequence[Record]", differing: dict[str, list[Any]]) -> str:
    results = [record.result() for record in records]
    rows = {
        "": [record.name for record in records],
        "test accuracy": [f"{one['test accuracy']:.2%}" for one in results],
        "95 % interval": ["{:.2%} to {:.2%}".format(*one["interval"]) for one in results],
        "wrong": [f"{one['wrong']:,} of {one['n']:,}" for one in results],
        "calibration error": ["" if (error := one["calibration error"]) is None else f"{error:.2%}" for one in results],
        "training": [f"{one['training seconds']:.1f} s" for one in results],
        "epochs done": [f"{one['epochs']:.3g}" for one in results],
        "precision": [one["precision"] for one in results],
    }
    if any(one["resumed at step"] for one in results):
        rows["resumed at step"] = [", ".join(f"{step:,}" for step in one["resumed at step"]) for one in results]
    if len({one["data SHA-256"] for one in results}) > 1:
        rows["data"] = [f"{one['data SHA-256'][:8]}…" for one in results]
    if not differing:
        return "\n".join([*_columns(rows), "", "the recipes are the same"])
    settings = {name: [_say(value) for value in values] for name, values in differing.items()}
    return "\n".join([*_columns(rows), "", "in the recipes:", *_columns(settings)])


def _columns(rows: dict[str, list[str]]) -> list[str]:
    first = max(len(name) for name in rows)
    widths = [max(map(len, column)) for column in zip(*rows.values(), strict=True)]
    return [
        f"{name:<{first}}" + "".join(f"  {cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        for name, cells in rows.items()
    ]


def _say(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:g}" if isinstance(value, float) else str(value) or "(none)"
