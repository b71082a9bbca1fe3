"""The run folder: what is written, when, and atomically."""

import csv
import io
import json
import re
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w

from lenet import figures
from lenet.atomic import replacing, write_text
from lenet.datasets import Dataset
from lenet.errors import LenetError
from lenet.evaluation import Evaluation
from lenet.evaluation.metrics import expected_calibration_error, wilson_interval
from lenet.evaluation.report import write_figures
from lenet.model.file import write_model
from lenet.model.graph import Weights
from lenet.model.metadata import Metadata
from lenet.training.recipe import Recipe
from lenet.weights import save_weights

if TYPE_CHECKING:
    from lenet.training.trainer import Fitting

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

    def write_recipe(self, recipe: Recipe) -> None:
        """Write ``recipe.toml``, the first thing in the folder."""
        write_text(self.path / "recipe.toml", tomli_w.dumps(recipe.to_dict()))

    def write_results(
        self,
        network: Any,
        weights: Weights,
        metadata: Metadata,
        fitting: "Fitting",
        evaluation: Evaluation,
        test_part: Dataset,
    ) -> None:
        """Write all that came of a training; the model first, since it is what cost the time."""
        save_weights(network, self.path / "model.weights.h5")
        metadata = metadata.with_test(evaluation.accuracy, evaluation.n)
        write_model(self.path / "model.onnx", weights, metadata)
        write_text(self.path / "history.csv", _history_csv(fitting.history))
        metrics = _metrics(metadata, fitting, evaluation)
        write_text(self.path / "metrics.json", json.dumps(metrics, indent=2, ensure_ascii=False) + "\n")
        write_text(self.path / "README.md", _card(self.path.name, metadata, metrics, evaluation))
        self._write_figures(weights, fitting, evaluation, test_part)

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


def _metrics(metadata: Metadata, fitting: "Fitting", evaluation: Evaluation) -> dict[str, Any]:
    return {
        "test": {"n": evaluation.n, "correct": evaluation.correct, "accuracy": evaluation.accuracy},
        "expected_calibration_error": expected_calibration_error(evaluation.probabilities, evaluation.truth),
        "temperature": metadata.temperature,
        "unknown_threshold": metadata.unknown_threshold,
        "kept_as_known": evaluation.kept,
        "train_seconds": round(fitting.seconds, 3),
        "epochs": round(fitting.epochs, 4),
        "stopped": fitting.stopped,
        "seed": metadata.seed,
        "recipe": metadata.recipe["name"],
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


def _card(name: str, metadata: Metadata, metrics: dict[str, Any], evaluation: Evaluation) -> str:
    low, high = wilson_interval(evaluation.correct, evaluation.n)
    recipe = metadata.recipe
    first, second = recipe["filters"]
    stopped = f" Training was stopped after {metrics['epochs']:g} of {recipe['epochs']:g} epochs." * metrics["stopped"]
    return f"""# {name}

A LeNet for {metadata.width}×{metadata.height}×{metadata.depth} images and {len(metadata.class_names)} classes \
({", ".join(metadata.class_names)}): convolutions of {first} and {second} kernels \
{recipe["kernel_size"]}×{recipe["kernel_size"]}, {recipe["dense_units"]} dense units.{stopped}

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
