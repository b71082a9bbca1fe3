"""Training, validation and test parts, as a source names them → one Dataset."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.datasets.classes import in_natural_order
from lenet.datasets.dataset import Dataset, Images
from lenet.datasets.store import gather
from lenet.errors import LenetError

TRAIN, VALIDATION, TEST = range(3)

# Names that sources give to their parts.
PART_NAMES = {
    "train": TRAIN,
    "training": TRAIN,
    "validation": VALIDATION,
    "valid": VALIDATION,
    "val": VALIDATION,
    "dev": VALIDATION,
    "test": TEST,
    "testing": TEST,
    "t10k": TEST,
}
# Names that are written.
WRITTEN = ("train", "validation", "test")
# Names of the label column in tables, and the number of rows that are read or written at once.
LABEL_COLUMNS = ("label", "labels", "class", "target", "y")
ROWS = 1000


def assemble(
    where: str,
    images: Images,
    labels: npt.NDArray[np.int64],
    class_names: Sequence[str],
    parts: npt.NDArray[np.int64],
    origins: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Dataset:
    """One Dataset: training images first, then validation, then test; classes in their natural order.

    A single part is everything. A validation part without a test part is taken as the test part.

    Args:
        where: Name of the source, for messages and as the data set's name.
        images: uint8 ``(n, height, width, depth)``.
        labels: ``(n,)``, indices into ``class_names``.
        class_names: One for each class.
        parts: ``(n,)``, each ``TRAIN``, ``VALIDATION`` or ``TEST``.
        origins: Where each image came from, or nothing.
        notes: What was done to the pictures.

    Raises:
        LenetError: for class names that cannot be shown, or arrays that do not match.
    """
    if images.ndim == 4 and images.shape[3] not in (1, 3):
        raise LenetError(
            f"{where}: images of shape {images.shape[1:]}: height, width and 1 (grey) or 3 (colour) are needed"
        )
    labels, names = in_natural_order(labels, class_names, where)
    if np.any(np.diff(parts) < 0):
        order = np.argsort(parts, kind="stable")
        images, labels, parts = gather(images, order), labels[order], parts[order]
        origins = [origins[index] for index in order] if len(origins) else origins
    if len(names) == 1:
        notes = (*notes, f"has a single class, {names[0]!r}; a network needs two or more to tell apart")
    there = np.unique(parts).tolist()
    test_from = validation_from = None
    if len(there) > 1:
        test_from = int(np.searchsorted(parts, there[-1]))
    if there == [TRAIN, VALIDATION, TEST]:
        validation_from = int(np.searchsorted(parts, VALIDATION))
    return Dataset(where, images, labels, names, test_from, validation_from, tuple(origins), tuple(notes))


def join_images(parts: Sequence[Images], where: str) -> Images:
    """The images of several parts, one after the other; LenetError when they differ in shape."""
    if len({images.shape[1:] for images in parts}) > 1:
        shapes = ", ".join(str(images.shape[1:]) for images in parts)
        raise LenetError(f"{where}: the parts' images differ in shape: {shapes}")
    return np.concatenate(parts)


def sections(dataset: Dataset) -> dict[str, slice]:
    """The parts that the source itself named, by name, or ``all``."""
    if dataset.test_from is None:
        return {"all": slice(0, len(dataset))}
    without = dataset.validation_from is None
    marks = [0, *([] if without else [dataset.validation_from]), dataset.test_from, len(dataset)]
    return {name: slice(*ends) for name, ends in zip(WRITTEN[:: 2 if without else 1], pairwise(marks), strict=True)}


def part_number(name: Any, where: str) -> int:
    """The part of that name; LenetError for a name that no part has."""
    try:
        return PART_NAMES[str(name).lower()]
    except KeyError:
        raise LenetError(f"{where}: part {str(name)[:20]!r} is none of {', '.join(WRITTEN)}") from None
