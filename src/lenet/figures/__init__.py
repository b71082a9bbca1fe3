"""Every picture that is drawn; each function returns a Figure, none shows or saves."""

from lenet.figures.calibration import calibration
from lenet.figures.confusion import confusion
from lenet.figures.contact import contact
from lenet.figures.curves import curves
from lenet.figures.filters import filters
from lenet.figures.gallery import answer, digits, mistakes

__all__ = ["answer", "calibration", "confusion", "contact", "curves", "digits", "filters", "mistakes"]
