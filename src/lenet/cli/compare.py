"""``lenet compare``."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lenet.cli.verb import verb
from lenet.errors import LenetError

if TYPE_CHECKING:
    from lenet.evaluation.comparison import Record


@verb("compare", "lenet compare runs/train-1 runs/train-2", "lenet compare runs/train-1 runs/train-2 --json")
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN…")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default="compare.png",
    show_default=True,
    help="The .png to draw the learning curves to.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of the table.")
def command(runs: tuple[str, ...], out: Path, as_json: bool) -> None:
    """Lay finished runs side by side: what came of each, and in what their recipes differ."""
    if len(runs) < 2:
        raise click.UsageError("one run is nothing to compare: name two or more")
    if out.suffix.lower() != ".png":
        raise LenetError(f"{out}: the ending must be .png")

    from lenet.atomic import write_bytes
    from lenet.evaluation.comparison import Record, differences, draw
    from lenet.figures.render import as_png
    from lenet.training.recipe import Recipe

    records = [Record.read(run) for run in runs]
    differing = differences(records, Recipe().to_dict())
    write_bytes(out, as_png(draw(records)))
    if as_json:
        report = {"runs": [{"run": record.name, **record.outcome()} for record in records], "recipes": differing}
        click.echo(json.dumps(report, ensure_ascii=False, default=str))  # TOML knows dates, JSON does not
    else:
        click.echo(_table(records, differing))
        click.echo(f"\nlearning curves: {out}")


def _table(records: "list[Record]", differing: dict[str, list[Any]]) -> str:
    outcomes = [record.outcome() for record in records]
    rows = {
        "": [record.name for record in records],
        "test accuracy": [f"{one['test accuracy']:.2%}" for one in outcomes],
        "95 % interval": ["{:.2%} to {:.2%}".format(*one["interval"]) for one in outcomes],
        "wrong": [f"{one['wrong']:,} of {one['n']:,}" for one in outcomes],
        "calibration error": [
            f"{one['calibration error']:.2%}" if one["calibration error"] is not None else "" for one in outcomes
        ],
        "training": [f"{one['training seconds']:.1f} s" for one in outcomes],
        "epochs done": [f"{one['epochs']:.3g}" for one in outcomes],
        "precision": [one["precision"] for one in outcomes],
    }
    if any(one["gone on with at step"] for one in outcomes):
        rows["gone on with at step"] = [
            ", ".join(f"{step:,}" for step in one["gone on with at step"]) for one in outcomes
        ]
    if len({one["data SHA-256"] for one in outcomes}) > 1:
        rows["data"] = [f"{one['data SHA-256'][:8]}…" for one in outcomes]
    lines = _columns(rows)
    if differing:
        lines += [
            "",
            "in the recipes:",
            *_columns({name: [_say(value) for value in differing[name]] for name in differing}),
        ]
    else:
        lines += ["", "the recipes are the same"]
    return "\n".join(lines)


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
