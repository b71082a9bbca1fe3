"""What the ten lessons use beside the library itself: drawing, showing arrays, and checking an answer."""

from lenet.lessons.check import Verdict, check
from lenet.lessons.drawing import draw, show

__all__ = ["Verdict", "check", "draw", "show"]
