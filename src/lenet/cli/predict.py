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
    from lenet.reading import Digit, Reader, Reading

STDIN = "-"
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
@click.option("--csv", "form", flag_value="csv", help="A CSV table with one row for each digit.")
@click.option(
    "--annotate", type=click.Path(path_type=Path), metavar="DIR", help="Write each picture there with boxes and labels."
)
@click.option(
    "--explain",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write a strip there for each picture: how its digits were found and what the network saw.",
)
def command(
    pictures: tuple[str, ...], model: str | None, form: str | None, annotate: Path | None, explain: Path | None
) -> None:
    """Read the digits on photos, scans and drawings; or classify whole pictures, if that is what the model does.

    PICTURE is a file (PNG, JPEG, GIF, BMP, TIFF, WebP, AVIF, PPM), a folder of such files, or - for standard input. A
    line of writing is printed as one word; `?` stands for what looks like none of the classes. The exit status is 1
    when a file could not be read; the others are still read.
    """
    names = _files(pictures)

    from lenet.model.runtime import Model
    from lenet.reading import Reader

    reader = Reader(Model.load(model))
    results: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    with _progress(len(names)) as advance:
        for number, name in enumerate(names):
            result, reading = _read(reader, name)
            if reading is not None:
                _draw(reading, _stem(names, number), annotate, explain)
            results.append(result)
            rows += [result] if reading is None else _table_rows(name, reading)
            if form is None:
                _say(result)
            advance()
    if form == "json":
        click.echo(json.dumps(results, ensure_ascii=False))
    if form == "csv":
        click.echo(_as_csv(rows), nl=False)
    if any("error" in result for result in results):
        sys.exit(1)


def _files(pictures: tuple[str, ...]) -> list[str]:
    """Each picture by name; those of a folder, and of folders in it, in alphabetical order."""
    from lenet.pictures.picture import ENDINGS

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
    from lenet.pictures.picture import MOST_BYTES

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
    if "label" in result:
        click.echo(f"{result['picture']}: {result['rows'][0]} ({result['probability']:.1%})")
        return
    known = [digit["probability"] for digit in result["digits"] if not digit["unknown"]]
    words = " / ".join(result["rows"]) or "no digit found"
    click.echo(f"{result['picture']}: {words}" + (f"   (lowest probability {min(known):.1%})" if known else ""))


def _table_rows(name: str, reading: "Reading") -> Iterator[dict[str, Any]]:
    """One row for each digit, or one for the whole picture."""
    if reading.whole is not None:
        yield {"picture": name, **_answer(reading.whole)}
    for row, line in enumerate(reading.lines, 1):
        for column, digit in enumerate(line, 1):
            box = dict(zip(("left", "top", "right", "bottom"), digit.box, strict=True))
            yield {"picture": name, "row": row, "column": column, **_answer(digit), **box}


def _answer(digit: "Digit") -> dict[str, Any]:
    return {"label": digit.label, "probability": digit.probability, "unknown": digit.unknown}


def _as_csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _stem(names: list[str], number: int) -> str:
    """A file name for the drawings of a picture, with a number where two pictures have the same name."""
    stems = [Path(name).stem if name != STDIN else "stdin" for name in names]
    return stems[number] if stems.count(stems[number]) == 1 else f"{stems[number]}-{number + 1}"


def _draw(reading: "Reading", stem: str, annotate: Path | None, explain: Path | None) -> None:
    if annotate is None and explain is None:
        return
    import numpy as np

    from lenet import figures
    from lenet.atomic import replacing

    stages = reading.stages
    digits = reading.answers
    boxes = [_scaled(digit.box, stages.scale) for digit in digits]
    doubtful = [digit.unknown for digit in digits]
    captions = [f"{digit.label} {digit.probability:.0%}" + " ?" * digit.unknown for digit in digits]
    if annotate is not None:
        shown = [digit.shown for digit in digits]
        with replacing(annotate / f"{stem}.png", suffix=".png") as temporary:
            figures.annotated(stages.pixels, boxes, shown, doubtful).save(temporary)
    if explain is not None:
        with replacing(explain / f"{stem}-stages.png", suffix=".png") as temporary:
            if reading.whole is None:
                images = [digit.image[..., 0] for digit in digits]
                strip = figures.reading(stages.pixels, stages.strength, stages.mask, boxes, images, captions, doubtful)
                strip.savefig(temporary)
            else:
                seen = reading.whole.image
                height, width, depth = seen.shape
                colour = np.repeat(seen, 3, axis=2) if depth == 1 else seen
                figures.annotated(colour, [(0, 0, width, height)], captions, doubtful).save(temporary)


def _scaled(box: tuple[int, int, int, int], scale: float) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    return round(left / scale), round(top / scale), round(right / scale), round(bottom / scale)


@contextmanager
def _progress(total: int) -> Iterator[Any]:
    """Show a progress bar on stderr when it is a terminal and there are several pictures."""
    if total < 2 or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=total)
        yield lambda: bar.advance(task)
