"""How pictures come: in which size, grey or in colour, with which polarity."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from lenet.datasets.dataset import Dataset, Images
from lenet.datasets.store import room
from lenet.errors import LenetError

INVERT = ("auto", "yes", "no")
LARGEST_SIDE = 4096
# Pictures that are looked at to tell paper from black ground; evenly spread, as many sources are sorted.
LOOKED_AT = 1000


@dataclass(frozen=True)
class Preparation:
    """What is asked of the pictures.

    Attributes:
        size: height and width to resize to; None keeps the pictures' own, which must then be all the same.
        depth: 1 for grey, 3 for colour; None keeps the pictures' own.
        invert: ``yes``, ``no``, or ``auto``: grey pictures are inverted when their ground is white (see ``is_paper``).
    """

    size: tuple[int, int] | None = None
    depth: int | None = None
    invert: str = "auto"

    def __post_init__(self) -> None:
        """Refuse what no picture can be.

        Raises:
            LenetError: names the value at fault.
        """
        if self.size is not None and not all(1 <= side <= LARGEST_SIDE for side in self.size):
            raise LenetError(f"size {self.size[1]}x{self.size[0]}: sides are 1 to {LARGEST_SIDE} pixels")
        if self.depth not in (None, 1, 3):
            raise LenetError(f"depth {self.depth}: it is 1 (grey) or 3 (colour)")
        if self.invert not in INVERT:
            raise LenetError(f"invert {self.invert!r} is none of {', '.join(INVERT)}")

    def inverts(self, depth: int, borders: npt.NDArray[np.uint8]) -> bool:
        """Whether pictures of that ``depth`` with these border pixels are to be inverted."""
        return self.invert == "yes" or (self.invert == "auto" and depth == 1 and is_paper(borders))


def parse_size(text: str) -> tuple[int, int]:
    """Height and width from ``28x28``, width first as pictures are spoken of.

    Raises:
        LenetError: when it is not two numbers.
    """
    try:
        width, height = (int(side) for side in text.lower().replace("×", "x").split("x"))
    except ValueError:
        raise LenetError(f"size {text!r} is not WIDTHxHEIGHT in pixels, such as 28x28") from None
    return height, width


def border(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The outermost pixels of images ``(..., height, width, depth)``, as ``(pixels, depth)``."""
    edges = (image[..., 0, :, :], image[..., -1, :, :], image[..., :, 0, :], image[..., :, -1, :])
    return np.concatenate([edge.reshape(-1, image.shape[-1]) for edge in edges])


def is_paper(borders: npt.NDArray[np.uint8]) -> bool:
    """Whether the ground is white: the median of the border pixels lies in the brighter half."""
    return bool(np.median(borders) > 127)


def looked_at(count: int) -> range:
    """Which of ``count`` pictures are looked at to tell the ground."""
    return range(0, count, max(1, count // LOOKED_AT))


def fit(picture: Image.Image, size: tuple[int, int], depth: int) -> Images:
    """A picture in mode L or RGB as ``(height, width, depth)``.

    It is scaled until it fits, its proportions kept, and centred; the margin takes the median colour of its border.
    """
    mode = "L" if depth == 1 else "RGB"
    picture = picture if picture.mode == mode else picture.convert(mode)
    height, width = size
    if picture.size != (width, height):
        scale = min(width / picture.width, height / picture.height)
        inner = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        ground = np.median(border(as_array(picture)), axis=0).astype(int)
        sheet = Image.new(picture.mode, (width, height), tuple(ground.tolist()))
        scaled = picture.resize(inner, Image.Resampling.BILINEAR)
        sheet.paste(scaled, ((width - inner[0]) // 2, (height - inner[1]) // 2))
        picture = sheet
    return as_array(picture)


def as_array(picture: Image.Image) -> Images:
    """A picture in mode L or RGB as uint8 ``(height, width, depth)``."""
    pixels = np.asarray(picture)
    return pixels[..., np.newaxis] if pixels.ndim == 2 else pixels


def as_picture(image: Images) -> Image.Image:
    """A uint8 image ``(height, width, 1 or 3)`` as a picture in mode L or RGB."""
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


def prepare(dataset: Dataset, preparation: Preparation) -> Dataset:
    """Bring arrays of pixels into the form that is asked.

    Raises:
        LenetError: when there is no room for it.
    """
    size = preparation.size or (dataset.height, dataset.width)
    depth = preparation.depth or dataset.depth
    chosen = looked_at(len(dataset))
    sample = dataset.images[chosen.start : chosen.stop : chosen.step]
    inverts = preparation.inverts(depth, border(sample))
    reshaped = (*size, depth) != dataset.images.shape[1:]
    if not (reshaped or inverts):
        return dataset
    images = room((len(dataset), *size, depth))
    for index, image in enumerate(dataset.images):
        images[index] = fit(as_picture(image), size, depth) if reshaped else image
        if inverts:
            np.subtract(255, images[index], out=images[index])
    notes = changes({(dataset.height, dataset.width)}, size, dataset.depth, depth, inverts)
    return replace(dataset, images=images, notes=(*dataset.notes, *notes))


def changes(
    sizes: Iterable[tuple[int, int]], size: tuple[int, int], had_depth: int, depth: int, inverts: bool
) -> list[str]:
    """In words, what was done to pictures of these ``sizes``."""
    notes = []
    others = sorted(set(sizes) - {size})
    if others:
        named = ", ".join(f"{width}×{height}" for height, width in others[:3]) + " …" * (len(others) > 3)
        notes.append(f"scaled to {size[1]}×{size[0]}, proportions kept, from {named}")
    if depth != had_depth:
        notes.append("made grey" if depth == 1 else "grey made colour")
    if inverts:
        notes.append("inverted: the ground was white")
    return notes
