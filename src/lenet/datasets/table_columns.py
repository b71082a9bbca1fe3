"""What the columns of a table of images are, by their names."""

import re
from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from lenet.datasets.assemble import LABEL_COLUMNS
from lenet.errors import LenetError

PART_COLUMNS = ("part", "split")
# A row's number or name, which says nothing about the image; pandas writes it as a column without a name.
INDEX_COLUMNS = ("", "unnamed: 0", "index", "id", "imageid", "image_id", "row")
# Names that are shown in a message.
SHOWN = 3


class Columns(NamedTuple):
    """Places of the columns."""

    label: int | None
    part: int | None
    left_out: tuple[int, ...]
    pixels: tuple[int, ...]
    shape: tuple[int, ...]  # of one image; of one dimension when the names do not tell it


def find_columns(names: Sequence[str], where: str, labelled: bool = True) -> Columns:
    """The columns of a table: the label, the part, and all others that are no number of the row as pixels.

    Args:
        names: Of the columns.
        where: The table, for messages.
        labelled: Whether a label is needed; otherwise it is left out.

    Raises:
        LenetError: when there is no label, more than one, or no pixel.
    """
    plain = [name.strip().lower() for name in names]
    labels = [place for place, name in enumerate(plain) if name in LABEL_COLUMNS]
    if labelled and len(labels) != 1:
        found = ", ".join(names[:SHOWN])[:100]
        raise LenetError(f"{where}: {len(labels) or 'no'} label column among {found} …; one named label is needed")
    part = next((place for place, name in enumerate(plain) if name in PART_COLUMNS), None)
    left_out = {place for place, name in enumerate(plain) if name in INDEX_COLUMNS}
    left_out |= set() if labelled else set(labels)
    pixels = tuple(place for place in range(len(names)) if place not in left_out | {part} | set(labels))
    if not pixels:
        raise LenetError(f"{where}: has no pixel column; columns are separated by commas")
    numbers = {it: int(end[1]) for it in pixels if (end := re.fullmatch(r"\D*(\d{1,9})", plain[it]))}
    if len(set(numbers.values())) == len(pixels):
        pixels = tuple(sorted(pixels, key=numbers.__getitem__))  # a sort by text puts pixel10 before pixel2
    shape = _shape([plain[place] for place in pixels], where)
    return Columns(labels[0] if labelled else None, part, tuple(sorted(left_out)), pixels, shape)


def _shape(names: list[str], where: str) -> tuple[int, ...]:
    """Of one image: as the last column's name says, ``28x28`` or ``32x32x3``; else one vector."""
    last = re.fullmatch(r"(\d{1,4})x(\d{1,4})(?:x([13]))?", names[-1])
    if last is None:
        return (len(names),)
    shape = tuple(int(side) for side in last.groups(default="1"))
    named = sum(side is not None for side in last.groups())
    if prod(shape) == len(names):
        places = np.indices(shape).reshape(3, -1).T[:, :named] + 1
        if names == ["x".join(map(str, place)) for place in places.tolist()]:
            return shape
    raise LenetError(f"{where}: {len(names):,} pixel columns that end at {names[-1]} are not {names[-1]}")
