"""Pictures of the lessons: drawn strokes, and arrays side by side."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

SIDE = 200
CELL, COLUMNS = 1.15, 5  # inches of an array, and arrays in a row, so that a phone shows them large enough
Strokes = Sequence[Sequence[tuple[float, float]]]


def draw(strokes: Strokes, pen: int = 14) -> Image.Image:
    """Draw black strokes on a white picture of 200×200 pixels.

    Args:
        strokes: A list of points ``(x, y)`` for each stroke; x runs to the right, y downwards.
        pen: Thickness of the strokes in pixels.
    """
    picture = Image.new("L", (SIDE, SIDE), "white")
    for stroke in strokes:
        points = [(float(x), float(y)) for x, y in stroke]
        ImageDraw.Draw(picture).line(points, fill="black", width=pen, joint="curve")
    return picture


def show(arrays: Sequence[Any], titles: Sequence[str] = ()) -> Image.Image:
    """Show arrays ``(height, width)`` or ``(height, width, 1)`` side by side, five in a row.

    uint8 arrays are shown as ink on paper. Others have one scale: white is 0, blue positive, orange negative.

    Args:
        arrays: The arrays, of any sizes.
        titles: A title for each; their numbers from 0 on when not given.
    """
    import io

    from lenet.figures.render import as_png
    from lenet.figures.style import SIGNED, drawing, image_cells, signed_limit

    cells = [array[..., 0] if array.ndim == 3 else array for array in arrays]
    titles = titles or [str(number) for number in range(len(cells))]
    columns = min(COLUMNS, len(cells))
    rows = -(-len(cells) // columns)
    limit = max((signed_limit(cell) for cell in cells if cell.dtype != np.uint8), default=1.0)
    with drawing(CELL * columns, (CELL + 0.25) * rows) as figure:
        for axes, cell, title in zip(image_cells(figure, rows, columns), cells, titles, strict=False):
            ink = cell.dtype == np.uint8
            scale = (
                {"cmap": "gray_r", "vmin": 0, "vmax": 255} if ink else {"cmap": SIGNED, "vmin": -limit, "vmax": limit}
            )
            axes.imshow(cell, interpolation="nearest", **scale)
            axes.set_title(title, fontsize=9, fontweight="normal", loc="center", pad=3)
    return Image.open(io.BytesIO(as_png(figure)))
