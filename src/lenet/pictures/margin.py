"""Small pictures, which are crops of a digit or two, enlarged and with a margin of their own paper."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]

# A picture whose longer side is below this is a crop, in which ink may reach the border.
SMALL = 256
# Smaller ones are drawn at least so large, since a stroke of two pixels has no shape to find.
DRAWN = 80
# On each side, as a share of the longer one.
MARGIN = 0.2
# Least share of the border that is plain paper, and the distance of plain paper from its median in grey levels.
PLAIN, TOLERANCE = 0.5, 24


class Sheet(NamedTuple):
    """A picture, ready to look for ink on.

    Attributes:
        pixels: uint8 ``(height, width, 3)``, perhaps enlarged, perhaps with a margin.
        zoom: Pixels of the sheet to one of the picture.
        margin: Width on each side, in pixels of the sheet.
    """

    pixels: Pixels
    zoom: int
    margin: int

    def without(self, stage: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Cut the margin off an array ``(height, width[, 3])`` of the sheet's size."""
        height, width = self.pixels.shape[:2]
        return stage[self.margin : height - self.margin, self.margin : width - self.margin]


def with_margin(pixels: Pixels) -> Sheet:
    """Enlarge a small picture ``(height, width, 3)`` and give it a margin of its paper; others stay as they are."""
    height, width, _ = pixels.shape
    longer = max(height, width)
    zoom = max(1, -(-DRAWN // longer))
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]).astype(np.int64)
    paper = np.median(border, axis=0).astype(int)
    plain = float(np.mean(np.abs(border - paper).max(axis=1) <= TOLERANCE))
    if longer >= SMALL or (zoom == 1 and plain < PLAIN):
        return Sheet(pixels, 1, 0)
    size = (width * zoom, height * zoom)
    margin = round(MARGIN * zoom * longer)
    sheet = Image.new("RGB", (size[0] + 2 * margin, size[1] + 2 * margin), tuple(paper.tolist()))
    sheet.paste(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC), (margin, margin))
    return Sheet(np.asarray(sheet), zoom, margin)
