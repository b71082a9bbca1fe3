"""Dataset: labelled images in memory, and how they are split."""

import hashlib
import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lenet.errors import LenetError

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


class Parts(NamedTuple):
    """What a split gives."""

    train: "Dataset"
    test: "Dataset"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images.

    Attributes:
        name: what the source is called.
        images: uint8 ``(n, height, width, depth)``, bright ink on black as MNIST has it. ``(n, height, width)`` is
            taken as grey, ``(n, k·k)`` vectors as square grey images.
        labels: integers ``(n,)``, indices into ``class_names``.
        class_names: one name a class.
        test_from: index of the first image of the test part that the source itself names, if it names one.

    Raises:
        LenetError: when the arrays do not fit together.
    """

    name: str
    images: Images
    labels: Labels
    class_names: tuple[str, ...]
    test_from: int | None = None

    def __post_init__(self) -> None:
        """Bring the arrays into their one shape and check them."""
        object.__setattr__(self, "images", _as_images(self.images, self.name))
        object.__setattr__(self, "labels", np.asarray(self.labels).astype(np.int64))
        if self.labels.shape != (len(self.images),):
            raise LenetError(f"{self.name}: {len(self.images)} images but labels of shape {self.labels.shape}")
        if len(self) == 0:
            raise LenetError(f"{self.name}: holds no image")
        lowest, highest = int(self.labels.min()), int(self.labels.max())
        if lowest < 0 or highest >= len(self.class_names):
            raise LenetError(f"{self.name}: labels run {lowest}…{highest} for {len(self.class_names)} class names")

    def __len__(self) -> int:
        return len(self.images)

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

    def take(self, indices: npt.NDArray[np.int64], name: str | None = None) -> "Dataset":
        """The images at ``indices``, in that order, as a data set of their own."""
        return replace(
            self, name=name or self.name, images=self.images[indices], labels=self.labels[indices], test_from=None
        )

    def split(self, ratio: str, seed: int = 0) -> Parts:
        """Split into training and test.

        Where the ratio names exactly the parts that the source itself has (``60000:10000`` for MNIST), those are
        taken as they stand. Otherwise the images are shuffled by ``seed`` and every class is divided alike.

        Args:
            ratio: ``train:test``, such as ``60000:10000``, ``2:1``, ``75:25`` or ``0.9:0.1``.
            seed: of the shuffle.

        Raises:
            LenetError: for a ratio that is not two positive numbers or leaves a part empty.
        """
        first, second = _parse_ratio(ratio)
        if self.test_from is not None and (first, second) == (self.test_from, len(self) - self.test_from):
            every = np.arange(len(self))
            return Parts(
                self.take(every[: self.test_from], f"{self.name} train"),
                self.take(every[self.test_from :], f"{self.name} test"),
            )
        test_count = round(len(self) * second / (first + second))
        return self.hold_out(test_count, seed)

    def hold_out(self, count: int, seed: int = 0) -> Parts:
        """Keep ``count`` images aside as the test part: shuffled by ``seed``, every class divided alike.

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
        return Parts(
            self.take(order[~test[order]], f"{self.name} train"), self.take(order[test[order]], f"{self.name} test")
        )


def _as_images(images: Any, name: str) -> Images:
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise LenetError(f"{name}: images are {images.dtype}, not uint8 (0–255)")
    if images.ndim == 2:
        side = math.isqrt(images.shape[1])
        if side * side != images.shape[1]:
            raise LenetError(f"{name}: vectors of {images.shape[1]} pixels are not square images")
        images = images.reshape(-1, side, side)
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.ndim != 4:
        raise LenetError(f"{name}: images have shape {images.shape}, not (n, height, width, depth)")
    return np.asarray(images)


def _parse_ratio(ratio: str) -> tuple[float, float]:
    try:
        first, second = (float(part) for part in ratio.split(":"))
    except ValueError:
        raise LenetError(f"split {ratio!r} is not two numbers with a colon, such as 2:1 or 60000:10000") from None
    if not (0 < first < math.inf and 0 < second < math.inf):
        raise LenetError(f"split {ratio!r}: both parts must be more than nothing")
    return first, second


def _quotas(class_counts: npt.NDArray[np.int64], total: int) -> npt.NDArray[np.int64]:
    """Share ``total`` among classes in proportion, exactly, by largest remainders."""
    shares = class_counts * total / class_counts.sum()
    quotas: npt.NDArray[np.int64] = np.floor(shares).astype(np.int64)
    for label in np.argsort(quotas - shares, kind="stable")[: total - quotas.sum()]:
        quotas[label] += 1
    return quotas
