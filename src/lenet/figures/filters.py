"""The trained kernels."""

import math

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from lenet.figures.style import SIGNED, drawing, image_cells, signed_limit

# More kernels are not compared by eye; the weakest are left out.
MOST_SHOWN = 60


def filters(kernels: npt.NDArray[np.float32]) -> Figure:
    """Kernels ``(height, width, depth, kernels)``, averaged over depth, on one colour scale.

    Blue is a positive weight, orange a negative one.
    """
    height, width, depth, count = kernels.shape
    weights = kernels.mean(axis=2)
    chosen = strongest(weights.transpose(2, 0, 1), MOST_SHOWN)
    limit = signed_limit(weights)
    columns = min(10, len(chosen))
    rows = math.ceil(len(chosen) / columns)
    with drawing(9, 0.9 * rows + 1.1) as figure:
        of_all = f"The {len(chosen)} strongest of {count}" if len(chosen) < count else f"{count}"
        mean = "" if depth == 1 else f", mean over {depth} channels"
        figure.suptitle(
            f"{of_all} kernels of {width}×{height}{mean}\nblue: positive weight, orange: negative weight",
            fontweight="bold",
            fontsize=12,
        )
        cells = image_cells(figure, rows, columns)
        for axes, number in zip(cells, chosen, strict=False):
            image = axes.imshow(weights[..., number], cmap=SIGNED, vmin=-limit, vmax=limit, interpolation="nearest")
            axes.set_title(str(number + 1), fontsize=8, fontweight="normal", loc="center", pad=2)
        figure.colorbar(image, ax=cells.tolist(), shrink=0.9, label="weight", aspect=12)
    return figure


def strongest(cells: npt.NDArray[np.float32], most: int) -> npt.NDArray[np.int64]:
    """Indices of the ``most`` cells ``(n, ...)`` with the highest magnitudes, in ascending order."""
    strength = np.square(cells).reshape(len(cells), -1).sum(axis=1)
    return np.sort(np.argsort(-strength, kind="stable")[:most])
