"""A source of pictures without labels, cut into shards that can be read apart, from local files or a URI."""

import hashlib
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from math import prod
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from lenet.datasets.array_files import IDX
from lenet.datasets.array_names import meaning
from lenet.datasets.dataset import as_images
from lenet.datasets.idx import parse_header
from lenet.datasets.npy import read_npy
from lenet.datasets.parquet import IMAGE_COLUMNS, as_numbers
from lenet.datasets.pixels import as_pixels
from lenet.errors import LenetError, reason
from lenet.pictures.formats import is_passed_over, is_picture
from lenet.pictures.picture import MOST_BYTES

# The most of one shard: pixel rows of an IDX file, and picture files and their bytes; and rows that are read at once.
ROWS, PICTURES, PICTURE_BYTES, AT_ONCE = 10_000, 256, 64 << 20, 1024
TARS = (".tar", ".tar.gz", ".tgz")
UNNAMED = "arr_0"  # NumPy's name of the only array


class Shard(NamedTuple):
    """A part of the source."""

    name: str  # of its answers' file, below the folder and without ending
    kind: str  # parquet, idx, npz, tar or pictures
    files: tuple[str, ...]  # paths in the source's file system
    part: int | str = 0  # row group of a Parquet file, first row of an IDX file, or name of an array
    size: int = 0  # of its files in bytes
    changed: int = 0  # sum of the times when they were changed, in ns; 0 where the file system does not tell


class Item(NamedTuple):
    """A picture to read."""

    path: str
    row: int | None  # None for a file of its own
    source: Any  # as ``open_picture`` takes it, or the error that it is


def open_place(place: str) -> tuple[Any, str]:
    """File system and path of a local path, or of a URI that pyarrow opens, such as ``s3://bucket/folder``.

    Raises:
        LenetError: for another URI; those of fsspec begin with ``fsspec+``.
    """
    from pyarrow import ArrowInvalid, fs

    if not place:
        raise LenetError("an empty name is no place; name a folder or a file")
    if "://" not in place:
        return fs.LocalFileSystem(), str(Path(place).resolve())
    try:
        system, path = fs.FileSystem.from_uri(place)
    except (ArrowInvalid, ImportError, ValueError) as error:
        message = f"cannot be opened ({reason(error)}); pyarrow opens s3, gs, hdfs, and fsspec+… such as fsspec+memory"
        raise LenetError(f"{place}: {message}") from error
    except OSError as error:
        raise LenetError(f"{place}: cannot be opened ({reason(error)})") from error
    return system, path.rstrip("/")


def find_shards(source: str) -> tuple[list[Shard], list[str]]:
    """All shards of a source, in the order of its files' names; and the names of the files that have nothing to read.

    Raises:
        LenetError: when there is no shard, or a file cannot be read.
    """
    from pyarrow import fs

    system, root = open_place(source)
    base = str(PurePosixPath(root).parent)
    try:
        files = [system.get_file_info(root)]
        if files[0].type == fs.FileType.Directory:
            inside = system.get_file_info(fs.FileSelector(root, recursive=True))
            files = sorted((file for file in inside if file.type == fs.FileType.File), key=lambda file: file.path)
            base = root
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise LenetError(f"{source}: {error.object!r} is a name that is not UTF-8; rename that file") from error
    if files and files[0].type == fs.FileType.NotFound:
        raise LenetError(f"{source}: there is no such file or folder")
    shards: list[Shard] = []
    pictures: list[Any] = []
    skipped: list[str] = []
    for file in files:
        relative = file.path.removeprefix(base).lstrip("/")
        if any(map(is_passed_over, relative.split("/"))):
            continue
        if is_picture(Path(file.path)):
            pictures.append(file)
            continue
        try:
            found = list(_shards_of(system, file, relative))
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise LenetError(f"{file.path}: cannot be read ({reason(error)})") from error
        shards += found
        skipped += [] if found else [relative]
    shards += _pictures(pictures)
    if not shards:
        kinds = "pictures, .parquet, IDX, .npz with an array x, images or arr_0, or .tar"
        raise LenetError(f"{source}: has nothing to read in it; read are {kinds}")
    return shards, skipped


def fingerprint(shards: Iterable[Shard]) -> str:
    """A SHA-256 over names, parts, sizes and times of change, which tells whether the source is still the same."""
    digest = hashlib.sha256()
    for shard in shards:
        digest.update(repr(tuple(shard)).encode())
    return digest.hexdigest()


def _shards_of(system: Any, file: Any, name: str) -> Iterator[Shard]:
    """The shards of one file, unless it is a picture or nothing that is known."""
    path, lower = file.path, name.lower()

    def shard(kind: str, entry: int | str, within: str = "") -> Shard:
        return Shard(f"{name}{within}", kind, (path,), entry, file.size, file.mtime_ns or 0)

    if lower.endswith(".parquet"):
        from pyarrow import parquet

        with system.open_input_file(path) as opened:
            groups = parquet.ParquetFile(opened).metadata.num_row_groups
        for group in range(groups):
            yield shard("parquet", group, f".{group:06}")
    elif lower.endswith(TARS):
        yield shard("tar", 0)
    elif lower.endswith(".npz"):
        with system.open_input_file(path) as opened, zipfile.ZipFile(opened) as archive:
            for entry in archive.namelist():
                key = entry.removesuffix(".npy")
                if key == UNNAMED or ((said := meaning(key)) and said.kind == "images"):
                    yield shard("npz", entry, f".{key}")
    elif (match := IDX.fullmatch(PurePosixPath(name).name)) and (said := meaning(match["name"])):
        if said.kind == "images" and lower.endswith(".gz"):
            yield shard("idx", -1)
        elif said.kind == "images":
            with system.open_input_file(path) as opened:
                _, _, (rows, *_) = parse_header(opened.read(20), Path(path))
            for first in range(0, rows, ROWS):
                yield shard("idx", first, f".{first // ROWS:06}")


def _pictures(files: list[Any]) -> Iterator[Shard]:
    """Picture files, so many to a shard."""
    some: list[Any] = []
    number = total = 0
    for file in [*files, None]:
        if some and (file is None or len(some) == PICTURES or total + file.size > PICTURE_BYTES):
            paths, changed = tuple(it.path for it in some), sum(it.mtime_ns or 0 for it in some)
            yield Shard(f"pictures.{number:06}", "pictures", paths, 0, total, changed)
            some, total, number = [], 0, number + 1
        if file is not None:
            some.append(file)
            total += file.size


def items(shard: Shard, source: str) -> Iterator[Item]:
    """The pictures of a shard; one that cannot be read is its error.

    Raises:
        OSError, ValueError: when the shard's file cannot be read.
    """
    system, _ = open_place(source)
    match shard.kind:
        case "pictures":
            for path in shard.files:
                with system.open_input_file(path) as file:
                    yield Item(path, None, _content(file, file.size(), path))
            return
        case "tar":
            with system.open_input_stream(shard.files[0], compression=None) as file:
                yield from _members(file, shard.files[0])
            return
        case "parquet":
            blocks = _parquet_blocks(system, shard.files[0], int(shard.part))
        case "npz":
            blocks = iter([(0, _array(system, shard.files[0], str(shard.part)))])
        case _:
            blocks = _idx_blocks(system, shard.files[0], int(shard.part))
    for row, block in blocks:
        where = f"{shard.files[0]}: rows {row} to {row + len(block) - 1}"
        pictures = as_images(as_pixels(block, where)[0], where) if isinstance(block, np.ndarray) else block
        for index, picture in enumerate(pictures, row):
            yield Item(shard.files[0], index, picture)


def _content(file: Any, size: int, name: str) -> bytes | LenetError:
    if size > MOST_BYTES:
        return LenetError(f"{name}: more than {MOST_BYTES >> 20} MiB; make the picture smaller")
    return bytes(file.read(size))


def _members(file: Any, path: str) -> Iterator[Item]:
    with tarfile.open(fileobj=file, mode="r|*", tarinfo=_Header, errors="backslashreplace") as archive:
        for member in archive:
            if member.isfile() and is_picture(Path(member.name)) and not is_passed_over(Path(member.name).name):
                content = archive.extractfile(member)
                assert content is not None
                yield Item(f"{path}/{member.name}", None, _content(content, member.size, member.name))


class _Header(tarfile.TarInfo):
    """A header of a tar file; ``tarfile`` itself takes one that is cut or damaged for the end of the archive."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_Header":
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if any(buf) or not buf:  # the end mark is zeros
                raise tarfile.ReadError(f"it is cut or damaged, {error}") from error
            raise


def _parquet_blocks(system: Any, path: str, group: int) -> Iterator[tuple[int, Any]]:
    """The first row of each block of a row group, and its pixels or its encoded pictures."""
    from pyarrow import parquet

    with system.open_input_file(path) as opened:
        file = parquet.ParquetFile(opened)
        names = file.schema_arrow.names
        column = next((name for name in names if name.lower() in IMAGE_COLUMNS), None)
        if column is None:
            raise LenetError(f"{path}: no column named image among {', '.join(names)[:100]}")
        row = sum(file.metadata.row_group(before).num_rows for before in range(group))
        none = LenetError(f"{path}: a row holds no picture's bytes; files outside are not followed")
        for batch in file.iter_batches(AT_ONCE, row_groups=[group], columns=[column]):
            values = batch.column(0)
            if hasattr(values.type, "value_type"):
                yield row, as_numbers(values, f"{path}: row {row} on")
            else:
                records = (value.get("bytes") if isinstance(value, dict) else value for value in values.to_pylist())
                yield row, [content if isinstance(content, bytes) else none for content in records]
            row += len(batch)


def _array(system: Any, path: str, entry: str) -> Any:
    with system.open_input_file(path) as opened, zipfile.ZipFile(opened) as archive, archive.open(entry) as file:
        return read_npy(file, archive.getinfo(entry).file_size, f"{path}: {entry}")


def _idx_blocks(system: Any, path: str, first: int) -> Iterator[tuple[int, Any]]:
    """Blocks of an IDX file: a shard's from ``first`` on, or all of a packed one, which is read through.

    Of a file that is cut, each image that is missing is its error.
    """
    with system.open_input_stream(path) if first < 0 else system.open_input_file(path) as file:
        start = file.read(4)
        start += file.read(4 * start[3]) if len(start) == 4 else b""
        _, dtype, (rows, *shape) = parse_header(start, Path(path))
        each = max(1, prod(shape) * dtype.itemsize)
        begin, end = (0, rows) if first < 0 else (first, min(rows, first + ROWS))
        if first > 0:
            file.seek(min(file.size(), len(start) + first * each))
        for row in range(begin, end, AT_ONCE):
            count = min(AT_ONCE, end - row)
            content = file.read(count * each)
            whole = len(content) // each
            if whole:
                yield row, np.frombuffer(content[: whole * each], dtype).reshape(whole, *shape)
            if whole < count:
                yield row + whole, [LenetError(f"{path}: is cut, this image is not in it")] * (count - whole)
