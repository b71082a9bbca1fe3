"""LeNet: train a small convolutional network to read handwriting, explain its answers, measure it, and use it.

Every public name is imported on first use, so that ``import lenet`` is quick and needs no training library.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lenet.errors import missing

if TYPE_CHECKING:
    from lenet.datasets import Dataset, load_dataset
    from lenet.datasets.check import check as check_dataset
    from lenet.errors import LenetError
    from lenet.evaluation.evaluate import Evaluation, evaluate
    from lenet.explain.explanation import Explanation
    from lenet.explain.explanation import explain as explain_image
    from lenet.export.export import export_model
    from lenet.model.runtime import Model
    from lenet.network.architecture import Architecture
    from lenet.network.build import LeNet, build
    from lenet.reading import Reader, Reading
    from lenet.serve.app import create_app
    from lenet.training.compare import compare_runs
    from lenet.training.loop import fit
    from lenet.training.model_from_keras import model_from_keras
    from lenet.training.recipe import Recipe
    from lenet.training.run import Run
    from lenet.training.train import resume, train
    from lenet.weights import load_weights, save_weights

__version__ = "0.1.0"

_MODULES = {
    "lenet.datasets": ("Dataset", "load_dataset"),
    "lenet.errors": ("LenetError",),
    "lenet.evaluation": ("Evaluation", "evaluate"),
    "lenet.explain.explanation": ("Explanation",),
    "lenet.export.export": ("export_model",),
    "lenet.model.runtime": ("Model",),
    "lenet.network.architecture": ("Architecture",),
    "lenet.network.build": ("LeNet", "build"),
    "lenet.reading": ("Reader", "Reading"),
    "lenet.serve.app": ("create_app",),
    "lenet.training.compare": ("compare_runs",),
    "lenet.training.model_from_keras": ("model_from_keras",),
    "lenet.training.loop": ("fit",),
    "lenet.training.recipe": ("Recipe",),
    "lenet.training.run": ("Run",),
    "lenet.training.train": ("resume", "train"),
    "lenet.weights": ("load_weights", "save_weights"),
}
_HOME = {name: (module, name) for module, names in _MODULES.items() for name in names}
# ``lenet.explain`` and ``lenet.export`` are packages, so functions cannot have these names here.
_HOME |= {
    "check_dataset": ("lenet.datasets.check", "check"),
    "explain_image": ("lenet.explain.explanation", "explain"),
}

__all__ = [
    "Architecture", "Dataset", "Evaluation", "Explanation", "LeNet", "LenetError", "Model", "Reader", "Reading",
    "Recipe", "Run", "build", "check_dataset", "compare_runs", "create_app", "evaluate", "explain_image",
    "export_model", "fit", "load_dataset", "load_weights", "model_from_keras", "resume", "save_weights", "train",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'lenet' has no attribute {name!r}")
    module, inside = _HOME[name]
    try:
        return getattr(import_module(module), inside)
    except ModuleNotFoundError as error:
        raise missing(error) from error


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
