"""Which framing suits a data set: a sample of its pictures decides."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lenet.datasets.preparation import Preparation
from lenet.errors import LenetError
from lenet.pictures.framing import Framing, FramingKind
from lenet.pictures.letterbox import border
from lenet.pictures.mark import IMAGE, find_mnist_image, frame_mark
from lenet.pictures.picture import Picture

# Pictures in the sample.
SAMPLE = 200
# Share of the sample that must hold one mark each, or be in MNIST's form.
SINGLE, IN_FORM = 0.98, 0.95
# Spread of the ink's colour over the pictures, as a share of its contrast, above which colour tells classes apart.
COLOURS = 0.25


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
    ink_colours: list[npt.NDArray[np.float64]] = field(default_factory=list)

    @property
    def white_ground(self) -> bool:
        """Whether the median of the border pixels is above 127."""
        return bool(np.searchsorted(np.cumsum(self.border_levels), self.border_levels.sum() / 2) > 127)

    @property
    def several_colours(self) -> bool:
        return bool(np.sqrt(np.var(self.ink_colours, axis=0).sum()) > COLOURS) if self.ink_colours else False


def sample_indices(count: int) -> list[int]:
    """Which of ``count`` pictures are in the sample: at most 200, evenly spaced, as many sources are sorted."""
    return sorted(set(np.linspace(0, count - 1, min(count, SAMPLE)).round().astype(int).tolist()))


def choose(
    where: str,
    preparation: Preparation,
    sizes: Mapping[tuple[int, int], str],
    colour: bool,
    sample: Iterable[Picture],
) -> Choice:
    """Decide how pictures become images.

    ``auto`` is ``mark`` when nearly all pictures of the sample hold one mark of pen strokes each, in ink of one colour.

    Args:
        where: The source, for messages.
        preparation: What is asked.
        sizes: Heights and widths of the pictures, each with the name of one that has it.
        colour: Whether a picture has colours.
        sample: Pictures of the training part.

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
    if asked == "auto":
        asked, reason = _judge(seen)
        notes = [f"framing {asked}: {reason}"]
    if asked == "mark":
        framing = Framing("mark", *(preparation.size or (IMAGE, IMAGE)), 1)
        return Choice("mark", framing, (*notes, *(["made grey"] if colour else [])))
    size = preparation.size or _one_size(where, sizes)
    depth = preparation.depth or (3 if colour else 1)
    inverted = preparation.invert == "yes" or (preparation.invert == "auto" and depth == 1 and seen.white_ground)
    framing = Framing("whole", *size, depth, inverted)
    return Choice("whole", framing, (*notes, *_changes(sizes, framing, colour)))


def _look(sample: Iterable[Picture], asked: str) -> _Sample:
    seen = _Sample()
    for picture in sample:
        seen.pictures += 1
        seen.border_levels += np.bincount(border(picture.grey[..., np.newaxis]).ravel(), minlength=256)
        if asked == "whole":
            continue
        if find_mnist_image(picture) is not None:
            seen.in_form += 1
            seen.single += 1
        elif asked == "auto" and seen.others <= (1 - SINGLE) * SAMPLE:
            ink_colour = _single_mark(picture)
            if ink_colour is None:
                seen.others += 1
            else:
                seen.single += 1
                seen.ink_colours.append(ink_colour)
    return seen


def _single_mark(picture: Picture) -> npt.NDArray[np.float64] | None:
    """The ink's colour, relative to its contrast, of a picture that holds one mark of pen strokes; else None."""
    from lenet.pictures.contrast import find_marks

    found = find_marks(picture)
    if len(found.marks) != 1 or not frame_mark(found.marks[0].strength).digit_shaped:
        return None
    pixels, inked = found.pixels.astype(np.float64), found.mask
    contrast = pixels[inked].mean(axis=0) - pixels[~inked].mean(axis=0)
    return np.asarray((contrast - contrast.mean()) / max(1.0, float(np.abs(contrast).max())))


def _judge(seen: _Sample) -> tuple[str, str]:
    """``mark`` or ``whole``, and why."""
    if seen.single < SINGLE * seen.pictures or not seen.pictures:
        others = f"{seen.others} of the first {seen.others + seen.single} pictures looked at"
        return "whole", f"{others} hold something else than one mark of pen strokes"
    if seen.several_colours:
        return "whole", "the ink's colour differs from picture to picture"
    return "mark", f"{seen.single} of {seen.pictures} pictures looked at hold one mark of pen strokes"


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
