"""``lenet explain``."""

from itertools import chain
from pathlib import Path

import click

from lenet.cli.verb import FOLDER, verb
from lenet.errors import LenetError


@verb(
    "explain", "lenet explain seven.png --model runs/train-1", "lenet explain seven.png --model runs/train-1 --out why"
)
@click.argument("picture", type=click.Path(path_type=Path))
@click.option("--model", help="A run folder or a model file.  [default: the bundled model]")
@click.option(
    "--out",
    type=FOLDER,
    default="explained",
    show_default=True,
    metavar="DIR",
    help="Folder for the sheets.",
)
def command(picture: Path, model: str | None, out: Path) -> None:
    """Explain the answer for every digit of PICTURE on one sheet: the output of each layer, and the evidence.

    A model with framing whole has one answer and one sheet for the whole picture. Sheets are written as .png to look
    at and as .pdf to print.
    """
    from lenet.atomic import refuse_loss, write_bytes
    from lenet.explain import explain
    from lenet.explain.draw import draw
    from lenet.figures.render import as_pdf, as_png
    from lenet.model.runtime import Model
    from lenet.reading.reader import Reader

    loaded = Model.load(model)
    reading = Reader(loaded).read(picture)
    digits = reading.answers
    if not digits:
        raise LenetError(f"{picture}: no ink was found, so there is nothing to explain; try another picture")
    stems = [f"{picture.stem}-{number}" for number in range(1, len(digits) + 1)]
    stems = [picture.stem] if len(digits) == 1 else stems
    sheets = [(out / f"{stem}.pdf", out / f"{stem}.png") for stem in stems]
    for path in chain(*sheets):
        refuse_loss(path, {picture.resolve()})
    for digit, (pdf, png) in zip(digits, sheets, strict=True):
        explanation = explain(loaded, digit.image)
        sheet = draw(explanation)
        write_bytes(pdf, as_pdf(sheet))
        write_bytes(png, as_png(sheet))
        name, probability = explanation.class_names[explanation.label], explanation.probabilities[explanation.label]
        prefix = "unknown, nearest is " if explanation.unknown else ""
        click.echo(f"{prefix}{name} ({probability:.1%}): {png}")
