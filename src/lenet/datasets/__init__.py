"""Where labelled pictures come from; every source returns a ``Dataset``."""

from lenet.datasets.dataset import Dataset, Parts
from lenet.datasets.source import load_dataset

__all__ = ["Dataset", "Parts", "load_dataset"]
