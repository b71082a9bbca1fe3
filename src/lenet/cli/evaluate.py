"""``lenet evaluate``."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lenet.cli.data import say_notes
from lenet.cli.verb import FOLDER, as_source, paths_of, verb

if TYPE_CHECKING:
    from lenet.datasets.dataset import Images
    from lenet.evaluation import Evaluation
    from lenet.evaluation.robustness import Robustness


@verb(
    "evaluate",
    "lenet evaluate runs/train-1",
    "lenet evaluate runs/train-1 --json --figures figures",
    "lenet evaluate runs/train-1 --mistakes 4:9",
    "lenet evaluate runs/train-1 --robustness --count 100 --figures figures",
)
@click.argument("model", required=False)
@click.option(
    "--data",
    metavar="SOURCE",
    multiple=True,
    help="What to measure on: see `lenet data --help`. Several times: all of these.  [default: what it was trained on]",
)
@click.option(
    "--part",
    type=click.Choice(["test", "train", "validation", "all"]),
    default="test",
    show_default=True,
    help="Part of the data, split as in the model's training.",
)
@click.option("--robustness", is_flag=True, help="Also measure on damaged images: 24 kinds, 5 severities.")
@click.option(
    "--count",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="Number of images that --robustness damages.",
)
@click.option("--unknown", is_flag=True, help="Also compare scores that tell known from unknown images.")
@click.option(
    "--mistakes",
    metavar="TRUE:READ",
    help="Draw the images of one class that are read as another, such as 4:9, the hardest first: mistakes-4-9.png in "
    "--figures, or here.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of the table.")
@click.option("--figures", type=FOLDER, metavar="DIR", help="Write figures there.")
def command(
    model: str | None,
    data: tuple[str, ...],
    part: str,
    robustness: bool,
    count: int,
    unknown: bool,
    mistakes: str | None,
    as_json: bool,
    figures: Path | None,
) -> None:
    """Measure a model: accuracy with its 95 % interval, loss, calibration, and the most frequent errors.

    MODEL is a run folder or a model file; without one, the bundled model is measured.
    """
    from lenet.atomic import refuse_loss
    from lenet.evaluation import data_for, evaluate, part_for
    from lenet.model.runtime import Model, is_run

    loaded = Model.load(model)
    pair = _pair(mistakes) if mistakes else None
    inputs = paths_of(as_source(data))
    if pair:
        from lenet.evaluation.report import confused_name

        refuse_loss((figures or Path()) / f"{confused_name(*pair)}.png", inputs)
    if figures is not None:
        from lenet.evaluation import report as drawings

        for name in drawings.NAMES if robustness else drawings.NAMES[:4]:
            refuse_loss(figures / f"{name}.png", inputs)
    chosen = part_for(loaded.metadata, data_for(loaded.metadata, as_source(data), own_paths=is_run(model)), part)
    say_notes(chosen)
    evaluation = evaluate(loaded, chosen)
    if pair:
        _write_confused(figures or Path(), evaluation, chosen.images, pair)
    report = evaluation.to_dict()
    tables = [_table(evaluation)]
    if unknown:
        from lenet.evaluation.unknown import compare_scores, made_up

        others = {kind: loaded.logits(images) for kind, images in made_up(chosen.images).items()}
        report["unknown_auroc"] = compare_scores(evaluation.logits, others)
        tables.append(_unknown_table(report["unknown_auroc"], len(chosen)))
    damage = None
    if robustness:
        from lenet.evaluation.robustness import measure_robustness

        damage = measure_robustness(loaded, chosen, count)
        report["robustness"] = damage.to_dict()
        tables.append(_robustness_table(damage))
    if figures is not None:
        drawings.write_figures(figures, evaluation, chosen.images)
        drawings.write_unknown_figure(figures, loaded, evaluation, chosen.images)
        if damage is not None:
            drawings.write_robustness_figures(figures, damage, chosen.images[0])
    click.echo(json.dumps(report, ensure_ascii=False) if as_json else "\n\n".join(tables))


def _pair(mistakes: str) -> tuple[str, str]:
    truth, _, answer = mistakes.partition(":")
    if not truth or not answer:
        raise click.UsageError(f"--mistakes {mistakes!r} is not TRUE:READ, such as 4:9")
    if truth == answer:
        raise click.UsageError(f"--mistakes {mistakes}: one class read as itself is no mistake")
    return truth, answer


def _write_confused(folder: Path, evaluation: "Evaluation", images: "Images", pair: tuple[str, str]) -> None:
    from lenet.evaluation.report import confused_name, write_confused

    count = write_confused(folder, evaluation, images, *pair)
    click.echo(f"{count} images of {pair[0]} read as {pair[1]}: {folder / confused_name(*pair)}.png", err=True)


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
    ]
    if evaluation.kept is not None:
        lines.append(f"kept as known       {evaluation.kept:.2%}")
    lines += ["", f"{'class':>10}  {'precision':>9}  {'recall':>9}  {'F1':>9}  {'n':>7}"]
    lines += [
        f"{name:>10}  {row['precision']:>9.2%}  {row['recall']:>9.2%}  {row['f1']:>9.2%}  {row['n']:>7,}"
        for name, row in report["per_class"].items()
    ]
    if groups := report["per_group"]:
        lines += ["", "by group of writers:"]
        lines += [
            f"  {name:>10}  {row['accuracy']:.2%}   ({row['correct']:,} of {row['n']:,} right)"
            for name, row in groups.items()
        ]
    if confused := evaluation.most_confused():
        lines += ["", "most confused:"]
        lines += [f"  {it.truth} read as {it.answer}  {it.n}×  ({it.rate:.2%} of all {it.truth})" for it in confused]
    if contested := report["contested_labels"]:
        rest = report["without_contested"]
        wrong = report["n"] - report["correct"], rest["n"] - rest["correct"]
        lines += [
            "",
            f"{contested} labels are contested: at most 2 of 5 people agreed (Northcutt, Athalye, Mueller 2021)",
            f"  without them  {rest['accuracy']:.2%}   ({rest['correct']:,} of {rest['n']:,} right; "
            f"{wrong[0] - wrong[1]} of the {wrong[0]} mistakes are contested)",
        ]
    return "\n".join(lines)


def _unknown_table(aurocs: dict[str, dict[str, float]], n: int) -> str:
    kinds = list(next(iter(aurocs.values())))
    lines = [
        f"known against unknown images, AUROC by score (n = {n:,} of each):",
        "",
        f"{'':>16}" + "".join(f"  {name:>19}" for name in aurocs),
    ]
    lines += [f"{kind:>16}" + "".join(f"  {row[kind]:>19.4f}" for row in aurocs.values()) for kind in kinds]
    return "\n".join(lines)


def _robustness_table(damage: "Robustness") -> str:
    worst, accuracy = damage.worst
    lines = [
        f"accuracy on damaged images, n = {damage.n:,} (clean: {damage.clean:.1%}); * = a kind of MNIST-C, rebuilt",
        "",
        f"{'severity':>16}" + "".join(f"{severity:>8}" for severity in range(1, damage.accuracy.shape[1] + 1)),
    ]
    for kind, row in zip(damage.corruptions, damage.accuracy, strict=True):
        name = f"{kind.name} {'*' if kind.mnist_c else ' '}"
        lines.append(f"{name:>16}" + "".join(f"{share:>8.1%}" for share in row))
    mean = f"MNIST-C-style mean at severity 3: {damage.mnist_c_mean:.2%}"
    return "\n".join([*lines, "", f"{mean}; worst of all kinds there: {worst.name} ({accuracy:.1%})"])
