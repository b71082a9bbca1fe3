"""The 1,797 digits of 8×8 pixels that come with scikit-learn.

Source: Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998.
"""

import numpy as np

from lenet.datasets.dataset import Dataset


def load_digits() -> Dataset:
    """Load them, levels 0 to 16 as 0 to 255."""
    from sklearn.datasets import load_digits as load

    images, labels = load().images, load().target
    return Dataset("digits", np.rint(images * (255 / 16)).astype(np.uint8), labels, tuple("0123456789"))
