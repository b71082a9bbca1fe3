"""The look that all figures share."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import matplotlib
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

# Okabe and Ito's colours, told apart with every kind of colour vision; right and wrong also differ in a mark.
BLUE, ORANGE, GREEN, VERMILION, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#666666"
RIGHT, WRONG = BLUE, VERMILION

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
}
# Class names may be Chinese: the first of these that is installed draws what matplotlib's own font lacks.
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
    """Draw an image ``(height, width, depth)``: grey as ink on paper, colour as it is, with no axis around it."""
    grey = image.shape[-1] == 1
    axes.imshow(image[..., 0] if grey else image, cmap="gray_r" if grey else None, interpolation="nearest", **options)
    axes.set_axis_off()
