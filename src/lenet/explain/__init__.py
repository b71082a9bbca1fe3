"""What the network sees in one image, layer by layer, and which ink carried its answer."""

from lenet.explain.explanation import Explanation, explain
from lenet.explain.sheet import draw

__all__ = ["Explanation", "draw", "explain"]
