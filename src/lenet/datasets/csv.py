"""CSV as Kaggle has it: each row is a label and the pixels of one image."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from lenet.datasets.assemble import LABEL_COLUMNS, ROWS, TRAIN, assemble, part_number
from lenet.datasets.classes import LONGEST_NAME, number
from lenet.datasets.dataset import Dataset, as_images
from lenet.errors import LenetError

PART_COLUMN = "part"
# Longest row; colour images of 1,000×1,000 pixels fit.
MOST_ROW_CHARACTERS = 16 << 20


@dataclass(frozen=True)
class _Layout:
    """Which column is what."""

    columns: int
    label: int
    part: int | None
    shape: tuple[int, ...]

    def dtype(self) -> Any:
        """One record for each row; neighbouring pixels are one field, so that NumPy parses them at once."""
        fields: list[Any] = []
        for kind, group in groupby(range(self.columns), self._kind):
            run = list(group)
            fields.append((f"{kind}{run[0]}", np.uint8, len(run)) if kind == "pixels" else (kind, LABEL_TYPE))
        return np.dtype(fields)

    def _kind(self, column: int) -> str:
        return {self.label: "label", self.part: "part"}.get(column, "pixels")


# One character more than is allowed, so that a longer name is seen to be too long.
LABEL_TYPE = f"U{LONGEST_NAME + 1}"


def read_csv(path: Path) -> Dataset:
    """Read rows of a label and whole numbers from 0 to 255.

    With a header, a column ``label`` (or ``class``, ``target``, ``y``) is the label and a column ``part`` names the
    part; without one, the first column is the label. Pixel columns ``pixel0…`` make square grey images; the names
    ``1x1…8x16`` (row, column) or ``1x1x1…32x32x3`` (and channel) say another shape.

    Raises:
        LenetError: names the line at fault.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            return _read(file, path)
    except OSError as error:
        raise LenetError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise LenetError(f"{path}: is not text in UTF-8 ({error.reason})") from error


def _read(file: IO[str], path: Path) -> Dataset:
    lines = _lines(file, path)
    first = next(lines, None)
    if first is None:
        raise LenetError(f"{path}: is empty; rows of a label and pixels are needed")
    columns = _split(*first, path)
    if not _is_header(columns):
        lines = chain([first], lines)
        columns = ["label", *(f"pixel{index}" for index in range(len(columns) - 1))]
    layout = _layout(columns, path)
    tables, parts, places = [], [], []
    while chunk := list(islice(lines, ROWS)):
        table = _parse(chunk, layout, path)
        tables.append((table["label"], *(table[name] for name in table.dtype.names or () if name.startswith("pixels"))))
        places += [place for place, _ in chunk]
        for (place, _), name in zip(chunk, table["part"] if layout.part is not None else (), strict=False):
            parts.append(part_number(name, f"{path}: line {place}"))
    if not tables:
        raise LenetError(f"{path}: has a header and no row")
    names, *pixels = (np.concatenate(column) for column in zip(*tables, strict=True))
    images = (np.concatenate(pixels, axis=1) if len(pixels) > 1 else pixels[0]).reshape(len(names), *layout.shape)
    labels, class_names = number(names, str(path), lambda index: f"line {places[index]}")
    every_part = np.array(parts) if parts else np.full(len(names), TRAIN)
    return assemble(str(path), as_images(images, str(path)), labels, class_names, every_part)


def _lines(file: IO[str], path: Path) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, those with nothing in them left out."""
    place = 0
    while line := file.readline(MOST_ROW_CHARACTERS):
        place += 1
        if len(line) == MOST_ROW_CHARACTERS:
            raise LenetError(f"{path}: line {place}: is longer than {MOST_ROW_CHARACTERS:,} characters")
        if line.strip():
            yield place, line.rstrip("\n")


def _split(place: int, line: str, path: Path) -> list[str]:
    try:
        return next(csv.reader([line]), [])
    except csv.Error as error:
        raise LenetError(f"{path}: line {place}: cannot be read ({error}); fields are separated by commas") from error


def _is_header(columns: Sequence[str]) -> bool:
    """Whether a first line names columns; they may be named by numbers but for the label, and a label may be ``y``."""
    try:
        for column in columns[1:]:
            float(column)
    except ValueError:
        return True
    return columns[0].strip().lower() in set(LABEL_COLUMNS) - {"y"}


def _layout(columns: Sequence[str], path: Path) -> _Layout:
    names = [column.strip().lower() for column in columns]
    labels = [index for index, name in enumerate(names) if name in LABEL_COLUMNS]
    if len(labels) != 1:
        found = ", ".join(columns[:3])[:LONGEST_NAME]
        raise LenetError(
            f"{path}: line 1: {len(labels) or 'no'} label column among {found} …; one named label is needed"
        )
    part = names.index(PART_COLUMN) if PART_COLUMN in names else None
    pixels = [name for index, name in enumerate(names) if index not in (labels[0], part)]
    if not pixels:
        raise LenetError(f"{path}: line 1: has no pixel column; columns are separated by commas")
    return _Layout(len(names), labels[0], part, _shape(pixels, path))


def _shape(names: list[str], path: Path) -> tuple[int, ...]:
    """Of one image: as the last column's name says, ``28x28`` or ``32x32x3``; else one vector."""
    last = re.fullmatch(r"(\d{1,4})x(\d{1,4})(?:x([13]))?", names[-1])
    if last is None:
        return (len(names),)
    shape = tuple(int(side) for side in last.groups(default="1"))
    named = sum(side is not None for side in last.groups())
    places = np.indices(shape).reshape(3, -1).T[:, :named] + 1
    if names != ["x".join(map(str, place)) for place in places.tolist()]:
        raise LenetError(f"{path}: line 1: {len(names):,} pixel columns that end at {names[-1]} are not {names[-1]}")
    return shape


def _parse(chunk: list[tuple[int, str]], layout: _Layout, path: Path) -> npt.NDArray[Any]:
    lines = [line for _, line in chunk]
    try:
        table: npt.NDArray[Any] = np.loadtxt(
            lines, layout.dtype(), comments=None, delimiter=",", quotechar='"', ndmin=1, encoding=None
        )
    except ValueError as error:
        for place, line in chunk:
            _explain(place, _split(place, line, path), layout, path)
        raise LenetError(f"{path}: lines {chunk[0][0]} to {chunk[-1][0]} cannot be read ({error})") from error
    if len(table) != len(chunk):
        raise LenetError(f"{path}: lines {chunk[0][0]} to {chunk[-1][0]}: a quotation mark is not closed")
    return table


def _explain(place: int, fields: list[str], layout: _Layout, path: Path) -> None:
    """Raise what is wrong with a line, if anything is."""
    if len(fields) != layout.columns:
        raise LenetError(f"{path}: line {place}: has {len(fields)} columns, the first line has {layout.columns}")
    for column, field in enumerate(fields):
        is_pixel = column not in (layout.label, layout.part)
        if is_pixel and not (re.fullmatch(r"\s*\+?\d{1,9}\s*", field, re.ASCII) and int(field) <= 255):
            raise LenetError(
                f"{path}: line {place}, column {column + 1}: {field[:20]!r} is not a whole number from 0 to 255"
            )
