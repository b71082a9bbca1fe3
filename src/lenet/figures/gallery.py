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


def suspects(
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.int64],
    probabilities: npt.NDArray[np.float32],
    class_names: Sequence[str],
) -> Figure:
    """Images ``(n, height, width, depth)`` whose labels a network doubts, the most doubted first."""
    answers = probabilities.argmax(axis=1)
    captions = [
        (
            f"labelled {class_names[label]}\nlooks like {class_names[answer]}"
            if label != answer
            else f"labelled {class_names[label]}\nonly {chances[label]:.0%} sure",
            WRONG if label != answer else GREY,
        )
        for label, answer, chances in zip(labels, answers, probabilities, strict=True)
    ]
    differ = int((labels != answers).sum())
    return _grid(f"{differ} of the {len(images)} most doubted labels are read as another class", images, captions)


def _sheet(
    title: str,
    images: npt.NDArray[np.uint8],
    truth: npt.NDArray[np.int64],
    probabilities: npt.NDArray[np.float32],
    class_names: Sequence[str],
) -> Figure:
    captions = []
    for label, chances in zip(truth, probabilities, strict=True):
        answer = int(chances.argmax())
        said = f"{class_names[answer]} ✓" if label == answer else f"{class_names[answer]} ✗ is {class_names[label]}"
        captions.append((f"{said}\n{chances[answer]:.1%}", RIGHT if label == answer else WRONG))
    return _grid(title, images, captions)


def _grid(title: str, images: npt.NDArray[np.uint8], captions: Sequence[tuple[str, str]]) -> Figure:
    """Images with a caption each, text and colour."""
    columns = min(8, max(5, math.ceil(math.sqrt(len(images)))))
    rows = max(1, math.ceil(len(images) / columns))
    with drawing(1.25 * columns, 1.5 * rows + 0.5) as figure:
        figure.suptitle(title, fontweight="bold")
        for axes in (cells := figure.subplots(rows, columns, squeeze=False).ravel()):
            axes.set_axis_off()
        for axes, image, (text, colour) in zip(cells, images, captions, strict=False):
            show_image(axes, image, vmin=0, vmax=255)
            axes.set_title(text, fontsize=10, loc="center", color=colour)
    return figure
