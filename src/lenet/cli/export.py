"""``lenet export``."""

from pathlib import Path

import click

from lenet.cli.verb import verb

FORMATS = ("onnx", "onnx-int8", "litert", "c", "c-float", "html")


@verb(
    "export",
    "lenet export runs/train-1 --format html --out digits.html",
    "lenet export runs/train-1 --format c --out digits-c",
)
@click.argument("model", required=False)
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    required=True,
    help="onnx: any ONNX tool. onnx-int8: the same, a quarter of the size. litert: phones. c, c-float: "
    "microcontrollers, in 8-bit integers or float. html: a page that reads what is drawn on it.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The file to write; for C, the folder.")
@click.option("--data", help="What to prove it on.  [default: what the model was trained on]")
@click.option("--force", is_flag=True, help="Replace what is there.")
@click.option("--unproven", is_flag=True, help="Leave the proof out, where cc (for C) or Chromium (html) is missing.")
def command(model: str | None, format_: str, out: Path, data: str | None, force: bool, unproven: bool) -> None:
    """Ship a model for another place, and prove there that it reads as before.

    What was exported is run on the model's own test images, 10,000 of them or, for C and html, 1,000. When it does
    not read as the model does, nothing is written.

    MODEL is a run folder or a model file; without one, the bundled model is shipped.
    """
    from lenet.evaluation.parts import data_for
    from lenet.export import export_model
    from lenet.model.file import read_model
    from lenet.model.runtime import locate_model

    dataset = data_for(read_model(locate_model(model)).metadata, data)
    click.echo("writing, then proving …" if not unproven else "writing …", err=True)
    proof = export_model(model, format_, out, dataset, force, unproven)
    click.echo(f"{out}: {_size(out):,} bytes")
    if format_ == "html" and out.suffix.lower() not in (".html", ".htm"):
        click.echo("give it a name that ends in .html, or browsers show its text instead of the page", err=True)
    if proof is None:
        click.echo("not proven: nothing was run", err=True)
        return
    click.echo(
        f"proven on {proof.n:,} images of {proof.data}: {proof.agreeing:,} read as the model reads them, largest "
        f"probability difference {proof.largest_difference:.2g}, accuracy {proof.accuracy:.2%} "
        f"(model {proof.model_accuracy:.2%})"
    )


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in (path.iterdir() if path.is_dir() else [path]))
