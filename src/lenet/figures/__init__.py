"""All figures; each function returns a Figure and neither shows nor saves it."""

from lenet.figures.curves import comparison, curves
from lenet.figures.evaluation import calibration, confusion, unknown
from lenet.figures.filters import filters
from lenet.figures.gallery import answer, contact, digits, mistakes, suspects
from lenet.figures.reading import annotated, reading
from lenet.figures.robustness import damages, robustness

__all__ = [
    "annotated",
    "answer",
    "calibration",
    "comparison",
    "confusion",
    "contact",
    "curves",
    "damages",
    "digits",
    "filters",
    "mistakes",
    "reading",
    "robustness",
    "suspects",
    "unknown",
]
