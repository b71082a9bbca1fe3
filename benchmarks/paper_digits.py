"""MNIST with digits as they are found on paper, to train on; an experiment, see LOG.md.

    python benchmarks/paper_digits.py --out FILE.npz
    lenet train --recipe best --data FILE.npz

Added to MNIST's training part, all made of its own digits: ones with a flag, crossed sevens and nines with a curled
tail, as people write in Europe; pens from hair-thin to marker; printed digits; and marks that were found on simulated
pages, with what lines, shadows and small writing do to them. The test part is MNIST's.
"""

import argparse
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from hands import SIDE, Hands, Layer, affine, printed
from paper_simulator import Page, simulate

from lenet import load_dataset
from lenet.pictures.detect import BEST_HEIGHT, group
from lenet.pictures.finder import look
from lenet.pictures.mark import frame_mark

DRAWN, FOUND = 12_000, 24_000
# A mark that was found is the digit that most of its ink belongs to, when it has most of that digit's.
OWN, WHOLE = 0.75, 0.7


def draw_digits(rng: np.random.Generator, hands: Hands, count: int) -> tuple[list[Layer], list[int]]:
    """Images ``(28, 28)`` and labels, half of them flagged ones, crossed sevens, curled nines."""
    images, labels = [], []
    by_label = [np.flatnonzero(hands.labels == label) for label in range(10)]
    while len(images) < count:
        european = rng.random() < 0.5
        label = int(rng.choice([1, 1, 1, 7, 7, 7, 9])) if european else int(rng.integers(10))
        index = int(rng.choice(by_label[label]))
        size = float(rng.uniform(24, 80))
        transform = affine(size / 20, rng.normal(0, 0.1), rng.normal(0, 3), rng.uniform(0.85, 1.15))
        kind = rng.choice(["pen", "image", "print"], p=[0.45, 0.55, 0] if european else [0.75, 0, 0.25])
        if kind == "pen":
            width = max(1.0, size * np.exp(rng.uniform(np.log(0.03), np.log(0.17))))
            ink = hands.drawn(rng, index, transform, width, 0, european)
        elif kind == "image":
            ink = hands.enlarged(rng, index, transform, rng.uniform(0.3, 0.6), size, european)
        else:
            ink = printed(str(label), hands.fonts[rng.integers(len(hands.fonts))], size)
        if ink.max() > 0.4:
            images.append(frame_mark(ink, SIDE, SIDE).image)
            labels.append(label)
    return images, labels


def find_digits(rng: np.random.Generator, hands: Hands, count: int) -> tuple[list[Layer], list[int]]:
    """Images ``(28, 28)`` and labels of the digits that are found on simulated pages."""
    images: list[Layer] = []
    labels: list[int] = []
    while len(images) < count:
        height, width = rng.integers(100, 420, 2).tolist()
        page = simulate(rng, hands, height, width, sizes=(11, 60))
        if page.size:
            for image, label in _found(page, float(page.size / BEST_HEIGHT * np.exp(rng.normal(0, 0.15)))):
                images.append(image)
                labels.append(label)
    return images[:count], labels[:count]


def _found(page: Page, zoom: float) -> list[tuple[Layer, int]]:
    """Images and labels of a page that is made so many times smaller."""
    view = look(page.pixels, round(max(page.marks.shape) / zoom))
    truth = cv2.resize(page.marks, view.ink.shape[::-1], interpolation=cv2.INTER_NEAREST)
    sizes = np.bincount(truth.clip(0).ravel(), minlength=len(page.labels) + 1)
    found = []
    for whole in group(view):
        for mark in (whole, *whole.parts):
            left, top, right, bottom = mark.box
            inside = truth[top:bottom, left:right][mark.strength > 0.5].clip(0)
            own = np.bincount(inside, minlength=len(sizes))
            number = int(own[1:].argmax()) + 1 if len(own) > 1 else 0
            if number and own[number] > max(OWN * len(inside), WHOLE * sizes[number]):
                label = page.labels[number - 1]
                if label.isdigit():
                    found.append((frame_mark(mark.strength, SIDE, SIDE).image, int(label)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    out: Path = parser.parse_args().out
    parts = load_dataset("mnist").split("60000:10000")
    train, test = parts.train, parts.test
    hands = Hands(train.images[..., 0], train.labels)
    drawn, found = (
        draw_digits(np.random.default_rng(0), hands, DRAWN),
        find_digits(np.random.default_rng(1), hands, FOUND),
    )
    images = np.concatenate([train.images[..., 0], drawn[0], found[0]])
    labels: npt.NDArray[Any] = np.concatenate([train.labels, drawn[1], found[1]])
    order = np.random.default_rng(2).permutation(len(images))
    np.savez_compressed(
        out, x_train=images[order], y_train=labels[order], x_test=test.images[..., 0], y_test=test.labels
    )


if __name__ == "__main__":
    main()
