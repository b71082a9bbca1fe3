"""Measuring a model: accuracy, calibration, robustness and unknown images."""

from lenet.evaluation.evaluate import Evaluation, evaluate
from lenet.evaluation.parts import data_for, part_for

__all__ = ["Evaluation", "data_for", "evaluate", "part_for"]
