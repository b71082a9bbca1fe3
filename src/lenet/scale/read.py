"""Any number of pictures → a folder of Parquet files with their answers.

Each shard of the source is one task, which writes one file: first a temporary one, then renamed. So a file that is
there is whole, and the same call again reads only the shards whose file is missing.
"""

import json
import os
import re
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from lenet.atomic import replacing
from lenet.datasets.shards import Item, Shard, find_shards, fingerprint, items, open_place
from lenet.errors import LenetError, last_line, reason
from lenet.model.file import ModelFile, decode_model
from lenet.model.runtime import Model
from lenet.reading import Reader
from lenet.reading.many import answers, write_parquet
from lenet.scale.cluster import cluster, run_tasks
from lenet.training.run import Run

MANIFEST = "manifest.json"
# Names of unfinished files, which killed tasks leave.
LEFT = re.compile(r"\.(.+\.parquet|manifest\.json)(\..*)?\.part")


class Done(NamedTuple):
    """What a shard gave."""

    rows: int
    errors: int


class UnreadableError(LenetError):
    """A shard cannot be read."""


class Progress(NamedTuple):
    """Progress of reading."""

    shards: int  # of all that are done, with those of earlier calls
    of: int
    rows: int  # of this call, as the next two
    errors: int
    seconds: float
    seconds_left: float


def read(
    source: str,
    to: str,
    model: ModelFile,
    address: str | None = None,
    workers: int | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    on_skipped: Callable[[list[str]], None] = lambda names: None,
    stop: Callable[[], bool] = lambda: False,
) -> dict[str, Any] | None:
    """Read all pictures of ``source``, and write the answers to the folder ``to``.

    Args:
        source: A file or folder, local or a URI.
        to: The same for the folder of the answers; if it has some already, only the missing ones are written.
        address, workers: As for ``cluster``.
        on_progress: Called after each shard.
        on_skipped: Called with the names of the files that are not read, if there are any.
        stop: Called often; when it returns True, the reading stops.

    Returns:
        The manifest, or None when it was stopped.

    Raises:
        LenetError: when the folder has answers of another model or of another source, or shards could not be read;
            the other shards are done then.
    """
    system, folder = open_place(to)
    if f"{folder}/".startswith(f"{open_place(source)[1]}/"):
        raise LenetError(f"{to}: lies in {source}, whose files are read; choose another --to")
    shards, skipped = find_shards(source)
    if skipped:
        on_skipped(skipped)
    shown = re.sub("//[^/@]*@", "//", source)  # a URI may have a password in it
    head = {"source": shown, "source_sha256": fingerprint(shards), "model_sha256": model.sha256}
    _refuse_others(system, folder, head, to)
    with _opened(system, folder, to) as written:
        left = [shard for shard in shards if shard.name not in written]
        _write_manifest(system, folder, head | {"finished": False, "shards": [shard.name for shard in shards]})
        counts: dict[str, Done] = {}
        failed: list[str] = []
        rows = errors = 0
        began = time.monotonic()
        with closing(_results(left, source, to, model, address, workers, stop)) as results:
            for shard, result in results:
                if isinstance(result, Done):
                    counts[shard.name] = result
                    rows, errors = rows + result.rows, errors + result.errors
                elif isinstance(result, UnreadableError) or not isinstance(result, LenetError | OSError):
                    failed.append(f"{shard.name}: {last_line(result)}")
                else:  # its file cannot be written, and others could not either
                    raise result
                done, seconds = len(counts) + len(failed), time.monotonic() - began
                seconds_left = seconds / done * (len(left) - done)
                on_progress(Progress(len(written) + done, len(shards), rows, errors, seconds, seconds_left))
        if len(counts) + len(failed) < len(left):
            return None
        if failed:
            many = f"{len(failed):,} shards" if len(failed) > 1 else "1 shard"
            raise LenetError(f"{many} could not be read: {failed[0]}; all others are written, and are not read again")
        return _finish(system, folder, head, shards, counts)


def _results(
    left: list[Shard], source: str, to: str, model: ModelFile, address: str | None, workers: int | None, stop: Any
) -> Generator[tuple[Shard, Any], None, None]:
    """Each shard with what it gave, or with the exception of its task."""
    if left:
        places = [place if "://" in place else str(Path(place).resolve()) for place in (source, to)]
        with cluster(address, workers) as ray:
            task = ray.remote(read_shard).options(max_retries=3)  # when its process is lost
            content = ray.put(model.content)
            yield from run_tasks(ray, lambda shard: task.remote(shard, *places, content), left, workers, stop)


def read_shard(shard: Shard, source: str, to: str, model: bytes) -> Done:
    """Read one shard and write its file: what a task does."""
    system, folder = open_place(to)
    rows = answers(_reader(model), _items(shard, source))
    return Done(*_put(system, f"{folder}/{shard.name}.parquet", lambda file: write_parquet(rows, file)))


def _items(shard: Shard, source: str) -> Iterator[Item]:
    try:
        yield from items(shard, source)
    except Exception as error:  # libraries raise many kinds for damaged files
        message = error if isinstance(error, LenetError) else f"{shard.files[0]}: cannot be read ({reason(error)})"
        raise UnreadableError(str(message)) from error


@lru_cache(maxsize=1)  # a process reads many shards
def _reader(content: bytes) -> Reader:
    return Reader(Model(decode_model(content)))


def _put(system: Any, path: str, write: Callable[[Any], Any]) -> Any:
    """Write a file so that it is never seen half; the result of ``write``."""
    from pyarrow import fs

    if isinstance(system, fs.LocalFileSystem):
        with replacing(Path(path), ".part") as temporary, temporary.open("wb") as file:
            return write(file)
    folder, name = PurePosixPath(path).parent, PurePosixPath(path).name
    system.create_dir(str(folder), recursive=True)
    with system.open_output_stream(str(folder / f".{name}.part")) as file:
        result = write(file)
    system.move(str(folder / f".{name}.part"), path)
    return result


@contextmanager
def _opened(system: Any, folder: str, to: str) -> Iterator[set[str]]:
    """Make the folder, and refuse other processes while the block runs, where it is on this machine.

    Yields the names of the shards whose file is there. What killed tasks have left is removed, before and after.
    """
    from pyarrow import fs

    def clean() -> set[str]:
        files = system.get_file_info(fs.FileSelector(folder, recursive=True))
        for file in files:
            if LEFT.fullmatch(file.base_name):
                system.delete_file(file.path)
        paths = [file.path for file in files if file.path.endswith(".parquet")]
        return {path.removeprefix(folder).lstrip("/").removesuffix(".parquet") for path in paths}

    try:
        system.create_dir(folder, recursive=True)
        with Run(Path(folder)).locked() if isinstance(system, fs.LocalFileSystem) else nullcontext():
            try:
                yield clean()
            finally:
                clean()
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else reason(error)
        raise LenetError(f"{to}: cannot be made or written ({why}); choose another --to") from error


def _refuse_others(system: Any, folder: str, head: dict[str, Any], to: str) -> None:
    """Raise a LenetError where the folder has anything but answers of the same model to the same source."""
    from pyarrow import fs

    try:
        with system.open_input_stream(f"{folder}/{MANIFEST}") as file:
            before = json.loads(file.read())
        model, source = before["model_sha256"], before["source_sha256"]
    except FileNotFoundError:
        there = system.get_file_info(fs.FileSelector(folder, allow_not_found=True))
        if any(not file.base_name.startswith(".") for file in there):
            raise LenetError(f"{to}: holds other files; choose another --to") from None
        return
    except NotADirectoryError:
        raise LenetError(f"{to}: is a file; choose another --to") from None
    except (KeyError, TypeError, ValueError):
        raise LenetError(f"{to}/{MANIFEST}: is damaged, or not written by lenet; choose another --to") from None
    if model != head["model_sha256"]:
        raise LenetError(f"{to}: has answers of another model; choose another --to, or that model")
    if source != head["source_sha256"]:
        raise LenetError(f"{to}: was begun with another source, or its files have changed; choose another --to")


def _write_manifest(system: Any, folder: str, content: dict[str, Any]) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1).encode()
    _put(system, f"{folder}/{MANIFEST}", lambda file: file.write(text))


def _finish(system: Any, folder: str, head: Any, shards: list[Shard], counts: dict[str, Done]) -> dict[str, Any]:
    """Write the manifest with the counts; those of earlier calls are read from their files."""
    from pyarrow import parquet

    def count(shard: Shard) -> Done:
        if shard.name in counts:
            return counts[shard.name]
        with system.open_input_file(f"{folder}/{shard.name}.parquet") as file:
            errors = parquet.read_table(file, columns=["error"]).column(0)
        return Done(len(errors), len(errors) - errors.null_count)

    with ThreadPoolExecutor(16) as pool:
        every = dict(zip([shard.name for shard in shards], pool.map(count, shards), strict=True))
    rows, errors = (sum(each) for each in zip(*every.values(), strict=True))
    listed = [{"shard": name, **done._asdict()} for name, done in every.items()]
    manifest: dict[str, Any] = head | {"finished": True, "rows": rows, "errors": errors, "shards": listed}
    _write_manifest(system, folder, manifest)
    return manifest
