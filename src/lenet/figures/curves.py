"""Learning curves of one training or several."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lenet.figures.style import BLUE, LINES, ORANGE, drawing, short

# More points do not show more detail.
MOST_POINTS = 200
Line = Sequence[tuple[float, float]]


def learning_rate(rates: Sequence[float], losses: Sequence[float], rate: float) -> Figure:
    """The loss in nats at each rate of a search, and the ``rate`` that was found."""
    with drawing(6, 3.6) as figure:
        figure.suptitle(f"Learning rate {rate:g}: a tenth of the rate with the lowest loss", fontweight="bold")
        axes = figure.subplots()
        axes.plot(rates, losses, color=BLUE)
        axes.axvline(rate, color=ORANGE)
        axes.set(xscale="log", xlabel="learning rate", ylabel="loss (nats)")
    return figure


def search(trials: Sequence[tuple[int, float]], importance: Mapping[str, float]) -> Figure:
    """A search for a recipe.

    Args:
        trials: Number of each complete trial, and the share of the validation images that it read wrong, 0 to 1.
        importance: Of each field for the result, the shares of 1; may be empty.
    """
    numbers, wrong = np.transpose(trials)
    lowest = np.minimum.accumulate(wrong)
    with drawing(9, 3.6) as figure:
        figure.suptitle(f"{len(trials)} complete trials: at best {lowest[-1]:.2%} wrong", fontweight="bold")
        curve, bars = figure.subplots(1, 2)
        curve.plot(numbers, 100 * wrong, "o", color=BLUE, markersize=4, label="trial")
        curve.step(numbers, 100 * lowest, where="post", color=ORANGE, label="best so far")
        curve.set(xlabel="trial", ylabel="validation images wrong (%)", yscale="log" if lowest[-1] > 0 else "linear")
        for which in (curve.yaxis.set_major_formatter, curve.yaxis.set_minor_formatter):
            which("{x:g}")  # no powers of ten
        curve.legend(loc="upper right")
        shares = sorted(importance.items(), key=lambda item: item[1])
        bars.barh([short(name) for name, _ in shares], [100 * share for _, share in shares], color=BLUE)
        bars.set(xlabel="importance (%)")
    return figure


def curves(trace: Sequence[Sequence[float]], history: Sequence[Sequence[Any]]) -> Figure:
    """Loss and accuracy during training.

    Args:
        trace: Rows of epochs, loss and accuracy on the latest training images.
        history: Rows of epoch, loss, accuracy, validation loss, validation accuracy; the last two may be None.
    """
    # Means over equal intervals, so that the curve of a long training stays readable.
    parts = np.array_split(np.array(trace), min(MOST_POINTS, len(trace)))
    lines = np.array([part.mean(axis=0) for part in parts])
    validation = np.array([[row[0], row[3], row[4]] for row in history if row[4] is not None], dtype=float)
    last = history[-1] if history else trace[-1]  # no row where the training was cut before the first
    final, kind = (validation[-1, 2], "validation") if len(validation) else (last[2], "training")
    with drawing(9, 3.6) as figure:
        figure.suptitle(f"After {last[0]:.3g} epochs: {kind} accuracy {final:.2%}", fontweight="bold")
        loss, accuracy = figure.subplots(1, 2)
        for axes, column, scale, label in ((loss, 1, 1, "loss (nats)"), (accuracy, 2, 100, "accuracy (%)")):
            axes.plot(lines[:, 0], scale * lines[:, column], color=BLUE, label="training")
            if len(validation):
                points = validation[:, 0], scale * validation[:, column]
                axes.plot(*points, color=ORANGE, marker="s", markersize=5, label="validation")
            axes.set(xlabel="epochs", ylabel=label)
        loss.set_ylim(bottom=0)
        accuracy.legend(loc="lower right")
    return figure


def comparison(
    title: str, names: Sequence[str], losses: Sequence[Line], accuracies: Sequence[Line], kind: str
) -> Figure:
    """Learning curves of several runs.

    The points of ``losses`` are ``(training seconds, training loss in nats)``, those of ``accuracies`` ``(training
    seconds, accuracy from 0 to 1)``, measured on images of this ``kind``.
    """
    with drawing(9, 3.8) as figure:
        figure.suptitle(title, fontweight="bold")
        left, right = figure.subplots(1, 2)
        for axes, lines, scale in ((left, losses, 1), (right, accuracies, 100)):
            for name, line, (colour, mark) in zip(names, lines, cycle(LINES), strict=False):
                seconds, values = np.transpose(line)
                axes.plot(seconds, scale * values, color=colour, marker=mark, markersize=5, label=name)
        left.set(xlabel="training time (s)", ylabel="training loss (nats)")
        left.set_ylim(bottom=0)
        right.set(xlabel="training time (s)", ylabel=f"{kind} accuracy (%)")
        right.legend(loc="lower right")
    return figure
