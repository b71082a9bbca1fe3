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
COLUMNS = (
    *("picture", "page", "row", "column", "word", "label", "probability", "unknown"),
    *("left", "top", "right", "bottom", "error"),
)
# Names of files in the line about those of a folder that are no pictures.
NAMED = 3


@verb(
    "predict",
    "lenet predict photo.jpg",
    "lenet predict scans/ --json > digits.json",
    "lenet predict letter.pdf --page 2",
    "lenet predict photo.jpg --table > cells.csv",
    "lenet predict photo.jpg --annotate seen --explain seen",
    "cat photo.jpg | lenet predict -",
)
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURE…")
@click.option("--model", help="A run folder or a model file.  [default: the bundled model]")
@click.option("--json", "form", flag_value="json", help="One JSON document instead of lines.")
@click.option("--csv", "form", flag_value="csv", help="A CSV table with one row for each digit.")
@click.option(
    "--table", "form", flag_value="table", help="CSV with the cells of the table on each picture; empty cells are kept."
)
@click.option("--page", type=click.IntRange(1), metavar="N", help="Read only this page or frame.  [default: all]")
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
    pictures: tuple[str, ...],
    model: str | None,
    form: str | None,
    page: int | None,
    annotate: Path | None,
    explain: Path | None,
) -> None:
    """Read the digits on photos, scans and drawings; or classify whole pictures, if that is what the model does.

    PICTURE is a file (PNG, JPEG, GIF, BMP, TIFF, WebP, AVIF, PPM; HEIC and PDF with lenet[formats]), a folder of such
    files, or - for standard input. All pages and frames are read. Words are printed with a blank between them, lines of
    writing with a `/`; `?` stands for what looks like none of the classes. The exit status is 1 when a file could not
    be read; the others are still read.
    """
    names = _files(pictures)

    from lenet.model.runtime import Model
    from lenet.reading import Reader

    reader = Reader(Model.load(model))
    results: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    with _progress(len(names)) as advance:
        for number, name in enumerate(names):
            for result, reading, several in _read(reader, name, page):
                if reading is not None:
                    suffix = f"-page{result['page']}" if several else ""
                    _draw(reading, _stem(names, number) + suffix, annotate, explain)
                results.append(result)
                rows += [result] if reading is None else _table_rows(result, reading)
                if form is None or (form == "table" and reading is None):
                    _say(result, several)
                elif form == "table" and reading is not None:
                    _print_table(result, reading)
            advance()
    if form == "json":
        click.echo(json.dumps(results, ensure_ascii=False))
    if form == "csv":
        click.echo(_as_csv(rows), nl=False)
    if any("error" in result for result in results):
        sys.exit(1)


def _files(pictures: tuple[str, ...]) -> list[str]:
    """Each picture by name; those of a folder, and of folders in it, in alphabetical order."""
    from lenet.pictures.formats import ENDINGS, is_passed_over, is_picture

    names, others = [], []
    for picture in pictures:
        if picture == STDIN or not (root := Path(picture)).is_dir():
            names.append(picture)
            continue
        inside = [
            path for path in sorted(root.rglob("*"))
            if path.is_file() and not any(map(is_passed_over, path.relative_to(root).parts))
        ]  # fmt: skip
        found = [str(path) for path in inside if is_picture(path)]
        if not found:
            raise LenetError(f"{picture}: has no picture in it; its files should end in {', '.join(ENDINGS)}")
        names += found
        others += [path.name for path in inside if not is_picture(path)]
    if others:
        files = f"{len(others):,} files that are no pictures" if len(others) > 1 else "1 file that is no picture"
        named = ", ".join(others[:NAMED]) + ", …" * (len(others) > NAMED)
        click.echo(one_line(f"skipped {files}: {named}"), err=True)
    return names


def _read(reader: "Reader", name: str, page: int | None) -> Iterator[tuple[dict[str, Any], "Reading | None", bool]]:
    """For each page its result, what was read, and whether the file has several."""
    from lenet.pictures.picture import MOST_BYTES, open_pages

    source, called = (sys.stdin.buffer.read(MOST_BYTES + 1), "standard input") if name == STDIN else (name, name)
    try:
        for found in open_pages(source, called, page):
            result: dict[str, Any] = {"picture": name, "page": found.number}
            if isinstance(found.picture, LenetError):
                yield {**result, "error": str(found.picture)}, None, found.of_several
            else:
                reading = reader.read(found.picture)
                result |= reading.to_dict()
                for token in result.get("tokens", ()):
                    token["page"] = found.number
                yield result, reading, found.of_several
    except LenetError as error:
        yield {"picture": name, "error": str(error)}, None, False


def _say(result: dict[str, Any], several: bool) -> None:
    if "error" in result:
        click.echo(f"lenet: {one_line(result['error'])}", err=True)
        return
    where = f"{result['picture']}, page {result['page']}" if several else result["picture"]
    if "label" in result:
        click.echo(f"{where}: {result['rows'][0]} ({result['probability']:.1%})")
        return
    known = [digit["probability"] for digit in result["digits"] if not digit["unknown"]]
    words = " / ".join(filter(None, result["text"].split("\n"))) or "no digit found"
    click.echo(f"{where}: {words}" + (f"   (lowest probability {min(known):.1%})" if known else ""))


def _table_rows(result: dict[str, Any], reading: "Reading") -> Iterator[dict[str, Any]]:
    """One row for each digit, or one for the whole picture."""
    from lenet.reading import Digit

    page = {name: result[name] for name in ("picture", "page")}
    if reading.whole is not None:
        yield {**page, **_answer(reading.whole)}
    for row, line in enumerate(reading.lines, 1):
        for column, digit in enumerate((mark for mark in line if isinstance(mark, Digit)), 1):
            box = dict(zip(("left", "top", "right", "bottom"), digit.box, strict=True))
            yield {**page, "row": row, "column": column, "word": digit.word + 1, **_answer(digit), **box}


def _print_table(result: dict[str, Any], reading: "Reading") -> None:
    if reading.cells is None:
        click.echo(f"lenet: {result['picture']}: no table found", err=True)
    else:
        csv.writer(sys.stdout, lineterminator="\n").writerows(reading.cells)


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
