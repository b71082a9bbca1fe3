"""``lenet export``."""

import re
from pathlib import Path

import click

from lenet.cli.verb import verb
from lenet.export.formats import FORMATS


def size(text: str) -> int:
    """From ``16k`` to 16,384 bytes."""
    number = re.fullmatch(r"([1-9]\d{0,8})(k?)", text.lower())
    if not number:
        raise click.BadParameter(f"{text!r} is not a number of bytes, such as 16k or 2048")
    return int(number[1]) * (1024 if number[2] else 1)


@verb(
    "export",
    "lenet export runs/train-1 --format html --out digits.html",
    "lenet export runs/train-1 --format c --out digits-c",
    "lenet export runs/chip --format arduino --flash 16k --ram 1800 --out digits.zip",
)
@click.argument("model", required=False)
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(FORMATS)),
    required=True,
    help=" ".join(f"{name}: {format_.purpose}." for name, format_ in FORMATS.items()),
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File to write; for C, the folder.")
@click.option(
    "--bits",
    type=click.Choice([8, 4, 2]),
    help="Bits of each weight, for c and arduino. The recipe small trains for 4; weight_bits = 2 in it trains for 2.  "
    "[default: those that the model was trained for; otherwise the most that fit]",
)
@click.option("--flash", type=size, metavar="BYTES", help="Bytes of flash for it, such as 16k.")
@click.option("--ram", type=size, metavar="BYTES", help="Bytes of RAM for it, such as 1800.")
@click.option("--data", help="Data set of the proof.  [default: that of the model's training]")
@click.option("--force", is_flag=True, help="Replace what was exported there before.")
@click.option("--unproven", is_flag=True, help="Skip the proof, where cc (for C) or Chromium (for html) is missing.")
def command(
    model: str | None,
    format_: str,
    out: Path,
    bits: int | None,
    flash: int | None,
    ram: int | None,
    data: str | None,
    force: bool,
    unproven: bool,
) -> None:
    """Write a model in another format, and prove that its answers are the model's.

    The exported file classifies 1,000 to 10,000 of the model's own test images. When its answers differ from the
    model's, nothing is written.

    MODEL is a run folder or a model file; without one, the bundled model is exported.
    """
    from lenet.evaluation.parts import data_for
    from lenet.export.export import export_model, prepare
    from lenet.model.file import read_model
    from lenet.model.runtime import is_run, locate_model

    given = {name: value for name, value in {"bits": bits, "flash": flash, "ram": ram}.items() if value}
    prepare(model, format_, out, force, given)
    dataset = data_for(read_model(locate_model(model)).metadata, data, own_paths=is_run(model))
    click.echo("writing …" if unproven else "writing and proving …", err=True)
    proof = export_model(model, format_, out, dataset, force, unproven, given)
    click.echo(f"{out}: {_size(out):,} bytes")
    if out.suffix.lower() != (suffix := FORMATS[format_].suffix) and suffix:
        click.echo(f"give it a name that ends in {suffix}, so that other programs recognise it", err=True)
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
