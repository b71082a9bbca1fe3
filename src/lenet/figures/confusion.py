"""The confusion matrix."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from lenet.figures.style import drawing

# Above this many classes, the numbers in the cells could not be read; above the second, not even counts alone.
MOST_WITH_RATES, MOST_NUMBERED = 12, 36


def confusion(counts: npt.NDArray[np.int64], class_names: Sequence[str]) -> Figure:
    """Counts ``(classes, classes)``, row = truth, column = answer, with each count's share of its row.

    Only mistakes are coloured, by their share.
    """
    classes = len(class_names)
    wrong = counts - np.diag(np.diag(counts))
    shares = 100 * counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    mistaken = 100 * wrong / np.maximum(1, counts.sum(axis=1, keepdims=True))
    side = max(6.5, min(12, 0.42 * classes))
    with drawing(side + 0.8, side) as figure:
        axes = figure.subplots()
        axes.set_title(f"{_finding(wrong, class_names)}\n{wrong.sum():,} of {counts.sum():,} wrong", fontsize=12)
        most = max(1.0, mistaken.max())
        image = axes.imshow(mistaken, cmap="Oranges", vmin=0, vmax=most)
        figure.colorbar(image, ax=axes, shrink=0.8, label="mistakes (% of the row's class)")
        axes.set_xticks(range(classes), class_names)
        axes.set_yticks(range(classes), class_names)
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
        return "No mistake at all"
    truth, answer = divmod(int(wrong.argmax()), len(class_names))
    return f"Most often {class_names[truth]} is read as {class_names[answer]}: {wrong[truth, answer]} times"
