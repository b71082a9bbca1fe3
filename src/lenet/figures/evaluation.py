"""The figures of an evaluation: confusions, reliability, scores of unknown images, damaged images."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from lenet.figures.style import BLUE, GREY, LINES, VERMILION, drawing, short, show_image, text_width

# With more classes, rates do not fit into the cells; with more than the second, counts do not either.
MOST_WITH_RATES, MOST_NUMBERED = 12, 36
# Names along each side; of more classes, every second, third … is named.
MOST_LABELLED = 80
# Fewer images do not determine a bin's accuracy; such bins are drawn pale.
ENOUGH = 20
# The severity at which kinds of damage are compared.
MIDDLE = 3


def confusion(counts: npt.NDArray[np.int64], class_names: Sequence[str]) -> Figure:
    """Counts ``(classes, classes)``, row = truth, column = answer, with each count's share of its row.

    Only mistakes are coloured, by their rate.
    """
    classes = len(class_names)
    wrong = counts - np.diag(np.diag(counts))
    shares = 100 * counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    mistaken = 100 * wrong / np.maximum(1, counts.sum(axis=1, keepdims=True))
    side = max(6.5, min(12, 0.42 * classes))
    with drawing(side + 0.8, side) as figure:
        axes = figure.subplots()
        axes.set_title(f"{_finding(wrong, class_names)}\n{wrong.sum():,} of {counts.sum():,} wrong", fontsize=11)
        most = max(1.0, mistaken.max())
        image = axes.imshow(mistaken, cmap="Oranges", vmin=0, vmax=most)
        figure.colorbar(image, ax=axes, shrink=0.8, label="mistakes (% of the row's class)")
        names = [short(name, 16) for name in class_names]
        step = math.ceil(classes / MOST_LABELLED)
        look: Any = {"fontsize": min(11, 50 * side * step / classes)}
        rotation = 90 if max(map(text_width, names)) > 4 or classes > MOST_NUMBERED else 0
        axes.set_xticks(range(0, classes, step), names[::step], rotation=rotation, **look)
        axes.set_yticks(range(0, classes, step), names[::step], **look)
        axes.set(xlabel="answer", ylabel="truth")
        axes.grid(visible=False)
        for row, column in np.argwhere(counts > 0) if classes <= MOST_NUMBERED else ():
            share = f"\n{shares[row, column]:.1f} %" if classes <= MOST_WITH_RATES else ""
            axes.text(
                column, row, f"{counts[row, column]}{share}", ha="center", va="center",
                fontsize=7.5 if share else 6, color="white" if mistaken[row, column] > 0.6 * most else "#222222",
                fontweight="bold" if row == column else "normal",
            )  # fmt: skip
    return figure


def _finding(wrong: npt.NDArray[np.int64], class_names: Sequence[str]) -> str:
    if not wrong.any():
        return "No mistakes"
    truth, answer = divmod(int(wrong.argmax()), len(class_names))
    names = short(class_names[truth], 12), short(class_names[answer], 12)
    return "Most often {} is read as {}: {} times".format(*names, wrong[truth, answer])


def calibration(
    counts: npt.NDArray[np.int64], confidence: npt.NDArray[np.float64], accuracy: npt.NDArray[np.float64], error: float
) -> Figure:
    """Accuracy over confidence, both 0 to 1, in bins of ``counts`` images; they differ by ``error`` on average."""
    filled = counts > 0
    sizes = 20 + 180 * np.sqrt(counts / counts.max())
    with drawing(6, 4.8) as figure:
        axes = figure.subplots()
        axes.set_title(f"Confidence and accuracy differ by {error:.2%}")
        axes.plot([0, 100], [0, 100], color=GREY, linestyle="--", label="calibrated")
        for enough, alpha, label in ((True, 1.0, f"{ENOUGH} images or more"), (False, 0.35, "fewer")):
            chosen = filled & ((counts >= ENOUGH) == enough)
            axes.scatter(
                100 * confidence[chosen], 100 * accuracy[chosen], sizes[chosen], color=BLUE, alpha=alpha, label=label
            )
        axes.set(xlabel="confidence (%)", ylabel="accuracy (%)", xlim=(0, 103), ylim=(0, 103))
        axes.legend(loc="lower right", markerscale=0.6)
    return figure


def unknown(
    known: npt.NDArray[np.floating], unknown_scores: Mapping[str, npt.NDArray[np.floating]], threshold: float | None
) -> Figure:
    """Distributions of the score of known images ``(n,)`` and of every kind of unknown ones ``(m,)``.

    Images with a score below ``threshold`` are called unknown, if there is one.
    """
    rows = {"known classes": known, **unknown_scores}
    with drawing(8, 0.55 * len(rows) + 1.4) as figure:
        axes = figure.subplots()
        if threshold is None:
            axes.set_title("This model has no threshold for unknown images")
        else:
            stopped = np.mean([(scores < threshold).mean() for scores in unknown_scores.values()])
            kept = f"{(known >= threshold).mean():.1%} of known images are accepted"
            axes.set_title(f"{kept}, {stopped:.0%} of unknown ones rejected", fontsize=11)
            axes.axvline(threshold, color=GREY, linestyle="--")
            axes.annotate(
                f"threshold {threshold:.2f}", (threshold, -0.55), color=GREY, ha="right", fontsize=9,
                xytext=(-4, 0), textcoords="offset points", va="center",
            )  # fmt: skip
        parts = axes.violinplot(
            list(rows.values()), range(len(rows)), orientation="horizontal", widths=0.85, showextrema=False
        )
        for number, body in enumerate(parts["bodies"]):  # type: ignore[arg-type, var-annotated]
            body.set_facecolor(VERMILION if number else BLUE)
            body.set_alpha(0.8)
        axes.set_yticks(range(len(rows)), list(rows))
        axes.set_ylim(len(rows) - 0.4, -0.9)
        axes.set_xlabel("highest logit (higher: more like a known class)")
    return figure


def robustness(
    accuracy: npt.NDArray[np.float64], names: Sequence[str], families: Sequence[str], clean: float, n: int
) -> Figure:
    """Curves of accuracy over severity, one panel for each family of kinds; the title names the worst kind.

    ``accuracy`` is ``(kinds, severities)``, ``clean`` without damage, measured on ``n`` images each.
    """
    severities = np.arange(accuracy.shape[1] + 1)
    panels = list(dict.fromkeys(families))
    worst = int(accuracy[:, MIDDLE - 1].argmin())
    rows = math.ceil(len(panels) / 3)
    damaged = f"accuracy {accuracy[worst, MIDDLE - 1]:.0%} at severity {MIDDLE}"
    title = f"{_plain(names[worst]).capitalize()} hurts most: {damaged}, {clean:.1%} without damage (n = {n:,})"
    with drawing(11, 3.3 * rows + 0.6) as figure:
        figure.suptitle(title, fontweight="bold")
        cells = figure.subplots(rows, 3, sharex=True, sharey=True, squeeze=False)
        for axes, family in zip(cells.ravel(), panels, strict=False):
            chosen = [kind for kind, its_family in enumerate(families) if its_family == family]
            for kind, (colour, marker) in zip(chosen, LINES, strict=False):
                values, width = 100 * np.append(clean, accuracy[kind]), 3 if kind == worst else 1.5
                look: Any = {"color": colour, "marker": marker, "markersize": 5, "linewidth": width}
                axes.plot(severities, values, label=_plain(names[kind]), **look)
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

    ``images`` are ``(kinds, severities, height, width, depth)``; ``labels`` say the level of each, with its unit.
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
