"""The sheet as a PDF to print."""

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lenet.figures.style import drawing, short
from lenet.sheet import layout
from lenet.sheet.layout import Sheet, box_corner

INCH = 25.4
INSTRUCTION = "One character in each box, with a dark pen. Then photograph the whole page, with its four corner marks."
# Outlines and names are faint, so that they cannot be taken for ink.
OUTLINE, NAME = "0.6", "0.6"


def as_pdf(pages: Sequence[Sheet]) -> bytes:
    """Pages of A4; equal bytes for equal sheets."""
    buffer = io.BytesIO()
    with PdfPages(buffer, metadata={"CreationDate": None}) as file:
        for page in pages:
            file.savefig(draw(page))
    return buffer.getvalue()


def draw(sheet: Sheet) -> Figure:
    """One page of A4."""
    with drawing(layout.WIDTH / INCH, layout.HEIGHT / INCH) as figure:
        figure.set_layout_engine("none")
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, layout.WIDTH), ylim=(layout.HEIGHT, 0))
        axes.set_axis_off()
        black, white = _mark_squares()
        y, x = np.nonzero(sheet.bits)
        for left, top in layout.PATTERNS:
            black += [
                Rectangle((left + layout.CELL * i, top + layout.CELL * j), layout.CELL, layout.CELL)
                for i, j in zip(x, y, strict=True)
            ]
        axes.add_collection(PatchCollection(black, color="black", linewidth=0))
        axes.add_collection(PatchCollection(white, color="white", linewidth=0))
        axes.add_collection(PatchCollection(_mark_squares(3)[0], color="black", linewidth=0))
        boxes = [
            Rectangle(box_corner(j, i), layout.SIDE, layout.SIDE)
            for j in range(len(sheet.rows))
            for i in range(layout.COLUMNS)
        ]
        axes.add_collection(PatchCollection(boxes, facecolor="none", edgecolor=OUTLINE, linewidth=0.3 * 72 / INCH))
        axes.text(
            layout.WIDTH / 2,
            (layout.PATTERNS[0][1] + layout.CELL * layout.BITS[0] + layout.FIRST[1]) / 2,
            INSTRUCTION,
            ha="center",
            va="center",
            size=9,
        )
        for row, name in enumerate(sheet.rows):
            size = 13 if len(name) <= 3 else 7
            place = (layout.FIRST[0] - 2, box_corner(row, 0)[1] + layout.SIDE / 2)
            axes.text(*place, short(name, 12), ha="right", va="center", color=NAME, size=size)
    return figure


def _mark_squares(modules: int = 7) -> tuple[list[Rectangle], list[Rectangle]]:
    """The corner marks' squares of that many modules, and those of two modules less."""
    sides = (modules * layout.MODULE, (modules - 2) * layout.MODULE)
    outer, inner = ([Rectangle((x - side / 2, y - side / 2), side, side) for x, y in layout.MARKS] for side in sides)
    return outer, inner
