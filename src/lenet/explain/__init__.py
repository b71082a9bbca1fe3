"""What the network computes for one image, layer by layer, and which pixels its answer rests on."""

from lenet.explain.explanation import Explanation, explain

__all__ = ["Explanation", "explain"]
