"""What the name of an array, or of a file that holds one, says about it."""

import re
from typing import NamedTuple

from lenet.datasets.assemble import PART_NAMES, TRAIN

IMAGES = ("x", "images", "image", "imgs", "data", "pixels")
LABELS = ("y", "labels", "label", "targets", "target")
NAMES = ("class_names", "classes", "names")


class Meaning(NamedTuple):
    """What a name says."""

    kind: str  # images, labels or names
    part: int
    family: str = ""  # the rest of the name, such as emnist-letters


def meaning(name: str) -> Meaning | None:
    """The meaning of a name such as ``x_train``, ``trainX`` or ``emnist-letters-test-labels``; None without one."""
    if name.lower() in NAMES:
        return Meaning("names", TRAIN)
    words = _words(name)
    kinds = [word for word in words if word in IMAGES + LABELS]
    parts = [word for word in words if word in PART_NAMES]
    if len(kinds) != 1 or len(parts) > 1:
        return None
    rest = [word for word in words if word not in (*kinds, *parts)]
    return Meaning(
        "images" if kinds[0] in IMAGES else "labels", PART_NAMES[parts[0]] if parts else TRAIN, "-".join(rest)
    )


def part_of(name: str) -> int | None:
    """The part that a file's name tells, such as ``mnist_test.csv``; None when it tells none."""
    parts = {PART_NAMES[word] for word in _words(name) if word in PART_NAMES}
    return parts.pop() if len(parts) == 1 else None


def _words(name: str) -> list[str]:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name[:255])
    return [word for word in re.split(r"[^a-z0-9]+", apart.lower()) if word]
