"""The look that all figures share."""

import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager
from matplotlib.ft2font import FT2Font

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
# The first of these fonts that is installed draws the Chinese, Japanese and Korean names that Matplotlib's own font
# cannot. Of a collection of fonts, Matplotlib knows the first, which is the Japanese one of Noto.
CJK_FONTS = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei"),
    *("WenQuanYi Zen Hei", "Droid Sans Fallback", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei"),
)

# Characters in a warning.
MOST_NAMED = 10


@contextmanager
def drawing(width: float, height: float) -> Iterator[Figure]:
    """A figure of ``width`` × ``height`` inches in the common style."""
    with matplotlib.rc_context({**_STYLE, "font.family": _families()}):
        yield Figure(figsize=(width, height), layout="constrained")


@cache
def _families() -> list[str]:
    return ["DejaVu Sans", *cjk_fonts()[:1]]


def cjk_fonts() -> list[str]:
    """Those of ``CJK_FONTS`` that are installed."""
    installed = {font.name for font in fontManager.ttflist}
    return [name for name in CJK_FONTS if name in installed]


@cache
def _fonts() -> tuple[FT2Font, ...]:
    return tuple(FT2Font(findfont(FontProperties(family=name))) for name in _families())


def font_file(text: str) -> str:
    """File of the font that has most characters of ``text``, for Pillow, which draws a text with one font."""
    warn_of_missing(text)
    return str(max(_fonts(), key=lambda font: sum(font.get_char_index(ord(letter)) > 0 for letter in text)).fname)


@contextmanager
def glyphs_checked(texts: Callable[[], Iterable[str]]) -> Iterator[None]:
    """Draw these ``texts``, which may be known only afterwards: one warning of all missing characters, if any."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # one for each character, each time it is measured
        yield
    warn_of_missing("".join(texts()))


def warn_of_missing(text: str) -> None:
    """Warn of characters that no font here has; boxes are drawn instead of them."""
    shown = [letter for letter in dict.fromkeys(text) if letter.isprintable()]
    missing = [letter for letter in shown if not any(font.get_char_index(ord(letter)) for font in _fonts())]
    if missing:
        named = "".join(missing[:MOST_NAMED]) + "…" * (len(missing) > MOST_NAMED)
        warnings.warn(f"no font here can draw {named}; install Noto Sans CJK, then draw again", stacklevel=2)


def show_image(axes: Axes, image: npt.NDArray[Any], **options: Any) -> None:
    """Draw an image ``(height, width, depth)``: grey as ink on paper, colour as it is, without an axis around it."""
    grey = image.shape[-1] == 1
    look = {"cmap": "gray_r" if grey else None, "interpolation": "nearest"} | options
    axes.imshow(image[..., 0] if grey else image, **look)
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


def text_width(text: str) -> int:
    """Width of a text in letters; a Chinese character is as wide as two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def short(name: str, most: int = 24) -> str:
    """A name that fits into a figure of so many letters: a long one ends with an ellipsis."""
    if text_width(name) <= most:
        return name
    while text_width(name) >= most:
        name = name[:-1]
    return f"{name}…"


def signed_limit(values: npt.NDArray[Any]) -> float:
    """The value that has the full colour: the highest magnitude."""
    return max(float(np.abs(values).max()), 1e-9)
