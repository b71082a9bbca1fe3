"""From what a user names as data to a Dataset."""

from collections.abc import Callable
from pathlib import Path

from lenet.datasets.csv import read_csv
from lenet.datasets.dataset import Dataset
from lenet.datasets.decode import OnError, refuse
from lenet.datasets.digits import load_digits
from lenet.datasets.folder import read_folder
from lenet.datasets.idx import IMAGES_FILE, idx_images, read_idx_folder
from lenet.datasets.mnist import load_mnist
from lenet.datasets.npz import read_npz
from lenet.datasets.parquet import read_parquet
from lenet.datasets.preparation import Preparation, parse_size
from lenet.datasets.prepare import prepare
from lenet.datasets.several import join
from lenet.errors import LenetError

BUNDLED: dict[str, Callable[[], Dataset]] = {"mnist": load_mnist, "digits": load_digits}
# Between the names of several sources. The others are framed as the first.
JOINT = " + "
SOURCES = "mnist, digits, a folder of class folders, a folder of IDX files, or a file .npz, .csv or .parquet"


def load_dataset(
    source: str | Path = "mnist",
    size: tuple[int, int] | str | None = None,
    depth: int | None = None,
    invert: str = "auto",
    framing: str = "auto",
    on_error: OnError = refuse,
) -> Dataset:
    """Load labelled pictures from whatever the user names.

    Args:
        source: ``mnist``, ``digits`` (scikit-learn's), a folder with one folder for each class (under ``train`` and
            ``test`` or not), a folder of IDX pairs, an ``.npz``, ``.csv`` or ``.parquet`` file, or a folder of the
            latter; or several of these with " + " between them, such as ``mnist + photos``.
        size: Height and width of the images, or a text such as ``28x28``, width first. Without it, framing ``mark``
            gives 28×28, and ``whole`` the pictures' own size.
        depth: 1 for grey, 3 for colour, which is always framed ``whole``; None keeps the pictures' own, but for
            framing ``auto``.
        invert: ``yes``, ``no``, or ``auto``: with framing ``whole``, grey pictures on a white ground are inverted to
            bright ink on black. The ground is white when the median of the sample's border pixels is above 127.
        framing: ``mark`` (the ink of one character, brought to MNIST's form), ``whole`` (the whole picture,
            letterboxed), or ``auto``, which chooses by a sample of 200 training pictures and says so in a note. Images
            that are in MNIST's form already stay as they are. It makes pictures grey, unless their colours tell the
            classes apart clearly better, and 28×28 when they are of several sizes.
        on_error: Is called with every fault that can be passed over; by default the first one is raised.

    Raises:
        LenetError: one line that names the file at fault and the place in it.

    Example:
        >>> dataset = load_dataset("photos", size=(28, 28), depth=1)
    """
    preparation = Preparation(parse_size(size) if isinstance(size, str) else size, depth, invert, framing)
    names = str(source).split(JOINT)
    if len(names) == 1 or Path(source).exists():
        return _load(source, preparation, on_error)
    first = _load(names[0], preparation, on_error)
    alike = Preparation((first.height, first.width), first.depth, "yes" if first.inverted else "no", first.framing)
    return join([first, *(_load(name, alike, on_error) for name in names[1:])])


def _load(source: str | Path, preparation: Preparation, on_error: OnError) -> Dataset:
    if str(source) in BUNDLED:
        return prepare(BUNDLED[str(source)](), preparation)
    path = Path(source)
    try:
        kind = _kind(path)
    except OSError as error:
        raise LenetError(f"{path}: cannot be read ({error.strerror})") from error
    # Encoded pictures are brought into form while they are decoded, arrays of pixels afterwards.
    if kind in ("folder", "parquet"):
        return {"folder": read_folder, "parquet": read_parquet}[kind](path, preparation, on_error)
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
    raise LenetError(f"{path}: is not known data; known are {SOURCES}")
