"""Shipping a model: one file a target, and none leaves before it has proven itself against the model."""

from lenet.export.export import FORMATS, export_model
from lenet.export.proof import Proof

__all__ = ["FORMATS", "Proof", "export_model"]
