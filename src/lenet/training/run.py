"""The run folder: its files, written atomically."""

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import tomli_w
from filelock import FileLock, Timeout

from lenet.atomic import flush, write_bytes, write_text
from lenet.datasets import Dataset
from lenet.errors import LenetError, reason
from lenet.evaluation import Evaluation
from lenet.evaluation.metrics import expected_calibration_error
from lenet.explain.explanation import image_kernels
from lenet.model.file import write_model
from lenet.model.graph import Weights
from lenet.model.metadata import Metadata
from lenet.text_files import read_json
from lenet.training.card import model_card
from lenet.training.environment import differences
from lenet.training.recipe import Recipe
from lenet.training.state import Epoch, TrainingState
from lenet.weights import save_weights

LOCK = ".lock"
# Beginning of the name of a folder with the data that several hosts share.
DATA = ".data-"
# The temporary files that `lenet.atomic` makes of the files in a run folder.
LEFTOVER = re.compile(r"\..+\.(toml|json|csv|md|onnx|h5|png|ckpt)\.[a-z0-9_]{8}(\..+)?")
# Entries that `metrics.json` must have.
MEASURED = {"test", "train_seconds", "epochs", "seed", "recipe", "recipe_sha256", "precision", "data_sha256"}


def refuse_existing(path: Path) -> None:
    """Raise a LenetError for a path that ``Run.create`` cannot make a run folder of."""
    if path.exists() and not (path.is_dir() and _has_only_leftovers(path)):
        raise LenetError(f"{path}: exists already and is not overwritten; choose another --run")


class Run:
    """A folder ``runs/<name>/`` with one training and its results."""

    def __init__(self, path: Path) -> None:
        """Open an existing folder; ``Run.create`` makes a new one."""
        self.path = path

    @classmethod
    def create(cls, where: str | Path | None = None) -> "Run":
        """Make a new run folder, ``where`` or the next free ``runs/train-N``; LenetError where that is not possible."""
        path = Path(where) if where is not None else _next_free(Path("runs"))
        try:
            if path.is_dir() and _has_only_leftovers(path):
                return cls(path)
            path.mkdir(parents=True)
            flush(path.parent)
        except FileExistsError:
            raise LenetError(f"{path}: exists already and is not overwritten; choose another --run") from None
        except OSError as error:
            raise LenetError(f"{path}: cannot be made ({error.strerror}); choose another --run") from error
        return cls(path)

    def __repr__(self) -> str:
        if not self.finished:
            return f"<Run {self.path}: not finished>"
        test = self.metrics["test"]
        return f"<Run {self.path}: {test['correct']:,} of {test['n']:,} test images right>"

    def _repr_png_(self) -> bytes | None:
        """Its learning curves, for notebooks; None before it is finished."""
        curves = self.path / "figures" / "curves.png"
        return curves.read_bytes() if self.finished and curves.is_file() else None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Refuse other processes while the block runs. The system releases the lock when this process ends.

        Raises:
            LenetError: when another process has the lock, or the folder is missing or cannot be written.
        """
        if not self.path.is_dir():  # which the lock would make
            raise LenetError(f"{self.path}: cannot be locked, since there is no such folder")
        lock = FileLock(self.path / LOCK, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise LenetError(f"{self.path}: another lenet is at work there; wait for its end or stop it") from None
        except (OSError, NotImplementedError) as error:
            message = f"cannot be locked ({reason(error)}); name a folder that can be written"
            raise LenetError(f"{self.path}: {message}") from error
        try:
            yield
        finally:
            lock.release()

    @property
    def metrics(self) -> dict[str, Any]:
        """Content of ``metrics.json``; LenetError when the run is not finished, or the file is not from a training."""
        path = self.path / "metrics.json"
        try:
            content = read_json(path)
        except LenetError as error:
            raise LenetError(f"{error}; is this a finished run?") from error
        if not isinstance(content, dict) or not content.keys() >= MEASURED or not isinstance(content["test"], dict):
            raise LenetError(f"{path}: holds no metrics of a run; write them again: lenet train --resume {self.path}")
        return content

    @property
    def recipe(self) -> Recipe:
        """Content of ``recipe.toml``; LenetError when this is not a run folder."""
        return Recipe.read(self.path / "recipe.toml")

    @property
    def finished(self) -> bool:
        """Whether its results are those of its recipe: ``metrics.json`` is written last."""
        try:
            return self.metrics["recipe_sha256"] == self.recipe.sha256 and (self.path / "model.onnx").is_file()
        except LenetError:
            return False

    def write_recipe(self, recipe: Recipe) -> None:
        """Write ``recipe.toml``, the first file of the folder."""
        write_text(self.path / "recipe.toml", tomli_w.dumps(recipe.to_dict()))

    def write_environment(self, values: dict[str, Any]) -> list[str]:
        """Write ``environment.json``: what the bits of the weights depend on beside the recipe.

        Returns:
            Changes since the run was last trained, in a few words each.
        """
        path = self.path / "environment.json"
        try:
            before = read_json(path)
        except LenetError:
            before = None  # none yet, or not readable
        before = before if isinstance(before, dict) else {}
        earlier = before.pop("earlier", [])
        changed = differences(before, values)
        if changed:
            earlier = [*(earlier if isinstance(earlier, list) else []), before]
        _write_json(path, values | ({"earlier": earlier} if earlier else {}))
        return changed

    def remove_leftovers(self, *, data: bool = True) -> None:
        """Remove what a process left that was killed; the caller must hold the folder's lock.

        ``data`` is False while hosts share the copy of their data.
        """
        for path in self.path.rglob(".*"):
            if LEFTOVER.fullmatch(path.name):
                path.unlink(missing_ok=True)
        for folder in self.path.glob(f"{DATA}*") if data else ():
            shutil.rmtree(folder, ignore_errors=True)

    def write_results(
        self,
        network: Any,
        weights: Weights,
        metadata: Metadata,
        recipe: Recipe,
        state: TrainingState,
        evaluation: Evaluation,
        test_part: Dataset,
        said: dict[str, Any],
        on_metrics: Callable[[dict[str, Any]], None],
        figures: Callable[[], Mapping[str, bytes]],
    ) -> None:
        """Write all results; ``metrics.json``, with what is ``said`` besides, last, which marks the run as finished.

        ``on_metrics`` is called before ``figures``, which waits for them.
        """
        save_weights(network, self.path / "model.weights.h5")
        metadata = replace(metadata, test_accuracy=evaluation.accuracy, test_n=evaluation.n)
        write_model(self.path / "model.onnx", weights, metadata)
        write_text(self.path / "history.csv", _history_csv(state.history))
        metrics = _metrics(metadata, recipe, state, evaluation) | said
        metrics["test"]["sha256"] = test_part.sha256
        kernels = image_kernels(metadata.layers, weights) is not None
        write_text(self.path / "README.md", model_card(self.path.name, metadata, metrics, evaluation, kernels))
        on_metrics(metrics)
        for name, content in figures().items():
            write_bytes(self.path / "figures" / f"{name}.png", content)
        _write_json(self.path / "metrics.json", metrics)

    def add_to_metrics(self, **values: Any) -> None:
        """Add entries to ``metrics.json``."""
        _write_json(self.path / "metrics.json", self.metrics | values)


def _has_only_leftovers(path: Path) -> bool:
    """Whether a folder holds nothing but what a process leaves that was killed before it wrote its recipe."""
    names = {inside.name for inside in path.iterdir()}
    return LOCK in names and all(name == LOCK or LEFTOVER.fullmatch(name) for name in names)


def _write_json(path: Path, values: dict[str, Any]) -> None:
    write_text(path, json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def _next_free(folder: Path) -> Path:
    taken = [int(found[1]) for path in folder.glob("train-*") if (found := re.fullmatch(r"train-(\d+)", path.name))]
    return folder / f"train-{max(taken, default=0) + 1}"


def _history_csv(history: list[Epoch]) -> str:
    rows = [[f"{value:.6g}" if value is not None else "" for value in row] for row in history]
    return "".join(",".join(row) + "\n" for row in (Epoch._fields, *rows))


def _metrics(metadata: Metadata, recipe: Recipe, state: TrainingState, evaluation: Evaluation) -> dict[str, Any]:
    return {
        "test": {"n": evaluation.n, "correct": evaluation.correct, "accuracy": evaluation.accuracy},
        **({"test_by_group": evaluation.per_group} if evaluation.per_group else {}),
        "network": metadata.network,
        "framing": metadata.framing,
        "expected_calibration_error": expected_calibration_error(evaluation.probabilities, evaluation.truth),
        "temperature": metadata.temperature,
        "unknown_threshold": metadata.unknown_threshold,
        "kept_as_known": evaluation.kept,
        "train_seconds": round(state.seconds, 3),
        "epochs": round(state.epochs, 4),
        "steps": state.step,
        "seed": metadata.seed,
        "recipe": recipe.name,
        "recipe_sha256": recipe.sha256,
        "changes": state.changes,
        "precision": state.precision,
        "backend": "tensorflow",
        "versions": dict(metadata.versions),
        "data_sha256": metadata.training_data_sha256,
    }
