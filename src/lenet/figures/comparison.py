"""Several trainings in one picture."""

from collections.abc import Sequence
from itertools import cycle

from matplotlib.figure import Figure

from lenet.figures.style import BLUE, GREEN, GREY, ORANGE, VERMILION, drawing

# Colour and mark change together, so that lines are told apart without colour, too.
LOOKS = tuple(zip((BLUE, ORANGE, GREEN, VERMILION, GREY), "osD^v", strict=True))
Line = Sequence[tuple[float, float]]


def comparison(
    title: str, names: Sequence[str], losses: Sequence[Line], accuracies: Sequence[Line], kind: str
) -> Figure:
    """Learning curves of several runs, laid over one another.

    Args:
        title: the finding.
        names: of the runs.
        losses: of each run, points of seconds spent training and loss on the training images, nats.
        accuracies: the same of accuracy, 0 to 1.
        kind: of the images that the accuracies were measured on.
    """
    with drawing(9, 3.8) as figure:
        figure.suptitle(title, fontweight="bold")
        left, right = figure.subplots(1, 2)
        for axes, lines, scale in ((left, losses, 1), (right, accuracies, 100)):
            for name, line, (colour, mark) in zip(names, lines, cycle(LOOKS), strict=False):
                seconds, values = zip(*line, strict=True)
                axes.plot(
                    seconds, [scale * value for value in values], color=colour, marker=mark, markersize=5, label=name
                )
        left.set(xlabel="training time (s)", ylabel="training loss (nats)")
        left.set_ylim(bottom=0)
        right.set(xlabel="training time (s)", ylabel=f"{kind} accuracy (%)")
        right.legend(loc="lower right")
    return figure
