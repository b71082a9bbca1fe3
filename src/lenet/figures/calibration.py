"""The reliability diagram."""

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from lenet.figures.style import BLUE, GREY, drawing

# Fewer images than this say nothing of a bin's accuracy; such bins are drawn pale.
ENOUGH = 20


def calibration(
    counts: npt.NDArray[np.int64],
    confidence: npt.NDArray[np.float64],
    accuracy: npt.NDArray[np.float64],
    error: float,
) -> Figure:
    """How often the network is right where it says that it is sure to so many per cent.

    Args:
        counts: images a bin of the highest probability, ``(bins,)``.
        confidence: mean highest probability of each bin, 0 to 1.
        accuracy: share right in each bin, 0 to 1.
        error: the expected calibration error, 0 to 1.
    """
    filled = counts > 0
    sizes = 20 + 180 * np.sqrt(counts / counts.max())
    with drawing(6, 4.8) as figure:
        axes = figure.subplots()
        axes.set_title(f"Confidence and accuracy differ by {error:.2%}")
        axes.plot([0, 100], [0, 100], color=GREY, linestyle="--", label="honest")
        for enough, alpha, label in ((True, 1.0, f"{ENOUGH} images or more"), (False, 0.35, "fewer")):
            chosen = filled & ((counts >= ENOUGH) == enough)
            axes.scatter(
                100 * confidence[chosen], 100 * accuracy[chosen], sizes[chosen], color=BLUE, alpha=alpha, label=label
            )
        axes.set(xlabel="the network's probability (%)", ylabel="right (%)", xlim=(0, 103), ylim=(0, 103))
        axes.legend(loc="lower right", markerscale=0.6)
    return figure
