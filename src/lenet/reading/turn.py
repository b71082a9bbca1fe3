"""Which way up a picture is, as its marks are digits, and how far it is tilted, as these stand in lines."""

import numpy as np

from lenet.pictures.detect import DIGITS, detect_at
from lenet.pictures.marks import FoundMarks
from lenet.pictures.picture import Picture
from lenet.reading.lines import writing_height

# Where the finder doubts the digits more than this, the picture may be turned. It is when another turn leaves less than
# so much of the doubt. Fewer characters tell nothing.
DOUBTFUL, LESS, FEWEST = 0.1, 0.33, 4
# Upside down, many letters look somewhat like digits: either hardly any doubt is left, or so much less.
SURE, MUCH_LESS = 0.05, 0.15
# Lines that slope by more degrees than this tilt a picture, where it has so many marks, or so many on one line.
TILTED, ENOUGH, FEWEST_IN_LINE = 5.0, 6, 3
# So many marks tell how far; between all of thousands there are millions of ways.
TELLING = 300
# A part of the picture tells as much as the whole: its sides are so long at most, in pixels of what is looked at.
PART = 700


def quarters_to_turn(picture: Picture, size: int, found: FoundMarks) -> int:
    """By how many quarters, counterclockwise, a picture must be turned for its marks to be digits.

    Args:
        picture: as it is.
        size: in which it is looked at, pixels of the longer side.
        found: the marks that the finder sees then.
    """
    doubt = _doubt(found)
    if doubt is None or doubt < DOUBTFUL:
        return 0
    part = _part(picture, found)
    size = round(size * max(part.pixels.shape[:2]) / max(picture.pixels.shape[:2]))
    looks = (_doubt(detect_at(part.turned(90 * quarters), size)) for quarters in range(4))
    doubts = [1.0 if each is None else each for each in looks]
    least = int(np.argmin(doubts))
    less = MUCH_LESS if least == 2 and doubts[least] >= SURE else LESS
    return least if doubts[least] < less * min(doubt, doubts[0]) else 0


def tilt(found: FoundMarks) -> float:
    """By how many degrees, counterclockwise, a picture must be turned for the lines of its marks to be level.

    The median direction from each mark to the nearest on its right; 0 where that is small, or marks are few and not on
    one line.
    """
    marks = [mark for mark in found.marks if not mark.separator]
    if len(marks) < FEWEST_IN_LINE:
        return 0.0
    middles = np.array([complex(*mark.centre) for mark in marks])
    some = middles[:: 1 + len(middles) // TELLING]
    ways = middles - some[:, np.newaxis]
    right = np.abs(ways.imag) < ways.real
    near = np.where(right, np.abs(ways), np.inf).argmin(axis=1)
    first = np.flatnonzero(right.any(axis=1))
    degrees = float(np.degrees(np.median(np.angle(ways[first, near[first]])))) if len(first) else 0.0
    down = (middles * np.exp(-1j * np.radians(degrees))).imag
    on_one_line = np.ptp(down) < writing_height(marks)
    return degrees if abs(degrees) > TILTED and (len(marks) >= ENOUGH or on_one_line) else 0.0


def _part(picture: Picture, found: FoundMarks) -> Picture:
    """The part around the middle of most marks."""
    height, width = picture.pixels.shape[:2]
    middle = np.median([mark.centre for mark in found.marks], axis=0)
    side = max(1, round(PART / found.zoom))
    corner = np.rint((middle - PART / 2) / found.zoom).astype(int)
    left, top = np.clip(corner, 0, (max(0, width - side), max(0, height - side))).tolist()
    pixels = picture.pixels[top : top + side, left : left + side]
    width, height = (round(side * picture.scale) for side in pixels.shape[1::-1])
    return Picture(pixels, picture.scale, (width, height))


def _doubt(found: FoundMarks) -> float | None:
    """What the finder's highest probability of a digit lacks, the mean over the characters; None where they are few."""
    digits = [mark.kinds[:DIGITS] for mark in found.marks if mark.kinds is not None and not mark.separator]
    return 1 - float(np.max(digits, axis=1).mean()) if len(digits) >= FEWEST else None
