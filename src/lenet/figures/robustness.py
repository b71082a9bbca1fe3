"""Accuracy on damaged images, and examples of the damage."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from lenet.figures.style import LINES, drawing, show_image

MIDDLE = 3


def robustness(
    accuracy: npt.NDArray[np.float64], names: Sequence[str], families: Sequence[str], clean: float, n: int
) -> Figure:
    """Curves of accuracy over severity, one panel for each family; the title names the worst kind.

    Args:
        accuracy: ``(kinds, severities)``, 0 to 1.
        names: One for each kind.
        families: One for each kind; kinds of one family share a panel.
        clean: Accuracy without damage, 0 to 1.
        n: Number of images behind each point.
    """
    severities = np.arange(accuracy.shape[1] + 1)
    panels = list(dict.fromkeys(families))
    worst = int(accuracy[:, MIDDLE - 1].argmin())
    rows = math.ceil(len(panels) / 3)
    worst_accuracy = accuracy[worst, MIDDLE - 1]
    with drawing(11, 3.3 * rows + 0.6) as figure:
        figure.suptitle(
            f"{_plain(names[worst]).capitalize()} hurts most: accuracy {worst_accuracy:.0%} at severity {MIDDLE}, "
            f"{clean:.1%} without damage (n = {n:,})",
            fontweight="bold",
        )
        cells = figure.subplots(rows, 3, sharex=True, sharey=True, squeeze=False)
        for axes, family in zip(cells.ravel(), panels, strict=False):
            chosen = [kind for kind, its_family in enumerate(families) if its_family == family]
            for kind, (colour, marker) in zip(chosen, LINES, strict=False):
                axes.plot(
                    severities,
                    100 * np.append(clean, accuracy[kind]),
                    color=colour,
                    marker=marker,
                    markersize=5,
                    linewidth=3 if kind == worst else 1.5,
                    label=_plain(names[kind]),
                )
            axes.set_title(family, fontsize=12)
            axes.set(ylim=(0, 103), xticks=severities)
            axes.legend(loc="lower left", fontsize=9)
        for axes in cells[-1]:
            axes.set_xlabel("severity (0 = clean)")
        for axes in cells[:, 0]:
            axes.set_ylabel("accuracy (%)")
    return figure


def damages(images: npt.NDArray[np.uint8], names: Sequence[str], labels: Sequence[Sequence[str]]) -> Figure:
    """One image with every kind (rows) and severity (columns) of damage.

    Args:
        images: ``(kinds, severities, height, width, depth)``.
        names: One for each kind.
        labels: The level of each kind at each severity, with its unit.
    """
    kinds, severities = images.shape[:2]
    rows = math.ceil(kinds / 2)
    with drawing(2.2 * severities, 0.98 * rows + 0.5) as figure:
        figure.suptitle(f"{kinds} kinds of damage, severity 1 to {severities} from left to right", fontweight="bold")
        halves: Any = figure.subfigures(1, 2)
        for half, start in zip(halves, (0, rows), strict=True):
            cells = half.subplots(rows, severities + 1, squeeze=False, width_ratios=[1.7] + [1] * severities)
            for axes in cells.ravel():
                axes.set_axis_off()
            for row, kind in zip(cells, range(start, min(start + rows, kinds)), strict=False):
                row[0].text(1, 0.5, _plain(names[kind]), ha="right", va="center", fontsize=10)
                for axes, image, label in zip(row[1:], images[kind], labels[kind], strict=True):
                    show_image(axes, image, vmin=0, vmax=255)
                    axes.set_title(label, fontsize=7, loc="center", fontweight="normal", pad=1)
    return figure


def _plain(name: str) -> str:
    return name.replace("_", " ")
