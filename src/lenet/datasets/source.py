"""From what a user names as data to a Dataset."""

from lenet.datasets.dataset import Dataset
from lenet.datasets.mnist import load_mnist
from lenet.errors import LenetError


def load_dataset(source: str = "mnist") -> Dataset:
    """Load a data set by name.

    Args:
        source: ``mnist``.

    Raises:
        LenetError: for an unknown source or damaged files.
    """
    if source == "mnist":
        return load_mnist()
    raise LenetError(f"unknown data {source!r}; known is: mnist")
