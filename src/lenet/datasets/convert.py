"""Writing a Dataset in a format that it can be loaded from again, nothing lost."""

from collections.abc import Callable
from pathlib import Path

from lenet.datasets.dataset import Dataset
from lenet.datasets.folder import write_folder
from lenet.datasets.npz import write_npz
from lenet.datasets.parquet import write_parquet
from lenet.errors import LenetError

WRITERS: dict[str, Callable[[Dataset, Path], None]] = {
    "folder": write_folder,
    "npz": write_npz,
    "parquet": write_parquet,
}


def format_for(target: Path, chosen: str | None = None) -> str:
    """The format of a target: the chosen one, else what its ending says; LenetError for an unknown ending."""
    ending = target.suffix.lower().removeprefix(".")
    if chosen is None and ending and ending not in WRITERS:
        raise LenetError(f"{target}: its ending is neither .npz nor .parquet; name the format with --to")
    return chosen or ending or "folder"


def convert(dataset: Dataset, target: Path, kind: str) -> None:
    """Write ``dataset`` so that ``load_dataset`` with framing ``whole`` gives equal pixels, labels, names and parts.

    The target is written whole or not at all.

    Args:
        dataset: Of depth 1 or 3.
        target: A new file or folder.
        kind: One of ``WRITERS``.

    Raises:
        LenetError: when the target exists, cannot be written, or the format cannot hold something of the data.
    """
    if target.exists() or target.is_symlink():
        raise LenetError(f"{target}: exists already and is not overwritten; choose another name")
    if kind != "folder" and target.suffix.lower() != f".{kind}":
        raise LenetError(f"{target}: the ending must be .{kind}")
    WRITERS[kind](dataset, target)
