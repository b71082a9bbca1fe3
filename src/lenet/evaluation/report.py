"""Figures of an evaluation, written into a folder."""

import re
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from lenet import figures
from lenet.atomic import write_bytes
from lenet.datasets.dataset import Images
from lenet.evaluation.corruptions import SEVERITIES, corrupt
from lenet.evaluation.evaluate import MISTAKES_SHOWN, Evaluation
from lenet.evaluation.robustness import Robustness
from lenet.evaluation.unknown import highest_logit, made_up
from lenet.figures.render import as_png
from lenet.model.runtime import Model

# Every figure of an evaluation; the last two are those of robustness.
NAMES = ("confusion", "mistakes", "calibration", "unknown", "robustness", "damages")
# More images do not make the violins smoother.
MOST_SCORED = 2000


def write_figures(folder: Path, evaluation: Evaluation, images: Images) -> None:
    """Write ``confusion.png``, ``mistakes.png`` and ``calibration.png`` of the evaluated ``images``."""
    for name, arguments in evaluation.figure_arguments(images).items():
        write_figure(folder, name, getattr(figures, name)(*arguments))


def confused_name(truth: str, answer: str) -> str:
    """Name of the sheet of a pair of classes, with letters that every system has in file names."""
    return "-".join(["mistakes", *(re.sub(r"[^\w]", "_", name)[:40] for name in (truth, answer))])


def write_confused(folder: Path, evaluation: Evaluation, images: Images, truth: str, answer: str) -> int:
    """Write the sheet of the images of one class that are read as another, the hardest first; returns their number."""
    found = evaluation.confused(truth, answer)
    shown = found[:MISTAKES_SHOWN]
    title = (
        f"{len(found)} of {truth} read as {answer}, the hardest {len(shown)}"
        if len(found)
        else f"No {truth} is read as {answer}"
    )
    labels, probabilities = evaluation.truth[shown], evaluation.probabilities[shown]
    sheet = figures.mistakes(images[shown], labels, probabilities, evaluation.class_names, title)
    write_figure(folder, confused_name(truth, answer), sheet)
    return len(found)


def write_unknown_figure(folder: Path, model: Model, evaluation: Evaluation, images: Images) -> None:
    """Write ``unknown.png``: scores of the evaluated ``images`` beside those of generated ones that show no class."""
    known = highest_logit(evaluation.logits[:MOST_SCORED])
    generated = made_up(images[:MOST_SCORED])
    unknown = {kind: highest_logit(model.logits(pictures)) for kind, pictures in generated.items()}
    write_figure(folder, "unknown", figures.unknown(known, unknown, model.metadata.unknown_threshold))


def write_robustness_figures(folder: Path, robustness: Robustness, image: Images) -> None:
    """Write ``robustness.png``, and ``damages.png`` of ``image`` ``(height, width, depth)``."""
    kinds = robustness.corruptions
    names, families = [kind.name for kind in kinds], [kind.family for kind in kinds]
    damaged = [[corrupt(image[np.newaxis], kind, 1 + step)[0] for step in range(SEVERITIES)] for kind in kinds]
    labels = [[f"{level:g} {kind.unit}" for level in kind.levels] for kind in kinds]
    curves = figures.robustness(robustness.accuracy, names, families, robustness.clean, robustness.n)
    write_figure(folder, "robustness", curves)
    write_figure(folder, "damages", figures.damages(np.array(damaged), names, labels))


def write_figure(folder: Path, name: str, figure: Figure) -> None:
    """Write ``name.png`` atomically."""
    write_bytes(folder / f"{name}.png", as_png(figure))
