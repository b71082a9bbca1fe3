"""Digits as MNIST has none of them, for the bundled model, drawn with MNIST's strokes and in typefaces.

    python benchmarks/drawn_digits.py --out drawn.npz

Ones with a flag, crossed sevens and nines with a curled tail, as people write in Europe; the forms of forms.py; pens
from hair-thin to marker, and loops left open; digits of seven segments; printed digits and typefaces like handwriting.
The test part is drawn with the strokes of other writers, those of MNIST's test part, in other forms and other
typefaces. Needs Debian's packages of typefaces, which it names when they are missing.
"""

import argparse
from pathlib import Path

import forms
import numpy as np
import numpy.typing as npt
import typefaces
from hands import OPENINGS, SIDE, Floats, Hands, Layer, affine, draw, printed, seven_segments

from lenet import load_dataset
from lenet.datasets import Dataset
from lenet.pictures.mnist_form import frame_mark

TRAINING, TEST = 15_000, 3_000
KINDS = {"european": 0.25, "forms": 0.35, "pen": 0.2, "segments": 0.08, "printed": 0.12}


def draw_digits(
    part: Dataset, fonts: list[Path], forms_of: dict[int, list[str]], count: int, seed: int
) -> tuple[Layer, npt.NDArray[np.int64], npt.NDArray[np.str_]]:
    """Images ``(n, 28, 28)``, labels ``(n,)`` and kinds ``(n,)``, with the strokes of MNIST's images and in forms."""
    rng = np.random.default_rng(seed)
    hands = Hands(part.images[..., 0], part.labels, fonts)
    by_label = [np.flatnonzero(part.labels == label) for label in range(10)]
    images, labels, kinds = [], [], []
    while len(images) < count:
        kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
        label = int(rng.choice([1, 1, 1, 7, 7, 7, 9])) if kind == "european" else int(rng.integers(10))
        ink = _ink(rng, hands, kind, label, int(rng.choice(by_label[label])), forms_of[label])
        if ink.max() > 0.4:
            images.append(frame_mark(ink, SIDE, SIDE).image)
            labels.append(label)
            kinds.append(kind)
    return np.stack(images), np.array(labels), np.array(kinds)


def _ink(rng: np.random.Generator, hands: Hands, kind: str, label: int, index: int, own_forms: list[str]) -> Floats:
    size = float(np.exp(rng.uniform(np.log(9), np.log(80))))
    transform = affine(size / 20, rng.normal(0, 0.1), rng.normal(0, 3), rng.uniform(0.85, 1.15))
    width = max(1.0, size * np.exp(rng.uniform(np.log(0.03), np.log(0.17))))
    if kind == "segments":
        return _segments(rng, label, size)
    if kind == "printed":
        return printed(str(label), hands.fonts[rng.integers(len(hands.fonts))], size)
    if kind == "forms":
        return draw(rng, forms.write(rng, str(rng.choice(own_forms))), transform, width, 0)
    if kind == "pen":
        opening = OPENINGS.get(label) if rng.random() < 0.3 else None
        return hands.drawn(rng, index, transform, width, 0, False, opening)
    if size < SIDE or rng.random() < 0.5:  # an image that is shrunk falls apart
        return hands.drawn(rng, index, transform, width, 0, True)
    return hands.enlarged(rng, index, transform, rng.uniform(0.3, 0.6), size, True)


def _segments(rng: np.random.Generator, label: int, size: float) -> Floats:
    """Some sixes and nines without their tail, and sevens with a serif."""
    without, added = {6: ("a", ""), 9: ("d", ""), 7: ("", "f")}.get(label, ("", ""))
    if rng.random() >= 0.15:
        without, added = "", ""
    gap, slant, width = rng.uniform(0.02, 0.06), rng.uniform(0, 0.15), rng.uniform(0.08, 0.16)
    return seven_segments(rng, str(label), size, gap, slant, size * width, without, added)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    out: Path = parser.parse_args().out
    mnist = load_dataset("mnist").split("60000:10000")
    train, test = typefaces.installed(typefaces.TRAINING), typefaces.installed(typefaces.HELD_OUT)
    x_train, y_train, _ = draw_digits(mnist.train, train, forms.TRAINING, TRAINING, 0)
    x_test, y_test, _ = draw_digits(mnist.test, test, forms.HELD_OUT, TEST, 1)
    np.savez_compressed(out, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)


if __name__ == "__main__":
    main()
