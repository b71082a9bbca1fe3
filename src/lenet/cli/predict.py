"""``lenet predict``."""

import csv
import json
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from lenet.atomic import is_made_here, refuse_inputs
from lenet.cli.many import predict_many, scale_options, tell_skipped
from lenet.cli.progress import picture_progress, say
from lenet.cli.table import is_table, predict_table
from lenet.cli.verb import FOLDER, csv_cell, verb
from lenet.errors import LenetError, one_line

if TYPE_CHECKING:
    from lenet.reading import Reader, Reading

STDIN = "-"
MOST_EMPTY = 8  # pages in a row; a file of a few KB can have hundreds, and looking for marks takes as long
COLUMNS = (
    *("picture", "page", "row", "column", "word", "label", "probability", "unknown"),
    *("left", "top", "right", "bottom", "error"),
)


class Source(NamedTuple):
    """A picture to read."""

    name: str  # as the user wrote it, or - for standard input
    stem: Path  # its name without ending, below the folder that the user named
    error: str = ""  # why it is not even opened


@verb(
    "predict",
    "lenet predict photo.jpg",
    "lenet predict scans/ --json > digits.json",
    "lenet predict letter.pdf --page 2",
    "lenet predict photo.jpg --table > cells.csv",
    "lenet predict test.csv --csv > submission.csv",
    "lenet predict photo.jpg --annotate seen --explain seen",
    "lenet predict scans --crops mine",
    "cat photo.jpg | lenet predict -",
    "lenet predict --data archive --to answers --workers 2",
)
@click.argument("pictures", nargs=-1, metavar="[PICTURE…]")
@click.option("--model", help="A run folder or a model file.  [default: the bundled model]")
@click.option("--json", is_flag=True, help="One JSON document instead of lines.")
@click.option("--csv", is_flag=True, help="A CSV table with one row for each digit and separator.")
@click.option("--table", is_flag=True, help="CSV with the cells of the table on each picture; empty cells are kept.")
@click.option("--page", type=click.IntRange(1), metavar="N", help="Read only this page or frame.  [default: all]")
@click.option("--annotate", type=FOLDER, metavar="DIR", help="Write each picture there with boxes and labels.")
@click.option(
    "--explain",
    type=FOLDER,
    metavar="DIR",
    help="Write a strip there for each picture: how its digits were found and what the network saw.",
)
@click.option(
    "--crops",
    type=FOLDER,
    metavar="DIR",
    help="Save each digit there, in a folder for its label; unknown ones in DIR-unknown. Look at DIR-contact.png, move "
    "wrong ones to their label's folder, and train with --data DIR.",
)
@click.option(
    "--data",
    metavar="SOURCE",
    help="Read many, in several processes: a file or folder of pictures, Parquet, IDX, .npz or .tar, or a URI of one.",
)
@click.option(
    "--to", metavar="DIR", help="Folder of the answers to --data, as Parquet. Run the command again to resume."
)
@scale_options("--workers", "Number of processes that read --data.  [default: one for each core]")
def command(
    pictures: tuple[str, ...],
    model: str | None,
    page: int | None,
    annotate: Path | None,
    explain: Path | None,
    crops: Path | None,
    data: str | None,
    to: str | None,
    cluster: str | None,
    workers: int | None,
    **forms: bool,
) -> None:
    """Read the digits on photos, scans and drawings; or classify whole pictures, if that is what the model does.

    PICTURE is a file (PNG, JPEG, GIF, BMP, TIFF, WebP, AVIF, PPM; HEIC and PDF with lenet[formats]), a folder of such
    files, or - for standard input. All pages and frames are read. Words are separated by a space, lines of writing by
    ` / `; `?` is a character that was not recognised. The exit status is 1 when a file could not be read; the others
    are still read.

    PICTURE can also be a table of pixels, such as Kaggle's test.csv, whose answers --csv prints as ImageId,Label.

    With --data and --to, each part of SOURCE is a task of its own, on this machine or a Ray cluster. A picture that
    cannot be read is a row with its error, and the exit status stays 0. Needs lenet[scale].

    Drawings of a folder's pictures keep the names of its subfolders. Only drawings that lenet made are replaced.
    """
    chosen = [form for form, wanted in forms.items() if wanted]
    if any(it is not None for it in (data, to, cluster, workers)) or not pictures:
        if pictures and data is None:
            raise click.UsageError("--to, --workers and --cluster are for --data SOURCE --to DIR")
        if data is None or to is None:
            raise click.UsageError("name a PICTURE, or many with --data SOURCE --to DIR")
        if any((pictures, chosen, page, annotate, explain, crops)):
            raise click.UsageError("--data is read alone, with --to, --model, --cluster and --workers only")
        predict_many(data, to, model, cluster, workers)
        return
    if len(chosen) > 1:
        raise click.UsageError(f"--{chosen[0]} cannot be combined with --{chosen[1]}: choose one form of the result")
    form = chosen[0] if chosen else None
    if any(map(is_table, pictures)):
        _refuse_beside_table(len(pictures) > 1, form == "table", page, annotate, explain, crops)
        predict_table(Path(pictures[0]), model, form)
        return
    places = _crop_places(crops, pictures) if crops else ()
    sources = _find(pictures)

    from lenet.model.runtime import Model
    from lenet.reading import Reader

    reader = Reader(Model.load(model))
    drawings = None
    if annotate or explain or crops:
        from lenet.cli.drawings import Drawings

        drawings = Drawings(
            reader.model, {Path(source.name).resolve() for source in sources}, annotate, explain, places
        )
        drawings.check(source.stem for source in sources if not source.error)
    results: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    tables: list[tuple[str, list[list[str]] | None]] = []
    with picture_progress(len(sources)) as advance:
        for source in sources:
            for result, reading, several in _read(reader, source, page):
                if reading is not None and drawings is not None:
                    suffix = f"-page{result['page']}" if several else ""
                    drawings.add(reading, source.stem.with_name(source.stem.name + suffix))
                results.append(result)
                rows += [result] if reading is None else _table_rows(result, reading)
                tables.append((_where(result, several), reading.cells if reading else None))
                _print_page(form, result, reading, several)
            advance()
    _print_document(form, results, rows, tables)
    if drawings is not None and crops:
        click.echo(drawings.finish_crops(), err=True)
    if any("error" in result for result in results):
        sys.exit(1)


def _print_page(form: str | None, result: dict[str, Any], reading: "Reading | None", several: bool) -> None:
    """Print one page's lines, or that it has no table; JSON, CSV and tables come whole at the end."""
    if form is None or (form == "table" and reading is None):
        _say(result, several)
    elif form == "table" and reading is not None and reading.cells is None:
        say(f"lenet: {_where(result, several)}: no table found", err=True)


def _print_document(
    form: str | None,
    results: list[dict[str, Any]],
    rows: list[dict[str, Any]],
    tables: list[tuple[str, list[list[str]] | None]],
) -> None:
    if form == "json":
        click.echo(json.dumps(results, ensure_ascii=False))
    if form == "csv":
        table = csv.DictWriter(sys.stdout, COLUMNS, extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        table.writerows({name: csv_cell(value) for name, value in row.items()} for row in rows)
    if form == "table":
        every: list[list[str]] = []
        for where, cells in tables:
            if cells is not None:
                # Of several pictures or pages, each one's name stands above its table.
                above = [[], [where]] if every else [[where]]
                every += [*above * (len(results) > 1), *cells]
        csv.writer(sys.stdout, lineterminator="\n").writerows(map(csv_cell, row) for row in every)


def _refuse_beside_table(*given: object) -> None:
    if any(given):
        raise click.UsageError("a table of images is read alone, with --model, --csv or --json only")


def _crop_places(folder: Path, pictures: tuple[str, ...]) -> tuple[Path, Path, Path]:
    """The folder of crops, and beside it, so that it holds nothing but classes, that of unknown ones and the sheet."""
    folder = folder if folder.name.strip(".") else folder.resolve()
    refuse_inputs(folder, {Path(picture).resolve() for picture in pictures})
    return folder, folder.with_name(f"{folder.name}-unknown"), folder.with_name(f"{folder.name}-contact.png")


def _find(pictures: tuple[str, ...]) -> list[Source]:
    """The pictures by name; those of a folder, and of folders in it, in alphabetical order, without lenet's own."""
    from lenet.pictures.formats import ENDINGS, is_passed_over, is_picture

    sources, others = [], []
    for picture in pictures:
        if not picture:
            raise click.UsageError("a PICTURE is empty; name a file, a folder, or - for standard input")
        if picture == STDIN or not (root := Path(picture)).is_dir():
            sources.append(Source(picture, Path("stdin" if picture == STDIN else Path(picture).stem)))
            continue
        inside = [
            path for path in sorted(root.rglob("*"))
            if path.is_file() and not any(map(is_passed_over, path.relative_to(root).parts))
        ]  # fmt: skip
        found = [path for path in inside if is_picture(path) and not is_made_here(path)]
        if not found:
            own = " but what lenet made" * any(map(is_picture, inside))
            error = f"{picture}: has no picture in it{own}; the names of pictures end in {', '.join(ENDINGS)}"
            sources.append(Source(picture, root, error))
            continue
        sources += [Source(str(path), path.relative_to(root).with_suffix("")) for path in found]
        others += [f"{path.name}{' (made by lenet)' * is_picture(path)}" for path in inside if path not in found]
    if others:
        tell_skipped(others)
    return sources


def _read(
    reader: "Reader", source: Source, page: int | None
) -> Iterator[tuple[dict[str, Any], "Reading | None", bool]]:
    """For each page its result, what was read, and whether the file has several."""
    from lenet.pictures.picture import MOST_BYTES, open_pages

    name = source.name
    if name == STDIN and sys.stdin is None:
        raise LenetError("standard input is closed; name a file")
    content, called = (sys.stdin.buffer.read(MOST_BYTES + 1), "standard input") if name == STDIN else (name, name)
    shown = name.encode(errors="backslashreplace").decode()  # a name that is no UTF-8 is no JSON either
    empty = 0
    try:
        if source.error:
            raise LenetError(source.error)
        for found in open_pages(content, called, page):
            if empty == MOST_EMPTY:
                raise LenetError(f"{shown}: {empty} pages in a row are empty, and the rest is not read; use --page")
            result: dict[str, Any] = {"picture": shown, "page": found.number}
            if isinstance(found.picture, LenetError):
                yield {**result, "error": one_line(str(found.picture))}, None, found.of_several
            else:
                reading = reader.read(found.picture)
                empty = 0 if reading.answers else empty + 1
                result |= reading.to_dict()
                for token in result.get("tokens", ()):
                    token["page"] = found.number
                yield result, reading, found.of_several
    except LenetError as error:
        yield {"picture": shown, "error": one_line(str(error))}, None, False


def _where(result: dict[str, Any], several: bool) -> str:
    return f"{result['picture']}, page {result['page']}" if several else str(result["picture"])


def _say(result: dict[str, Any], several: bool) -> None:
    if "error" in result:
        say(f"lenet: {one_line(result['error'])}", err=True)
        return
    where = _where(result, several)
    answers = [result] if "label" in result else result["digits"]
    words = " / ".join(filter(None, result["text"].split("\n"))) or "no digit found"
    known = [answer for answer in answers if not answer["unknown"]]
    if len(answers) == 1 and not known:
        words += f" ({answers[0]['label']}, {answers[0]['probability']:.1%})"
    elif "label" in result:
        words += f" ({result['probability']:.1%})"
    elif known:
        words += f"   (lowest probability {min(answer['probability'] for answer in known):.1%})"
    say(one_line(f"{where}: {words}"))


def _table_rows(result: dict[str, Any], reading: "Reading") -> Iterator[dict[str, Any]]:
    """One row for each digit and separator, or one for the whole picture; columns number the digits of a line."""
    from lenet.reading import Digit

    page = {name: result[name] for name in ("picture", "page")}
    if reading.whole is not None:
        yield {**page, **reading.whole.answer()}
    for row, line in enumerate(reading.lines, 1):
        columns = count(1)
        for mark in line:
            box = dict(zip(("left", "top", "right", "bottom"), mark.box, strict=True))
            it = {"column": next(columns), **mark.answer()} if isinstance(mark, Digit) else {"label": mark.shown}
            yield {**page, "row": row, "word": mark.word + 1, **it, **box}
