"""Measures models on MNIST's test part and on drawn digits, and puts the last one in the bundled model's place.

    python benchmarks/drawn_digits.py --out drawn.npz
    lenet train --recipe best --data mnist --data drawn.npz --run runs/bundled
    python benchmarks/bundled_model.py bundled runs/bundled [--bundle]

The drawn digits are those of the test part of drawn.npz: strokes of other writers, other forms and other typefaces than
in training.
"""

import argparse
from dataclasses import replace

import forms
import numpy as np
import typefaces
from drawn_digits import TEST, draw_digits
from results import table

from lenet import Model, evaluate, load_dataset
from lenet.model.file import write_model
from lenet.model.runtime import BUNDLED

NAMES = {
    ("european", 1): "ones with a flag",
    ("european", 7): "crossed sevens",
    ("european", 9): "nines with a curled tail",
    "forms": "forms held out",
    "pen": "pens from hair-thin to marker",
    "segments": "seven segments",
    "printed": "printed, and typefaces like handwriting",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", help="bundled, or a run or model file")
    parser.add_argument("--bundle", action="store_true", help="make the last model the bundled one")
    asked = parser.parse_args()
    mnist = load_dataset("mnist").split("60000:10000").test
    images, labels, kinds = draw_digits(mnist, typefaces.installed(typefaces.HELD_OUT), forms.HELD_OUT, TEST, 1)
    names = [NAMES.get((kind, label)) or NAMES[kind] for kind, label in zip(kinds, labels.tolist(), strict=True)]
    models = [Model.load(name) for name in asked.models]
    sets = [("MNIST's test part", mnist.images, mnist.labels)]
    for name in NAMES.values():
        chosen = np.array(names) == name
        sets.append((name, images[chosen, ..., np.newaxis], labels[chosen]))
    rows = [[name, f"{len(x):,}", *(cell for model in models for cell in _cells(model, x, y))] for name, x, y in sets]
    head = [f"{name}: {what}" for name in asked.models for what in ("right", "surely wrong")]
    print(table(["digits", "n", *head], rows))
    if asked.bundle:
        evaluation = evaluate(models[-1], mnist)
        about = replace(models[-1].metadata, test_accuracy=evaluation.accuracy, test_n=evaluation.n)
        write_model(BUNDLED, models[-1].weights, about)


def _cells(model: Model, images: np.ndarray, labels: np.ndarray) -> list[str]:
    answers = model.classify(images)
    right = answers.probabilities.argmax(axis=1) == labels
    return [f"{right.mean():.2%}", f"{(~right & ~answers.unknown).mean():.2%}"]


if __name__ == "__main__":
    main()
