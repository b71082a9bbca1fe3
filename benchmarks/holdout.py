"""How recipes are chosen: on training images of writers held out, never on the test set.

    python benchmarks/holdout.py [--recipe best] [--seed 0] [FIELD=VALUE ...]

Trains by the recipe, with the fields that are named changed, as `lenet train` does, but as if MNIST had no more than
its 60,000 training images: a seventh of their writers, which the seed decides, is the test part. For example, `best` by
the labels alone:

    python benchmarks/holdout.py teacher_epochs=0.0 distillation=0.0

Prints one line; the loss moves less by chance than the number of wrong answers does.
"""

import argparse
import sys
import tempfile
import tomllib
from pathlib import Path

from lenet import LenetError, Model, Recipe, evaluate, load_dataset, train
from lenet.datasets import Dataset
from lenet.evaluation.metrics import cross_entropy
from lenet.training.loop import Progress

SPLIT = "by-writer"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="best")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("changes", nargs="*", metavar="FIELD=VALUE", help="as in recipe.toml")
    asked = parser.parse_args()

    try:
        changes = tomllib.loads("\n".join(asked.changes))
        recipe = Recipe.named(asked.recipe).change(**{**changes, "split": SPLIT, "seed": asked.seed})
    except (tomllib.TOMLDecodeError, LenetError) as error:
        sys.exit(f"holdout.py: {error}")
    known: Dataset = load_dataset("mnist").split("own").train
    with tempfile.TemporaryDirectory() as folder:
        run = train(known, recipe, Path(folder) / "run", on_progress=_tell)
        found = evaluate(Model.load(run.path), known.split(SPLIT, recipe.seed).test)
        loss = cross_entropy(found.probabilities, found.truth)
        seconds = run.metrics["train_seconds"]
    print(
        f"{asked.recipe}, {' '.join(asked.changes) or 'as it is'}, seed {recipe.seed}: {found.n - found.correct} of "
        f"{found.n:,} held-out images wrong, loss {loss:.4f}, {seconds:.0f} s"
    )


def _tell(progress: Progress) -> None:
    if progress.epoch:
        print(f"{progress.stage or 'network'}, epoch {progress.epoch.epoch:.4g}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
