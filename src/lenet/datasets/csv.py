"""Text tables, each row a label and the pixels of one image: CSV as Kaggle has it, and OpenML's ARFF."""

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby, islice
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from lenet.datasets.assemble import LABEL_COLUMNS, ROWS, TRAIN, assemble, part_number
from lenet.datasets.classes import LONGEST_NAME, number
from lenet.datasets.dataset import Dataset, as_images
from lenet.datasets.notes import left_out
from lenet.datasets.pixels import as_pixels
from lenet.datasets.table_columns import Columns, find_columns
from lenet.datasets.unpack import MOST_UNPACKED_BYTES, unpacking
from lenet.errors import LenetError

DELIMITERS = ",;\t"
# Longest row; colour images of 1,000×1,000 pixels fit.
MOST_ROW_CHARACTERS = 16 << 20
# One character more than is allowed, so that a longer name is seen to be too long.
LABEL_TYPE = f"U{LONGEST_NAME + 1}"
# Class of rows that need no label.
UNLABELLED = "unlabelled"
NO_NUMBER = "is not a number"
Line = tuple[int, str]  # its number, and its text
Array = npt.NDArray[Any]


@dataclass
class _Table:
    """A text table: its columns, and the lines that follow."""

    path: Path
    lines: Iterator[Line]
    delimiter: str
    names: Sequence[str]
    columns: Columns
    guessed: bool = False  # whether the names are made up, since there is no header
    notes: list[str] = field(default_factory=list)

    @property
    def text_columns(self) -> list[int]:
        """Places of the columns that are read as text."""
        pixels = set(self.columns.pixels)
        return [place for place in range(len(self.names)) if place not in pixels]

    def dtype(self, pixel: Any) -> Any:
        """One record for each row; neighbouring pixels are one field, so that NumPy parses them at once."""
        fields: list[Any] = []
        for is_pixel, group in groupby(range(len(self.names)), set(self.columns.pixels).__contains__):
            run = list(group)
            fields += [(f"pixels{run[0]}", pixel, len(run))] if is_pixel else [(f"text{it}", LABEL_TYPE) for it in run]
        return np.dtype(fields)


def read_csv(path: Path, labelled: bool = True) -> Dataset:
    """Read rows of a label and pixels, packed or not: whole numbers from 0 to 255, or none above 1.

    Fields are separated by commas, semicolons or tabs. With a header, a column ``label`` (or ``class``, ``target``,
    ``y``) is the label, a column ``part`` names the part, and a column such as ``id`` is left out; without one, the
    label is the first column or the last one, and it is said which. ARFF names its columns in its own header. Pixel
    columns ``pixel0…`` make square grey images; the names ``1x1…8x16`` (row, column) or ``1x1x1…32x32x3`` (and channel)
    say another shape.

    Args:
        path: The file.
        labelled: Without, the rows need no label, and all are of one class.

    Raises:
        LenetError: names the line at fault.
    """
    try:
        with unpacking(path) as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline=None) as text:
            return _read(_table(text, path, labelled))
    except UnicodeDecodeError as error:
        raise LenetError(f"{path}: is not text in UTF-8 ({error.reason})") from error


def _table(file: IO[str], path: Path, labelled: bool) -> _Table:
    lines = _lines(file, path)
    first = next(lines, None)
    if first is None:
        raise LenetError(f"{path}: is empty; rows of a label and pixels are needed")
    where = f"{path}: line {first[0]}"
    if re.match(r"\s*(%|@relation)", first[1], re.IGNORECASE):
        names, lines = _attributes(chain([first], lines), path)
        return _Table(path, lines, ",", names, find_columns(names, where, labelled))
    delimiter = max(DELIMITERS, key=first[1].count)
    names = _split(*first, delimiter, path)
    if len(names) == 1:
        raise LenetError(f"{where}: has one column; needed are a label and pixels, separated by commas")
    running = [name.strip() for name in names[names[0] == "" :]] == [
        str(it) for it in range(len(names) - (names[0] == ""))
    ]
    if _is_header(names) and not running:
        table = _Table(path, lines, delimiter, names, find_columns(names, where, labelled))
        table.notes += left_out("columns", (names[place] for place in table.columns.left_out))
        return table
    count = len(names)
    lines = lines if running and count > 2 else chain([first], lines)
    if not labelled:
        return _Table(path, lines, delimiter, names, Columns(None, None, (), tuple(range(count)), (count,)))
    numbered = not _is_square(count - 1) and _is_square(count - 2)
    columns = Columns(None, None, (), tuple(range(1 + numbered, count - 1)), ())
    return _Table(path, lines, delimiter, names, columns, guessed=True)


def _read(table: _Table) -> Dataset:
    columns, path = table.columns, table.path
    places: list[int] = []
    chunks = []
    while chunk := list(islice(table.lines, ROWS)):
        places += [place for place, _ in chunk]
        chunks.append(_parse(chunk, table))
    if not chunks:
        raise LenetError(f"{path}: has a header and no row")
    texts, pixels = (np.concatenate(part) for part in zip(*chunks, strict=True))
    text_of = dict(zip(table.text_columns, texts.T, strict=True))
    label, pixel_columns = columns.label, list(columns.pixels)
    if table.guessed:
        label, ends = _guess_label(table, text_of)
        before, after = (
            [_numbers(text_of[it], it, table, places) for it in ends if (it == 0) is first] for first in (True, False)
        )
        pixels = np.concatenate([*before, pixels, *after], axis=1)
        pixel_columns = sorted([*pixel_columns, *ends])
        columns = columns._replace(shape=(pixels.shape[1],))
    pixels, notes = as_pixels(pixels, str(path), lambda it: f"line {places[it[0]]}, column {pixel_columns[it[1]] + 1}")
    names = np.full(len(places), UNLABELLED) if label is None else _plain(text_of[label])
    labels, class_names = number(names, str(path), lambda index: f"line {places[index]}")
    parts = np.full(len(places), TRAIN)
    if columns.part is not None:
        named = zip(text_of[columns.part], places, strict=True)
        parts = np.array([part_number(name, f"{path}: line {place}") for name, place in named])
    images = as_images(pixels.reshape(len(places), *columns.shape), str(path))
    return assemble(str(path), images, labels, class_names, parts, notes=(*table.notes, *notes))


def _guess_label(table: _Table, text_of: dict[int, Array]) -> tuple[int, list[int]]:
    """Of a table without header, the column with the labels, and those at its ends with pixels.

    Words are labels. Of two columns with numbers, one that never changes holds pixels; otherwise the
    first is the label.
    """
    first, last = 0, len(table.names) - 1
    if 1 in text_of and last != 1:  # there is a number of the row before the label
        first = 1
        table.notes.append("no header: the first column is taken as the number of the row and left out")
    words = [place for place in (first, last) if not _is_number(str(text_of[place][0]))]
    varied = [place for place in (first, last) if (text_of[place] != text_of[place][0]).any()]
    label = (words or varied or [first])[0]
    count = len(np.unique(text_of[label]))
    which = "last" if label == last else "first" if label == 0 else "second"
    table.notes.append(f"no header: the {which} column is taken as the label ({count} classes)")
    return label, [place for place in text_of if place not in (label, first - 1)]


def _plain(names: Array) -> Array:
    """Names such as 5.0 and 5e0 as 5, where all are whole numbers."""
    found, labels = np.unique(names, return_inverse=True)
    if not all(_is_number(name) and float(name).is_integer() for name in found.tolist()):
        return names
    return np.array([f"{float(name):.0f}" for name in found.tolist()])[labels]


def _numbers(texts: Array, column: int, table: _Table, places: list[int]) -> Array:
    """A column of texts as numbers, ``(n, 1)``."""
    wrong = next((index for index, text in enumerate(texts.tolist()) if not _is_number(text)), None)
    if wrong is not None:
        raise LenetError(
            f"{table.path}: line {places[wrong]}, column {column + 1}: {str(texts[wrong])[:20]!r} {NO_NUMBER}"
        )
    return texts.astype(np.float32)[:, np.newaxis]


def _lines(file: IO[str], path: Path) -> Iterator[Line]:
    """Lines with their numbers, those with nothing in them left out."""
    place = left = 0
    while line := file.readline(MOST_ROW_CHARACTERS):
        place += 1
        left += len(line)
        if len(line) == MOST_ROW_CHARACTERS:
            raise LenetError(f"{path}: line {place}: is longer than {MOST_ROW_CHARACTERS:,} characters")
        if left > MOST_UNPACKED_BYTES:
            raise LenetError(
                f"{path}: holds more than {MOST_UNPACKED_BYTES >> 30} GiB of text; use a folder or parquet"
            )
        if line.strip():
            yield place, line.rstrip("\n")


def _attributes(lines: Iterator[Line], path: Path) -> tuple[list[str], Iterator[Line]]:
    """The names of the columns of an ARFF file, and its rows; its last column is the label if none is named so."""
    names: list[str] = []
    for place, line in lines:
        word, _, rest = line.strip().partition(" ")
        if word.lower() == "@data":
            break
        if word.lower() == "@attribute":
            names.append(rest.strip().split()[0].strip("'\"") if rest.strip() else f"column {place}")
    if not names:
        raise LenetError(f"{path}: has no @attribute, as ARFF must")
    if not any(name.lower() in LABEL_COLUMNS for name in names):
        names[-1] = "label"
    return names, ((place, line) for place, line in lines if not line.lstrip().startswith("%"))


def _split(place: int, line: str, delimiter: str, path: Path) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error as error:
        raise LenetError(f"{path}: line {place}: cannot be read ({error}); fields are separated by commas") from error


def _is_header(fields: Sequence[str]) -> bool:
    """Whether a first line names columns: by a label's name (a class may be called y), or by several words."""
    named = {field.strip().lower() for field in fields[1:]} | {fields[0].strip().lower()} - {"y"}
    return bool(named & set(LABEL_COLUMNS)) or sum(not _is_number(field) for field in fields) > 1


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_square(count: int) -> bool:
    return count > 0 and math.isqrt(count) ** 2 == count


def _parse(chunk: list[Line], table: _Table) -> tuple[Array, Array]:
    """Texts ``(rows, text columns)`` and pixels ``(rows, pixel columns)``."""
    for pixel in (np.uint8, np.float32):  # the first is quicker, the second takes fractions and what is no pixel
        try:
            rows = np.loadtxt(
                [line for _, line in chunk], table.dtype(pixel), comments=None, delimiter=table.delimiter,
                quotechar='"', ndmin=1, encoding=None,
            )  # fmt: skip
            break
        except ValueError as error:
            fault = error
    else:
        for place, line in chunk:
            _explain(place, _split(place, line, table.delimiter, table.path), table)
        first, last = chunk[0][0], chunk[-1][0]
        raise LenetError(f"{table.path}: lines {first} to {last} cannot be read ({fault})") from fault
    if len(rows) != len(chunk):
        raise LenetError(f"{table.path}: lines {chunk[0][0]} to {chunk[-1][0]}: a quotation mark is not closed")
    texts = [rows[f"text{place}"] for place in table.text_columns]
    pixels = [rows[name].reshape(len(rows), -1) for name in rows.dtype.names or () if name.startswith("pixels")]
    empty = np.empty((len(rows), 0), np.uint8)
    order = np.searchsorted(sorted(table.columns.pixels), table.columns.pixels)  # the file may have another one
    return (np.stack(texts, axis=1) if texts else empty.astype("U1")), np.concatenate([empty, *pixels], axis=1)[
        :, order
    ]


def _explain(place: int, fields: list[str], table: _Table) -> None:
    """Raise what is wrong with a line, if anything is."""
    if len(fields) != len(table.names):
        count = len(table.names)
        raise LenetError(f"{table.path}: line {place}: has {len(fields)} columns, the first line has {count}")
    for column in table.columns.pixels:
        if not _is_number(fields[column]) or not fields[column].strip().isascii():
            raise LenetError(f"{table.path}: line {place}, column {column + 1}: {fields[column][:20]!r} {NO_NUMBER}")
