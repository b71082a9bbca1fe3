"""All figures; each function returns a Figure and neither shows nor saves it."""

from lenet.figures.curves import comparison, curves, learning_rate, search
from lenet.figures.evaluation import calibration, confusion, damages, robustness, unknown
from lenet.figures.gallery import answer, contact, digits, filters, mistakes, suspects
from lenet.figures.reading import annotated, reading

__all__ = [
    "annotated", "answer", "calibration", "comparison", "confusion", "contact", "curves", "damages", "digits",
    "filters", "learning_rate", "mistakes", "reading", "robustness", "search", "suspects", "unknown",
]  # fmt: skip
