"""Class names, whose natural order gives the classes' numbers in every source."""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.errors import LenetError

# A name is shown, printed and drawn; a model file takes none that is longer.
LONGEST_NAME = 100
MOST_CLASSES = 10_000


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Sorts as people do: 2 before 10, digits before letters."""
    parts = filter(None, re.split(r"([0-9]+)", name[: 4 * LONGEST_NAME]))
    return [(0, int(part), part) if part.isascii() and part.isdigit() else (1, 0, part) for part in parts]


def number(
    names: Sequence[str] | npt.NDArray[Any], where: str, place: Callable[[int], str] = "image {}".format
) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """Labels ``(n,)`` and the class names that they index, from one name an image.

    A LenetError for a name that cannot be shown has ``where``, and the image's ``place`` there.
    """
    found, first, labels = np.unique(np.asarray(names, dtype=np.str_), return_index=True, return_inverse=True)
    for name, index in zip(found.tolist(), first.tolist(), strict=True):
        _refuse_unshowable(name, f"{where}: {place(index)}")
    return in_natural_order(labels.astype(np.int64), [str(name) for name in found], where)


def resolve(
    values: npt.NDArray[Any], listed: Sequence[str] | None, where: str
) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """Labels ``(n,)`` and class names, from numbers or names and perhaps the list that says what numbers mean.

    A LenetError for a label that is not in the list, or a name that cannot be shown, has ``where``.
    """
    if listed is None:
        return number(values.astype(np.str_), where)
    names = [str(name) for name in listed]
    if values.dtype.kind in "iu":
        labels, known = values.astype(np.int64), (values >= 0) & (values < len(names))
    else:
        place = {name: label for label, name in enumerate(names)}
        labels = np.array([place.get(name, -1) for name in values.tolist()], np.int64)
        known = labels >= 0
    if not known.all():
        wrong = int((~known).argmax())
        raise LenetError(f"{where}: label {str(values[wrong])[:LONGEST_NAME]!r} of image {wrong} is no listed class")
    return in_natural_order(labels, names, where)


def in_natural_order(
    labels: npt.NDArray[np.int64], class_names: Sequence[str], where: str
) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """The same labels for the same names in their natural order; LenetError for unshowable or equal names."""
    if len(class_names) > MOST_CLASSES:
        raise LenetError(f"{where}: has {len(class_names):,} classes, at most {MOST_CLASSES:,} are possible")
    for name in class_names:
        _refuse_unshowable(name, where)
    order = sorted(range(len(class_names)), key=lambda index: natural_key(class_names[index]))
    ordered = tuple(class_names[index] for index in order)
    for first, second in pairwise(ordered):
        if first == second:
            raise LenetError(f"{where}: class name {first!r} occurs twice")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return np.asarray(place[labels]), ordered


def merge(*lists: Sequence[str]) -> tuple[str, ...]:
    """The class names of all lists, each once, in their natural order."""
    return tuple(sorted({name for names in lists for name in names}, key=natural_key))


def _refuse_unshowable(name: str, where: str) -> None:
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise LenetError(
            f"{where}: class name {name[:LONGEST_NAME]!r} is empty, unprintable or longer than {LONGEST_NAME}"
        )
