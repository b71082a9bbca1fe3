"""What tests of training share."""

import numpy as np
import pytest

from lenet import Dataset, Run


@pytest.fixture(scope="session")
def small(mnist: Dataset) -> Dataset:
    return mnist.take(np.arange(1000))


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures take most of a short run's time."""
    monkeypatch.setattr(Run, "_write_figures", lambda *arguments: None)
