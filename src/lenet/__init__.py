"""LeNet: teach a small convolutional network to read handwriting, understand it, trust it, put it to work.

Every public name is imported on first use, so that ``import lenet`` is quick and needs no training library.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lenet.datasets import Dataset, load_dataset
    from lenet.errors import LenetError
    from lenet.evaluation import Evaluation, evaluate
    from lenet.model.runtime import Model
    from lenet.network import LeNet
    from lenet.reading import Reader, Reading
    from lenet.serve.app import create_app
    from lenet.training.loop import fit
    from lenet.training.recipe import Recipe
    from lenet.training.run import Run
    from lenet.training.trainer import resume, train
    from lenet.weights import load_weights, save_weights

__version__ = "0.1.0"

_HOME = {
    "Dataset": "lenet.datasets",
    "Evaluation": "lenet.evaluation",
    "LeNet": "lenet.network",
    "LenetError": "lenet.errors",
    "Model": "lenet.model.runtime",
    "Reader": "lenet.reading",
    "Reading": "lenet.reading",
    "Recipe": "lenet.training.recipe",
    "Run": "lenet.training.run",
    "create_app": "lenet.serve.app",
    "evaluate": "lenet.evaluation",
    "fit": "lenet.training.loop",
    "load_dataset": "lenet.datasets",
    "load_weights": "lenet.weights",
    "resume": "lenet.training.trainer",
    "save_weights": "lenet.weights",
    "train": "lenet.training.trainer",
}

__all__ = [
    "Dataset",
    "Evaluation",
    "LeNet",
    "LenetError",
    "Model",
    "Reader",
    "Reading",
    "Recipe",
    "Run",
    "create_app",
    "evaluate",
    "fit",
    "load_dataset",
    "load_weights",
    "resume",
    "save_weights",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'lenet' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
