"""A folder of pictures: one folder a class, or the class at the head of each file's name."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lenet.atomic import building
from lenet.datasets.assemble import PART_NAMES, TRAIN, assemble, sections
from lenet.datasets.classes import natural_key, number, refuse_absent
from lenet.datasets.dataset import Dataset
from lenet.datasets.picture import ENDINGS
from lenet.datasets.pictures import Complain, decode_all, fingerprint, refuse
from lenet.datasets.prepare import Preparation, as_picture
from lenet.errors import LenetError

# What systems put beside pictures without being asked.
SYSTEMS_OWN = ("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r")


@dataclass(frozen=True)
class _File:
    path: Path
    label: str
    part: int
    stamp: tuple[int, int]  # bytes and nanoseconds of the last change

    @property
    def is_picture(self) -> bool:
        return self.path.suffix.lower() in ENDINGS


def read_folder(root: Path, preparation: Preparation, complain: Complain = refuse) -> Dataset:
    """Read a folder of class folders, with folders ``train``, ``validation`` and ``test`` above them or without.

    Pictures that lie in no class folder have their class at the head of their name: ``7_0001.png`` or ``a-12.jpg``.
    Within a part they come in the natural order of their file names. A note counts the files that are no pictures.

    Args:
        root: the folder.
        preparation: how the pictures shall come.
        complain: is told of every file or folder at fault; those are left out.

    Raises:
        LenetError: the first fault, when ``complain`` is not given.
    """
    files = list(_find(root, complain))
    pictures = [file for file in files if file.is_picture]
    pictures.sort(key=lambda it: (it.part, natural_key(it.path.name), natural_key(it.label)))
    if not pictures:
        raise LenetError(f"{root}: holds no picture; put them in one folder a class, such as {root.name}/7/first.png")
    names = [str(picture.path.relative_to(root)) for picture in pictures]
    key = fingerprint(str(root.resolve()), [(name, *it.stamp) for name, it in zip(names, pictures, strict=True)])
    images, kept, notes = decode_all(
        str(root),
        len(pictures),
        lambda: ((str(picture.path), picture.path) for picture in pictures),
        preparation,
        key,
        complain,
    )
    labels, class_names = number(
        [pictures[index].label for index in kept], str(root), lambda index: repr(names[kept[index]])
    )
    parts = np.array([pictures[index].part for index in kept])
    others = [str(file.path.relative_to(root)) for file in files if not file.is_picture]
    if others:
        notes += (f"left out files that are no known picture: {len(others):,}, such as {others[0]!r}",)
    return assemble(str(root), images, labels, class_names, parts, [names[index] for index in kept], notes)


def write_folder(dataset: Dataset, root: Path) -> None:
    """Write one PNG an image into class folders, under a folder for each part that the source named.

    Raises:
        LenetError: when a class has no image or a name that no folder can have, or the folder cannot be written.
    """
    refuse_absent(dataset.labels, dataset.class_names, f"{root}: a folder of pictures")
    for name in dataset.class_names:
        if is_passed_over(name) or "/" in name or os.sep in name or len(name.encode()) > 255:
            raise LenetError(f"{root}: class {name!r} cannot be a folder's name; take npz, csv or parquet")
    digits = len(str(len(dataset) - 1))
    with building(root) as folder:
        for part, rows in sections(dataset).items():
            above = folder if part == "all" else folder / part
            for label in np.unique(dataset.labels[rows]).tolist():
                (above / dataset.class_names[label]).mkdir(parents=True)
            for index in range(rows.start, rows.stop):
                path = above / dataset.class_names[dataset.labels[index]] / f"{index:0{digits}}.png"
                as_picture(dataset.images[index]).save(path)


def is_passed_over(name: str) -> bool:
    """Whether a file or folder of this name is none of the data and goes unread: hidden things and systems' own."""
    return name.startswith((".", "__MACOSX")) or name.lower() in SYSTEMS_OWN


def _find(root: Path, complain: Complain) -> Iterator[_File]:
    """Every file that is not passed over: pictures with their class, others as they lie."""
    top = _children(root, root, complain)
    folders = [child for child in top if child.is_dir()]
    in_parts = bool(folders) and all(folder.name.lower() in PART_NAMES for folder in folders)
    if in_parts and any(child.is_dir() for folder in folders for child in _children(root, folder, lambda _: None)):
        yield from _find_loose(top, TRAIN, complain)
        for folder in folders:
            yield from _find_classes(root, _children(root, folder, complain), PART_NAMES[folder.name.lower()], complain)
    else:
        yield from _find_classes(root, top, TRAIN, complain)


def _find_classes(root: Path, children: list[Path], part: int, complain: Complain) -> Iterator[_File]:
    folders = [child for child in children if child.is_dir()]
    if not folders:
        yield from _find_flat(children, part, complain)
        return
    yield from _find_loose(children, part, complain)
    for folder in folders:
        found = False
        for path in _children(root, folder, complain):
            if path.is_dir():
                complain(LenetError(f"{path}: is a folder within a class; pictures lie in the class's folder itself"))
            else:
                found = found or _is_picture(path)
                yield _file(path, folder.name, part)
        if not found:
            complain(LenetError(f"{folder}: this class's folder holds no picture; fill or remove it"))


def _find_flat(children: list[Path], part: int, complain: Complain) -> Iterator[_File]:
    for path in children:
        label = path.stem.replace("-", "_").partition("_")[0]
        if _is_picture(path) and label in ("", path.stem):
            complain(LenetError(f"{path}: has no class; put it in a class's folder, or name it such as 7_{path.name}"))
        else:
            yield _file(path, label, part)


def _find_loose(children: list[Path], part: int, complain: Complain) -> Iterator[_File]:
    """What lies beside folders: pictures have no class there, whatever their names."""
    pictures = [child for child in children if _is_picture(child)]
    if pictures:
        more = f" ({len(pictures):,} pictures do)" if len(pictures) > 1 else ""
        complain(LenetError(f"{pictures[0]}: lies beside the folders of classes{more}; put it into one of them"))
    for child in children:
        if not child.is_dir() and not _is_picture(child):
            yield _file(child, "", part)


def _children(root: Path, folder: Path, complain: Complain) -> list[Path]:
    """What lies in a folder, but for what is passed over and for links that lead out of ``root``."""
    try:
        found = sorted(path for path in folder.iterdir() if not is_passed_over(path.name))
    except OSError as error:
        complain(LenetError(f"{folder}: cannot be read ({error.strerror})"))
        return []
    inside = os.path.realpath(root)  # unlike Path.resolve, it bears links in a circle
    kept = []
    for path in found:
        if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(inside):
            complain(LenetError(f"{path}: is a link that leads out of {root}; copy the file itself"))
        elif not path.exists():
            complain(LenetError(f"{path}: is a link to nothing; remove it"))
        elif not (path.is_dir() or stat.S_ISREG(path.stat().st_mode)):
            complain(LenetError(f"{path}: is neither a file nor a folder"))
        else:
            kept.append(path)
    return kept


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS and not path.is_dir()


def _file(path: Path, label: str, part: int) -> _File:
    about = path.stat()
    return _File(path, label, part, (about.st_size, about.st_mtime_ns))
