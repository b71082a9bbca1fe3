"""Dataset: labelled images, and how they are split."""

import hashlib
import math
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lenet.datasets.store import gather
from lenet.errors import LenetError
from lenet.pictures.framing import FramingKind

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


# The split that takes the source's own parts, and the one that keeps each writer's images in one part; the ratio of
# both where none is given is MNIST's.
OWN, BY_WRITER, OWN_PROPORTION = "own", "by-writer", "6:1"
# Largest share of the training images that is held out for validation, and the same of fewer than ``LITTLE``.
MOST_VALIDATION, MOST_OF_LITTLE, LITTLE = 0.1, 0.2, 1000
# Shown of a data set in a notebook: classes, and images of each.
SHEET_CLASSES, SHEET_IMAGES = 30, 12


class Split(NamedTuple):
    """Training and test part."""

    train: "Dataset"
    test: "Dataset"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images.

    Attributes:
        name: Name of the source.
        images: uint8 ``(n, height, width, depth)``, grey ones as bright ink on black. ``(n, height, width)`` is taken
            as grey, ``(n, k·k)`` vectors as square grey images. A mapped file (``np.memmap``) stays one.
        labels: Integers ``(n,)``, indices into ``class_names``.
        class_names: One name for each class.
        test_from: Index of the first image of the test part that the source itself names, if it names one.
        validation_from: The same for the validation part, which lies between training and test part (a training part
            that ``split`` gave has it at its end).
        origins: Where each image came from, such as its file's path; empty where that is not known.
        notes: What was done to the pictures, a sentence each.
        framing: How pictures became these images: see ``lenet.pictures.framing``.
        inverted: Whether framing ``whole`` inverted the pictures.
        sources: Names of the sources when there are several.
        source_of: The source of each image ``(n,)``, an index into ``sources``; None when there is one.
        writer_of: Number of the writer of each image ``(n,)``; None when they are not known.
        groups: Names of the groups of writers.
        group_of: The group of each image ``(n,)``, an index into ``groups``; None when they are not known.

    Raises:
        LenetError: when the arrays do not match.
    """

    name: str
    images: Images
    labels: Labels
    class_names: tuple[str, ...]
    test_from: int | None = None
    validation_from: int | None = None
    origins: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    framing: FramingKind = "whole"
    inverted: bool = False
    sources: tuple[str, ...] = ()
    source_of: Labels | None = None
    writer_of: Labels | None = None
    groups: tuple[str, ...] = ()
    group_of: Labels | None = None

    def __post_init__(self) -> None:
        """Bring the arrays into their one shape and check them."""
        object.__setattr__(self, "images", as_images(self.images, self.name))
        labels = np.asarray(self.labels)
        if labels.dtype.kind not in "iu":
            raise LenetError(f"{self.name}: labels are {labels.dtype}, not whole numbers")
        object.__setattr__(self, "labels", labels.astype(np.int64))
        if self.labels.shape != (len(self.images),):
            raise LenetError(f"{self.name}: {len(self.images)} images but labels of shape {self.labels.shape}")
        if len(self) == 0:
            raise LenetError(f"{self.name}: holds no image")
        lowest, highest = int(self.labels.min()), int(self.labels.max())
        if lowest < 0 or highest >= len(self.class_names):
            raise LenetError(f"{self.name}: labels run {lowest}…{highest} for {len(self.class_names)} class names")
        marks = [mark for mark in (self.validation_from, self.test_from) if mark is not None]
        if not all(first < second for first, second in pairwise([0, *marks, len(self)])):
            raise LenetError(f"{self.name}: parts that begin at {marks} do not divide {len(self)} images")

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        kind = {1: "grey", 3: "colour"}.get(self.depth, f"{self.depth} channels")
        size = f"{self.width}×{self.height}, {kind}"
        return f"<Dataset {self.name}: {len(self):,} images of {size}, {len(self.class_names)} classes>"

    def _repr_png_(self) -> bytes:
        """A sheet of the first images of each class, for notebooks."""
        from lenet.figures.gallery import contact
        from lenet.figures.render import as_png

        labels = range(min(len(self.class_names), SHEET_CLASSES))
        rows = [self.images[np.flatnonzero(self.labels == label)[:SHEET_IMAGES]] for label in labels]
        return as_png(contact(f"{self.name}: {len(self):,} images", rows, self.class_names[: len(rows)]))

    @property
    def height(self) -> int:
        """Pixels down."""
        return int(self.images.shape[1])

    @property
    def width(self) -> int:
        """Pixels across."""
        return int(self.images.shape[2])

    @property
    def depth(self) -> int:
        """Channels: 1 for grey, 3 for colour."""
        return int(self.images.shape[3])

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 over shape, class names, labels and pixels: equal for equal data, whatever file it came from."""
        digest = hashlib.sha256(repr((self.images.shape, self.class_names)).encode())
        digest.update(self.labels.astype("<i8").tobytes())
        digest.update(np.ascontiguousarray(self.images).data)
        return digest.hexdigest()

    def origin(self, index: int) -> str:
        """Where an image came from, to name it in a message."""
        return self.origins[index] if self.origins else f"image {index}"

    def take(self, indices: npt.NDArray[np.int64], name: str | None = None) -> "Dataset":
        """The images at ``indices``, in that order, as a data set of their own without parts."""
        origins = tuple(self.origins[index] for index in indices.tolist()) if self.origins else ()
        return self._part(indices, gather(self.images, indices), origins, name or self.name)

    def sample(self, count: int, seed: int = 0) -> "Dataset":
        """``count`` images in an order that ``seed`` decides, as many of each class as possible."""
        order = np.random.default_rng(seed).permutation(len(self))
        # The first of each class, then the second of each, and so on.
        labels = self.labels[order]
        turn = np.empty(len(order), np.int64)
        for label in np.unique(labels):
            turn[labels == label] = np.arange(np.count_nonzero(labels == label))
        return self.take(order[np.lexsort((labels, turn))[:count]])

    def with_classes(self, class_names: tuple[str, ...]) -> "Dataset":
        """The same images with the labels of another list of classes, matched by name.

        Raises:
            LenetError: when an image's class is not in the list.
        """
        if class_names == self.class_names:
            return self
        there = np.bincount(self.labels, minlength=len(self.class_names)) > 0
        number = {name: label for label, name in enumerate(class_names)}
        unknown = [name for name, used in zip(self.class_names, there, strict=True) if used and name not in number]
        if unknown:
            raise LenetError(
                f"{self.name}: has images of the class {', '.join(unknown[:5])}; known are {', '.join(class_names)}"
            )
        renumbered = np.array([number.get(name, 0) for name in self.class_names])
        return replace(self, labels=renumbered[self.labels], class_names=class_names)

    def split(self, ratio: str, seed: int = 0) -> Split:
        """Split into training and test.

        ``own``, or a ratio that names exactly the parts that the source itself has (``60000:10000`` for MNIST), takes
        those. Otherwise the images are shuffled by ``seed`` and every class is divided in the same ratio, which is 6:1
        for ``own`` on a source without parts. ``by-writer`` shuffles the writers and takes all images of a writer into
        the same part, until the test part has its seventh.

        Args:
            ratio: ``own``, ``by-writer``, or ``train:test``, such as ``60000:10000``, ``2:1``, ``75:25``, ``0.9:0.1``.
            seed: Of the shuffle.

        Raises:
            LenetError: for a ratio that is not two positive numbers or leaves a part empty, or without writers.
        """
        if ratio == BY_WRITER:
            first, second = parse_ratio(OWN_PROPORTION)
            return self._split_by_writer(round(len(self) * second / (first + second)), seed)
        if ratio == OWN and self.test_from is not None:
            return self._own_parts(self.test_from)
        first, second = parse_ratio(OWN_PROPORTION if ratio == OWN else ratio)
        if self.test_from is not None and (first, second) == (self.test_from, len(self) - self.test_from):
            return self._own_parts(self.test_from)
        test_count = round(len(self) * second / (first + second))
        if ratio == OWN and not test_count:
            message = f"too few pictures to train and test on ({len(self)}); collect at least 5 of each class"
            raise LenetError(f"{self.name}: {message}")
        return self.hold_out(test_count, seed)

    def split_validation(
        self, count: int, seed: int = 0, *, by_writer: bool = False
    ) -> tuple["Dataset", "Dataset | None"]:
        """Divide a training part into training and validation part.

        The source's own validation part is taken if it has one. Otherwise ``count`` images are held out, but at most a
        tenth of all, and of fewer than 1,000 a fifth; every class in the same ratio, or ``by_writer`` all images of
        some writers, where there are several.

        Returns:
            Training and validation part; the latter is None when no image is held out.
        """
        if self.validation_from is not None:
            return (
                self._section(0, self.validation_from, self.name),
                self._section(self.validation_from, len(self), f"{self.name}, validation"),
            )
        count = min(count, int((MOST_OF_LITTLE if len(self) < LITTLE else MOST_VALIDATION) * len(self)))
        if count == 0:
            return self, None
        several = by_writer and self.writer_of is not None and len(np.unique(self.writer_of)) > 1
        parts = self._split_by_writer(count, seed) if several else self.hold_out(count, seed)
        return parts.train, parts.test

    def hold_out(self, count: int, seed: int = 0) -> Split:
        """Hold out ``count`` images as the test part: shuffled by ``seed``, every class in the same ratio.

        A class of a single image stays in the training part, if ``count`` allows it.

        Raises:
            LenetError: when either part would be empty.
        """
        if not 0 < count < len(self):
            raise LenetError(f"{self.name}: {len(self)} images cannot be split with {count} in the test part")
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(self))
        test = np.zeros(len(self), dtype=bool)
        for label, quota in enumerate(_quotas(np.bincount(self.labels, minlength=len(self.class_names)), count)):
            test[order[self.labels[order] == label][:quota]] = True
        return Split(
            self.take(order[~test[order]], f"{self.name} train"), self.take(order[test[order]], f"{self.name} test")
        )

    def _split_by_writer(self, count: int, seed: int) -> Split:
        """All images of some writers as the test part, ``count`` or a few more."""
        if self.writer_of is None:
            raise LenetError(f"{self.name}: does not tell who wrote what; choose another split, such as own or 6:1")
        writers, number, counts = np.unique(self.writer_of, return_inverse=True, return_counts=True)
        if len(writers) == 1:
            raise LenetError(f"{self.name}: is by one writer; choose another split, such as own or 6:1")
        order = np.random.default_rng(seed).permutation(len(writers))
        before = np.cumsum(counts[order]) - counts[order]
        to_test = np.zeros(len(writers), bool)
        to_test[order[:-1]] = before[:-1] < count
        test = to_test[number]
        return Split(
            self.take(np.flatnonzero(~test), f"{self.name} train"), self.take(np.flatnonzero(test), f"{self.name} test")
        )

    def _own_parts(self, test_from: int) -> Split:
        train = self._section(0, test_from, f"{self.name} train")
        return Split(
            replace(train, validation_from=self.validation_from),
            self._section(test_from, len(self), f"{self.name} test"),
        )

    def _section(self, start: int, stop: int, name: str) -> "Dataset":
        """The images from ``start`` to ``stop``, not copied."""
        rows = slice(start, stop)
        return self._part(rows, self.images[rows], self.origins[rows], name)

    def _part(self, rows: Any, images: Images, origins: tuple[str, ...], name: str) -> "Dataset":
        columns = {column: getattr(self, column) for column in ("source_of", "writer_of", "group_of")}
        chosen: Any = {column: values if values is None else values[rows] for column, values in columns.items()}
        return replace(
            self, name=name, images=images, labels=self.labels[rows], origins=origins, test_from=None,
            validation_from=None, **chosen,
        )  # fmt: skip


def as_images(images: Any, name: str) -> Images:
    """Images in their one shape ``(n, height, width, depth)``; LenetError, with ``name``, for others."""
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise LenetError(f"{name}: images are {images.dtype}, not uint8 (0–255)")
    if images.ndim not in (2, 3, 4) or 0 in images.shape[1:]:
        raise LenetError(f"{name}: images have shape {images.shape}, not (n, height, width, depth)")
    if images.ndim == 2:
        side = math.isqrt(images.shape[1])
        if side * side != images.shape[1]:
            raise LenetError(f"{name}: vectors of {images.shape[1]} pixels are not square images")
        images = images.reshape(-1, side, side)
    if images.ndim == 3:
        images = images[..., np.newaxis]
    return np.asarray(images)


def parse_ratio(ratio: str) -> tuple[float, float]:
    """Two positive numbers from ``2:1``; LenetError for anything else."""
    try:
        first, second = (float(part) for part in ratio.split(":"))
    except (AttributeError, ValueError):
        raise LenetError(
            f"split {ratio!r} is neither own, by-writer, nor two numbers such as 2:1 or 60000:10000"
        ) from None
    if not (0 < first < math.inf and 0 < second < math.inf):
        raise LenetError(f"split {ratio!r}: both parts must be more than nothing")
    return first, second


def _quotas(class_counts: npt.NDArray[np.int64], total: int) -> npt.NDArray[np.int64]:
    """Share ``total`` among classes in proportion, exactly, by largest remainders.

    No class gives all that it has, as long as the others can make up for it.
    """
    shares = class_counts * total / class_counts.sum()
    quotas: npt.NDArray[np.int64] = np.floor(shares).astype(np.int64)
    for label in np.argsort(quotas - shares, kind="stable")[: total - quotas.sum()]:
        quotas[label] += 1
    most = np.maximum(class_counts - 1, 0)
    if total > most.sum():
        return quotas
    quotas = np.minimum(quotas, most)
    while quotas.sum() < total:
        quotas[np.where(quotas < most, shares - quotas, -np.inf).argmax()] += 1
    return quotas
