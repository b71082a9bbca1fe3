"""Reading: a picture → its digits in reading order, or its class."""

from lenet.reading.reader import Reader
from lenet.reading.result import Digit, Reading

__all__ = ["Digit", "Reader", "Reading"]
