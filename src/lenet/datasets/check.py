"""Faults of labelled pictures that can all be read."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lenet.datasets.assemble import sections
from lenet.datasets.classes import MOST_CLASSES
from lenet.datasets.dataset import Dataset
from lenet.datasets.orientation import is_transposed

# Examples that are named of each kind of finding.
EXAMPLES = 10
# Of an image's 255 levels; pixels that are all below were not scaled.
DIM = 64


@dataclass(frozen=True)
class Finding:
    """One kind of fault or remark.

    Attributes:
        kind: Short name for programs: ``broken``, ``conflicting-labels``, ``duplicates-across-parts``,
            ``duplicates``, ``one-class``, ``absent-class``, ``missing-number``, ``blank``, ``dim`` or ``transposed``.
        fault: Whether it spoils training or evaluation; otherwise it is a remark.
        count: Number of images, groups of images, or classes.
        says: One line.
        examples: At most ``EXAMPLES``, each with the names of its pictures.
    """

    kind: str
    fault: bool
    count: int
    says: str
    examples: tuple[str, ...] = ()


def check(dataset: Dataset, broken: Sequence[str] = ()) -> list[Finding]:
    """Look for faults that spoil training or evaluation.

    Args:
        dataset: The pictures that could be read.
        broken: One line for each picture that could not.

    Returns:
        The findings, faults first; empty for sound data.
    """
    names, images = dataset.class_names, dataset.images
    blank = np.flatnonzero(images.min(axis=(1, 2, 3)) == images.max(axis=(1, 2, 3))).tolist()
    blank_ones = _some([dataset.origin(index) for index in blank])
    brightest = int(images.max())
    transposed = "rows and columns seem to be swapped, as in EMNIST; fix it with: lenet data convert --transpose"
    dim = f"no pixel is brighter than {brightest} of 255: the scale is wrong"
    one_class = f"the only class is {names[0]!r}: a network needs two or more to tell apart"
    left_out = f"{len(broken):,} broken files, which training leaves out"
    findings = [
        Finding("broken", False, len(broken), left_out, _some(broken)),
        *_twins(dataset),
        Finding("one-class", True, int(len(names) == 1), one_class),
        *_absent(dataset),
        Finding("blank", True, len(blank), f"{len(blank):,} images are of one colour all over", blank_ones),
        Finding("dim", True, int(brightest < DIM), dim),
        Finding("transposed", True, int(is_transposed(dataset) is True), transposed),
    ]
    return sorted((found for found in findings if found.count), key=lambda found: not found.fault)


def _some(examples: Sequence[str]) -> tuple[str, ...]:
    return tuple(examples[:EXAMPLES])


def _twins(dataset: Dataset) -> list[Finding]:
    """Images that are equal to the last pixel: with different labels, in different parts, or merely twice."""
    places: dict[bytes, list[int]] = defaultdict(list)
    for index, image in enumerate(dataset.images):
        places[hashlib.blake2b(image.tobytes(), digest_size=16).digest()].append(index)
    part = np.zeros(len(dataset), np.int64)
    for number, rows in enumerate(sections(dataset).values()):
        part[rows] = number
    conflicting, across, twice = [], [], []
    for indices in places.values():
        if len(indices) > 1:
            if len(set(dataset.labels[indices].tolist())) > 1:
                conflicting.append(indices)
            elif len(set(part[indices].tolist())) > 1:
                across.append(indices)
            else:
                twice.append(indices)
    kinds = (
        ("conflicting-labels", True, conflicting, "images have equals with another label"),
        ("duplicates-across-parts", True, across, "images are both in the training and in the test part"),
        ("duplicates", False, twice, "images are twice or more in the same part"),
    )
    return [
        Finding(kind, fault, len(groups), f"{len(groups):,} {says}", _named(dataset, groups))
        for kind, fault, groups, says in kinds
    ]


def _named(dataset: Dataset, groups: list[list[int]]) -> tuple[str, ...]:
    return tuple(
        " = ".join(f"{dataset.origin(index)} ({dataset.class_names[dataset.labels[index]]})" for index in group[:4])
        for group in groups[:EXAMPLES]
    )


def _absent(dataset: Dataset) -> list[Finding]:
    absent = []
    for part, rows in sections(dataset).items():
        counts = np.bincount(dataset.labels[rows], minlength=len(dataset.class_names))
        absent += [f"{name} in {part}" for name, count in zip(dataset.class_names, counts, strict=True) if not count]
    findings = [Finding("absent-class", True, len(absent), "classes without an image", _some(absent))]
    if all(name.isascii() and name.isdigit() for name in dataset.class_names):
        numbers = {int(name) for name in dataset.class_names}
        # Of a class 400000000 nobody wants to see the numbers before it.
        missing = sorted(set(range(min(numbers), min(max(numbers), min(numbers) + MOST_CLASSES) + 1)) - numbers)
        says = "numbers are missing between the classes"
        findings.append(Finding("missing-number", False, len(missing), says, _some([str(it) for it in missing])))
    return findings
