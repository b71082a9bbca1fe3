"""How far digits and what is none lie apart on the unknown-score."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from lenet.figures.style import BLUE, GREY, VERMILION, drawing


def unknown(
    known: npt.NDArray[np.floating], strangers: Mapping[str, npt.NDArray[np.floating]], threshold: float | None
) -> Figure:
    """The share of images a score would let pass, for digits and for every kind of stranger.

    Args:
        known: scores of images of the known classes, ``(n,)``.
        strangers: scores by kind, ``(m,)`` each.
        threshold: what lies below is called unknown.
    """
    rows = {"known classes": known, **strangers}
    with drawing(8, 0.55 * len(rows) + 1.4) as figure:
        axes = figure.subplots()
        if threshold is None:
            axes.set_title("This model has no threshold for the unknown")
        else:
            stopped = np.mean([(scores < threshold).mean() for scores in strangers.values()])
            kept = (known >= threshold).mean()
            axes.set_title(f"{kept:.1%} of the known pass, {stopped:.0%} of the strangers are stopped")
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
        axes.set_xlabel("highest logit (more = more like a known class)")
    return figure
