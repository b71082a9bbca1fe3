"""Sheets of images: with the network's answers, or by class."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from lenet.figures.style import GREY, RIGHT, WRONG, draw_probabilities, drawing, image_cells, short, show_image

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
Probabilities = npt.NDArray[np.float32]
# Characters of a class name under an image.
LONGEST = 12
# Distance of two images, as a share of an image's side.
GAP = 0.12


def digits(images: Images, truth: Labels, probabilities: Probabilities, class_names: Sequence[str]) -> Figure:
    """Images ``(n, height, width, depth)`` with their answers: right ones blue with ✓, wrong ones orange with ✗."""
    right = int((probabilities.argmax(axis=1) == truth).sum())
    return _sheet(f"{right} of {len(images)} right", images, truth, probabilities, class_names)


def mistakes(images: Images, truth: Labels, probabilities: Probabilities, class_names: Sequence[str]) -> Figure:
    """The same sheet for images with wrong answers, the most confident first."""
    title = f"The {len(images)} mistakes of highest confidence" if len(images) else "No mistakes"
    return _sheet(title, images, truth, probabilities, class_names)


def answer(image: Images, truth: int, probabilities: Probabilities, class_names: Sequence[str]) -> Figure:
    """One image ``(height, width, depth)`` beside the ten highest of the probabilities ``(classes,)``."""
    said = int(probabilities.argmax())
    colour = RIGHT if said == truth else WRONG
    with drawing(5.5, 3) as figure:
        mark = "✓" if said == truth else f"✗ is {short(class_names[truth])}"
        title = f"{short(class_names[said])} {mark}   ({probabilities[said]:.1%})"
        figure.suptitle(title, fontweight="bold", color=colour)
        picture, bars = figure.subplots(1, 2)
        show_image(picture, image)
        draw_probabilities(bars, probabilities, [short(name, LONGEST) for name in class_names], said, colour)
    return figure


def suspects(images: Images, labels: Labels, probabilities: Probabilities, class_names: Sequence[str]) -> Figure:
    """Images ``(n, height, width, depth)`` whose labels may be wrong, the most suspect first."""
    answers = probabilities.argmax(axis=1)
    names = [short(name, LONGEST) for name in class_names]
    captions = [
        (
            f"labelled {names[label]}\nlooks like {names[answer]}"
            if label != answer
            else f"labelled {names[label]}\nonly {chances[label]:.0%} probable",
            WRONG if label != answer else GREY,
        )
        for label, answer, chances in zip(labels, answers, probabilities, strict=True)
    ]
    differ = int((labels != answers).sum())
    return _grid(f"{differ} of the {len(images)} most suspect labels are classified differently", images, captions)


def contact(title: str, rows: Sequence[Images], class_names: Sequence[str]) -> Figure:
    """A row of images for each class.

    Args:
        title: Of the figure.
        rows: For each class, its images ``(n, height, width, depth)``; their numbers may differ.
        class_names: One name for each row.
    """
    height, width, depth = rows[0].shape[1:]
    gap = max(1, round(GAP * max(height, width)))
    down, across = height + gap, width + gap
    columns = max(len(images) for images in rows)
    # The background is white: grey images are drawn as ink on paper, where 0 is white.
    sheet = np.full((len(rows) * down - gap, columns * across - gap, depth), 0 if depth == 1 else 255, np.uint8)
    for row, images in enumerate(rows):
        for column, image in enumerate(images):
            sheet[row * down : row * down + height, column * across : column * across + width] = image
    names = [short(name) for name in class_names]
    longest = max(map(len, names))
    scale = max(0.28, min(0.6, 5 / columns))  # inches per image
    size = (columns * scale * across / down + 0.5 + 0.13 * longest, len(rows) * scale + 0.6)
    with drawing(max(4.0, size[0]), size[1]) as figure:
        axes = figure.subplots()
        axes.set_title(title, fontsize=11)
        show_image(axes, sheet, vmin=0, vmax=255)
        axes.set_axis_on()
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.set_xticks([])
        middles = [row * down + height / 2 - 0.5 for row in range(len(rows))]
        axes.set_yticks(middles, names, fontsize=min(11, 30 * scale))
        axes.tick_params(length=0)
    return figure


def _sheet(
    title: str, images: Images, truth: Labels, probabilities: Probabilities, class_names: Sequence[str]
) -> Figure:
    captions = []
    names = [short(name, LONGEST) for name in class_names]
    for label, chances in zip(truth, probabilities, strict=True):
        answer = int(chances.argmax())
        space = " " if len(names[answer] + names[label]) < LONGEST - 4 else "\n"
        said = f"{names[answer]} ✓" if label == answer else f"{names[answer]} ✗{space}is {names[label]}"
        captions.append((f"{said}\n{chances[answer]:.1%}", RIGHT if label == answer else WRONG))
    return _grid(title, images, captions)


def _grid(title: str, images: Images, captions: Sequence[tuple[str, str]]) -> Figure:
    """Images with a caption each, text and colour."""
    columns = min(8, max(5, math.ceil(math.sqrt(len(images)))))
    rows = max(1, math.ceil(len(images) / columns))
    longest = max((len(line) for text, _ in captions for line in text.splitlines()), default=0)
    size = min(10, 130 / max(longest, 1))
    with drawing(1.25 * columns, 1.5 * rows + 0.5) as figure:
        figure.suptitle(title, fontweight="bold")
        for axes, image, (text, colour) in zip(image_cells(figure, rows, columns), images, captions, strict=False):
            show_image(axes, image, vmin=0, vmax=255)
            axes.set_title(text, fontsize=size, loc="center", color=colour)
    return figure
