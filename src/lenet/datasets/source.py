"""From what a user names as data to a Dataset."""

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

from lenet.datasets.array_files import find_array_files, read_array_files
from lenet.datasets.array_names import part_of
from lenet.datasets.assemble import PART_NAMES
from lenet.datasets.csv import read_csv
from lenet.datasets.dataset import Dataset, Images
from lenet.datasets.decode import OnError, refuse
from lenet.datasets.digits import load_digits
from lenet.datasets.file_format import FORMATS, find_format, is_data
from lenet.datasets.folder import read_folder
from lenet.datasets.frame_arrays import frame_arrays
from lenet.datasets.labelled import find_table, read_labelled
from lenet.datasets.libsvm import read_libsvm
from lenet.datasets.mat import read_mat
from lenet.datasets.mnist import load_mnist
from lenet.datasets.notes import left_out_files
from lenet.datasets.npz import read_npz
from lenet.datasets.orientation import turn_emnist
from lenet.datasets.parquet import read_parquet
from lenet.datasets.preparation import Preparation, parse_size
from lenet.datasets.several import join_parts, join_sources
from lenet.datasets.unpack import unzipped
from lenet.errors import LenetError, missing
from lenet.pictures.formats import is_passed_over, is_picture

BUNDLED: dict[str, Callable[[], Dataset]] = {"mnist": load_mnist, "digits": load_digits}
# What names data: one source, or several, of which the others are framed as the first.
Source = str | Path | Sequence[str | Path]
# Between the names of several in a text, as recipes had them once.
JOINT = " + "
SOURCES = f"mnist, digits, a folder of pictures or of data files, or a file: {FORMATS}"
# Of files that hold arrays of pixels.
READERS: dict[str, Callable[[Path], Dataset]] = {
    "npz": read_npz,
    "csv": read_csv,
    "mat": read_mat,
    "libsvm": read_libsvm,
}


def load_dataset(
    source: Source = "mnist",
    size: tuple[int, int] | str | None = None,
    depth: int | None = None,
    invert: str = "auto",
    framing: str = "auto",
    on_error: OnError = refuse,
) -> Dataset:
    """Load labelled pictures from whatever the user names.

    Args:
        source: ``mnist``, ``digits`` (scikit-learn's), a folder with one folder for each class (under ``train`` and
            ``test`` or not), or another of the forms in docs/data.md; or a list of several, such as
            ``["mnist", "photos"]``, whose classes are matched by name.
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
    names = names_of(source)
    if not all(names) or not names:
        raise LenetError(f"an empty name is no data; name {SOURCES}")
    first = _load(names[0], preparation, on_error)
    if len(names) == 1:
        return first
    alike = Preparation((first.height, first.width), first.depth, "yes" if first.inverted else "no", first.framing)
    return join_sources([first, *(_load(name, alike, on_error) for name in names[1:])])


def names_of(source: Source) -> list[str]:
    """The names of all sources, each once."""
    if isinstance(source, list | tuple):
        return list(dict.fromkeys(map(str, source)))
    return [str(source)] if os.path.lexists(str(source)) else str(source).split(JOINT)


def load_unlabelled(source: str | Path, form: Preparation) -> Images:
    """The images of a text table without labels, such as Kaggle's ``test.csv``; labels that it has are passed over.

    Raises:
        LenetError: as for ``load_dataset``.
    """
    path = Path(source)
    if not path.is_file() or find_format(path) != "csv":
        raise LenetError(f"{path}: is not a table of pixels in text")
    return frame_arrays(read_csv(path, labelled=False), form).images


def _load(source: str | Path, preparation: Preparation, on_error: OnError) -> Dataset:
    try:
        if str(source) in BUNDLED:
            return frame_arrays(BUNDLED[str(source)](), preparation)
        return _read(Path(source), preparation, on_error)
    except ModuleNotFoundError as error:
        raise missing(error) from error
    except OSError as error:
        raise LenetError(f"{Path(source)}: cannot be read ({error.strerror})") from error


def _read(path: Path, preparation: Preparation, on_error: OnError) -> Dataset:
    if path.is_dir():
        return _read_folder(path, preparation, on_error)
    if not path.exists():
        there = find_array_files(path.parent) if path.parent.is_dir() else []
        if files := [file for file in there if file.said.family]:
            return frame_arrays(turn_emnist(read_array_files(path.parent, files, path.name.lower())), preparation)
        raise LenetError(f"unknown data {str(path)!r}: there is no such file; known are {SOURCES}")
    if not path.is_file():
        raise LenetError(f"{path}: is neither a file nor a folder; known are {SOURCES}")
    format = find_format(path)
    if format == "zip":
        return _read_zip(path, preparation, on_error)
    # Encoded pictures are brought into form while they are decoded, arrays of pixels afterwards.
    if format == "parquet":
        return read_parquet(path, preparation, on_error)
    return frame_arrays(turn_emnist(READERS[format](path)), preparation)


def _read_folder(path: Path, preparation: Preparation, on_error: OnError) -> Dataset:
    if files := find_array_files(path):
        return frame_arrays(turn_emnist(read_array_files(path, files)), preparation)
    if tables := list(filter(Path.is_file, path.glob("*.parquet"))):
        return _beside(read_parquet(path, preparation, on_error), path, tables)
    if table := find_table(path):
        return read_labelled(path, table, preparation, on_error)
    inside = [child for child in sorted(path.iterdir()) if not is_passed_over(child.name)]
    folders = [child for child in inside if child.is_dir() and not child.is_symlink()]
    data = [child for child in inside if child.is_file() and is_data(child)]
    if not folders and not any(map(is_picture, inside)) and data:
        return _beside(_read_files(path, data, preparation, on_error), path, data)
    if len(folders) == 1 and not data and not any(map(is_picture, inside)) and _is_wrapper(folders[0]):
        return _beside(_read_folder(folders[0], preparation, on_error), path, folders)
    return read_folder(path, preparation, on_error)


def _beside(dataset: Dataset, folder: Path, used: Collection[Path]) -> Dataset:
    """The same with a note on what lies beside its files."""
    return replace(dataset, notes=(*dataset.notes, *left_out_files(folder, used)))


def _is_wrapper(folder: Path) -> bool:
    """Whether the only folder in a folder is no class: it holds folders, or data."""
    inside = [child for child in folder.iterdir() if not is_passed_over(child.name)]
    if folder.name.lower() in PART_NAMES:
        return False
    data = any(child.is_dir() or is_data(child) for child in inside)
    return data or bool(find_array_files(folder)) or find_table(folder) is not None


def _read_files(folder: Path, files: list[Path], preparation: Preparation, on_error: OnError) -> Dataset:
    """A folder with a single file of data, or with one for each part."""
    if len(files) == 1:
        return _read(files[0], preparation, on_error)
    parts = {part: path for path in files if (part := part_of(path.name)) is not None}
    formats = {path: find_format(path) for path in files}
    if len(parts) < len(files) or any(format not in READERS for format in formats.values()):
        names = ", ".join(path.name for path in files[:5])
        raise LenetError(f"{folder}: holds several data files: {names}; name one of them, such as {files[-1]}")
    read = {part: turn_emnist(READERS[formats[path]](path)) for part, path in sorted(parts.items())}
    return frame_arrays(join_parts(read, str(folder)), preparation)


def _read_zip(path: Path, preparation: Preparation, on_error: OnError) -> Dataset:
    with unzipped(path) as folder:

        def named(text: str) -> str:
            return text.replace(str(folder), str(path))

        try:
            dataset = _read_folder(folder, preparation, lambda error: on_error(LenetError(named(str(error)))))
        except LenetError as error:
            raise LenetError(named(str(error))) from error
    notes = tuple(map(named, dataset.notes))
    return replace(dataset, name=named(dataset.name), notes=notes)
