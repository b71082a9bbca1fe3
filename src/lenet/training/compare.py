"""Finished runs side by side."""

from pathlib import Path
from typing import Any, NamedTuple

from lenet.errors import LenetError
from lenet.evaluation.comparison import Record, differences, same_test_set
from lenet.training.recipe import Recipe


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
        {'epochs': [1.1, 4.0]}
    """
    if any(not isinstance(run, str | Path) for run in runs):
        raise LenetError('compare_runs takes run folders one by one: write compare_runs("runs/a", "runs/b")')
    if len(runs) < 2:
        raise LenetError("one run cannot be compared; name two or more")
    records = tuple(Record.read(str(run)) for run in runs)
    return Comparison(records, differences(records, Recipe().to_dict()), same_test_set(records))
