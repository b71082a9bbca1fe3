"""Pictures whose classes are in a table beside them, such as ``labels.csv``."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from lenet.datasets.assemble import LABEL_COLUMNS, TRAIN, part_number
from lenet.datasets.csv import DELIMITERS
from lenet.datasets.dataset import Dataset
from lenet.datasets.decode import OnError
from lenet.datasets.folder import LabelledFile, children, read_pictures
from lenet.datasets.notes import left_out
from lenet.datasets.preparation import Preparation
from lenet.datasets.table_columns import PART_COLUMNS
from lenet.errors import LenetError
from lenet.pictures.formats import is_picture

TABLES = ("labels.csv", "labels.tsv", "train_labels.csv", "trainlabels.csv")
# These are often something else; then their first line does not name a picture and a label.
PERHAPS = ("metadata.csv", "annotations.csv", "train.csv")
FILE_COLUMNS = ("file_name", "filename", "file", "path", "image", "picture", "img", "name", "id", "image_id")
MOST_TABLE_BYTES = 256 << 20
# A table of pixels has more.
MOST_COLUMNS = 20


def find_table(folder: Path) -> Path | None:
    """The table of labels in a folder."""
    for path in sorted(folder.iterdir()):
        name = path.name.lower()
        if path.is_file() and (name in TABLES or (name in PERHAPS and _names_pictures(path))):
            return path
    return None


def read_labelled(root: Path, table: Path, preparation: Preparation, on_error: OnError) -> Dataset:
    """Read the pictures in a folder, and in folders in it, that the rows of a table name.

    Each row has a picture's path below the folder, its name, or its name without the ending; and its class. A column
    ``part`` or ``split`` may name the part. Without a header the first column is the picture, the second the class.
    Pictures that the table does not name are counted in a note.

    Args:
        root: The folder.
        table: The table in it.
        preparation: What is asked of the pictures.
        on_error: Is called for every row and picture at fault; those are left out.

    Raises:
        LenetError: when the table cannot be read, or names no picture that can be.
    """
    pictures = [path for path in _walk(root, root, on_error) if is_picture(path)]
    by_path = {path.relative_to(root).as_posix(): {path} for path in pictures}
    by_name: dict[str, set[Path]] = defaultdict(set)
    for path, key in chain.from_iterable(((it, it.stem), (it, it.name)) for it in pictures):
        by_name[key].add(path)
    files: list[LabelledFile] = []
    named: set[Path] = set()
    for line, name, label, part in _rows(table):
        found = by_path.get(name.removeprefix("./")) or by_name[name]
        where, shown = f"{table}: line {line}", repr(name[:100])
        if not found:
            on_error(LenetError(f"{where}: there is no picture {shown}"))
        elif len(found) > 1:
            on_error(LenetError(f"{where}: {len(found)} pictures are called {shown}; write the folder before the name"))
        elif found <= named:
            on_error(LenetError(f"{where}: names {shown} a second time"))
        else:
            named |= found
            files.append(LabelledFile(min(found), label, part_number(part, where) if part else TRAIN))
    others = (str(path.relative_to(root)) for path in pictures if path not in named)
    notes = left_out(f"pictures that {table.name} does not name", others)
    return read_pictures(root, files, preparation, on_error, notes)


def _names_pictures(table: Path) -> bool:
    with table.open(encoding="utf-8-sig", errors="replace") as file:
        names = {name.strip().lower() for name in re.split(f"[{DELIMITERS}]", file.readline(1000))}
    return 2 <= len(names) <= MOST_COLUMNS and bool(names & set(FILE_COLUMNS)) and bool(names & set(LABEL_COLUMNS))


def _walk(root: Path, folder: Path, on_error: OnError) -> Iterator[Path]:
    for path in children(root, folder, on_error):
        if not path.is_dir():
            yield path
        elif not path.is_symlink():
            yield from _walk(root, path, on_error)


def _rows(table: Path) -> Iterator[tuple[int, str, str, str]]:
    """Number of the line, picture, class and part ("" without one)."""
    try:
        if table.stat().st_size > MOST_TABLE_BYTES:
            raise LenetError(f"{table}: has more than {MOST_TABLE_BYTES >> 20} MiB")
        lines = table.read_text(encoding="utf-8-sig").splitlines()
        delimiter = max(DELIMITERS, key=lines[0].count) if lines else ","
        rows = [row for row in enumerate(csv.reader(lines, delimiter=delimiter), 1) if any(row[1])]
    except OSError as error:
        raise LenetError(f"{table}: cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise LenetError(f"{table}: is no table in UTF-8 ({error})") from error
    names = [name.strip().lower() for name in rows[0][1]] if rows else []
    file = next((names.index(name) for name in FILE_COLUMNS if name in names), None)
    label = next((names.index(name) for name in LABEL_COLUMNS if name in names), None)
    part = next((names.index(name) for name in PART_COLUMNS if name in names), None)
    if file is None or label is None:
        if len(names) != 2:
            raise LenetError(f"{table}: line 1: needs a column for the picture, such as file, and one named label")
        file, label, part = 0, 1, None
    else:
        rows = rows[1:]
    for line, row in rows:
        if len(row) != len(names):
            raise LenetError(f"{table}: line {line}: has {len(row)} columns, the first line has {len(names)}")
        yield line, row[file].strip(), row[label].strip(), row[part].strip() if part is not None else ""
