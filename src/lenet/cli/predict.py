"""``lenet predict``."""

import csv
import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lenet.cli.verb import one_line, verb
from lenet.errors import LenetError

if TYPE_CHECKING:
    from lenet.reading import Reader, Reading

STDIN = "-"
ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
COLUMNS = ("picture", "row", "column", "label", "probability", "unknown", "left", "top", "right", "bottom", "error")


@verb(
    "predict",
    "lenet predict photo.jpg",
    "lenet predict scans/ --json > digits.json",
    "lenet predict photo.jpg --annotate seen --explain seen",
    "cat photo.jpg | lenet predict -",
)
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURE…")
@click.option("--model", help="A run folder or a model file.  [default: the bundled model]")
@click.option("--json", "form", flag_value="json", help="One JSON document instead of lines.")
@click.option("--csv", "form", flag_value="csv", help="A CSV table with one row a digit.")
@click.option(
    "--annotate", type=click.Path(path_type=Path), metavar="DIR", help="Write each picture there with boxes and labels."
)
@click.option(
    "--explain", type=click.Path(path_type=Path), metavar="DIR", help="Write each picture's stages there, as one strip."
)
def command(
    pictures: tuple[str, ...], model: str | None, form: str | None, annotate: Path | None, explain: Path | None
) -> None:
    """Read the digits on photos, scans and drawings.

    PICTURE is a file (PNG, JPEG, WebP, BMP, GIF, TIFF), a folder of such files, or - for standard input. A line of
    writing is printed as one word; `?` is a mark that is no digit, or not a sure one. The exit status is 1 when any
    file could not be read; the others are read all the same.
    """
    names = _files(pictures)

    from lenet.model.runtime import Model
    from lenet.reading import Reader

    reader = Reader(Model.load(model))
    results = []
    with _progress(len(names)) as advance:
        for number, name in enumerate(names):
            result, reading = _read(reader, name)
            if reading is not None:
                _draw(reading, _stem(names, number), annotate, explain)
            results.append(result)
            if form is None:
                _say(result)
            advance()
    if form == "json":
        click.echo(json.dumps(results, ensure_ascii=False))
    if form == "csv":
        click.echo(_as_csv(results), nl=False)
    if any("error" in result for result in results):
        sys.exit(1)


def _files(pictures: tuple[str, ...]) -> list[str]:
    """Each picture by name: a folder's in alphabetical order, those in its folders too."""
    names = []
    for picture in pictures:
        if picture != STDIN and Path(picture).is_dir():
            inside = sorted(
                path for path in Path(picture).rglob("*") if path.suffix.lower() in ENDINGS and path.is_file()
            )
            if not inside:
                raise LenetError(f"{picture}: has no picture in it; its files should end in {', '.join(ENDINGS)}")
            names += [str(path) for path in inside]
        else:
            names.append(picture)
    return names


def _read(reader: "Reader", name: str) -> tuple[dict[str, Any], "Reading | None"]:
    from lenet.reading.picture import MOST_BYTES

    try:
        if name == STDIN:
            reading = reader.read(sys.stdin.buffer.read(MOST_BYTES + 1), name="standard input")
        else:
            reading = reader.read(name)
    except LenetError as error:
        return {"picture": name, "error": str(error)}, None
    return {"picture": name, **reading.to_dict()}, reading


def _say(result: dict[str, Any]) -> None:
    if "error" in result:
        click.echo(f"lenet: {one_line(result['error'])}", err=True)
        return
    sure = [digit["probability"] for digit in result["digits"] if not digit["unknown"]]
    words = " / ".join(result["rows"]) or "no digit found"
    click.echo(f"{result['picture']}: {words}" + (f"   (least sure {min(sure):.1%})" if sure else ""))


def _as_csv(results: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    for result in results:
        if "error" in result:
            table.writerow({"picture": result["picture"], "error": result["error"]})
            continue
        places = [(row, column) for row, word in enumerate(result["rows"], 1) for column in range(1, len(word) + 1)]
        for (row, column), digit in zip(places, result["digits"], strict=True):
            box = dict(zip(("left", "top", "right", "bottom"), digit["box"], strict=True))
            plain = {key: digit[key] for key in ("label", "probability", "unknown")}
            table.writerow({"picture": result["picture"], "row": row, "column": column, **plain, **box})
    return text.getvalue()


def _stem(names: list[str], number: int) -> str:
    """A name for what is drawn of a picture, its own where no other has it."""
    stems = [Path(name).stem if name != STDIN else "stdin" for name in names]
    return stems[number] if stems.count(stems[number]) == 1 else f"{stems[number]}-{number + 1}"


def _draw(reading: "Reading", stem: str, annotate: Path | None, explain: Path | None) -> None:
    if annotate is None and explain is None:
        return
    from lenet import figures
    from lenet.atomic import replacing

    stages, digits = reading.stages, reading.digits
    left, top, right, bottom = range(4)
    boxes = [
        (
            round(digit.box[left] / stages.scale),
            round(digit.box[top] / stages.scale),
            round(digit.box[right] / stages.scale),
            round(digit.box[bottom] / stages.scale),
        )
        for digit in digits
    ]
    doubtful = [digit.unknown for digit in digits]
    if annotate is not None:
        captions = [digit.shown for digit in digits]
        with replacing(annotate / f"{stem}.png", suffix=".png") as temporary:
            figures.annotated(stages.pixels, boxes, captions, doubtful).save(temporary)
    if explain is not None:
        captions = [f"{digit.label} {digit.probability:.0%}" + " ?" * digit.unknown for digit in digits]
        images = [digit.image for digit in digits]
        with replacing(explain / f"{stem}-stages.png", suffix=".png") as temporary:
            figures.reading(stages.pixels, stages.strength, stages.mask, boxes, images, captions, doubtful).savefig(
                temporary
            )


@contextmanager
def _progress(total: int) -> Iterator[Any]:
    """A bar on stderr while many pictures are read on a terminal."""
    if total < 2 or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=total)
        yield lambda: bar.advance(task)
