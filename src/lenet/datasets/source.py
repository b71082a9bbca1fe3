"""From what a user names as data to a Dataset."""

from collections.abc import Callable
from pathlib import Path

from lenet.datasets.csv import read_csv
from lenet.datasets.dataset import Dataset
from lenet.datasets.digits import load_digits
from lenet.datasets.folder import read_folder
from lenet.datasets.idx import IMAGES_FILE, idx_images, read_idx_folder
from lenet.datasets.mnist import load_mnist
from lenet.datasets.npz import read_npz
from lenet.datasets.parquet import read_parquet
from lenet.datasets.pictures import Complain, refuse
from lenet.datasets.prepare import Preparation, parse_size, prepare
from lenet.errors import LenetError

BUNDLED: dict[str, Callable[[], Dataset]] = {"mnist": load_mnist, "digits": load_digits}
SOURCES = "mnist, digits, a folder of class folders, a folder of IDX files, or a file .npz, .csv or .parquet"


def load_dataset(
    source: str | Path = "mnist",
    size: tuple[int, int] | str | None = None,
    depth: int | None = None,
    invert: str = "auto",
    complain: Complain = refuse,
) -> Dataset:
    """Load labelled pictures from whatever the user names.

    Args:
        source: ``mnist``, ``digits`` (scikit-learn's), a folder with a folder a class (under ``train`` and ``test``
            or not), a folder of IDX pairs, an ``.npz``, ``.csv`` or ``.parquet`` file, or a folder of the latter.
        size: height and width to scale all pictures to, proportions kept, or a text such as ``28x28``, width first;
            None takes them as they are.
        depth: 1 for grey, 3 for colour; None takes them as they are.
        invert: ``yes``, ``no``, or ``auto``: grey pictures on a white ground are inverted to bright ink on black. The
            ground is white when the median of the border pixels, over up to some 1,000 pictures evenly spread over the
            set, is above 127.
        complain: is told of every fault that can be passed over; by default the first one is raised.

    Raises:
        LenetError: one line that names the file at fault and the place in it.

    Example:
        >>> dataset = load_dataset("photos", size=(28, 28), depth=1)
    """
    preparation = Preparation(parse_size(size) if isinstance(size, str) else size, depth, invert)
    if str(source) in BUNDLED:
        return prepare(BUNDLED[str(source)](), preparation)
    path = Path(source)
    try:
        kind = _kind(path)
    except OSError as error:
        raise LenetError(f"{path}: cannot be read ({error.strerror})") from error
    # Encoded pictures are brought into form while they are decoded, arrays of pixels afterwards.
    if kind in ("folder", "parquet"):
        return {"folder": read_folder, "parquet": read_parquet}[kind](path, preparation, complain)
    read = {"npz": read_npz, "csv": read_csv, "idx": read_idx_folder}[kind]
    return prepare(read(path), preparation)


def _kind(path: Path) -> str:
    if path.is_dir():
        if idx_images(path):
            return "idx"
        return "parquet" if next(path.glob("*.parquet"), None) else "folder"
    if not path.exists():
        raise LenetError(f"unknown data {str(path)!r}: there is no such file; known are {SOURCES}")
    if not path.is_file():
        raise LenetError(f"{path}: is neither a file nor a folder; known are {SOURCES}")
    kind = path.suffix.lower().removeprefix(".")
    if kind in ("npz", "csv", "parquet"):
        return kind
    if IMAGES_FILE.fullmatch(path.name):
        raise LenetError(f"{path}: name the folder of the IDX files, {path.parent}")
    raise LenetError(f"{path}: is no data that is known; known are {SOURCES}")
