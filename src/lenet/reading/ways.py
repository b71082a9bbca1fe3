"""A picture → its marks as several ways of looking agree on them: by contrast, and by the finder in several sizes."""

import numpy as np
from scipy import ndimage

from lenet.model.runtime import Model
from lenet.pictures.contrast import find_marks
from lenet.pictures.detect import box_of_only_mark, detect_at, largest_size, writing_sizes
from lenet.pictures.ink import Mask
from lenet.pictures.picture import Picture
from lenet.reading.agreement import LEAST_HEIGHT, agreed, seen_by
from lenet.reading.lines import Floats
from lenet.reading.mark_reading import MarkReading, read_found
from lenet.reading.turn import quarters_to_turn, tilt

# The picture is also looked at in sizes near the best: what is writing is read alike.
NEAR = (0.74, 1.35)
# But not where there are more marks than this, which would take seconds.
MOST_LOOKED_AT_AGAIN = 400
# What is detected with this share of its ink on a lone character is a fragment of it.
FRAGMENT = 0.5
# Unless it is one digit with so much evidence and so high, in heights of the lone character: of blurred digits, the
# finder sees pieces with less.
SURE, HIGH = 0.8, 0.2
# Or several, with so much more evidence than the lone character.
MORE = 1.5
# The only mark is digits that touch rules where nearly all of its ink is detected as either, and so much as rules.
EITHER, RULED = 0.9, 0.2
# Edges of the same mark are no farther apart, in its height.
SAME = 0.25
# A tilted picture is turned where that leaves so much of the evidence.
AS_WELL = 0.95


def read_marks(picture: Picture, model: Model, digits: bool, upright: bool = False) -> MarkReading:
    """Find the marks by contrast, and where the classes are ``digits``, detect them; take what all ways agree on.

    Training finds the ink of its pictures by contrast, too: so a picture of one character is framed as in training.
    Unless it is known to be ``upright`` with several marks on it, the picture is turned where its marks are digits then
    and not as it is, or where its lines slope.
    """
    found = find_marks(picture, digits)
    contrast, rings = read_found(found, model, digits), found.rings
    alone = not upright and len(contrast.boxes) == 1
    # The only mark may be a frame, or the sheet itself, with others on it, or run into a line of the paper.
    seen = box_of_only_mark(picture, contrast.boxes[0], rings) if digits and alone else None
    one = seen is not None and _same(seen, contrast.boxes[0]) and not _crosses(picture, contrast.boxes[0])
    if (one and not _has_more(contrast)) or not digits:
        return contrast.all_unknown_if_many_are(contrast.characters)

    def detected(size: int) -> MarkReading:
        return read_found(detect_at(picture, size, rings), model, digits)

    (size, *more), unseen = writing_sizes(picture, rings)
    # What a way looked at takes much memory: only that of the best is kept.
    best, others, beyond = detected(size), [], []
    if not upright and (quarters := quarters_to_turn(picture, size, best.found)):
        return read_marks(picture.turned(90 * quarters), model, digits, upright=True)._replace(degrees=90 * quarters)
    for other in more:
        way = detected(other)
        if way.evidence > best.evidence:
            best, way, size = way, best, other
        others.append(seen_by(way))
    fragments = alone and (seen is not None or _are_fragments(best, contrast)) and not _touches_rules(best, contrast)
    if fragments and not _is_one_digit(best, contrast) and not _are_several(best, contrast):
        return contrast
    if not upright and (degrees := tilt(best.found)):
        level = picture.turned(degrees)
        way = read_found(detect_at(level, round(best.found.zoom * max(level.pixels.shape[:2]))), model, digits)
        if way.evidence > AS_WELL * best.evidence:
            return read_marks(level, model, digits, upright=True)._replace(degrees=degrees)
    contrast = contrast.off_rules_of(best.found)
    # What is detected on noise is unknown. Two digits that touch may be detected as one.
    clearer = contrast.evidence > len(best.boxes) and (best.evidence <= 0 or _divides(contrast, best))
    if clearer or (best.evidence <= 0 and not (best.lines and contrast.lines)):
        best, contrast = contrast, best
    others.append(seen_by(contrast))
    if best.lines and max(len(way.answers) for way in (seen_by(best), *others)) <= MOST_LOOKED_AT_AGAIN:
        others += [seen_by(detected(other)) for other in _near(picture, size)]
        if unseen and (way := detected(unseen)).evidence > 0:
            beyond = [seen_by(way), *(seen_by(detected(other)) for other in _near(picture, unseen))]
    return agreed(best, others, beyond).in_table()


def _near(picture: Picture, size: int) -> list[int]:
    """Sizes near one."""
    return sorted({min(largest_size(picture), max(1, round(factor * size))) for factor in NEAR} - {size})


def _same(one: Floats, other: Floats) -> bool:
    """Whether two boxes ``(4,)`` are of the same mark."""
    return bool((np.abs(one - other) < SAME * (other[3] - other[1])).all())


def _crosses(picture: Picture, box: Floats) -> bool:
    """Whether a box ``(4,)`` reaches from edge to edge, across or down, as lines of the paper do."""
    size = np.array(picture.pixels.shape[1::-1])
    return bool(((box[:2] <= 1) & (box[2:] >= size - 1)).any())


def _has_more(contrast: MarkReading) -> bool:
    """Whether ink beside the only mark is as high as digits are, though too low for a mark beside this one."""
    rest = contrast.found.mask & ~ndimage.binary_dilation(_inked(contrast), np.ones((3, 3)))
    pieces, _ = ndimage.label(rest, np.ones((3, 3)))
    least = LEAST_HEIGHT * contrast.found.zoom
    extents = [(rows.stop - rows.start, columns.stop - columns.start) for rows, columns in ndimage.find_objects(pieces)]
    return any(height >= max(least, width / 2) for height, width in extents)


def _touches_rules(detected: MarkReading, contrast: MarkReading) -> bool:
    """Whether the only mark which contrast shows is detected as rules with digits on them."""
    found = detected.found
    places = _places(contrast) * found.zoom
    on_rules = _at(ndimage.binary_dilation(found.rules), places * found.rule_zoom)
    either = on_rules | _at(ndimage.binary_dilation(_inked(detected)), places)
    return bool(either.mean() > EITHER and on_rules.mean() > RULED)


def _is_one_digit(detected: MarkReading, contrast: MarkReading) -> bool:
    """Whether one digit is detected, and is no grain of the only mark which contrast shows."""
    if len(detected.characters) != 1 or detected.evidence < SURE:
        return False
    high, whole = (float(np.ptp(way.boxes[:, 1::2], axis=1).max()) for way in (detected, contrast))
    return high > HIGH * whole


def _divides(contrast: MarkReading, detected: MarkReading) -> bool:
    """Whether contrast shows nothing but known digits, each in a mark that is detected."""
    middles = (contrast.boxes[:, np.newaxis, :2] + contrast.boxes[:, np.newaxis, 2:]) / 2
    inside = np.all((detected.boxes[:, :2] < middles) & (middles < detected.boxes[:, 2:]), axis=2)
    known = not any(contrast.answered[mark].unknown for mark in contrast.characters)
    return known and bool(np.any(inside, axis=1).all())


def _are_several(detected: MarkReading, contrast: MarkReading) -> bool:
    """Whether several digits are detected, most of them known, and no pieces of the only mark which contrast shows."""
    more = detected.evidence - max(0.0, contrast.evidence)
    return more > max(MORE, len(detected.characters) / 2)


def _are_fragments(detected: MarkReading, contrast: MarkReading) -> bool:
    """Whether the ink that is detected, if any, is that of the only mark which contrast shows."""
    if not detected.lines:
        return True
    places = _places(detected) * contrast.found.zoom + contrast.found.margin
    return bool(_at(_inked(contrast), places).mean() > FRAGMENT)


def _places(way: MarkReading) -> Floats:
    """Where the ink of all marks is: rows and columns ``(n, 2)`` in pixels of the picture."""
    marks = [mark for line in way.lines for mark in line]
    places = np.concatenate([np.argwhere(mark.strength > 0.5) + mark.box[1::-1] + 0.5 for mark in marks])
    return np.asarray((places - way.found.margin) / way.found.zoom)


def _inked(way: MarkReading) -> Mask:
    """Whether there is ink of a mark, as large as what was looked at."""
    inked = np.zeros_like(way.found.mask)
    for mark in (mark for line in way.lines for mark in line):
        left, top, right, bottom = mark.box
        inked[top:bottom, left:right] |= mark.strength > 0.5
    return inked


def _at(mask: Mask, places: Floats) -> Mask:
    """What a mask is at rows and columns ``(n, 2)``, those beyond its edge at the edge."""
    row, column = np.clip(places, 0, np.array(mask.shape) - 1).astype(int).T
    return np.asarray(mask[row, column])
