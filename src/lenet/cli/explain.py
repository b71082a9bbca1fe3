"""``lenet explain``."""

from pathlib import Path

import click

from lenet.cli.verb import verb
from lenet.errors import LenetError


@verb(
    "explain", "lenet explain seven.png --model runs/train-1", "lenet explain seven.png --model runs/train-1 --out why"
)
@click.argument("picture", type=click.Path(path_type=Path))
@click.option("--model", help="A run folder or a model file.  [default: the bundled model]")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("explained"),
    show_default=True,
    metavar="DIR",
    help="Where the sheets go.",
)
def command(picture: Path, model: str | None, out: Path) -> None:
    """Show what each layer sees in every digit of PICTURE, and which ink carried the answer, on one sheet.

    The sheet comes as .png to look at and as .pdf to print.
    """
    import numpy as np

    from lenet.atomic import replacing
    from lenet.explain import draw, explain
    from lenet.model.runtime import Model
    from lenet.reading.reader import Reader

    loaded = Model.load(model)
    images = [digit.image[..., np.newaxis] for digit in Reader(loaded).read(picture).digits]
    if not images:
        raise LenetError(f"{picture}: no ink was found on it, so there is nothing to explain")
    for number, image in enumerate(images, start=1):
        explanation = explain(loaded, image)
        sheet = draw(explanation)
        stem = picture.stem if len(images) == 1 else f"{picture.stem}-{number}"
        for ending in (".pdf", ".png"):
            with replacing(out / f"{stem}{ending}", suffix=ending) as temporary:
                sheet.savefig(temporary)
        name, probability = explanation.class_names[explanation.label], explanation.probabilities[explanation.label]
        said = "unknown, nearest is " if explanation.unknown else ""
        click.echo(f"{said}{name} ({probability:.1%}): see {out / stem}.png")
