"""How well pictures are read, and how fast.

    python benchmarks/reading.py --pictures DIR [--turned QUARTERS] [--model MODEL] [--failures]
    python benchmarks/reading.py --pictures DIR --changed
    python benchmarks/reading.py --composed 300
    python benchmarks/reading.py --simulated 100 [--clear] [--final]
    python benchmarks/reading.py --nothing 200
    python benchmarks/reading.py --speed

``--pictures``: DIR holds the pictures and a ``pictures.tsv`` (tab-separated, no quoting) with the columns ``file``,
``kind`` (single, row, page), ``digits`` (the truth, ``/`` between lines of writing), ``medium`` and ``author``; with
``--turned`` they are turned by so many quarters, counterclockwise, first; ``--changed`` reads them with each of the
changes of changes.py, which shows whether reading was fitted to the very pictures. ``--simulated``: so many pages of
each layout of paper_layouts.py, written with MNIST's test digits; with ``--clear`` as bright and sharp as most photos;
with ``--final`` those that nothing was chosen on. ``--composed``: so many sheets, made of MNIST's test digits.
``--nothing``: so many pictures without a digit; right is what gives no mark, or only unknown ones. ``--speed``: whole
processes of ``lenet predict``.

Prints Markdown tables:

- found: digits that were marked, of those that are there (never more than are there, for each picture);
- right: digits right by edit distance over the whole picture;
- lines: lines of writing read exactly; pictures: those read exactly, all lines in order;
- on simulated pages, right are digits found in their place with their label; surely wrong: marks that are neither right
  nor marked as unknown, of the digits that are there; text: lines exact with separators; words: share of the gaps
  between words that were seen, and of those seen that are there, together (F1), on lines whose digits are right; cells:
  digits with their row and column in the table.
"""

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from changes import CHANGES
from hands import Hands
from paper import KINDS_WITHOUT, compose, no_digit
from paper_layouts import LAYOUTS
from paper_simulator import CHARACTERS, Page, simulate
from PIL import Image, ImageOps
from results import table

from lenet import LenetError, Model, Reader, load_dataset
from lenet.pictures.picture import open_picture
from lenet.reading import Reading

# A child counts the memory of the process that starts it: so a small one does.
LAUNCH = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss, status)
"""
# Seeds of simulated pages: reading was developed on the one, and measured on the other.
DEVELOPED, FINAL = 1, 2


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
    parser = argparse.ArgumentParser(description="How well pictures are read, and how fast.")
    parser.add_argument("--pictures", type=Path, metavar="DIR")
    parser.add_argument("--composed", type=int, metavar="N")
    parser.add_argument("--simulated", type=int, metavar="N")
    parser.add_argument("--turned", type=int, default=0, metavar="QUARTERS")
    parser.add_argument("--changed", action="store_true")
    parser.add_argument("--clear", action="store_true")
    parser.add_argument("--final", action="store_true")
    parser.add_argument("--nothing", type=int, metavar="N")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model")
    parser.add_argument("--failures", action="store_true", help="list what was read wrong")
    arguments = parser.parse_args()
    reader = Reader(Model.load(arguments.model))
    if arguments.pictures and arguments.changed:
        _changed(reader, arguments.pictures)
    elif arguments.pictures:
        entries = _entries(arguments.pictures / "pictures.tsv")
        rows = [_measure(reader, arguments.pictures, entry, arguments.turned) for entry in entries]
        _report(rows, arguments.failures, ("kind", "medium", "author"))
    if arguments.composed:
        _report(list(_composed(reader, arguments.composed, arguments.seed)), arguments.failures, ("kind",))
    if arguments.simulated:
        seed = FINAL if arguments.final else DEVELOPED
        _simulated(reader, arguments.simulated, seed, arguments.clear, arguments.failures)
    if arguments.nothing:
        _nothing(reader, arguments.nothing, arguments.seed)
    if arguments.speed:
        _speed(arguments.model)


def _report(rows: Sequence[Row], failures: bool, groups: Sequence[str]) -> None:
    print("| | pictures | digits | found | right | lines exact | pictures exact | seconds a picture |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    print(_line("all", rows))
    for group in groups:
        for value in sorted({getattr(row, group) for row in rows}):
            print(_line(f"{group} {value}", [row for row in rows if getattr(row, group) == value]))
    if failures:
        print("\n| picture | truth | read |\n|---|---|---|")
        for row in rows:
            if not row.exact:
                print(f"| {row.file} | {' / '.join(row.truth)} | {' / '.join(row.read)} |")


def _changed(reader: Reader, folder: Path) -> None:
    kinds = ("all", "single", "row", "page")
    rows = []
    for name, change in CHANGES.items():
        there, right = Counter[str](), Counter[str]()
        for entry in _entries(folder / "pictures.tsv"):
            picture = ImageOps.exif_transpose(Image.open(folder / entry["file"])).convert("RGB")
            row = _row(entry, reader.read(change(picture)).rows, 0.0)
            for kind in ("all", row.kind):
                there[kind] += row.there
                right[kind] += row.right
        rows.append([name, *(f"{right[kind] / there[kind]:.1%}" if there[kind] else "" for kind in kinds)])
        print(name, file=sys.stderr, flush=True)
    print(table(["digits right", *kinds], rows))


def _composed(reader: Reader, count: int, seed: int) -> Iterator[Row]:
    """1 to 12 digits in 1 to 4 rows on paper, ruled or not, shadowed or not, turned by up to 8 degrees."""
    test = load_dataset("mnist").split("60000:10000").test
    rng = np.random.default_rng(seed)
    for number in range(count):
        sheet = compose(rng, test.images[..., 0], test.labels)
        started = time.perf_counter()
        read = reader.read(sheet.image).rows
        seconds = time.perf_counter() - started
        yield Row(str(number), f"rows: {len(sheet.rows)}", "", "", sheet.rows, read, seconds)


def _simulated(reader: Reader, count: int, seed: int, clear: bool, failures: bool) -> None:
    test = load_dataset("mnist").split("60000:10000").test
    hands = Hands(test.images[..., 0], test.labels)
    rows, wrong, every = [], [], Counter()
    for layout in list(LAYOUTS)[1:]:
        total: Counter[str] = Counter()
        for number in range(count):
            rng = np.random.default_rng((seed, number))
            page = simulate(rng, hands, *page_size(rng), layout, clear=clear)
            if not page.characters:
                continue
            read = reader.read(page.pixels)
            total += judged(page, read)
            if failures and page.characters != [row for row in read.rows if row]:
                wrong.append([f"{layout} {number}", " / ".join(page.text), " / ".join(read.text.split("\n"))])
        every += total
        rows.append(_simulated_row(layout, total))
    names = ["layout", "pages", "digits", "right", "surely wrong", "lines exact", "text exact", "words", "cells"]
    print(table(names, [_simulated_row("all", every), *rows]))
    if failures:
        print(table(["page", "truth", "read"], wrong))


def page_size(rng: np.random.Generator) -> tuple[int, int]:
    """Height and width of a page, pixels."""
    height = int(np.exp(rng.uniform(np.log(150), np.log(1000))))
    return height, int(np.clip(height * np.exp(rng.normal(0, 0.3)), 120, 1300))


def judged(page: Page, read: Reading) -> Counter[str]:
    truth, rows = page.characters, [row for row in read.rows if row]
    marks = [mark for row in page.rows for mark in row]
    there = {mark: page.labels[mark - 1] for mark in marks if page.labels[mark - 1].isdigit()}
    sure = [digit for digit in read.digits if not digit.unknown]
    right = {mark for digit in sure if there.get(mark := mark_at(page, digit.box)) == digit.label}
    lines, text, left = 0, 0, list(zip(rows, read.text.split("\n"), strict=False))
    gaps, seen, both = 0, 0, 0
    for line, full in zip(truth, (line for line in page.text if CHARACTERS & set(line)), strict=True):
        match = next((pair for pair in left if pair[0] == line), None)
        if match is None:
            continue
        left.remove(match)
        lines, text = lines + 1, text + (match[1] == full)
        one, other = _gaps(full), _gaps(match[1])
        gaps, seen, both = gaps + len(one), seen + len(other), both + len(one & other)
    cells = Counter((page.labels[mark - 1], cell) for mark, cell in zip(marks, page.cells, strict=False))
    # The first rows and columns of a table may lie outside the picture: the shift that fits best counts.
    shown = [(digit.shown, digit.cell) for digit in read.digits if digit.cell is not None]
    shifts = product(range(max((place for cell in page.cells for place in cell), default=0) + 1), repeat=2)
    found = max(
        (Counter((label, (row + down, column + right)) for label, (row, column) in shown) for down, right in shifts),
        key=lambda shifted: (cells & shifted).total(),
    )
    return Counter(
        pages=1,
        digits=len(there),
        right=len(right),
        wrong=len(sure) - len(right),
        all_lines=len(truth),
        lines=lines,
        text=text,
        gaps=gaps + seen,
        both=2 * both,
        all_cells=cells.total(),
        cells=(cells & found).total(),
    )


def mark_at(page: Page, box: tuple[int, int, int, int]) -> int:
    """The mark that has most of its ink in a box, and most of the ink there; 0 where there is none."""
    left, top, right, bottom = box
    inside = np.bincount(page.marks[top:bottom, left:right].clip(0).ravel(), minlength=len(page.labels) + 1)[1:]
    if not inside.any():
        return 0
    mark = int(inside.argmax()) + 1
    whole = np.count_nonzero(page.marks == mark)
    return mark if inside[mark - 1] > 0.5 * whole else 0


def _gaps(text: str) -> set[int]:
    """How many digits stand before each blank."""
    return {sum(map(str.isdigit, text[:place])) for place, one in enumerate(text) if one == " "}


def _simulated_row(name: str, total: Counter[str]) -> list[str]:
    def share(part: str, whole: str) -> str:
        return f"{total[part] / total[whole]:.1%}" if total[whole] else ""

    return [
        name,
        str(total["pages"]),
        str(total["digits"]),
        share("right", "digits"),
        share("wrong", "digits"),
        share("lines", "all_lines"),
        share("text", "all_lines"),
        share("both", "gaps"),
        share("cells", "all_cells"),
    ]


def _nothing(reader: Reader, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, all_quiet = [], 0
    for kind in KINDS_WITHOUT:
        pictures = [no_digit(rng, kind) for _ in range(count // len(KINDS_WITHOUT))]
        quiet = sum(all(digit.unknown for digit in reader.read(picture).digits) for picture in pictures)
        rows.append([kind, str(len(pictures)), f"{quiet / len(pictures):.1%}"])
        all_quiet += quiet
    total = sum(int(row[1]) for row in rows)
    print(
        table(
            ["without a digit", "n", "no mark or only unknown"],
            [["all", str(total), f"{all_quiet / total:.1%}"], *rows],
        )
    )


def _speed(model: str | None) -> None:
    """``lenet predict`` as a user calls it: seconds and peak memory of the whole process."""
    test = load_dataset("mnist").split("60000:10000").test
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sheet = compose(np.random.default_rng(0), test.images[..., 0], test.labels, [4, 4, 4], degrees=3).image
        sheet.resize((4000, 3000), Image.Resampling.BICUBIC).save(folder / "photo.jpg", quality=92)
        (folder / "many").mkdir()
        for index, image in enumerate(test.images[:1000, ..., 0]):
            Image.fromarray(image).save(folder / "many" / f"{index:04}.png")
        rows = []
        for what, path in (("a photo of 12 megapixels", "photo.jpg"), ("1,000 PNGs of 28×28", "many")):
            command = [sys.executable, "-m", "lenet", "predict", str(folder / path), "--json"]
            launched = [sys.executable, "-c", LAUNCH, *command, *(["--model", model] if model else [])]
            started = time.perf_counter()
            printed = subprocess.run(launched, stdout=subprocess.PIPE, text=True, check=True).stdout
            seconds = time.perf_counter() - started
            busy, kibibytes, status = map(float, printed.split())
            numbers = [f"{seconds:.2f}", f"{busy:.2f}", f"{kibibytes / 1024:.0f}"]
            rows.append([what, *numbers, f"{status:.0f}"])
    print(table(["whole process", "seconds", "of the processor", "peak MiB", "exit status"], rows))


def _entries(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def _measure(reader: Reader, folder: Path, entry: dict[str, str], turned: int) -> Row:
    started = time.perf_counter()
    try:
        read = reader.read(open_picture(folder / entry["file"]).turned(90 * turned)).rows
    except LenetError as error:
        read = [f"({error})"]
    seconds = time.perf_counter() - started
    return _row(entry, read, seconds)


def _row(entry: dict[str, str], read: list[str], seconds: float) -> Row:
    truth = entry["digits"].split("/")
    return Row(entry["file"], entry["kind"], entry["medium"], entry["author"], truth, read, seconds)


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
