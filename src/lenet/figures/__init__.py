"""Every picture that is drawn; each function returns a Figure, none shows or saves."""

from lenet.figures.calibration import calibration
from lenet.figures.confusion import confusion
from lenet.figures.curves import curves
from lenet.figures.filters import filters
from lenet.figures.gallery import answer, digits, mistakes
from lenet.figures.reading import annotated, reading

__all__ = ["annotated", "answer", "calibration", "confusion", "curves", "digits", "filters", "mistakes", "reading"]
