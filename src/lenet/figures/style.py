"""The look that all figures share."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

# Okabe and Ito's colours, distinct with every kind of colour vision; right and wrong also differ in a mark.
BLUE, ORANGE, GREEN, VERMILION, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#666666"
RIGHT, WRONG = BLUE, VERMILION
# Colour and marker of each line change together, so that lines differ without colour, too.
LINES = tuple(zip((BLUE, ORANGE, GREEN, VERMILION, GREY), "osD^v", strict=True))
# Positive values, what speaks for a class; and negative values, what speaks against it.
FOR, AGAINST = BLUE, VERMILION
SIGNED = LinearSegmentedColormap.from_list("signed", [AGAINST, "white", FOR])

_STYLE: Any = {
    "figure.dpi": 120,
    "savefig.dpi": 120,
    "font.size": 11,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "text.parse_math": False,  # a $ in a class name is a dollar
}
# Class names may be Chinese: the first of these fonts that is installed draws what matplotlib's own font lacks.
_CHINESE = ("Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "PingFang SC", "Microsoft YaHei")


@contextmanager
def drawing(width: float, height: float) -> Iterator[Figure]:
    """A figure of ``width`` × ``height`` inches in the common style."""
    with matplotlib.rc_context({**_STYLE, "font.family": _families()}):
        yield Figure(figsize=(width, height), layout="constrained")


@cache
def _families() -> list[str]:
    installed = {font.name for font in fontManager.ttflist}
    return ["DejaVu Sans", *[name for name in _CHINESE if name in installed][:1]]


def show_image(axes: Axes, image: npt.NDArray[Any], **options: Any) -> None:
    """Draw an image ``(height, width, depth)``: grey as ink on paper, colour as it is, without an axis around it."""
    grey = image.shape[-1] == 1
    axes.imshow(image[..., 0] if grey else image, cmap="gray_r" if grey else None, interpolation="nearest", **options)
    axes.set_axis_off()


def image_cells(figure: Figure, rows: int, columns: int) -> npt.NDArray[Any]:
    """Axes ``(rows × columns,)`` for images, all of them hidden."""
    cells = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in cells:
        axes.set_axis_off()
    return cells


def draw_probabilities(
    axes: Axes, probabilities: npt.NDArray[np.float32], names: Sequence[str], label: int, colour: str
) -> None:
    """Bars of the ten highest of the probabilities ``(classes,)``, in the classes' order; ``label`` has the colour."""
    likeliest = np.sort(np.argsort(-probabilities, kind="stable")[:10])
    colours = [colour if index == label else GREY for index in likeliest]
    axes.barh(range(len(likeliest)), 100 * probabilities[likeliest], color=colours)
    axes.set_yticks(range(len(likeliest)), [names[index] for index in likeliest])
    axes.invert_yaxis()
    axes.set(xlim=(0, 100), xlabel="probability (%)")


def short(name: str, most: int = 24) -> str:
    """A name that fits into a figure: a long one ends with an ellipsis."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def signed_limit(values: npt.NDArray[Any]) -> float:
    """The value that has the full colour: the highest magnitude."""
    return max(float(np.abs(values).max()), 1e-9)
