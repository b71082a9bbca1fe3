"""A picture → its marks by contrast: what is inked, less the lines of the paper, joined to characters.

Training frames pictures of one character in this way; reading compares it with ``detect.py``.
"""

from dataclasses import replace

import numpy as np
from scipy import ndimage

from lenet.pictures.ink import find_contrast, find_ink
from lenet.pictures.margin import with_margin
from lenet.pictures.marks import FoundMarks
from lenet.pictures.picture import Picture
from lenet.pictures.rings import find_rings
from lenet.pictures.rules import find_rules
from lenet.pictures.segment import segment


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
    return FoundMarks(segment(ink), sheet.pixels, ink.strength, ink.mask, sheet.zoom, sheet.margin, rings=rings)
