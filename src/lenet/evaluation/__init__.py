"""How good the network is, and how sure one may be of that."""

from lenet.evaluation.evaluate import Evaluation, evaluate
from lenet.evaluation.parts import data_for, part_for

__all__ = ["Evaluation", "data_for", "evaluate", "part_for"]
