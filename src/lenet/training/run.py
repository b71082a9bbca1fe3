"""The run folder: what is written, when, and atomically."""

import csv
import io
import json
import re
from dataclasses import astuple
from pathlib import Path
from typing import Any

import tomli_w

from lenet import figures
from lenet.atomic import flush, replacing, write_text
from lenet.datasets import Dataset
from lenet.errors import LenetError
from lenet.evaluation import Evaluation
from lenet.evaluation.metrics import expected_calibration_error
from lenet.evaluation.report import write_figures
from lenet.model.file import write_model
from lenet.model.graph import Weights
from lenet.model.metadata import Metadata
from lenet.training.card import model_card
from lenet.training.environment import differences
from lenet.training.fitting import Epoch, Fitting
from lenet.training.lock import NAME as LOCK
from lenet.training.recipe import Recipe
from lenet.weights import save_weights

# The temporary files that `lenet.atomic` makes of the files in a run folder.
LEFTOVER = re.compile(r"\..+\.(toml|json|csv|md|onnx|h5|png|ckpt)\.[a-z0-9_]{8}(\..+)?")
# What others rely on in `metrics.json`.
MEASURED = {"test", "train_seconds", "epochs", "seed", "recipe", "recipe_sha256", "precision", "data_sha256"}
COLUMNS = ("epoch", "loss", "accuracy", "validation_loss", "validation_accuracy", "seconds")


class Run:
    """A folder ``runs/<name>/`` that holds one training and all that came of it."""

    def __init__(self, path: Path) -> None:
        """Take an existing folder; ``Run.create`` makes a new one."""
        self.path = path

    @classmethod
    def create(cls, where: str | Path | None = None) -> "Run":
        """Make a new run folder: ``where``, or the next free ``runs/train-N``.

        A folder that holds a lock and nothing else is taken: a process that was killed at its very start leaves it.

        Raises:
            LenetError: when it is there already or cannot be made.
        """
        path = Path(where) if where is not None else _next_free(Path("runs"))
        try:
            if path.is_dir() and [inside.name for inside in path.iterdir()] == [LOCK]:
                return cls(path)
            path.mkdir(parents=True)
            flush(path.parent)
        except FileExistsError:
            raise LenetError(f"{path}: is there already and is not overwritten; choose another --run") from None
        except OSError as error:
            raise LenetError(f"{path}: cannot be made ({error.strerror}); choose another --run") from error
        return cls(path)

    @property
    def metrics(self) -> dict[str, Any]:
        """What ``metrics.json`` holds.

        Raises:
            LenetError: when the run never came to an end, or the file is none that ``write_results`` wrote.
        """
        path = self.path / "metrics.json"
        content = _read_json(path)
        if not isinstance(content, dict) or not content.keys() >= MEASURED or not isinstance(content["test"], dict):
            raise LenetError(f"{path}: holds no measures of a run; write them again: lenet train --resume {self.path}")
        return content

    @property
    def recipe(self) -> Recipe:
        """What ``recipe.toml`` holds.

        Raises:
            LenetError: when this is no run folder.
        """
        return Recipe.read(self.path / "recipe.toml")

    @property
    def finished(self) -> bool:
        """Whether its results are those of its recipe: ``metrics.json`` is written last."""
        try:
            return self.metrics["recipe_sha256"] == self.recipe.sha256 and (self.path / "model.onnx").is_file()
        except LenetError:
            return False

    def write_recipe(self, recipe: Recipe) -> None:
        """Write ``recipe.toml``, the first thing in the folder."""
        write_text(self.path / "recipe.toml", tomli_w.dumps(recipe.to_dict()))

    def write_environment(self, values: dict[str, Any]) -> list[str]:
        """Write ``environment.json``, what the bits of the weights depend on beside the recipe.

        Returns:
            What is not as it was when the run was last at work, a few words each.
        """
        path = self.path / "environment.json"
        try:
            before = _read_json(path)
        except LenetError:
            before = {}  # none yet, or one that says nothing
        before = before if isinstance(before, dict) else {}
        earlier = before.pop("earlier", [])
        earlier = earlier if isinstance(earlier, list) else []
        changed = differences(before, values)
        if changed:
            earlier = [*earlier, before]
        content = values | ({"earlier": earlier} if earlier else {})
        write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        return changed

    def remove_leftovers(self) -> None:
        """Remove what a process that was killed while writing left half done; only for who holds the folder's lock."""
        checkpoints = self.path / "checkpoint"
        for folder in (self.path, self.path / "figures", checkpoints, *checkpoints.glob("*/")):
            for path in folder.glob(".*"):
                if LEFTOVER.fullmatch(path.name):
                    path.unlink(missing_ok=True)

    def write_results(
        self,
        network: Any,
        weights: Weights,
        metadata: Metadata,
        recipe: Recipe,
        fitting: Fitting,
        evaluation: Evaluation,
        test_part: Dataset,
    ) -> None:
        """Write all that came of a training; the measures last, as the sign that all is there."""
        save_weights(network, self.path / "model.weights.h5")
        metadata = metadata.with_test(evaluation.accuracy, evaluation.n)
        write_model(self.path / "model.onnx", weights, metadata)
        write_text(self.path / "history.csv", _history_csv(fitting.history))
        metrics = _metrics(metadata, recipe, fitting, evaluation)
        write_text(self.path / "README.md", model_card(self.path.name, metadata, metrics, evaluation))
        self._write_figures(weights, fitting, evaluation, test_part)
        write_text(self.path / "metrics.json", json.dumps(metrics, indent=2, ensure_ascii=False) + "\n")

    def _write_figures(self, weights: Weights, fitting: Fitting, evaluation: Evaluation, test_part: Dataset) -> None:
        folder = self.path / "figures"
        write_figures(folder, evaluation, test_part.images)
        for name, figure in (
            ("curves", figures.curves(fitting.trace, [astuple(row) for row in fitting.history])),
            ("filters", figures.filters(weights["conv1/kernel"])),
        ):
            with replacing(folder / f"{name}.png", suffix=".png") as temporary:
                figure.savefig(temporary)


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise LenetError(f"{path}: cannot be read ({error}); is this a finished run?") from error


def _next_free(folder: Path) -> Path:
    taken = [int(found[1]) for path in folder.glob("train-*") if (found := re.fullmatch(r"train-(\d+)", path.name))]
    return folder / f"train-{max(taken, default=0) + 1}"


def _history_csv(history: list[Epoch]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([[f"{value:.6g}" if value is not None else "" for value in astuple(row)] for row in history])
    return text.getvalue()


def _metrics(metadata: Metadata, recipe: Recipe, fitting: Fitting, evaluation: Evaluation) -> dict[str, Any]:
    return {
        "test": {"n": evaluation.n, "correct": evaluation.correct, "accuracy": evaluation.accuracy},
        "expected_calibration_error": expected_calibration_error(evaluation.probabilities, evaluation.truth),
        "temperature": metadata.temperature,
        "unknown_threshold": metadata.unknown_threshold,
        "kept_as_known": evaluation.kept,
        "train_seconds": round(fitting.seconds, 3),
        "epochs": round(fitting.epochs, 4),
        "steps": fitting.step,
        "seed": metadata.seed,
        "recipe": recipe.name,
        "recipe_sha256": recipe.sha256,
        "changes": fitting.changes,
        "precision": fitting.precision,
        "backend": "tensorflow",
        "versions": dict(metadata.versions),
        "data_sha256": metadata.training_data_sha256,
    }
