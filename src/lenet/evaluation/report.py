"""An evaluation as figures in a folder."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from lenet import figures
from lenet.atomic import replacing
from lenet.datasets.dataset import Images
from lenet.evaluation.corruptions import SEVERITIES, corrupt
from lenet.evaluation.evaluate import Evaluation
from lenet.evaluation.metrics import expected_calibration_error, reliability
from lenet.evaluation.robustness import Robustness
from lenet.evaluation.unknown import made_up
from lenet.model.runtime import Model

MISTAKES_SHOWN = 24
# More images make the violins of the unknown no smoother.
MOST_SCORED = 2000


def write_figures(folder: Path, evaluation: Evaluation, images: Images) -> None:
    """Write ``confusion.png``, ``mistakes.png`` and ``calibration.png``.

    Args:
        folder: is made when missing.
        evaluation: what to draw.
        images: those that were evaluated, in the same order.

    Raises:
        LenetError: when the folder cannot be written.
    """
    wrong = evaluation.mistakes()[:MISTAKES_SHOWN]
    _write(
        folder,
        {
            "confusion": figures.confusion(evaluation.confusion, evaluation.class_names),
            "mistakes": figures.mistakes(
                images[wrong], evaluation.truth[wrong], evaluation.probabilities[wrong], evaluation.class_names
            ),
            "calibration": figures.calibration(
                *reliability(evaluation.probabilities, evaluation.truth),
                expected_calibration_error(evaluation.probabilities, evaluation.truth),
            ),
        },
    )


def write_unknown_figure(folder: Path, model: Model, images: Images) -> None:
    """Write ``unknown.png``: scores of ``images`` beside those of made-up ones of nothing.

    Raises:
        LenetError: when the folder cannot be written.
    """
    known = images[:MOST_SCORED]
    strangers = {kind: model.unknown_scores(pictures) for kind, pictures in made_up(known).items()}
    threshold = model.metadata.unknown_threshold
    _write(folder, {"unknown": figures.unknown(model.unknown_scores(known), strangers, threshold)})


def write_robustness_figures(folder: Path, robustness: Robustness, image: Images) -> None:
    """Write ``robustness.png`` and ``damages.png``, the latter with ``image`` ``(height, width, depth)``.

    Raises:
        LenetError: when the folder cannot be written.
    """
    kinds = robustness.corruptions
    names = [kind.name for kind in kinds]
    damaged = [[corrupt(image[np.newaxis], kind, 1 + step)[0] for step in range(SEVERITIES)] for kind in kinds]
    labels = [[f"{level:g} {kind.unit}" for level in kind.levels] for kind in kinds]
    families = [kind.family for kind in kinds]
    _write(
        folder,
        {
            "robustness": figures.robustness(robustness.accuracy, names, families, robustness.clean, robustness.n),
            "damages": figures.damages(np.array(damaged), names, labels),
        },
    )


def _write(folder: Path, drawings: Mapping[str, Figure]) -> None:
    for name, figure in drawings.items():
        with replacing(folder / f"{name}.png", suffix=".png") as temporary:
            figure.savefig(temporary)
