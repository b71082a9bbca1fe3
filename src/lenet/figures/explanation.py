"""The sheet that shows the whole way from picture to answer."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lenet.figures.style import BLUE, GREY, ORANGE, drawing, show_image

Array = npt.NDArray[np.float32]

# Cells a row of feature maps: so many are told apart from a step away.
MOST_COLUMNS = 17
UNITS_SHOWN = 12
# A map whose strongest pixel is below this share of the strip's sees nothing to speak of.
AWAKE = 0.1
FOR, AGAINST, GAP = BLUE, ORANGE, "#D8D8D8"


def explanation(
    *,
    image: npt.NDArray[np.uint8],
    probabilities: Array,
    class_names: Sequence[str],
    label: int,
    unknown: bool,
    occlusion: Array,
    evidence: Array,
    kernels: Array,
    maps: Sequence[tuple[str, Array]],
    units: Array,
    contributions: Array,
) -> Figure:
    """One sheet, top to bottom as the picture goes through the network.

    Args:
        image: uint8 ``(height, width, depth)``.
        probabilities: ``(classes,)``.
        class_names: one a class.
        label: the class that is explained.
        unknown: whether the model knows nothing like this.
        occlusion: lead lost where a pixel's surroundings are covered, ``(height, width)``, logits.
        evidence: what each place adds to the logit, ``(rows, columns)``.
        kernels: the first convolution's, ``(filters, depth, k, k)``.
        maps: name and feature maps ``(rows, columns, filters)`` of each layer, top to bottom.
        units: what the hidden dense units say, ``(units,)``.
        contributions: what each of them adds to the logit, ``(units,)``.
    """
    strips = [(f"The {len(kernels)} learnt filters: blue looks for ink, red for paper", kernels.mean(axis=1), "RdBu")]
    strips += [(_strip_title(name, cells), cells.transpose(2, 0, 1), "gray_r") for name, cells in maps]
    heights = [3.4, *(0.55 + 11.4 * _rows(len(cells)) / _columns(len(cells)) for _, cells, _ in strips), 2.8]
    with drawing(12, sum(heights) + 0.7) as figure:
        figure.suptitle(_headline(probabilities, class_names, label, unknown), fontsize=20, fontweight="bold")
        bands: Any = figure.subfigures(len(heights), 1, height_ratios=heights)
        _draw_answer(bands[0], image, probabilities, class_names, label, occlusion, evidence)
        for band, (title, cells, colours) in zip(bands[1:-1], strips, strict=True):
            axes = band.subplots()
            axes.set_title(title, fontsize=12)
            # One scale a strip; the few brightest pixels are cut off, so that the rest is seen.
            limit = max(float(np.quantile(np.abs(cells), 0.998)), 1e-9)
            axes.imshow(
                _montage(cells),
                cmap=colormaps[colours].with_extremes(bad=GAP),
                vmin=-limit if colours == "RdBu" else 0,
                vmax=limit,
                interpolation="nearest",
            )
            axes.set_axis_off()
        _draw_units(bands[-1].subplots(), units, contributions, class_names[label])
    return figure


def _headline(probabilities: Array, class_names: Sequence[str], label: int, unknown: bool) -> str:
    name, probability = class_names[label], f"{probabilities[label]:.1%}"
    if unknown:
        return f"Like nothing it knows; nearest is {name} ({probability})"
    if label != probabilities.argmax():
        return f"What speaks for {name}, which gets {probability}"
    return f"It reads {name}, sure to {probability}"


def _strip_title(name: str, cells: Array) -> str:
    rows, columns, filters = cells.shape
    awake = int((cells.max(axis=(0, 1)) > AWAKE * cells.max()).sum())
    return f"After the {name}: {filters} maps of {columns}×{rows}, {awake} of them see something"


def _draw_answer(
    band: Any,
    image: npt.NDArray[np.uint8],
    probabilities: Array,
    class_names: Sequence[str],
    label: int,
    occlusion: Array,
    evidence: Array,
) -> None:
    picture, bars, covered, places = band.subplots(1, 4)
    show_image(picture, image, vmin=0, vmax=255)
    picture.set_title("The picture", fontsize=12)
    likeliest = np.sort(np.argsort(-probabilities, kind="stable")[:10])
    bars.barh(
        [class_names[index] for index in likeliest],
        100 * probabilities[likeliest],
        color=[FOR if index == label else GREY for index in likeliest],
    )
    bars.invert_yaxis()
    bars.set(xlim=(0, 100), xlabel="probability (%)")
    bars.set_title("The answer", fontsize=12)
    name = class_names[label]
    _draw_heat(covered, image, occlusion, f"Ink that {name} needs", "lead lost when covered (logits)")
    _draw_heat(places, image, evidence, f"Places that say {name}", "added to its logit (HiResCAM)")


def _draw_heat(axes: Axes, image: npt.NDArray[np.uint8], heat: Array, title: str, label: str) -> None:
    """Blue speaks for the class, red against it, over the picture's outline."""
    height, width = image.shape[:2]
    limit = max(float(np.abs(heat).max()), 1e-9)
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    drawn = axes.imshow(heat, cmap="RdBu", vmin=-limit, vmax=limit, extent=extent, interpolation="bilinear")
    axes.contour(image.mean(axis=2), levels=[127], colors="black", linewidths=1)
    axes.set_title(title, fontsize=12)
    axes.set_axis_off()
    colourbar = axes.figure.colorbar(drawn, ax=axes, orientation="horizontal", shrink=0.9, aspect=24, pad=0.02)
    colourbar.set_label(label, fontsize=9)
    colourbar.ax.tick_params(labelsize=8)


def _draw_units(axes: Axes, units: Array, contributions: Array, name: str) -> None:
    chosen = np.argsort(-np.abs(contributions), kind="stable")[:UNITS_SHOWN]
    awake = int((units > 0).sum())
    axes.set_title(
        f"{awake} of {len(units)} dense units answer; the {len(chosen)} that count most for or against {name}",
        fontsize=12,
    )
    axes.bar(
        [f"unit {index + 1}" for index in chosen],
        contributions[chosen],
        color=[FOR if value > 0 else AGAINST for value in contributions[chosen]],
    )
    axes.axhline(0, color="#222222", linewidth=0.8)
    axes.set_ylabel(f"added to the logit of {name}")
    axes.tick_params(axis="x", labelsize=9)


def _columns(cells: int) -> int:
    return min(MOST_COLUMNS, math.ceil(cells / 2))


def _rows(cells: int) -> int:
    return math.ceil(cells / _columns(cells))


def _montage(cells: Array) -> npt.NDArray[Any]:
    """Cells ``(n, height, width)`` side by side; the gaps between them, and cells left over, are masked."""
    count, height, width = cells.shape
    gap = max(1, width // 8)
    rows, columns = _rows(count), _columns(count)
    sheet = np.full((rows * (height + gap), columns * (width + gap)), np.nan, np.float32)
    for number, cell in enumerate(cells):
        row, column = divmod(number, columns)
        top, left = row * (height + gap), column * (width + gap)
        sheet[top : top + height, left : left + width] = cell
    return np.ma.masked_invalid(sheet[: -gap or None, : -gap or None])
