"""Sheets of images with the network's answers or by class, and of kernels."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lenet.figures.style import (
    GREY,
    RIGHT,
    SIGNED,
    WRONG,
    draw_probabilities,
    drawing,
    short,
    show_image,
    signed_limit,
    text_width,
)

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
Probabilities = npt.NDArray[np.float32]
# Characters of a class name under an image.
LONGEST = 12
# Distance of two images, as a share of an image's side.
GAP = 0.12
# Of a contact sheet: height of an image with the gap in inches, and images in a line.
TILE, PER_LINE = 0.4, 25
# More kernels are not compared by eye; the weakest are left out.
MOST_KERNELS = 60


def digits(images: Images, truth: Labels, probabilities: Probabilities, class_names: Sequence[str]) -> Figure:
    """Images ``(n, height, width, depth)`` with their answers: right ones blue with ✓, wrong ones orange with ✗."""
    right = int((probabilities.argmax(axis=1) == truth).sum())
    return _sheet(f"{right} of {len(images)} right", images, truth, probabilities, class_names)


def mistakes(
    images: Images, truth: Labels, probabilities: Probabilities, class_names: Sequence[str], title: str = ""
) -> Figure:
    """The same sheet for images with wrong answers; without a ``title``, the most confident first."""
    title = title or (f"The {len(images)} mistakes of highest confidence" if len(images) else "No mistakes")
    return _sheet(title, images, truth, probabilities, class_names)


def answer(image: Images, truth: int, probabilities: Probabilities, class_names: Sequence[str]) -> Figure:
    """One image ``(height, width, depth)`` beside the ten highest of the probabilities ``(classes,)``."""
    said = int(probabilities.argmax())
    colour = RIGHT if said == truth else WRONG
    names = [short(name, LONGEST) for name in class_names]
    with drawing(5.5, 3) as figure:
        mark = "✓" if said == truth else f"✗ is {names[truth]}"
        title = f"{names[said]} {mark}   ({probabilities[said]:.1%})"
        figure.suptitle(title, fontweight="bold", color=colour)
        picture, bars = figure.subplots(1, 2)
        show_image(picture, image)
        draw_probabilities(bars, probabilities, names, said, colour)
    return figure


def suspects(images: Images, labels: Labels, probabilities: Probabilities, class_names: Sequence[str]) -> Figure:
    """Images ``(n, height, width, depth)`` whose labels may be wrong, the most suspect first."""
    answers = probabilities.argmax(axis=1)
    names = [short(name, LONGEST) for name in class_names]
    captions = []
    for label, answer, chances in zip(labels, answers, probabilities, strict=True):
        doubt = f"looks like {names[answer]}" if label != answer else f"only {chances[label]:.0%} probable"
        captions.append((f"labelled {names[label]}\n{doubt}", WRONG if label != answer else GREY))
    differ = int((labels != answers).sum())
    return _grid(f"{differ} of the {len(images)} most suspect labels are classified differently", images, captions)


def contact(title: str, rows: Sequence[Images], class_names: Sequence[str]) -> Figure:
    """The images ``(n, height, width, depth)`` of each class, in lines of at most ``PER_LINE``."""
    height, width, depth = rows[0].shape[1:]
    gap = max(1, round(GAP * max(height, width)))
    down, across = height + gap, width + gap
    columns = min(PER_LINE, max(map(len, rows)))
    first_lines = np.cumsum([0, *(max(1, math.ceil(len(images) / columns)) for images in rows)])
    lines = int(first_lines[-1])
    # The background is white: grey images are drawn as ink on paper, where 0 is white.
    sheet = np.full((lines * down - gap, columns * across - gap, depth), 0 if depth == 1 else 255, np.uint8)
    for start, images in zip(first_lines, rows, strict=False):
        for number, image in enumerate(images):
            top, left = (start + number // columns) * down, number % columns * across
            sheet[top : top + height, left : left + width] = image
    names = [short(name) for name in class_names]
    inches = across * TILE / down, 0.085 * max(map(text_width, names))
    with drawing(max(4.0, columns * inches[0] + inches[1] + 0.5), lines * TILE + 0.6) as figure:
        axes = figure.subplots()
        figure.suptitle(short(title, 60), fontsize=11)  # the images may be narrower than it
        show_image(axes, sheet, vmin=0, vmax=255)
        axes.set_axis_on()
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.set_xticks([])
        middles = (first_lines[:-1] + first_lines[1:]) * down / 2 - (1 + gap) / 2
        axes.set_yticks(middles, names, fontsize=9)
        axes.tick_params(length=0)
    return figure


def filters(kernels: npt.NDArray[np.float32]) -> Figure:
    """Kernels ``(height, width, depth, kernels)``, averaged over depth, on one colour scale.

    Blue is a positive weight, orange a negative one.
    """
    height, width, depth, count = kernels.shape
    weights = kernels.mean(axis=2)
    chosen = strongest(weights.transpose(2, 0, 1), MOST_KERNELS)
    limit = signed_limit(weights)
    columns = min(10, len(chosen))
    rows = math.ceil(len(chosen) / columns)
    with drawing(9, 0.9 * rows + 1.1) as figure:
        of_all = f"The {len(chosen)} strongest of {count}" if len(chosen) < count else f"{count}"
        mean = "" if depth == 1 else f", mean over {depth} channels"
        title = f"{of_all} kernels of {width}×{height}{mean}\nblue: positive weight, orange: negative weight"
        figure.suptitle(title, fontweight="bold", fontsize=12)
        axes = figure.subplots()
        captions = [(str(number + 1), "black") for number in chosen]
        images = weights.transpose(2, 0, 1)[chosen, ..., np.newaxis]
        _draw_grid(axes, images, columns, captions, 8, 0.3, cmap=SIGNED, vmin=-limit, vmax=limit)
        figure.colorbar(axes.images[0], ax=axes, shrink=0.9, label="weight", aspect=12)
    return figure


def strongest(cells: npt.NDArray[np.float32], most: int) -> npt.NDArray[np.int64]:
    """Indices of the ``most`` cells ``(n, ...)`` with the highest magnitudes, in ascending order."""
    strength = np.square(cells).reshape(len(cells), -1).sum(axis=1)
    return np.sort(np.argsort(-strength, kind="stable")[:most])


def _sheet(
    title: str, images: Images, truth: Labels, probabilities: Probabilities, class_names: Sequence[str]
) -> Figure:
    captions = []
    names = [short(name, LONGEST) for name in class_names]
    for label, chances in zip(truth, probabilities, strict=True):
        answer = int(chances.argmax())
        space = " " if text_width(names[answer] + names[label]) < LONGEST - 4 else "\n"
        said = f"{names[answer]} ✓" if label == answer else f"{names[answer]} ✗{space}is {names[label]}"
        captions.append((f"{said}\n{chances[answer]:.1%}", RIGHT if label == answer else WRONG))
    return _grid(title, images, captions)


def _grid(title: str, images: Images, captions: Sequence[tuple[str, str]]) -> Figure:
    """Images with a caption each, text and colour."""
    columns = min(8, max(5, math.ceil(math.sqrt(len(images)))))
    rows = max(1, math.ceil(len(images) / columns))
    longest = max((text_width(line) for text, _ in captions for line in text.splitlines()), default=0)
    size = min(10, 130 / max(longest, 1))
    with drawing(1.25 * columns, 1.5 * rows + 0.5) as figure:
        figure.suptitle(title, fontweight="bold")
        _draw_grid(figure.subplots(), images, columns, captions, size, 0.38, vmin=0, vmax=255)
    return figure


def _draw_grid(
    axes: Axes,
    images: npt.NDArray[Any],
    columns: int,
    captions: Sequence[tuple[str, str]],
    size: float,
    line: float,
    **look: Any,
) -> None:
    """Draw images ``(n, height, width, depth)`` in lines, each below its caption, text and colour.

    All in one ``Axes``: one for each image would take several times as long. A caption of font ``size`` takes the share
    ``line`` of an image's side.
    """
    height, width = images.shape[1:3]
    side = max(height, width)
    down, across = height + (GAP + line) * side, width + 2 * GAP * side
    for number, (image, (text, colour)) in enumerate(zip(images, captions, strict=True)):
        top, left = number // columns * down, number % columns * across
        show_image(axes, image, extent=(left, left + width, top + height, top), **look)
        centre, above = left + width / 2, top - GAP * side / 3
        axes.text(centre, above, text, ha="center", va="bottom", fontsize=size, fontweight="bold", color=colour)
    lines = max(1, math.ceil(len(images) / columns))
    axes.set(xlim=(0, columns * across), ylim=(lines * down, -line * side))
    axes.set_axis_off()
