"""The drawing of an explanation: one sheet, from top to bottom as the image passes through the network."""

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lenet.datasets.dataset import Images
from lenet.explain.explanation import Explanation, evidence_layer
from lenet.figures.gallery import strongest
from lenet.figures.style import AGAINST, FOR, SIGNED, draw_probabilities, drawing, short, show_image, signed_limit
from lenet.model.graph import Array
from lenet.network.architecture import Activation, Conv, Dense, Flatten, Pool

# Fewest and most cells in a row of a strip.
COLUMNS, UNIT_COLUMNS = (8, 17), (50, 100)
# Rows of all strips together; a deep network shows only the strongest maps of each layer.
MOST_ROWS = 20
WIDTH = 11.4  # inches of a strip
TITLE = 0.55
SHOWN = 12
# A map whose highest magnitude is below this share of the layer's hardly responds.
ACTIVE = 0.1
GAP = "#D8D8D8"


def draw(explanation: Explanation) -> Figure:
    """What each layer computes and what the answer rests on, on one sheet to print."""
    strips = list(_strips(explanation))
    rows = max(1, min(3, MOST_ROWS // max(1, len(strips))))
    montages = [_Montage.of(*strip, rows) for strip in strips]
    heights = [3.4, *(TITLE + WIDTH * (len(montage.sheet) / montage.width) for montage in montages), 2.8]
    names = [placed.name for placed in explanation.layers]
    before = names.index(evidence_layer(explanation.layers).name) - 1
    measured = f"HiResCAM of {names[before]}" if before >= 0 else "gradient × pixel"
    name = short(explanation.class_names[explanation.label], 12)
    with drawing(12, sum(heights) + 0.7) as figure:
        figure.suptitle(_headline(explanation), fontsize=20, fontweight="bold")
        bands: Any = figure.subfigures(len(heights), 1, height_ratios=heights)
        image, answer, covered, places = bands[0].subplots(1, 4)
        show_image(image, explanation.image, vmin=0, vmax=255)
        image.set_title("The image", fontsize=12)
        class_names = [short(name, 16) for name in explanation.class_names]
        draw_probabilities(answer, explanation.probabilities, class_names, explanation.label, FOR)
        answer.set_title("The answer", fontsize=12)
        lost = "lead lost when covered (logits)"
        _draw_heat(covered, explanation.image, explanation.occlusion, f"What {name} depends on", lost)
        _draw_heat(places, explanation.image, explanation.evidence, f"For and against {name}", f"{measured} (logits)")
        for band, montage in zip(bands[1:-1], montages, strict=True):
            montage.draw(band.subplots())
        _draw_contributions(bands[-1].subplots(), explanation, name)
    return figure


def _headline(explanation: Explanation) -> str:
    probability = f"{explanation.probabilities[explanation.label]:.1%}"
    name = short(explanation.class_names[explanation.label])
    if explanation.unknown:
        return f"Unknown: looks like none of the classes; nearest is {name} ({probability})"
    if explanation.label != explanation.probabilities.argmax():
        return f"Why not {name}? Its probability is {probability}"
    return f"Answer: {name}, probability {probability}"


def _strips(explanation: Explanation) -> Iterator[tuple[str, Array, str]]:
    """Name, cells ``(n, height, width)``, and what they are: kernels, maps, or units ``(n, 1, 1)``.

    First the kernels, then all layers but the implied ones; a layer and the activation that follows it are one strip.
    """
    if explanation.kernels is not None:
        first = next(placed.name for placed in explanation.layers if isinstance(placed.layer, Conv | Dense))
        yield first, explanation.kernels.mean(axis=2).transpose(2, 0, 1), "kernels"
    name = ""
    for placed, following in pairwise(explanation.layers[:-1]):
        if isinstance(placed.layer, Flatten):
            continue
        name = f"{name} + {placed.name}" if name else placed.name
        if isinstance(placed.layer, Conv | Dense) and isinstance(following.layer, Activation):
            continue
        if isinstance(placed.layer, Pool):
            name += f", {placed.layer.kind} of {placed.layer.size}×{placed.layer.size}"
        values = explanation.activations[placed.name]
        if values.ndim == 3:
            yield name, values.transpose(2, 0, 1), "maps"
        else:
            yield name, values.reshape(-1, 1, 1), "units"
        name = ""


class _Montage(NamedTuple):
    """What one layer shows."""

    title: str
    sheet: npt.NDArray[Any]  # the cells side by side; gaps are NaN
    width: int  # of all columns, in pixels of the sheet
    signed: bool  # whether some values are negative

    @classmethod
    def of(cls, name: str, cells: Array, what: str, most_rows: int) -> "_Montage":
        units = what == "units"
        count, height, width = cells.shape
        fewest, most = UNIT_COLUMNS if units else COLUMNS
        shown = cells if units else cells[strongest(cells, most_rows * most)]
        columns = max(fewest, math.ceil(len(shown) / math.ceil(len(shown) / most)))
        of_size = "" if units else f" of {width}×{height}"
        title = f"{name}: {count} {what}{of_size}"
        if what == "maps":
            highest = np.abs(cells).max(axis=(1, 2))
            title += f", {int((highest > ACTIVE * highest.max()).sum())} active"
        if len(shown) < count:
            title += f", the {len(shown)} strongest shown"
        signed = bool(cells.min() < 0)
        if signed:
            title += " (blue: positive, orange: negative)"
        gap = 0 if units else max(1, width // 8)
        return cls(title, _montage(shown, min(columns, len(shown)), gap), columns * (width + gap) - gap, signed)

    def draw(self, axes: Axes) -> None:
        axes.set_title(self.title, fontsize=12)
        # The few highest values are clipped, so that the rest is seen.
        limit = max(float(np.nanquantile(np.abs(self.sheet), 0.998)), 1e-9)
        colours = SIGNED if self.signed else colormaps["gray_r"]
        axes.imshow(
            self.sheet,
            cmap=colours.with_extremes(bad=GAP),
            vmin=-limit if self.signed else 0,
            vmax=limit,
            interpolation="nearest",
        )
        axes.set_xlim(-0.5, self.width - 0.5)
        axes.set_axis_off()


def _draw_heat(axes: Axes, image: Images, heat: Array, title: str, label: str) -> None:
    """Blue speaks for the class, orange against it; with the outline of grey images, over colour ones."""
    height, width = image.shape[:2]
    limit = signed_limit(heat)
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    drawn = axes.imshow(heat, cmap=SIGNED, vmin=-limit, vmax=limit, extent=extent, interpolation="bilinear")
    grey = image.mean(axis=2)
    if image.shape[2] > 1:
        axes.imshow(grey, cmap="gray", alpha=0.3, extent=extent)
    elif grey.min() < grey.max():
        axes.contour(grey, levels=[(grey.min() + grey.max()) / 2], colors="black", linewidths=1)
    axes.set_title(title, fontsize=12)
    axes.set_axis_off()
    colourbar = axes.figure.colorbar(
        drawn, ax=axes, orientation="horizontal", shrink=0.9, aspect=24, pad=0.02, ticks=MaxNLocator(4)
    )
    colourbar.set_label(label, fontsize=9)
    colourbar.ax.tick_params(labelsize=8)


def _draw_contributions(axes: Axes, explanation: Explanation, name: str) -> None:
    contributions = explanation.contributions
    chosen = np.argsort(-np.abs(contributions), kind="stable")[:SHOWN]
    title = f"The {len(chosen)} of {len(contributions)} values that count most for or against {name}"
    axes.set_title(title, fontsize=12)
    values = contributions[chosen]
    axes.bar(range(len(chosen)), values, color=[FOR if value > 0 else AGAINST for value in values])
    before = explanation.layers[-3]
    labels = [f"unit {number + 1}" for number in chosen]
    if isinstance(before.layer, Flatten):
        places = np.transpose(np.unravel_index(chosen, before.input_shape)) + 1
        labels = [f"map {channel}\n({row}, {column})" for row, column, channel in places]
    axes.set_xticks(range(len(chosen)), labels, fontsize=9)
    axes.axhline(0, color="#222222", linewidth=0.8)
    axes.set_ylabel(f"added to the logit of {name}")


def _montage(cells: Array, columns: int, gap: int) -> npt.NDArray[Any]:
    """Cells ``(n, height, width)`` side by side; the gaps between them, and empty places, are NaN."""
    _, height, width = cells.shape
    padded = np.pad(cells, ((0, -len(cells) % columns), (0, gap), (0, gap)), constant_values=np.nan)
    grid = padded.reshape(-1, columns, height + gap, width + gap).swapaxes(1, 2)
    sheet = grid.reshape(-1, columns * (width + gap))
    return sheet[: -gap or None, : -gap or None]
