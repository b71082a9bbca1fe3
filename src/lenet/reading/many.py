"""Many pictures → one row for each, as ``Reader.read`` answers; those that are images already are read at once."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from lenet.errors import LenetError, one_line
from lenet.model.runtime import BATCH
from lenet.pictures.mnist_form import is_like_mnist
from lenet.pictures.picture import Picture, open_pages, open_picture
from lenet.reading.reader import Reader
from lenet.reading.result import UNKNOWN

# Row: of the file, or a page; None where neither is needed. Label: None unless there is one answer. Probability: the
# lowest.
COLUMNS = ("path", "row", "label", "probability", "unknown", "text", "error")
WRITTEN_AT_ONCE = 10_000  # rows
Row = tuple[str, int | None, str | None, float | None, bool | None, str | None, str | None]
Answer = tuple[str | None, float | None, bool | None, str | None, str | None]


def answers(reader: Reader, pictures: Iterable[tuple[str, int | None, Any]]) -> Iterator[Row]:
    """The rows of pictures, in their order; a file of several pages has a row for each.

    Args:
        reader: What to read with.
        pictures: Path, row and content, as ``open_picture`` takes it; or the error that it is.
    """
    opened = _opened(reader, pictures)
    while some := list(islice(opened, BATCH)):
        ready = [image for _, _, image, _ in some if image is not None]
        found: Iterator[tuple[int, float, bool]] = iter(())
        if ready:
            result = reader.model.classify(np.stack(ready))
            best = result.probabilities.argmax(axis=1)
            highest = result.probabilities.max(axis=1)
            found = zip(best.tolist(), highest.tolist(), result.unknown.tolist(), strict=True)
        for path, row, image, answer in some:
            if image is None:
                yield (path, row, *answer)
            else:
                number, probability, unknown = next(found)
                label = reader.model.class_names[number]
                yield path, row, label, probability, unknown, UNKNOWN if unknown else label, None


def write_parquet(rows: Iterator[Row], file: Any) -> tuple[int, int]:
    """Write some rows after the others, so that they need not fit into memory; the number of rows and of errors."""
    import pyarrow
    from pyarrow import parquet

    kinds = ("string", "int64", "string", "float32", "bool", "string", "string")
    schema = pyarrow.schema(list(zip(COLUMNS, map(pyarrow.type_for_alias, kinds), strict=True)))
    count = errors = 0
    with parquet.ParquetWriter(file, schema) as writer:
        while some := list(islice(rows, WRITTEN_AT_ONCE)):
            columns = dict(zip(COLUMNS, zip(*some, strict=True), strict=True))
            writer.write_table(pyarrow.Table.from_pydict(columns, schema))
            count, errors = count + len(some), errors + sum(row[-1] is not None for row in some)
    return count, errors


def _opened(
    reader: Reader, pictures: Iterable[tuple[str, int | None, Any]]
) -> Iterator[tuple[str, int | None, Any, Any]]:
    """Path and row of each page with the image that the network can take as it is, or with the rest of its row."""
    for path, row, source in pictures:
        if isinstance(source, LenetError):
            yield path, row, None, _fault(source)
            continue
        if isinstance(source, np.ndarray) and (image := _image(reader, source)) is not None:
            yield path, row, image, None
            continue
        name = path if row is None else f"{path}: row {row}"
        try:
            if isinstance(source, np.ndarray):
                yield path, row, *_answer(reader, open_picture(source, name))
                continue
            for page in open_pages(source, name):
                number = page.number if row is None and page.of_several else row
                if isinstance(page.picture, LenetError):
                    yield path, number, None, _fault(page.picture)
                else:
                    yield path, number, *_answer(reader, page.picture)
        except LenetError as error:
            yield path, row, None, _fault(error)


def _image(reader: Reader, pixels: Any) -> Any:
    """The pixels themselves where they are the network's input already, else None."""
    framing = reader.framing
    if pixels.shape != (framing.height, framing.width, framing.depth):
        return None
    if framing.kind == "whole":
        return None if framing.inverted else pixels
    return pixels if is_like_mnist(pixels[..., 0]) else None


def _answer(reader: Reader, picture: Picture) -> tuple[Any, Answer | None]:
    framing = reader.framing
    image = framing.frame(picture) if framing.kind == "whole" else framing.find_ready(picture)
    if image is not None:
        return image, None
    reading = reader.read(picture)
    marks = reading.answers
    label = marks[0].label if len(marks) == 1 else None
    lowest = min((mark.probability for mark in marks if not mark.unknown or label), default=None)
    return None, (label, lowest, any(mark.unknown for mark in marks), reading.text, None)


def _fault(error: LenetError) -> Answer:
    return None, None, None, None, one_line(str(error))
