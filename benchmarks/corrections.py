"""How the recipe `tune` is chosen: what it learns of a new hand, and what it forgets; never on the test set.

    python benchmarks/corrections.py [--hands 3] [FIELD=VALUE ...]

The bundled model learns 20 misread digits of a synthesised hand (see own_hand.py, which has other hands) beside MNIST's
training digits of one half of the writers, by the recipe with the fields that are named changed. Read again are 200
further ones of that hand, all misread before, and 24,000 digits by the other half of the writers.
"""

import argparse
import tempfile
import tomllib
from pathlib import Path

import numpy as np
from hands import Hands
from own_hand import misread

from lenet import Dataset, Model, Recipe, load_dataset, train
from lenet.training.start import start_from

LEARNED, FURTHER, HELD_OUT = 20, 200, 24_000
FIRST_HAND = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hands", type=int, default=3)
    parser.add_argument("changes", nargs="*", metavar="FIELD=VALUE", help="as in recipe.toml")
    asked = parser.parse_args()
    changes = tomllib.loads("\n".join(asked.changes))
    recipe = Recipe.named("tune").change(**{**changes, "split": "own", "validation": 0})
    mnist, model = load_dataset("mnist").split("own").train, Model.load()
    hands = Hands(mnist.images[..., 0], mnist.labels)
    rows = []
    for hand in range(FIRST_HAND, FIRST_HAND + asked.hands):
        images, labels, _ = misread(hands, model, LEARNED + FURTHER, hand)
        dataset = beside(mnist, images[:LEARNED], labels[:LEARNED])
        with tempfile.TemporaryDirectory() as folder:
            run = train(dataset, start_from(recipe, "bundled"), Path(folder) / "run", draw=False)
            answers = Model.load(run.path).predict(images[LEARNED:, ..., np.newaxis]).argmax(axis=1)
            (row,) = (row for row in run.metrics["held_out"] if row["n"])
        rows.append((int((answers == labels[LEARNED:]).sum()), row["correct"] - row["before"]))
        print(
            f"hand {hand}: {rows[-1][0]} of {FURTHER} further ones right, {rows[-1][1]:+d} of {row['n']:,}", flush=True
        )
    right, lost = np.mean(rows, axis=0)
    print(f"{' '.join(asked.changes) or 'as it is'}: {right / FURTHER:.1%} right, {lost:+.1f} of {HELD_OUT:,}")


def beside(mnist: Dataset, images: np.ndarray, labels: np.ndarray) -> Dataset:
    """Digits of half of MNIST's writers and the corrected ones to train on; to test on, digits of the other half."""
    assert mnist.writer_of is not None
    writers = np.unique(mnist.writer_of)
    other = np.isin(mnist.writer_of, np.random.default_rng(7).permutation(writers)[: len(writers) // 2])
    known, held_out = np.flatnonzero(~other), np.flatnonzero(other)[:HELD_OUT]
    return Dataset(
        "corrections",
        np.concatenate([mnist.images[known], images[..., np.newaxis], mnist.images[held_out]]),
        np.concatenate([mnist.labels[known], labels, mnist.labels[held_out]]),
        mnist.class_names,
        test_from=len(known) + len(images),
        sources=("mnist", "corrected"),
        source_of=np.repeat([0, 1, 0], [len(known), len(images), len(held_out)]),
        framing="mark",
    )


if __name__ == "__main__":
    main()
