"""Notes that count what of a source is not used."""

from collections.abc import Collection, Iterable
from pathlib import Path

from lenet.pictures.formats import is_passed_over


def left_out(what: str, names: Iterable[str]) -> tuple[str, ...]:
    """A note with the number of ``names`` and the first of them; empty when there is none."""
    every = list(names)
    return (f"left out {what}: {len(every):,}, such as {every[0]!r}",) if every else ()


def left_out_files(folder: Path, used: Collection[Path]) -> tuple[str, ...]:
    """The same for what lies in a folder beside the files that are ``used``."""
    inside = (path for path in sorted(folder.iterdir()) if path not in used)
    return left_out("other files and folders", (path.name for path in inside if not is_passed_over(path.name)))
