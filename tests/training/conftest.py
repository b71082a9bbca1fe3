"""What tests of training share."""

import numpy as np
import pytest

from lenet import Dataset
from lenet.training import train as trainer


@pytest.fixture(scope="session")
def small(mnist: Dataset) -> Dataset:
    return mnist.take(np.arange(1000))


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures take most of a short run's time."""
    monkeypatch.setattr(trainer, "draw", lambda figures: {})
