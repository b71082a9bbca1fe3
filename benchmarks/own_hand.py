"""How much a few corrected pictures of one hand help the model that misread them; writes a section of RESULTS.md.

    python benchmarks/own_hand.py [--hands 5] [--corrected 20] [--further 200]

A hand is synthesised: the middle lines of MNIST's training digits, drawn with one pen and one strong slant, ones with a
flag, sevens crossed. Of the digits that the bundled model misreads, 20 are given to `lenet train --from bundled --data
mnist --data FOLDER`; 200 others are read by the model before and after, and so are MNIST's test digits.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
from hands import Hands, affine
from PIL import Image
from results import table, write_section

from lenet import Model, Recipe, load_dataset, train
from lenet.pictures.mnist_form import frame_mark
from lenet.training.start import start_from

SIZE = 50.0  # height of a drawn digit in pixels
MOST_DRAWN = 20_000

Pixels = npt.NDArray[np.uint8]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hands", type=int, default=5)
    parser.add_argument("--corrected", type=int, default=20, help="misread pictures that are trained on")
    parser.add_argument("--further", type=int, default=200, help="other misread pictures")
    asked = parser.parse_args()
    known = load_dataset("mnist").split("own").train
    hands = Hands(known.images[..., 0], known.labels)
    rows = []
    for seed in range(asked.hands):
        images, labels, drawn = misread(hands, Model.load(), asked.corrected + asked.further, seed)
        rows.append([str(seed), f"{len(images) / drawn:.1%}", *learn(images, labels, asked.corrected)])
        print(rows[-1], flush=True)
    spreads = []
    for column, form in ((2, ".1f"), (3, "+.2f")):
        values = [float(row[column]) for row in rows]
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        spreads.append(f"{statistics.mean(values):{form}} ± {spread:.{form[-2]}f}")
    rows.append(["mean ± sd", "", *spreads])
    heads = ["hand", "misread before", "of the further ones right after, %", "MNIST, points"]
    write_section(
        "Own hand",
        f"""`python benchmarks/own_hand.py --hands {asked.hands}`: {asked.corrected} misread pictures of a synthesised
hand are corrected and learnt with recipe `tune`; {asked.further} further ones, all misread before, are read again,
and MNIST's 10,000 test digits.

{table(heads, rows)}""",
    )


def misread(hands: Hands, model: Model, count: int, seed: int) -> tuple[Pixels, npt.NDArray[np.int64], int]:
    """Digits of one hand that the model misreads ``(count, 28, 28)``, their labels, and how many were drawn."""
    rng = np.random.default_rng(seed)
    slant, degrees = rng.choice([-1, 1]) * rng.uniform(0.6, 0.9), rng.uniform(-10, 10)
    stretch, pen = rng.uniform(0.7, 1.2), SIZE * rng.uniform(0.05, 0.14)
    images: list[Pixels] = []
    labels: list[int] = []
    drawn = 0
    while len(images) < count and drawn < MOST_DRAWN:
        drawn += 1
        index = int(rng.integers(len(hands.images)))
        transform = affine(
            SIZE / 20, slant + rng.normal(0, 0.05), degrees + rng.normal(0, 2), stretch * rng.uniform(0.95, 1.05)
        )
        ink = hands.drawn(rng, index, transform, pen, 0, european=True)
        if ink.max() < 0.4:
            continue
        image = frame_mark(ink, 28, 28).image
        if model.predict(image[np.newaxis, ..., np.newaxis]).argmax() != hands.labels[index]:
            images.append(image)
            labels.append(int(hands.labels[index]))
    return np.stack(images), np.array(labels), drawn


def learn(images: Pixels, labels: npt.NDArray[np.int64], corrected: int) -> list[str]:
    """Share of the further pictures that are right after the training, in percent, and MNIST's change in points."""
    with tempfile.TemporaryDirectory() as folder:
        mine = Path(folder) / "mine"
        for number in range(corrected):
            path = mine / str(labels[number]) / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(images[number]).save(path)
        recipe = start_from(Recipe.named("tune").change(data=("mnist", str(mine))), "bundled")
        run = train(
            load_dataset(recipe.data, recipe.size, recipe.depth, framing=recipe.framing),
            recipe,
            mine.parent / "run",
            draw=False,
        )
        answers = Model.load(run.path).predict(images[corrected:, ..., np.newaxis]).argmax(axis=1)
        mnist = run.metrics["held_out"][0]
    right = (answers == labels[corrected:]).mean()
    return [f"{100 * right:.1f}", f"{100 * (mnist['correct'] - mnist['before']) / mnist['n']:+.2f}"]


if __name__ == "__main__":
    main()
