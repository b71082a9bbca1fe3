"""A picture → its marks by contrast: what is inked, less the lines of the paper, joined to characters.

Training frames pictures of one character in this way; reading compares it with ``detect.py``.
"""

from dataclasses import replace

import numpy as np
from PIL import Image
from scipy import ndimage

from lenet.pictures.ink import find_contrast, find_ink
from lenet.pictures.margin import with_margin
from lenet.pictures.marks import FoundMarks, Mark
from lenet.pictures.picture import Picture
from lenet.pictures.rings import find_rings
from lenet.pictures.rules import find_rules
from lenet.pictures.segment import segment

# Beside a stroke, less than this share of the usual contrast is none; an edge has none along this share of its rim.
FAINT, AS_DARK = 0.25, 0.09


def find_marks(picture: Picture, digits: bool = False) -> FoundMarks:
    """Find the ink of a picture and join it to marks; rings around ``digits`` are no marks."""
    sheet = with_margin(picture.pixels)
    contrast = find_contrast(sheet.pixels)
    rules = np.zeros(contrast.values.shape, bool)
    if sheet.zoom == 1:  # the margin has no lines, and what is enlarged is too small for any
        sheet.without(rules)[:] = find_rules(replace(contrast, values=sheet.without(contrast.values)))
    ink = find_ink(contrast, rules)
    rings = None
    if digits:
        rings, connected = find_rings(ink.mask)
        ink = replace(ink, mask=ink.mask & ~connected)
        rings = sheet.without(ndimage.binary_dilation(rings, np.ones((3, 3))))  # with the soft rim of their strokes
    found = FoundMarks(segment(ink), sheet.pixels, ink.strength, ink.mask, sheet.zoom, sheet.margin, rings=rings)
    return replace(found, marks=[mark for mark in found.marks if not (digits and is_edge(found, mark))])


def is_edge(found: FoundMarks, mark: Mark) -> bool:
    """Whether a mark is the edge of a sheet or a shadow: on one of its sides, the picture is as dark as the mark."""
    left, top, right, bottom = mark.box
    ink = mark.strength > 0.5
    beside = max(2.0, 0.5 * float(np.percentile(ndimage.distance_transform_edt(np.pad(ink, 1))[1:-1, 1:-1][ink], 90)))
    margin = round(beside) + 2
    first, before = max(0, top - margin), max(0, left - margin)
    window = np.s_[first : bottom + margin, before : right + margin]
    own = np.zeros_like(found.mask[window])
    own[top - first : bottom - first, left - before : right - before] = ink
    grey = ndimage.gaussian_filter(np.asarray(Image.fromarray(found.pixels[window]).convert("L"), np.float32), 1)
    away, nearest = ndimage.distance_transform_edt(~own, return_indices=True)
    row, column = np.nonzero((beside < away) & (away <= beside + 1.5) & ~found.mask[window])
    contrast = grey[row, column] - grey[tuple(nearest[:, row, column])]
    usual = float(np.median(contrast)) if len(contrast) else 0.0
    return bool((contrast * np.sign(usual) < FAINT * abs(usual)).mean() > AS_DARK)
