"""Sheets of digits with what the network said of them."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from lenet.figures.style import GREY, RIGHT, WRONG, drawing, show_image


def digits(
    images: npt.NDArray[np.uint8],
    truth: npt.NDArray[np.int64],
    probabilities: npt.NDArray[np.float32],
    class_names: Sequence[str],
) -> Figure:
    """Images ``(n, height, width, depth)`` with their answers: right ones blue with ✓, wrong ones orange with ✗."""
    right = int((probabilities.argmax(axis=1) == truth).sum())
    return _sheet(f"{right} of {len(images)} read right", images, truth, probabilities, class_names)


def mistakes(
    images: npt.NDArray[np.uint8],
    truth: npt.NDArray[np.int64],
    probabilities: npt.NDArray[np.float32],
    class_names: Sequence[str],
) -> Figure:
    """The same sheet for images that were all read wrong, the most confident first."""
    title = f"The {len(images)} mistakes of highest confidence" if len(images) else "No mistake to show"
    return _sheet(title, images, truth, probabilities, class_names)


def answer(
    image: npt.NDArray[np.uint8], truth: int, probabilities: npt.NDArray[np.float32], class_names: Sequence[str]
) -> Figure:
    """One image ``(height, width, depth)`` beside the network's probabilities ``(classes,)``, the likeliest ten."""
    said = int(probabilities.argmax())
    colour = RIGHT if said == truth else WRONG
    likeliest = np.sort(np.argsort(-probabilities, kind="stable")[:10])
    with drawing(5.5, 3) as figure:
        mark = "✓" if said == truth else f"✗ is {class_names[truth]}"
        figure.suptitle(f"{class_names[said]} {mark}   ({probabilities[said]:.1%})", fontweight="bold", color=colour)
        picture, bars = figure.subplots(1, 2)
        show_image(picture, image)
        bars.barh(
            [class_names[label] for label in likeliest],
            100 * probabilities[likeliest],
            color=[colour if label == said else GREY for label in likeliest],
        )
        bars.invert_yaxis()
        bars.set(xlim=(0, 100), xlabel="probability (%)")
    return figure


def _sheet(
    title: str,
    images: npt.NDArray[np.uint8],
    truth: npt.NDArray[np.int64],
    probabilities: npt.NDArray[np.float32],
    class_names: Sequence[str],
) -> Figure:
    columns = min(8, max(5, math.ceil(math.sqrt(len(images)))))
    rows = max(1, math.ceil(len(images) / columns))
    answers = probabilities.argmax(axis=1)
    with drawing(1.25 * columns, 1.5 * rows + 0.5) as figure:
        figure.suptitle(title, fontweight="bold")
        for axes in (cells := figure.subplots(rows, columns, squeeze=False).ravel()):
            axes.set_axis_off()
        for index, (image, label, answer) in enumerate(zip(images, truth, answers, strict=True)):
            show_image(cells[index], image)
            right = label == answer
            said = f"{class_names[answer]} ✓" if right else f"{class_names[answer]} ✗ is {class_names[label]}"
            cells[index].set_title(
                f"{said}\n{probabilities[index, answer]:.1%}",
                fontsize=10,
                loc="center",
                color=RIGHT if right else WRONG,
            )
    return figure
