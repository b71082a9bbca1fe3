"""Framing: how a picture becomes the image that a network sees. Training and reading use the same one."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from lenet.errors import LenetError

if TYPE_CHECKING:
    from lenet.pictures.picture import Picture, Pixels

FramingKind = Literal["mark", "whole"]


@dataclass(frozen=True)
class Framing:
    """The one way from pictures to images of a network.

    Attributes:
        kind: ``mark`` takes the ink of one character and brings it to MNIST's form. ``whole`` takes the whole picture,
            letterboxed.
        height: Of the images in pixels.
        width: Of the images in pixels.
        depth: Channels of the images: 1 (grey) or 3 (colour); ``mark`` has only grey ones.
        inverted: Whether ``whole`` inverts pictures; ``mark`` sees for itself which tone is the ink's.

    Raises:
        LenetError: for a colour ``mark``.
    """

    kind: FramingKind
    height: int
    width: int
    depth: int
    inverted: bool = False

    def __post_init__(self) -> None:
        """Refuse colour marks."""
        if self.kind == "mark" and self.depth != 1:
            raise LenetError(f"framing mark gives grey images, not {self.depth} channels; use depth 1 or framing whole")

    def frame(self, picture: "Picture") -> "Pixels":
        """The image of a picture, uint8 ``(height, width, depth)``.

        With ``mark``, all ink of the picture is one character. A picture in MNIST's form stays as it is.
        """
        if self.kind == "whole":
            from lenet.pictures.letterbox import letterbox

            image = letterbox(picture.pixels, self.height, self.width, self.depth)
            return 255 - image if self.inverted else image
        ready = self.find_ready(picture)
        if ready is not None:
            return ready

        from lenet.pictures.contrast import find_marks
        from lenet.pictures.mnist_form import frame_mark

        return frame_mark(find_marks(picture).joined().strength, self.height, self.width).image[..., np.newaxis]

    def find_ready(self, picture: "Picture") -> "Pixels | None":
        """The image of a picture that is in MNIST's form, if that is what ``mark`` shall give; else None."""
        from lenet.pictures.mnist_form import IMAGE, find_mnist_image

        if (self.height, self.width) != (IMAGE, IMAGE):
            return None
        image = find_mnist_image(picture)
        return None if image is None else image[..., np.newaxis]
