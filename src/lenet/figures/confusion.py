"""The confusion matrix."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from lenet.figures.style import drawing

# Above this many classes, numbers in the cells could not be read.
MOST_NUMBERED = 36


def confusion(counts: npt.NDArray[np.int64], class_names: Sequence[str]) -> Figure:
    """Counts ``(classes, classes)``, row = truth, column = answer; only mistakes are coloured, by their share."""
    classes = len(class_names)
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    truth, answer = (int(index) for index in np.unravel_index(int(wrong.argmax()), wrong.shape))
    finding = (
        f"Most often {class_names[truth]} is read as {class_names[answer]}: {wrong[truth, answer]} times"
        if wrong.any()
        else "No mistake at all"
    )
    side = max(5.5, min(12, 0.42 * classes))
    with drawing(side + 0.6, side) as figure:
        axes = figure.subplots()
        axes.set_title(f"{finding}\n{wrong.sum():,} of {counts.sum():,} wrong", fontsize=12)
        rates = 100 * wrong / np.maximum(1, counts.sum(axis=1, keepdims=True))
        image = axes.imshow(rates, cmap="Oranges", vmin=0, vmax=max(1.0, rates.max()))
        figure.colorbar(image, ax=axes, shrink=0.8, label="mistakes (% of the row's class)")
        axes.set_xticks(range(classes), class_names)
        axes.set_yticks(range(classes), class_names)
        axes.set(xlabel="answer", ylabel="truth")
        axes.grid(visible=False)
        if classes <= MOST_NUMBERED:
            for row, column in np.argwhere(counts > 0):
                strong = row == column
                dark = rates[row, column] > 0.6 * max(1.0, rates.max())
                axes.text(
                    column, row, f"{counts[row, column]}", ha="center", va="center", fontsize=9 if classes <= 12 else 6,
                    color="white" if dark else "#222222", fontweight="bold" if strong else "normal",
                )  # fmt: skip
    return figure
