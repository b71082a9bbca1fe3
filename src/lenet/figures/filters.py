"""The learnt kernels."""

import math

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from lenet.figures.style import drawing


def filters(kernels: npt.NDArray[np.float32]) -> Figure:
    """The first convolution's kernels, ``(filters, depth, k, k)``, averaged over depth.

    Blue answers to ink, red to paper; the colours of all kernels share one scale.
    """
    kernels = kernels.mean(axis=1)
    limit = max(float(np.abs(kernels).max()), 1e-9)
    columns = min(10, len(kernels))
    rows = math.ceil(len(kernels) / columns)
    with drawing(9, 0.9 * rows + 0.9) as figure:
        figure.suptitle(
            f"The {len(kernels)} kernels of the first convolution: blue looks for ink, red for paper",
            fontweight="bold",
        )
        for axes in (cells := figure.subplots(rows, columns, squeeze=False).ravel()):
            axes.set_axis_off()
        for number, (axes, kernel) in enumerate(zip(cells, kernels, strict=False), start=1):
            image = axes.imshow(kernel, cmap="RdBu", vmin=-limit, vmax=limit, interpolation="nearest")
            axes.set_title(str(number), fontsize=8, fontweight="normal", loc="center", pad=2)
        figure.colorbar(image, ax=cells.tolist(), shrink=0.9, label="weight", aspect=12)
    return figure
