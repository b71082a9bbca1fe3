"""An evaluation as figures in a folder."""

from pathlib import Path

from lenet import figures
from lenet.atomic import replacing
from lenet.datasets.dataset import Images
from lenet.evaluation.evaluate import Evaluation
from lenet.evaluation.metrics import expected_calibration_error, reliability

MISTAKES_SHOWN = 24


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
    drawings = {
        "confusion": figures.confusion(evaluation.confusion, evaluation.class_names),
        "mistakes": figures.mistakes(
            images[wrong], evaluation.truth[wrong], evaluation.probabilities[wrong], evaluation.class_names
        ),
        "calibration": figures.calibration(
            *reliability(evaluation.probabilities, evaluation.truth),
            expected_calibration_error(evaluation.probabilities, evaluation.truth),
        ),
    }
    for name, figure in drawings.items():
        with replacing(folder / f"{name}.png", suffix=".png") as temporary:
            figure.savefig(temporary)
