"""Which framing suits a data set: a sample of its pictures decides."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from lenet.datasets.preparation import Preparation
from lenet.errors import LenetError
from lenet.pictures.framing import Framing, FramingKind
from lenet.pictures.letterbox import border, letterbox
from lenet.pictures.mnist_form import IMAGE, find_mnist_image, frame_mark
from lenet.pictures.picture import Picture, Pixels

# Pictures in the sample.
SAMPLE = 200
# Share of the sample that must hold one mark each, or be in MNIST's form.
SINGLE, IN_FORM = 0.98, 0.95
# Side of the thumbnails that are compared in grey and in colour.
THUMBNAIL = 8


@dataclass(frozen=True)
class Choice:
    """How the pictures of a data set become images.

    Attributes:
        kind: Framing that readers of the model shall use.
        framing: Framing of these pictures; ``whole`` also for a set that is in MNIST's form already.
        notes: What is done to the pictures and why, a sentence each.
    """

    kind: FramingKind
    framing: Framing
    notes: tuple[str, ...]

    @property
    def inverted(self) -> bool:
        """Whether readers of the model shall invert pictures."""
        return self.kind == "whole" and self.framing.inverted


@dataclass
class _Sample:
    """What was seen in the sample."""

    pictures: int = 0
    in_form: int = 0
    single: int = 0
    others: int = 0
    border_levels: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(256, np.int64))
    thumbnails: list[Pixels] = field(default_factory=list)
    labels: list[Any] = field(default_factory=list)

    @property
    def white_ground(self) -> bool:
        """Whether the median of the border pixels is above 127."""
        return bool(np.searchsorted(np.cumsum(self.border_levels), self.border_levels.sum() / 2) > 127)


def sample_indices(count: int) -> list[int]:
    """Which of ``count`` pictures are in the sample: at most 200, evenly spaced, as many sources are sorted."""
    return sorted(set(np.linspace(0, count - 1, min(count, SAMPLE)).round().astype(int).tolist()))


def choose(
    where: str,
    preparation: Preparation,
    sizes: Mapping[tuple[int, int], str],
    colour: bool,
    sample: Iterable[tuple[Picture, Any]],
) -> Choice:
    """Decide how pictures become images.

    ``auto`` is ``mark`` when nearly all pictures of the sample hold one mark of pen strokes each. It makes pictures
    grey, unless their colours tell the classes apart clearly better.

    Args:
        where: The source, for messages.
        preparation: What is asked.
        sizes: Heights and widths of the pictures, each with the name of one that has it.
        colour: Whether a picture has colours.
        sample: Pictures of the training part with their labels.

    Raises:
        LenetError: for pictures of several sizes with ``whole`` when no size is asked.
    """
    asked = "whole" if preparation.depth == 3 else preparation.framing
    seen = _look(sample, asked)
    if asked != "whole" and preparation.size in (None, (IMAGE, IMAGE)) and seen.in_form >= IN_FORM * seen.pictures > 0:
        notes = [f"framing mark: {seen.in_form} of {seen.pictures} pictures looked at are in MNIST's form already"]
        framing = Framing("whole", IMAGE, IMAGE, 1, seen.white_ground)
        return Choice("mark", framing, (*notes, *_changes(sizes, framing, colour)))
    notes = []
    depth, size = preparation.depth or (3 if colour else 1), preparation.size
    if asked == "auto":
        asked, reason = _judge(seen)
        if colour and preparation.depth is None:
            depth, told = _depth(seen)
            asked, reason = ("whole", told) if depth == 3 else (asked, f"{reason}; {told}")
        notes = [f"framing {asked}: {reason}"]
        size = size or ((IMAGE, IMAGE) if len(sizes) > 1 else None)
    if asked == "mark":
        framing = Framing("mark", *(preparation.size or (IMAGE, IMAGE)), 1)
        return Choice("mark", framing, (*notes, *(["made grey"] if colour else [])))
    size = size or _one_size(where, sizes)
    inverted = preparation.invert == "yes" or (preparation.invert == "auto" and depth == 1 and seen.white_ground)
    framing = Framing("whole", *size, depth, inverted)
    return Choice("whole", framing, (*notes, *_changes(sizes, framing, colour)))


def _look(sample: Iterable[tuple[Picture, Any]], asked: str) -> _Sample:
    seen = _Sample()
    for picture, label in sample:
        seen.pictures += 1
        seen.border_levels += np.bincount(border(picture.grey[..., np.newaxis]).ravel(), minlength=256)
        if asked == "whole":
            continue
        if find_mnist_image(picture) is not None:
            seen.in_form += 1
            seen.single += 1
        elif asked == "auto" and seen.others <= (1 - SINGLE) * SAMPLE:
            single = _is_single_mark(picture)
            seen.single += single
            seen.others += not single
        if asked == "auto":
            seen.thumbnails.append(letterbox(picture.pixels, THUMBNAIL, THUMBNAIL, 3))
            seen.labels.append(label)
    return seen


def _is_single_mark(picture: Picture) -> bool:
    """Whether the picture holds one mark of pen strokes."""
    from lenet.pictures.contrast import find_marks

    marks = find_marks(picture).marks
    return len(marks) == 1 and frame_mark(marks[0].strength).digit_shaped


def _judge(seen: _Sample) -> tuple[str, str]:
    """``mark`` or ``whole``, and why."""
    if seen.single < SINGLE * seen.pictures or not seen.pictures:
        others = f"{seen.others} of the first {seen.others + seen.single} pictures looked at"
        return "whole", f"{others} hold something else than one mark of pen strokes"
    return "mark", f"{seen.single} of {seen.pictures} pictures looked at hold one mark of pen strokes"


def _depth(seen: _Sample) -> tuple[int, str]:
    """3 when colour tells the classes apart clearly better than grey does, else 1; and why.

    Each thumbnail is given to the class of the nearest mean thumbnail of the others, once in colour, once in grey. The
    difference must be larger than twice its standard error, by the pictures that only one of them gets right.
    """
    colour = np.array(seen.thumbnails, np.float64).reshape(len(seen.labels), -1, 3)
    in_colour, in_grey = (_nearest_mean(it, seen.labels) for it in (colour, colour.mean(axis=2, keepdims=True)))
    gained, lost = int((in_colour & ~in_grey).sum()), int((in_grey & ~in_colour).sum())
    compared = f"nearest class mean right for {in_colour.sum()} of {len(in_colour)}, in grey for {in_grey.sum()}"
    if gained - lost > 2 * np.sqrt(gained + lost):
        return 3, f"colours tell the classes apart: {compared}"
    return 1, f"grey, since colours do not tell the classes apart better: {compared}"


def _nearest_mean(thumbnails: npt.NDArray[np.float64], labels: list[Any]) -> npt.NDArray[np.bool_]:
    """Whether the nearest class mean is that of each thumbnail's own class, to which it does not count itself."""
    features = thumbnails.reshape(len(thumbnails), -1)
    _, own = np.unique(np.array(labels), return_inverse=True)
    counts = np.bincount(own)
    means = np.eye(len(counts))[own].T @ features / counts[:, np.newaxis]
    distances = ((features[:, np.newaxis] - means) ** 2).sum(axis=2)
    # Without itself, the mean is farther from it by this factor; a class of a single picture has none.
    factor = np.array([(count / (count - 1)) ** 2 if count > 1 else np.inf for count in counts.tolist()])
    rows = np.arange(len(own))
    distances[rows, own] = np.maximum(distances[rows, own], 1e-9) * factor[own]
    return np.asarray(distances.argmin(axis=1) == own)


def _one_size(where: str, sizes: Mapping[tuple[int, int], str]) -> tuple[int, int]:
    if len(sizes) > 1:
        (first, one), (second, other) = list(sizes.items())[:2]
        raise LenetError(
            f"{where}: pictures of {len(sizes)} sizes, such as {first[1]}×{first[0]} ({one}) and "
            f"{second[1]}×{second[0]} ({other}); pass --size, such as --size 28x28"
        )
    return next(iter(sizes))


def _changes(sizes: Iterable[tuple[int, int]], framing: Framing, colour: bool) -> list[str]:
    """In words, what framing does to pictures of these ``sizes``."""
    notes = []
    size = (framing.height, framing.width)
    if others := sorted(set(sizes) - {size}):
        named = ", ".join(f"{width}×{height}" for height, width in others[:3]) + " …" * (len(others) > 3)
        notes.append(f"scaled to {size[1]}×{size[0]}, proportions kept, from {named}")
    if colour != (framing.depth == 3):
        notes.append("made grey" if colour else "grey made colour")
    if framing.inverted:
        notes.append("inverted: the ground was white")
    return notes
