"""``lenet evaluate``."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lenet.cli.verb import verb

if TYPE_CHECKING:
    from lenet.evaluation import Evaluation


@verb("evaluate", "lenet evaluate runs/train-1", "lenet evaluate runs/train-1 --json --figures figures")
@click.argument("model", required=False)
@click.option(
    "--data", metavar="SOURCE", help="What to read: see `lenet data --help`.  [default: what the model was trained on]"
)
@click.option(
    "--part",
    type=click.Choice(["test", "train", "all"]),
    default="test",
    show_default=True,
    help="Which part, as the model's own training split it.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of the table.")
@click.option("--figures", type=click.Path(path_type=Path), metavar="DIR", help="Write figures there.")
def command(model: str | None, data: str | None, part: str, as_json: bool, figures: Path | None) -> None:
    """Measure a model: accuracy with its 95 % interval, loss, calibration, and where it errs.

    MODEL is a run folder or a model file; without one, the bundled model is measured.
    """
    from lenet.evaluation import data_for, evaluate, part_for
    from lenet.model.runtime import Model

    loaded = Model.load(model)
    chosen = part_for(loaded.metadata, data_for(loaded.metadata, data), part)
    evaluation = evaluate(loaded, chosen)
    if figures is not None:
        from lenet.evaluation.report import write_figures

        write_figures(figures, evaluation, chosen.images)
    click.echo(json.dumps(evaluation.to_dict(), ensure_ascii=False) if as_json else _table(evaluation))


def _table(evaluation: "Evaluation") -> str:
    report = evaluation.to_dict()
    low, high = report["accuracy_interval"]
    lines = [
        f"{report['model']} on {report['data']}",
        "",
        f"accuracy   {report['accuracy']:.2%}   ({report['correct']:,} of {report['n']:,} right; "
        f"95 % interval {low:.2%} to {high:.2%})",
        f"loss       {report['loss']:.4f} nats",
        f"calibration error   {report['expected_calibration_error']:.2%}",
        "",
        f"{'class':>10}  {'precision':>9}  {'recall':>9}  {'F1':>9}  {'n':>7}",
    ]
    for name, row in report["per_class"].items():
        lines.append(f"{name:>10}  {row['precision']:>9.2%}  {row['recall']:>9.2%}  {row['f1']:>9.2%}  {row['n']:>7,}")
    confused = sorted(
        (
            (count, truth, answer)
            for truth, row in zip(evaluation.class_names, report["confusion"], strict=True)
            for answer, count in zip(evaluation.class_names, row, strict=True)
            if truth != answer and count
        ),
        key=lambda found: -found[0],
    )[:5]
    if confused:
        lines += [
            "",
            "most confused: " + ", ".join(f"{truth} read as {answer} ({n}×)" for n, truth, answer in confused),
        ]
    return "\n".join(lines)
