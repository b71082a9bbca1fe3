"""Parquet as the Hugging Face hub stores pictures: a column of encoded pictures or of pixels, and one of labels."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.atomic import replacing
from lenet.datasets.array_names import part_of
from lenet.datasets.assemble import LABEL_COLUMNS, ROWS, TRAIN, assemble, part_number, sections
from lenet.datasets.classes import resolve
from lenet.datasets.dataset import Dataset, Images, as_images
from lenet.datasets.decode import Encoded, OnError, decode_all
from lenet.datasets.frame_arrays import frame_arrays
from lenet.datasets.notes import left_out
from lenet.datasets.pixels import as_pixels
from lenet.datasets.preparation import Preparation
from lenet.datasets.table_columns import PART_COLUMNS, find_columns
from lenet.datasets.unpack import MOST_UNPACKED_BYTES, refuse_bomb
from lenet.errors import LenetError, reason
from lenet.pictures.letterbox import as_png

IMAGE_COLUMNS = ("image", "img", "picture", "pixels", "x")
HUB_LABEL_COLUMNS = (*LABEL_COLUMNS, "fine_label")
# Most rows whose names are kept in memory.
MOST_NAMED = 1_000_000
# Fewest columns of a table that has one for each pixel, and bytes that a row takes in memory beside its picture.
WIDE, ROW_BYTES = 6, 100


@dataclass(frozen=True)
class _Shard:
    """One file and its columns."""

    path: Path
    file: Any
    image: str | None  # None when each pixel has a column of its own
    pixels: tuple[str, ...]
    shape: tuple[int, ...]
    label: str
    part_column: str | None
    part: int
    left_out: tuple[str, ...]

    @property
    def rows(self) -> int:
        return int(self.file.metadata.num_rows)


def read_parquet(path: Path, preparation: Preparation, on_error: OnError) -> Dataset:
    """Read a Parquet file, or a folder of them named ``train-….parquet``, ``test-….parquet``.

    The column ``image`` holds encoded pictures (as bytes, or as a record of ``bytes`` and ``path``) or lists of
    pixels; ``label`` holds names, or numbers whose names the Hugging Face metadata tells; a column ``part`` or
    ``split`` may name the part. Nothing outside the file is ever read.

    Args:
        path: The file or folder.
        preparation: What is asked of the pictures.
        on_error: Is called for every broken picture; those are left out.

    Raises:
        LenetError: names the file, and the row where it is one.
    """
    files = sorted(filter(Path.is_file, path.glob("*.parquet"))) if path.is_dir() else [path]
    shards = sorted((_open(file, path.is_dir()) for file in files), key=lambda shard: shard.part)
    count = sum(shard.rows for shard in shards)
    if not count:
        raise LenetError(f"{path}: has no row")
    labels, parts, listed = _read_labels(shards, path)
    named = shards if count <= MOST_NAMED else []
    origins = [f"{shard.path.name} row {row}" for shard in named for row in range(shard.rows)]
    others = left_out("columns", dict.fromkeys(name for shard in shards for name in shard.left_out))
    if not all(_is_encoded(shard) for shard in shards):
        numbers, class_names = resolve(labels, listed, str(path))
        pixels, notes = _read_pixels(shards, path)
        dataset = assemble(str(path), pixels, numbers, class_names, parts, origins, (*others, *notes))
        return frame_arrays(dataset, preparation)
    images, kept, choice = decode_all(str(path), lambda: _encoded(shards), labels, parts, preparation, on_error)
    numbers, class_names = resolve(labels[kept], listed, str(path))
    kept_origins = [origins[index] for index in kept] if origins else ()
    notes = [*others, *choice.notes]
    dataset = assemble(str(path), images, numbers, class_names, parts[kept], kept_origins, notes)
    return replace(dataset, framing=choice.kind, inverted=choice.inverted)


def write_parquet(dataset: Dataset, path: Path) -> None:
    """Write PNGs and labels as the Hugging Face hub does, with a column ``part`` where the source has parts."""
    import pyarrow as arrow
    from pyarrow import parquet

    parts = [name for name, rows in sections(dataset).items() for _ in range(rows.start, rows.stop) if name != "all"]
    features = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": list(dataset.class_names)}}
    columns = {"image": arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())]), "label": arrow.int64()}
    if parts:
        features["part"] = {"_type": "Value", "dtype": "string"}
        columns["part"] = arrow.string()
    about = {"huggingface": json.dumps({"info": {"features": features}})}
    schema = arrow.schema(list(columns.items()), metadata=about)
    with replacing(path, suffix=".parquet") as temporary, parquet.ParquetWriter(temporary, schema) as writer:
        for start in range(0, len(dataset), ROWS):
            rows = slice(start, start + ROWS)
            content = [{"bytes": as_png(image), "path": None} for image in dataset.images[rows]]
            table = {"image": content, "label": dataset.labels[rows]} | ({"part": parts[rows]} if parts else {})
            writer.write_table(arrow.table(table, schema=schema))


def _open(path: Path, named: bool) -> _Shard:
    """Find a file's columns; in a folder its name tells the part."""
    import pyarrow as arrow
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path, pre_buffer=False)  # which keeps all that was read
        names = file.schema_arrow.names
    except (arrow.ArrowException, OSError, ValueError) as error:
        raise LenetError(f"{path}: is not a readable Parquet file ({reason(error)})") from error
    # A row of equal values takes next to nothing in the file, but a label, a part and a name in memory.
    refuse_bomb(file.metadata.num_rows * ROW_BYTES, path.stat().st_size, str(path))
    images = [name for name in names if name.lower() in IMAGE_COLUMNS]
    wide = not images and len(names) >= WIDE
    labels = [name for name in names if name.lower() in HUB_LABEL_COLUMNS]
    for kind, columns in (("image", images), ("label", labels)):
        if len(columns) != 1 and not (wide and kind == "image"):
            raise LenetError(
                f"{path}: {len(columns) or 'no'} columns for the {kind} among {', '.join(names)[:100]}; "
                f"one named {kind} is needed"
            )
    part = part_of(path.name) if named else None
    part_column = next((name for name in names if name.lower() in PART_COLUMNS), None)
    if not wide:
        others = tuple(name for name in names if name not in (images[0], labels[0], part_column))
        return _Shard(path, file, images[0], (), (), labels[0], part_column, part or TRAIN, others)
    table = find_columns(names, str(path))
    refuse_bomb(file.metadata.num_rows * len(names), path.stat().st_size, str(path))
    pixels = tuple(names[place] for place in table.pixels)
    others = tuple(names[place] for place in table.left_out)
    return _Shard(path, file, None, pixels, table.shape, labels[0], part_column, part or TRAIN, others)


def _batches(shard: _Shard, columns: Sequence[str]) -> Iterator[tuple[int, Any]]:
    """The number of the first row, and the rows, of a file piece by piece."""
    import pyarrow as arrow

    row = 0
    try:
        for batch in shard.file.iter_batches(ROWS, columns=list(columns)):
            batch.validate(full=True)
            yield row, batch
            row += len(batch)
    except (arrow.ArrowException, OSError, ValueError) as error:
        raise LenetError(f"{shard.path}: from row {row} on: cannot be read ({reason(error)})") from error
    if row != shard.rows:
        raise LenetError(f"{shard.path}: promises {shard.rows:,} rows, {row:,} are there")


def _read_labels(
    shards: Sequence[_Shard], path: Path
) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64], list[str] | None]:
    """Labels as numbers or names, parts, and the names that numbers index."""
    labels: list[Any] = []
    parts: list[int] = []
    for shard in shards:
        for row, batch in _batches(shard, [shard.label, *([shard.part_column] if shard.part_column else [])]):
            values = batch.column(shard.label).to_pylist()
            kinds = {type(value) for value in values}
            if not (kinds <= {int} or kinds <= {str}) or (labels and type(labels[0]) not in kinds):
                wrong = next((i for i, value in enumerate(values) if type(value) not in (int, str)), 0)
                raise LenetError(
                    f"{shard.path}: row {row + wrong}: label {str(values[wrong])[:20]!r} is neither a whole number nor "
                    "a name like the others"
                )
            labels += values
            column = batch.column(shard.part_column).to_pylist() if shard.part_column else ()
            parts += [part_number(name, f"{shard.path}: row {row + i}") for i, name in enumerate(column)]
            parts += [shard.part] * (len(labels) - len(parts))
    if isinstance(labels[0], int) and not -(2**63) <= min(labels) <= max(labels) < 2**63:
        raise LenetError(f"{path}: a label has more than 63 bits")
    listed = {tuple(names) if (names := _listed(shard)) is not None else None for shard in shards}
    if len(listed) > 1:
        raise LenetError(f"{path}: the files name different classes")
    return np.array(labels), np.array(parts), listed.pop()  # type: ignore[return-value]


def _listed(shard: _Shard) -> list[str] | None:
    """The class names in the Hugging Face metadata, if they are there."""
    try:
        about = json.loads((shard.file.schema_arrow.metadata or {})[b"huggingface"])
        names = about["info"]["features"][shard.label]["names"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise LenetError(f"{shard.path}: the class names in its metadata are not a list of texts")
    return names


def _is_encoded(shard: _Shard) -> bool:
    if shard.image is None:
        return False
    from pyarrow import types

    kind = shard.file.schema_arrow.field(shard.image).type
    return any(test(kind) for test in (types.is_struct, types.is_binary, types.is_large_binary))


def _encoded(shards: Sequence[_Shard]) -> Iterator[tuple[str, Encoded]]:
    for shard in shards:
        for row, batch in _batches(shard, [str(shard.image)]):
            for index, value in enumerate(batch.column(0).to_pylist()):
                content = value.get("bytes") if isinstance(value, dict) else value
                yield f"{shard.path}: row {row + index}", content if isinstance(content, bytes) else None


def _read_pixels(shards: Sequence[_Shard], path: Path) -> tuple[Images, list[str]]:
    """Pixels from a column of lists, nested or flat and all of one shape, or from a column each; and notes."""
    blocks: list[npt.NDArray[Any]] = []
    held = 0
    for shard in shards:
        for row, batch in _batches(shard, [shard.image] if shard.image else shard.pixels):
            where = f"{shard.path}: rows {row} to {row + len(batch) - 1}"
            if shard.image:
                blocks.append(as_numbers(batch.column(0), where))
            else:
                columns = [as_numbers(batch.column(name), f"{where}: {name}") for name in shard.pixels]
                blocks.append(np.stack(columns, axis=1).reshape(len(batch), *shard.shape))
            held += blocks[-1].nbytes
            if blocks[-1].shape[1:] != blocks[0].shape[1:]:
                raise LenetError(f"{where}: images of {blocks[-1].shape[1:]}, before {blocks[0].shape[1:]}")
            if held > MOST_UNPACKED_BYTES:
                raise LenetError(f"{path}: holds more than {MOST_UNPACKED_BYTES >> 30} GiB of pixels; store pictures")
    pixels, notes = as_pixels(np.concatenate(blocks), str(path))
    return as_images(pixels, str(path)), notes


def as_numbers(values: Any, where: str) -> npt.NDArray[Any]:
    """A column as numbers; lists, nested or flat, as an array of more dimensions."""
    shape = [len(values)]
    while hasattr(values, "flatten") and hasattr(values.type, "value_type"):
        inner = values.flatten()
        lengths = np.asarray(values.value_lengths().fill_null(-1)) if hasattr(values, "value_lengths") else None
        if values.null_count or (lengths is not None and len(set(lengths.tolist())) > 1):
            raise LenetError(f"{where}: pixels of unequal number")
        shape.append(len(inner) // max(1, len(values)))
        values = inner
    if values.null_count:
        raise LenetError(f"{where}: a pixel is missing")
    numbers = values.to_numpy(zero_copy_only=False).reshape(shape)
    if numbers.dtype.kind not in "iufb":
        raise LenetError(f"{where}: holds {numbers.dtype}, not numbers from 0 to 255")
    return np.asarray(numbers)
