"""Every picture that is drawn; each function returns a Figure, none shows or saves."""

from lenet.figures.calibration import calibration
from lenet.figures.comparison import comparison
from lenet.figures.confusion import confusion
from lenet.figures.contact import contact
from lenet.figures.curves import curves
from lenet.figures.explanation import explanation
from lenet.figures.filters import filters
from lenet.figures.gallery import answer, digits, mistakes, suspects
from lenet.figures.reading import annotated, reading
from lenet.figures.robustness import damages, robustness
from lenet.figures.unknown import unknown

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
    "explanation",
    "filters",
    "mistakes",
    "reading",
    "robustness",
    "suspects",
    "unknown",
]
