"""The run folder: what is written, when, and atomically."""

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w

from lenet import figures
from lenet.atomic import flush, replacing, write_text
from lenet.datasets import Dataset
from lenet.errors import LenetError
from lenet.evaluation import Evaluation
from lenet.evaluation.metrics import expected_calibration_error, wilson_interval
from lenet.evaluation.report import write_figures
from lenet.model.file import write_model
from lenet.model.graph import Weights
from lenet.model.metadata import Metadata
from lenet.training.environment import differences
from lenet.training.recipe import Recipe
from lenet.weights import save_weights

if TYPE_CHECKING:
    from lenet.training.loop import Fitting

# The temporary files that `lenet.atomic` makes of the files in a run folder.
LEFTOVER = re.compile(r"\..+\.(toml|json|csv|md|onnx|h5|png|ckpt)\.[a-z0-9_]{8}(\..+)?")
COLUMNS = ("epoch", "loss", "accuracy", "validation_loss", "validation_accuracy", "seconds")


@dataclass(frozen=True)
class Epoch:
    """A row of the history; the fields are its columns, ``seconds`` the training time since the start."""

    epoch: float
    loss: float
    accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    seconds: float


class Run:
    """A folder ``runs/<name>/`` that holds one training and all that came of it."""

    def __init__(self, path: Path) -> None:
        """Take an existing folder; ``Run.create`` makes a new one."""
        self.path = path

    @classmethod
    def create(cls, where: str | Path | None = None) -> "Run":
        """Make a new run folder: ``where``, or the next free ``runs/train-N``.

        Raises:
            LenetError: when it is there already or cannot be made.
        """
        path = Path(where) if where is not None else _next_free(Path("runs"))
        try:
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
            LenetError: when the run never came to an end.
        """
        path = self.path / "metrics.json"
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise LenetError(f"{path}: cannot be read ({error}); is this a finished run?") from error
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
            return self.metrics.get("recipe_sha256") == self.recipe.sha256
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
            before = dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            before = {}  # none yet, or one that says nothing
        earlier = before.pop("earlier", [])
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
        fitting: "Fitting",
        evaluation: Evaluation,
        test_part: Dataset,
    ) -> None:
        """Write all that came of a training; the measures last, as the sign that all is there."""
        save_weights(network, self.path / "model.weights.h5")
        metadata = metadata.with_test(evaluation.accuracy, evaluation.n)
        write_model(self.path / "model.onnx", weights, metadata)
        write_text(self.path / "history.csv", _history_csv(fitting.history))
        metrics = _metrics(metadata, recipe, fitting, evaluation)
        write_text(self.path / "README.md", _card(self.path.name, metadata, metrics, evaluation))
        self._write_figures(weights, fitting, evaluation, test_part)
        write_text(self.path / "metrics.json", json.dumps(metrics, indent=2, ensure_ascii=False) + "\n")

    def _write_figures(self, weights: Weights, fitting: "Fitting", evaluation: Evaluation, test_part: Dataset) -> None:
        folder = self.path / "figures"
        write_figures(folder, evaluation, test_part.images)
        for name, figure in (
            ("curves", figures.curves(fitting.trace, [astuple(row) for row in fitting.history])),
            ("filters", figures.filters(weights["conv1/kernel"])),
        ):
            with replacing(folder / f"{name}.png", suffix=".png") as temporary:
                figure.savefig(temporary)


def _next_free(folder: Path) -> Path:
    taken = [int(found[1]) for path in folder.glob("train-*") if (found := re.fullmatch(r"train-(\d+)", path.name))]
    return folder / f"train-{max(taken, default=0) + 1}"


def _history_csv(history: list[Epoch]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([[f"{value:.6g}" if value is not None else "" for value in astuple(row)] for row in history])
    return text.getvalue()


def _metrics(metadata: Metadata, recipe: Recipe, fitting: "Fitting", evaluation: Evaluation) -> dict[str, Any]:
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


def _calibration(metadata: Metadata, evaluation: Evaluation) -> str:
    if metadata.unknown_threshold is None:
        return (
            "Its probabilities are as the network gives them (temperature 1), and it calls nothing unknown: the recipe "
            "kept too\nfew images aside to fit either."
        )
    return (
        f"Temperature {metadata.temperature:.3f}, fitted on {metadata.recipe['validation']:,} training images kept "
        f"aside. An image that scores below {metadata.unknown_threshold:.3f}\n(highest logit) is called unknown: 1 % "
        f"of those images; {evaluation.kept:.2%} of the measured ones are kept as known."
    )


def _origin(recipe: Mapping[str, Any], changes: list[dict[str, float]]) -> str:
    """What the card says of a training that did not simply follow its recipe from fresh weights."""
    text = ""
    if recipe["start"]:
        text += f" Its training began with the weights of `{recipe['start']}` (SHA-256 `{recipe['start_sha256']}`)."
    for change in changes:
        text += f" From step {change['step']} on, it was gone on with for {change['epochs']:g} epochs in all"
        text += f" at a learning rate of {change['learning_rate']:g}."
    return text


def _card(name: str, metadata: Metadata, metrics: dict[str, Any], evaluation: Evaluation) -> str:
    low, high = wilson_interval(evaluation.correct, evaluation.n)
    recipe = metadata.recipe
    first, second = recipe["filters"]
    origin = _origin(recipe, metrics["changes"])
    return f"""# {name}

A LeNet for {metadata.width}×{metadata.height}×{metadata.depth} images and {len(metadata.class_names)} classes \
({", ".join(metadata.class_names)}): convolutions of {first} and {second} kernels \
{recipe["kernel_size"]}×{recipe["kernel_size"]}, {recipe["dense_units"]} dense units.{origin}

| measured | |
| --- | --- |
| accuracy on {evaluation.data}, n = {evaluation.n:,} | \
{evaluation.accuracy:.2%} (95 % interval {low:.2%} to {high:.2%}) |
| images read wrong | {evaluation.n - evaluation.correct} |
| confidence and accuracy differ by | {metrics["expected_calibration_error"]:.2%} (expected calibration error) |
| training | {metrics["epochs"]:g} epochs in {metrics["train_seconds"]:.1f} s, {metrics["precision"]} |

Recipe `{recipe["name"]}` on `{recipe["data"]}`, split {recipe["split"]}, seed {metadata.seed}; the test part took no
part in the training. The same again: `lenet train --recipe {name}/recipe.toml`. Measured by `lenet train`; measure
again with `lenet evaluate`.

{_calibration(metadata, evaluation)}

![learning curves](figures/curves.png)
![confusion matrix](figures/confusion.png)
![mistakes of highest confidence](figures/mistakes.png)
![kernels of the first convolution](figures/filters.png)
![calibration](figures/calibration.png)

Versions: {", ".join(f"{library} {number}" for library, number in metadata.versions.items())}.
SHA-256 of the data: `{metadata.training_data_sha256}`.
"""
