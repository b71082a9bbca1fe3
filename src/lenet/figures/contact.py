"""The contact sheet of a data set."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from lenet.figures.style import drawing, show_image

# Pixels between two images, as a share of an image's side.
GAP = 0.12
LONGEST_SHOWN = 24


def contact(title: str, rows: Sequence[npt.NDArray[np.uint8]], class_names: Sequence[str]) -> Figure:
    """A row of images for each class.

    Args:
        title: stands above.
        rows: a class's images ``(n, height, width, depth)``, some perhaps fewer than others.
        class_names: one a row.
    """
    height, width, depth = rows[0].shape[1:]
    gap = max(1, round(GAP * max(height, width)))
    down, across = height + gap, width + gap
    columns = max(len(images) for images in rows)
    # Empty paper: grey images are drawn as ink, so that 0 is white there.
    sheet = np.full((len(rows) * down - gap, columns * across - gap, depth), 0 if depth == 1 else 255, np.uint8)
    for row, images in enumerate(rows):
        for column, image in enumerate(images):
            sheet[row * down : row * down + height, column * across : column * across + width] = image
    longest = min(LONGEST_SHOWN, max(len(name) for name in class_names))
    scale = max(0.28, min(0.6, 5 / columns))  # inches an image
    size = (columns * scale * across / down + 0.5 + 0.13 * longest, len(rows) * scale + 0.6)
    with drawing(max(4.0, size[0]), size[1]) as figure:
        axes = figure.subplots()
        axes.set_title(title, fontsize=11)
        show_image(axes, sheet, vmin=0, vmax=255)
        axes.set_axis_on()
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.set_xticks([])
        shown = [name if len(name) <= LONGEST_SHOWN else f"{name[: LONGEST_SHOWN - 1]}…" for name in class_names]
        axes.set_yticks(
            [row * down + height / 2 - 0.5 for row in range(len(rows))], shown, fontsize=min(11, 30 * scale)
        )
        axes.tick_params(length=0)
    return figure
