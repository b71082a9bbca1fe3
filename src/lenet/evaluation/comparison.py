"""Finished runs side by side: what differed in their recipes, and what came of it."""

import csv
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from lenet import figures
from lenet.errors import LenetError
from lenet.evaluation.metrics import wilson_interval

FILES = ("recipe.toml", "metrics.json", "history.csv")


@dataclass(frozen=True)
class Record:
    """What a run folder says of its training.

    Attributes:
        name: of the folder, as it was called.
        recipe: its fields.
        metrics: what ``metrics.json`` holds.
        history: its rows, by column; what was not measured is None.
    """

    name: str
    recipe: dict[str, Any]
    metrics: dict[str, Any]
    history: list[dict[str, float | None]]

    @classmethod
    def read(cls, run: str) -> "Record":
        """Read a finished run's folder.

        Raises:
            LenetError: when a file is missing or is not what a training writes.
        """
        texts = []
        for file in FILES:
            try:
                texts.append((Path(run) / file).read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError) as error:
                what = getattr(error, "strerror", None) or error
                raise LenetError(f"{Path(run) / file}: cannot be read ({what}); is {run} a finished run?") from error
        try:
            recipe, metrics = tomllib.loads(texts[0]), json.loads(texts[1])
            rows = csv.DictReader(texts[2].splitlines())
            history = [{name: float(value) if value else None for name, value in row.items()} for row in rows]
            record = cls(run, recipe, metrics, history)
            # All that is used below is looked at once here, where a missing entry still has a file to be named with.
            record.outcome()
            record.curve("accuracy")
            if not record.curve("loss"):
                raise ValueError("its history has no row")
        except (ArithmeticError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise LenetError(f"{run}: is not a run as `lenet train` leaves it ({error!r})") from error
        return record

    def outcome(self) -> dict[str, Any]:
        """What came of the training, in plain values."""
        test = self.metrics["test"]
        n, correct = int(test["n"]), int(test["correct"])
        error = self.metrics.get("expected_calibration_error")
        return {
            "test accuracy": float(test["accuracy"]),
            "interval": list(wilson_interval(correct, n)),
            "n": n,
            "wrong": n - correct,
            "calibration error": None if error is None else float(error),
            "training seconds": float(self.metrics["train_seconds"]),
            "epochs": float(self.metrics["epochs"]),
            "precision": str(self.metrics["precision"]),
            "data SHA-256": str(self.metrics["data_sha256"]),
            "gone on with at step": [int(change["step"]) for change in self.metrics.get("changes", [])],
        }

    def curve(self, column: str) -> list[tuple[float, float]]:
        """Points of training seconds and a column of the history, where it was measured."""
        points = [(row["seconds"], row[column]) for row in self.history]
        return [(seconds, value) for seconds, value in points if seconds is not None and value is not None]


def differences(records: Sequence[Record], plain: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The recipe's fields that are not the same in all runs, with the value in each.

    Args:
        records: of the runs.
        plain: what a field means that is not named, as in recipes from before there was one.
    """
    names = dict.fromkeys(name for record in records for name in record.recipe)
    rows = {name: [record.recipe.get(name, plain.get(name)) for record in records] for name in names}
    return {name: values for name, values in rows.items() if any(value != values[0] for value in values)}


def draw(records: Sequence[Record]) -> Figure:
    """The learning curves of all runs: on validation images where every run had some, else on training images."""
    best = max(records, key=lambda record: float(record.metrics["test"]["accuracy"]))
    validated = all(record.curve("validation_accuracy") for record in records)
    column, kind = ("validation_accuracy", "validation") if validated else ("accuracy", "training")
    return figures.comparison(
        f"{best.name} reads most test images right: {best.metrics['test']['accuracy']:.2%}",
        [record.name for record in records],
        [record.curve("loss") for record in records],
        [record.curve(column) for record in records],
        kind,
    )
