"""How well a folder of labelled pictures is read.

    python benchmarks/reading.py --pictures DIR [--model MODEL] [--failures]

DIR holds the pictures and a ``pictures.tsv`` (tab-separated, no quoting) with the columns ``file``, ``kind`` (single,
row, page), ``digits`` (the truth, ``/`` between lines of writing), ``medium`` and ``author``. Prints a Markdown table:

- found: digits that were marked, of those that are there (never more than are there, for each picture);
- right: digits right by edit distance over the whole picture;
- lines: lines of writing read exactly; pictures: those read exactly, all lines in order.
"""

import argparse
import csv
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lenet import LenetError, Model, Reader


@dataclass(frozen=True)
class Row:
    """One picture, and what was read of it."""

    file: str
    kind: str
    medium: str
    author: str
    truth: list[str]
    read: list[str]
    seconds: float

    @property
    def there(self) -> int:
        """Digits that stand on it."""
        return len("".join(self.truth))

    @property
    def found(self) -> int:
        """Digits that were marked, at most those that stand there."""
        return min(self.there, len("".join(self.read)))

    @property
    def right(self) -> int:
        """Digits right by edit distance."""
        return max(0, self.there - edit_distance("".join(self.truth), "".join(self.read)))

    @property
    def lines_right(self) -> int:
        """Lines of writing read exactly."""
        left = list(self.read)
        return sum(left.pop(left.index(line)) == line for line in self.truth if line in left)

    @property
    def exact(self) -> bool:
        """Whether all lines are right and in order."""
        return self.truth == self.read


def edit_distance(one: str, other: str) -> int:
    """Insertions, deletions and replacements from ``one`` to ``other`` (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    return row[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description="How well a folder of labelled pictures is read.")
    parser.add_argument("--pictures", type=Path, required=True, metavar="DIR")
    parser.add_argument("--model")
    parser.add_argument("--failures", action="store_true", help="list what was read wrong")
    arguments = parser.parse_args()
    reader = Reader(Model.load(arguments.model))
    rows = [_measure(reader, arguments.pictures, entry) for entry in _entries(arguments.pictures / "pictures.tsv")]
    print("| | pictures | digits | found | right | lines exact | pictures exact | seconds a picture |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    print(_line("all", rows))
    for name, group in (("kind", _kind), ("medium", _medium), ("author", _author)):
        for value in sorted({group(row) for row in rows}):
            print(_line(f"{name} {value}", [row for row in rows if group(row) == value]))
    if arguments.failures:
        print("\n| picture | truth | read |\n|---|---|---|")
        for row in rows:
            if not row.exact:
                print(f"| {row.file} | {' / '.join(row.truth)} | {' / '.join(row.read)} |")


def _entries(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def _measure(reader: Reader, folder: Path, entry: dict[str, str]) -> Row:
    started = time.perf_counter()
    try:
        read = reader.read(folder / entry["file"]).rows
    except LenetError as error:
        read = [f"({error})"]
    seconds = time.perf_counter() - started
    truth = entry["digits"].split("/")
    return Row(entry["file"], entry["kind"], entry["medium"], entry["author"], truth, read, seconds)


def _kind(row: Row) -> str:
    return row.kind


def _medium(row: Row) -> str:
    return row.medium


def _author(row: Row) -> str:
    return row.author


def _line(name: str, rows: Sequence[Row]) -> str:
    def total(count: Callable[[Row], float]) -> float:
        return sum(count(row) for row in rows)

    there = total(lambda row: row.there)
    lines = total(lambda row: len(row.truth))
    return (
        f"| {name} | {len(rows)} | {there} | {total(lambda row: row.found) / there:.1%} "
        f"| {total(lambda row: row.right) / there:.1%} | {total(lambda row: row.lines_right) / lines:.1%} "
        f"| {total(lambda row: row.exact) / len(rows):.1%} | {total(lambda row: row.seconds) / len(rows):.3f} |"
    )


if __name__ == "__main__":
    main()
