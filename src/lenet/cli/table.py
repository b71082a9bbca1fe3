"""``lenet predict`` on a table of images without labels, such as Kaggle's ``test.csv``."""

import csv
import json
import sys
from pathlib import Path

import click

ENDINGS = (".csv", ".csv.gz", ".tsv")


def is_table(picture: str) -> bool:
    """Whether an argument names a text table instead of a picture."""
    return picture.lower().endswith(ENDINGS)


def predict_table(path: Path, model: str | None, form: str | None) -> None:
    """Classify each row of a table and print one answer for each.

    Args:
        path: The table.
        model: A run folder or a model file; None for the bundled model.
        form: ``csv`` prints Kaggle's columns ``ImageId,Label``, ``json`` one document, None a line for each row.

    Raises:
        LenetError: when the table or the model cannot be read.
    """
    from lenet.datasets.preparation import Preparation
    from lenet.datasets.source import load_unlabelled
    from lenet.model.runtime import Model

    loaded = Model.load(model)
    about = loaded.metadata
    invert = "yes" if about.inverted else "no"
    images = load_unlabelled(path, Preparation((about.height, about.width), about.depth, invert, about.framing))
    _, probabilities, unknown = loaded.classify(images)
    labels = [about.class_names[label] for label in probabilities.argmax(axis=1)]
    highest = probabilities.max(axis=1).tolist()
    if form == "csv":
        table = csv.writer(sys.stdout, lineterminator="\n")
        table.writerow(["ImageId", "Label"])
        table.writerows(enumerate(labels, 1))
    elif form == "json":
        rows = zip(labels, highest, unknown.tolist(), strict=True)
        names = ("row", "label", "probability", "unknown")
        answers = [dict(zip(names, (number, *row), strict=True)) for number, row in enumerate(rows, 1)]
        click.echo(json.dumps([{"picture": str(path), "rows": answers}], ensure_ascii=False))
    else:
        for number, (label, probability) in enumerate(zip(labels, highest, strict=True), 1):
            click.echo(f"{path}, row {number}: {label} ({probability:.1%})")
