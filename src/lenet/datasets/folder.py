"""A folder of pictures: one folder for each class, or the class at the start of each file's name."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lenet.atomic import building
from lenet.datasets.assemble import PART_NAMES, TRAIN, assemble, sections
from lenet.datasets.classes import natural_key, number
from lenet.datasets.dataset import Dataset
from lenet.datasets.decode import OnError, decode_all
from lenet.datasets.notes import left_out
from lenet.datasets.preparation import Preparation
from lenet.errors import LenetError
from lenet.pictures.formats import is_folder_name, is_passed_over, is_picture
from lenet.pictures.letterbox import as_picture


@dataclass(frozen=True)
class LabelledFile:
    """A file with its class and part."""

    path: Path
    label: str
    part: int


def read_folder(root: Path, preparation: Preparation, on_error: OnError) -> Dataset:
    """Read a folder of class folders, with folders ``train``, ``validation`` and ``test`` above them or without.

    Pictures without class folders have their class at the start of their names, ``7_0001.png`` or ``a-12.jpg``, or at
    the end, ``0001_7.png``, when the starts are all alike or all different and the ends are neither.
    Within a part they come in the natural order of their file names. A note counts the files that are no pictures.

    Args:
        root: The folder.
        preparation: What is asked of the pictures.
        on_error: Is called for every file or folder at fault; those are left out.

    Raises:
        LenetError: when it holds no picture that has a class and can be read.
    """
    notes: list[str] = []
    files = list(_find(root, on_error, notes))
    return read_pictures(root, files, preparation, on_error, notes)


def read_pictures(
    root: Path, files: Sequence[LabelledFile], preparation: Preparation, on_error: OnError, notes: Sequence[str]
) -> Dataset:
    """Read the pictures among ``files`` below ``root``; a note counts the others."""
    pictures = [file for file in files if is_picture(file.path)]
    pictures.sort(key=lambda it: (it.part, natural_key(it.path.name), natural_key(it.label)))
    if not pictures:
        raise LenetError(
            f"{root}: holds no picture that has a class; make one folder for each class, such as {root}/7/first.png"
        )
    names = [str(picture.path.relative_to(root)) for picture in pictures]
    every_part = np.array([picture.part for picture in pictures])
    images, kept, choice = decode_all(
        str(root),
        lambda: ((str(picture.path), picture.path) for picture in pictures),
        [picture.label for picture in pictures],
        every_part,
        preparation,
        on_error,
    )
    labels, class_names = number(
        [pictures[index].label for index in kept], str(root), lambda index: repr(names[kept[index]])
    )
    others = (str(file.path.relative_to(root)) for file in files if not is_picture(file.path))
    notes = (*notes, *choice.notes, *left_out("files that are no known picture", others))
    origins = [names[index] for index in kept]
    dataset = assemble(str(root), images, labels, class_names, every_part[kept], origins, notes)
    return replace(dataset, framing=choice.kind, inverted=choice.inverted)


def write_folder(dataset: Dataset, root: Path) -> None:
    """Write one PNG for each image into class folders, under a folder for each part that the source named.

    Raises:
        LenetError: when a class has no image or a name that no folder can have, or the folder cannot be written.
    """
    for label, name in enumerate(dataset.class_names):
        if label not in dataset.labels:
            message = f"a folder of pictures cannot hold the class {name!r}, which has no image; take npz or parquet"
            raise LenetError(f"{root}: {message}")
        if not is_folder_name(name):
            raise LenetError(f"{root}: class {name!r} cannot be a folder's name; take npz or parquet")
    digits = len(str(len(dataset) - 1))
    with building(root) as folder:
        for part, rows in sections(dataset).items():
            above = folder if part == "all" else folder / part
            for label in np.unique(dataset.labels[rows]).tolist():
                (above / dataset.class_names[label]).mkdir(parents=True)
            for index in range(rows.start, rows.stop):
                path = above / dataset.class_names[dataset.labels[index]] / f"{index:0{digits}}.png"
                as_picture(dataset.images[index]).save(path)


def _find(root: Path, on_error: OnError, notes: list[str]) -> Iterator[LabelledFile]:
    """Every file that is not ignored, pictures with their class."""
    top = children(root, root, on_error)
    folders = [child for child in top if child.is_dir()]
    in_parts = bool(folders) and all(folder.name.lower() in PART_NAMES for folder in folders)
    if in_parts and any(child.is_dir() for folder in folders for child in children(root, folder, lambda _: None)):
        yield from _find_loose(top, TRAIN, on_error)
        for folder in folders:
            yield from _find_classes(
                root, children(root, folder, on_error), PART_NAMES[folder.name.lower()], on_error, notes
            )
    else:
        yield from _find_classes(root, top, TRAIN, on_error, notes)


def _find_classes(
    root: Path, inside: list[Path], part: int, on_error: OnError, notes: list[str]
) -> Iterator[LabelledFile]:
    folders = [child for child in inside if child.is_dir()]
    if not folders:
        yield from _find_flat(inside, part, on_error, notes)
        return
    yield from _find_loose(inside, part, on_error)
    for folder in folders:
        found = False
        for path in children(root, folder, on_error):
            if path.is_dir():
                on_error(LenetError(f"{path}: is a folder within a class; pictures lie in the class's folder itself"))
            else:
                found = found or _is_picture(path)
                yield LabelledFile(path, folder.name, part)
        if not found:
            on_error(LenetError(f"{folder}: this class's folder holds no picture; fill or remove it"))


def _find_flat(inside: list[Path], part: int, on_error: OnError, notes: list[str]) -> Iterator[LabelledFile]:
    words = {path: path.stem.replace("-", "_").split("_") for path in inside}
    several = [words[path] for path in inside if _is_picture(path) and len(words[path]) > 1]
    starts, ends = (1 < len({it[side] for it in several}) < len(several) for side in (0, -1))
    at_end = ends and not starts
    notes.append(f"the classes are the {'ends' if at_end else 'starts'} of the file names")
    if starts and ends:
        notes.append("the ends of the file names repeat, too; if they are the classes, make a folder for each class")
    for path in inside:
        label = words[path][-1 if at_end else 0]
        if _is_picture(path) and label in ("", path.stem):
            on_error(LenetError(f"{path}: has no class; put it in a class's folder, or name it such as 7_{path.name}"))
        else:
            yield LabelledFile(path, label, part)


def _find_loose(inside: list[Path], part: int, on_error: OnError) -> Iterator[LabelledFile]:
    """Files beside folders; pictures have no class there."""
    pictures = [child for child in inside if _is_picture(child)]
    if pictures:
        more = f" ({len(pictures):,} pictures do)" if len(pictures) > 1 else ""
        on_error(LenetError(f"{pictures[0]}: is beside the folders of classes{more}; put it into one of them"))
    for child in inside:
        if not child.is_dir() and not _is_picture(child):
            yield LabelledFile(child, "", part)


def children(root: Path, folder: Path, on_error: OnError) -> list[Path]:
    """The content of a folder, without what is ignored and links out of ``root``."""
    try:
        found = sorted(path for path in folder.iterdir() if not is_passed_over(path.name))
    except OSError as error:
        on_error(LenetError(f"{folder}: cannot be read ({error.strerror})"))
        return []
    inside = os.path.realpath(root)  # unlike Path.resolve, it does not fail on circular links
    kept = []
    for path in found:
        if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(inside):
            on_error(LenetError(f"{path}: is a link that leads out of {root}; copy the file itself"))
        elif not path.exists():
            on_error(LenetError(f"{path}: is a link to nothing; remove it"))
        elif not (path.is_dir() or stat.S_ISREG(path.stat().st_mode)):
            on_error(LenetError(f"{path}: is neither a file nor a folder"))
        else:
            kept.append(path)
    return kept


def _is_picture(path: Path) -> bool:
    return is_picture(path) and not path.is_dir()
