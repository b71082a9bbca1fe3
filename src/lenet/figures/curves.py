"""Learning curves."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lenet.figures.style import BLUE, ORANGE, drawing

# A line of more points than this only gets thicker.
MOST_POINTS = 200


def curves(trace: Sequence[Sequence[float]], history: Sequence[Sequence[Any]]) -> Figure:
    """Loss and accuracy while the network learns.

    Args:
        trace: rows of epochs done, loss and accuracy on the images just learnt from.
        history: rows of epoch, loss, accuracy, validation loss, validation accuracy; the last two may be None.
    """
    lines = np.array(_thin(trace))
    validation = np.array([[row[0], row[3], row[4]] for row in history if row[4] is not None], dtype=float)
    final, kind = (validation[-1, 2], "validation") if len(validation) else (history[-1][2], "training")
    with drawing(9, 3.6) as figure:
        figure.suptitle(f"After {history[-1][0]:.3g} epochs: {final:.2%} of the {kind} images right", fontweight="bold")
        loss, accuracy = figure.subplots(1, 2)
        for axes, column, scale, label in ((loss, 1, 1, "loss (nats)"), (accuracy, 2, 100, "accuracy (%)")):
            _draw(axes, lines, validation, column, scale)
            axes.set(xlabel="epochs", ylabel=label)
        loss.set_ylim(bottom=0)
        accuracy.legend(loc="lower right")
    return figure


def _draw(axes: Axes, lines: Any, validation: Any, column: int, scale: float) -> None:
    axes.plot(lines[:, 0], scale * lines[:, column], color=BLUE, label="training")
    if len(validation):
        axes.plot(
            validation[:, 0], scale * validation[:, column], color=ORANGE, marker="s", markersize=5, label="validation"
        )


def _thin(trace: Sequence[Sequence[float]]) -> list[list[float]]:
    """Means of equal runs, so that a long training's line stays readable."""
    runs = np.array_split(np.array(trace), min(MOST_POINTS, len(trace)))
    return [run.mean(axis=0).tolist() for run in runs]
