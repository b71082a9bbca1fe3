"""``lenet sheet``."""

from pathlib import Path

import click

from lenet.cli.verb import FILE, check_out, typed, verb
from lenet.errors import LenetError


@verb("sheet", "lenet sheet --classes 0-9", "lenet sheet --classes a-z,A-Z --out letters.pdf")
@click.option(
    "--classes",
    default="0-9",
    show_default=True,
    metavar="LIST",
    help="Ranges such as 0-9, a-z and A-Z, and names, with commas between them.",
)
@click.option(
    "--out", type=FILE, default="sheet.pdf", show_default=True, help="The .pdf to write; it is never overwritten."
)
def command(classes: str, out: Path) -> None:
    """Make a page of boxes to print and to write in: teach a model your own hand.

    Fill in the boxes, photograph the page, then: `lenet data convert photo.jpg mine --sheet` cuts it into labelled
    pictures, and `lenet train --data mine --from MODEL` trains on with them.
    """
    from lenet.atomic import write_bytes
    from lenet.figures.style import glyphs_checked
    from lenet.sheet.draw import as_pdf
    from lenet.sheet.layout import COLUMNS, parse_classes, sheets

    if out.exists():
        raise LenetError(f"{out}: exists already and is not overwritten; choose another --out")
    check_out(out, ".pdf")
    with typed():
        pages = sheets(parse_classes(classes))
    with glyphs_checked(lambda: (name for page in pages for name in page.rows)):
        content = as_pdf(pages)
    write_bytes(out, content)
    boxes = sum(len(page.rows) for page in pages) * COLUMNS
    count = "1 page" if len(pages) == 1 else f"{len(pages)} pages"
    click.echo(f"{out}: {count} of A4 with {boxes:,} boxes; print, fill in, photograph")
