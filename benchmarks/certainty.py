"""Fits what tells whether a mark on a page is the digit that it seems: the weights of lenet.reading.agreement.

    python benchmarks/certainty.py [--count 8] [--model RUN]

Marks are read on simulated pages, as cluttered as people's and clear, on pages of each kind of kinds.py, and on
pictures without a digit; all are made of MNIST's training part, with seeds that nothing is measured on. Prints the
weights of a logistic regression, and for some thresholds the digits that are right and those that are surely wrong,
cross-validated by page. Takes a minute for each of ``--count``.
"""

import argparse
from collections.abc import Iterator
from itertools import product
from typing import Any
from unittest.mock import patch

import kinds
import numpy as np
from hands import Hands
from paper import KINDS_WITHOUT, no_digit
from paper_layouts import LAYOUTS
from paper_simulator import Page, simulate
from reading import mark_at, page_size
from results import table
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict

from lenet import Model, load_dataset
from lenet.pictures.picture import Pixels, open_picture
from lenet.reading import agreement
from lenet.reading.ways import read_marks

SEED = 3
WITHOUT = 4  # pictures of each kind without a digit, for a page of each layout
THRESHOLDS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=8, help="pages of each layout")
    parser.add_argument("--model")
    asked = parser.parse_args()
    model = Model.load(asked.model)
    found = [
        (features, right, number)
        for number, (pixels, page) in enumerate(_pages(asked.count))
        for features, right in _marks(model, pixels, page)
    ]
    features, right, pages = (np.array(column) for column in zip(*found, strict=True))
    regression = LogisticRegression(C=100)
    chances = cross_val_predict(regression, features, right, groups=pages, cv=GroupKFold(5), method="predict_proba")[
        :, 1
    ]
    rows = [
        [str(least), f"{(right & (chances >= least)).sum():,}", f"{(~right & (chances >= least)).sum():,}"]
        for least in THRESHOLDS
    ]
    print(f"{len(right):,} marks, {right.sum():,} of them digits that are read correctly\n")
    print(table(["known from", "right", "surely wrong"], rows))
    regression.fit(features, right)
    print("\nweights", np.round(regression.coef_[0], 3).tolist(), "constant", round(float(regression.intercept_[0]), 3))


def _pages(count: int) -> Iterator[tuple[Pixels, Page | None]]:
    train = load_dataset("mnist").split("60000:10000").train
    hands = Hands(train.images[..., 0], train.labels)
    for number in range(count):
        for clear in (False, True):
            for layout in list(LAYOUTS)[1:]:
                rng = np.random.default_rng((SEED, number))
                page = simulate(rng, hands, *page_size(rng), layout, clear=clear)
                yield page.pixels, page
        for kind in kinds.DRAW:
            page = kinds.draw(np.random.default_rng((SEED, number)), hands, kind)
            yield page.pixels, page
        for kind, other in product(KINDS_WITHOUT, range(WITHOUT)):
            yield np.asarray(no_digit(np.random.default_rng((SEED, number, other)), kind).convert("RGB")), None


def _marks(model: Model, pixels: Pixels, page: Page | None) -> Iterator[tuple[np.ndarray, bool]]:
    """What is known of each mark that is read, and whether it is that digit."""
    seen: list[np.ndarray] = []
    compute = agreement.features

    def remembered(*arguments: Any) -> np.ndarray:
        seen.append(compute(*arguments))
        return seen[-1]

    with patch.object(agreement, "features", remembered):
        way = read_marks(open_picture(pixels), model, digits=True, upright=True)
    for mark, features in zip(way.characters, seen[-1], strict=True) if seen else ():
        box = np.rint((np.array(mark.box) - way.found.margin) / way.found.zoom).astype(int).clip(0)
        number = mark_at(page, tuple(box.tolist())) if page else 0
        name = model.class_names[int(way.answered[mark].probabilities.argmax())]
        yield features, bool(number) and page is not None and page.labels[number - 1] == name


if __name__ == "__main__":
    main()
