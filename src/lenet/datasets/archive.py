"""A ZIP file of a folder, unpacked for as long as it is read."""

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lenet.datasets.store import cache_folder
from lenet.datasets.unpack import refuse_bomb
from lenet.errors import LenetError, readable

MOST_FILES = 1_000_000


@contextmanager
def unzipped(path: Path) -> Iterator[Path]:
    """A temporary folder with the content of a ZIP file; names that lead out of it stay in it, links become files.

    Raises:
        LenetError: when it is damaged or too large, or the cache folder cannot be written.
    """
    cache = cache_folder()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        temporary = tempfile.TemporaryDirectory(prefix="zip-", dir=cache)
    except OSError as error:
        message = f"{cache}: cannot be written ({error.strerror}); name another cache folder in XDG_CACHE_HOME"
        raise LenetError(message) from error
    with temporary as folder:
        with readable(path, ".zip file"), zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_FILES:
                raise LenetError(f"{path}: holds {len(entries):,} files, at most {MOST_FILES:,} are unpacked")
            if len({entry.filename for entry in entries}) < len(entries):
                raise LenetError(f"{path}: holds two files of the same name; pack it again")
            refuse_bomb(sum(entry.file_size for entry in entries), path.stat().st_size, str(path))
            archive.extractall(folder)
        yield Path(folder)
