"""Reading: a picture of handwriting → digits in reading order."""

from lenet.reading.reader import Digit, Reader, Reading

__all__ = ["Digit", "Reader", "Reading"]
