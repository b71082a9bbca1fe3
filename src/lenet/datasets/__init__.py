"""Where labelled pictures come from; every source returns a ``Dataset``."""

from lenet.datasets.dataset import Dataset, Split
from lenet.datasets.source import load_dataset

__all__ = ["Dataset", "Split", "load_dataset"]
