"""Which way up a picture is: as its marks are digits."""

import numpy as np

from lenet.pictures.detect import DIGITS, detect_at
from lenet.pictures.marks import FoundMarks
from lenet.pictures.picture import Picture

# Where the finder doubts the digits more than this, the picture may be turned. It is when another turn leaves less than
# so much of the doubt. Fewer marks tell nothing.
DOUBTFUL, LESS, FEWEST = 0.1, 0.33, 4


def quarters_to_turn(picture: Picture, size: int, found: FoundMarks) -> int:
    """By how many quarters, counterclockwise, a picture must be turned for its marks to be digits.

    Args:
        picture: as it is.
        size: in which it is looked at, pixels of the longer side.
        found: the marks that the finder sees then.
    """
    doubt = _doubt(found)
    if doubt < DOUBTFUL or len(found.marks) < FEWEST:
        return 0
    turned = {quarters: _doubt(detect_at(picture.turned(quarters), size)) for quarters in (1, 2, 3)}
    least = min(turned, key=lambda quarters: turned[quarters])
    return least if turned[least] < LESS * doubt else 0


def _doubt(found: FoundMarks) -> float:
    """What the finder's highest probability of a digit lacks, the mean over the marks; 1 where they are few."""
    if len(found.marks) < FEWEST:
        return 1.0
    return float(np.mean([1 - mark.kinds[:DIGITS].max() for mark in found.marks if mark.kinds is not None]))
