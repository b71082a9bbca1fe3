"""Finished runs side by side: how their recipes differ, and their results."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from lenet import figures
from lenet.errors import LenetError
from lenet.evaluation.metrics import wilson_interval
from lenet.text_files import read_json, read_text, read_toml
from lenet.training.recipe import Recipe

FILES = ("recipe.toml", "metrics.json", "history.csv")


@dataclass(frozen=True)
class Record:
    """The files of a run folder."""

    name: str  # of the folder, as the user wrote it
    recipe: dict[str, Any]
    metrics: dict[str, Any]  # content of ``metrics.json``
    history: list[dict[str, float | None]]  # its rows, by column; None for what was not measured

    @classmethod
    def read(cls, run: str) -> "Record":
        """Read a run's files; LenetError when one is missing, or has entries that a training does not write."""
        recipe, metrics, rows = (Path(run) / file for file in FILES)
        if not recipe.exists():
            raise LenetError(f"{run}: is not a run folder of `lenet train`; name another")
        if not (metrics.exists() and rows.exists()):
            raise LenetError(f"{run}: is not finished; resume it with: lenet train --resume {quote(run)}")
        try:
            table = csv.DictReader(read_text(rows).splitlines())
            history = [{name: float(value) if value else None for name, value in row.items()} for row in table]
            record = cls(run, read_toml(recipe), read_json(metrics), history)
            # Every entry is used once here, where an error can name the run.
            record.result()
            record.curve("accuracy")
            if not record.curve("loss"):
                raise ValueError("its history has no row")
        except (ArithmeticError, ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
            raise LenetError(f"{run}: is not a run folder of `lenet train` ({error!r}); name another") from error
        return record

    def result(self) -> dict[str, Any]:
        """The result of the training, in plain values."""
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
            "resumed at step": [int(change["step"]) for change in self.metrics.get("changes", [])],
        }

    @property
    def test_set(self) -> tuple[object, ...]:
        """Equal for runs that are known to be tested on the same images: MNIST's own, or those of the same split."""
        split = str(self.recipe.get("split", "own"))
        drawn = self.recipe.get("data") != "mnist" or split not in ("own", "60000:10000")
        result = self.result()
        return (result["data SHA-256"], result["n"], *((split, self.recipe.get("seed")) if drawn else ()))

    def curve(self, column: str) -> list[tuple[float, float]]:
        """Points ``(training seconds, value)`` of a column of the history, where it was measured."""
        points = [(row["seconds"], row[column]) for row in self.history]
        return [(seconds, value) for seconds, value in points if seconds is not None and value is not None]


def differences(records: Sequence[Record]) -> dict[str, list[Any]]:
    """The recipe's fields that differ between runs, with the value in each; a field that one lacks has its default."""
    plain = Recipe().to_dict()
    names = dict.fromkeys(name for record in records for name in record.recipe)
    rows = {name: [record.recipe.get(name, plain.get(name)) for record in records] for name in names}
    return {name: values for name, values in rows.items() if any(value != values[0] for value in values)}


def same_test_set(records: Sequence[Record]) -> bool:
    """Whether all runs are known to be tested on the same images, so that they can be ranked."""
    hashes = [record.metrics["test"].get("sha256") for record in records]
    if all(hashes):  # version 0.1 did not write them
        return len(set(map(str, hashes))) == 1
    return len({record.test_set for record in records}) == 1


class Comparison(NamedTuple):
    """How runs differ.

    Attributes:
        records: The runs' files.
        recipes: Fields of the recipes that differ, with the value in each run.
        same_test_set: Whether all are known to be tested on the same images, so that they can be ranked.
    """

    records: tuple[Record, ...]
    recipes: dict[str, list[Any]]
    same_test_set: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as ``lenet compare --json`` prints them."""
        results = [{"run": record.name, **record.result()} for record in self.records]
        return {"runs": results, "recipes": self.recipes, "same_test_set": self.same_test_set}


def compare_runs(*runs: str | Path) -> Comparison:
    """Compare the results and recipes of two or more finished run folders.

    Raises:
        LenetError: for fewer than two, or a folder that is no finished run.

    Example:
        >>> compare_runs("runs/train-1", "runs/train-2").recipes
        {'epochs': [0.85, 4.0]}
    """
    if any(not isinstance(run, str | Path) for run in runs):
        raise LenetError('compare_runs takes run folders one by one: write compare_runs("runs/a", "runs/b")')
    if len(runs) < 2:
        raise LenetError("one run cannot be compared; name two or more")
    records = tuple(Record.read(str(run)) for run in runs)
    return Comparison(records, differences(records), same_test_set(records))


def draw(records: Sequence[Record]) -> Figure:
    """Learning curves of all runs: on validation images where every run has some, else on training images."""
    best = max(records, key=lambda record: float(record.metrics["test"]["accuracy"]))
    validated = all(record.curve("validation_accuracy") for record in records)
    column, kind = ("validation_accuracy", "validation") if validated else ("accuracy", "training")
    title = f"{best.name} has the highest test accuracy: {best.metrics['test']['accuracy']:.2%}"
    return figures.comparison(
        title if same_test_set(records) else "Not ranked: the test images differ",
        [record.name for record in records],
        [record.curve("loss") for record in records],
        [record.curve(column) for record in records],
        kind,
    )
