"""What is asked of the pictures of a data set."""

from dataclasses import dataclass

from lenet.errors import LenetError

INVERT = ("auto", "yes", "no")
FRAMINGS = ("auto", "mark", "whole")
LARGEST_SIDE = 4096


@dataclass(frozen=True)
class Preparation:
    """What is asked of the pictures of a data set.

    Attributes:
        size: Height and width of the images; None for 28×28 with framing ``mark``, and for the pictures' own size with
            ``whole``, which must then be the same for all, unless ``auto`` chose it.
        depth: 1 for grey, 3 for colour; None keeps the pictures' own, unless the framing is ``auto``.
        invert: ``yes``, ``no``, or ``auto``, which inverts grey pictures on a white ground. Only for ``whole``.
        framing: ``mark``, ``whole``, or ``auto``, which chooses: see ``lenet.datasets.choose_framing``.

    Raises:
        LenetError: for a value that no picture can have; names it.
    """

    size: tuple[int, int] | None = None
    depth: int | None = None
    invert: str = "auto"
    framing: str = "auto"

    def __post_init__(self) -> None:
        if self.size is not None and not all(1 <= side <= LARGEST_SIDE for side in self.size):
            raise LenetError(f"size {self.size[1]}x{self.size[0]}: sides are 1 to {LARGEST_SIDE} pixels")
        if self.depth not in (None, 1, 3):
            raise LenetError(f"depth {self.depth}: it is 1 (grey) or 3 (colour)")
        if self.invert not in INVERT:
            raise LenetError(f"invert {self.invert!r} is none of {', '.join(INVERT)}")
        if self.framing not in FRAMINGS:
            raise LenetError(f"framing {self.framing!r} is none of {', '.join(FRAMINGS)}")
        if self.framing == "mark" and self.depth == 3:
            raise LenetError("framing mark makes pictures grey; leave out depth 3, or choose framing whole")


def parse_size(text: str) -> tuple[int, int]:
    """Height and width from ``28x28``, width first; LenetError when it is not two numbers."""
    try:
        width, height = (int(side) for side in text.lower().replace("×", "x").split("x"))
    except ValueError:
        raise LenetError(f"size {text!r} is not WIDTHxHEIGHT in pixels, such as 28x28") from None
    return height, width
