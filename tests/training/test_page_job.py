"""What a page's training learns from."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lenet import Dataset, Model
from lenet.network.named import NETWORKS
from lenet.training.page_job import NOT_A_DIGIT, Drawn, Job, Prepared, prepare
from lenet.training.train import _split

# Images that MNIST does not have.
MARKED = [np.full((28, 28), 255 - number, np.uint8) for number in range(12)]
DRAWN = [
    {"image": image.tolist(), "label": label}
    for image, label in zip(MARKED, ["1"] * 6 + ["x", "x", None, "1", "x", None], strict=True)
]


def prepared(mnist: Dataset, **asked: Any) -> Prepared:
    plain = {
        "run": Path("none"), "data": "mnist", "images": 1000, "recipe": "fast", "network": "lenet5",
        "framing": "mark", "start": "", "epochs": None, "learning_rate": None, "drawn": [], "drawing": None,
    }  # fmt: skip
    return prepare(Job(**(plain | asked)), mnist)


def test_some_of_mnist_is_trained_on_and_all_of_its_test_part_is_read(mnist: Dataset, test_part: Dataset) -> None:
    dataset, recipe = prepared(mnist, epochs=2.0, learning_rate=0.1)
    parts = _split(dataset, recipe)
    assert parts.validation is not None
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (900, 100, 10_000)
    assert np.array_equal(parts.test.images, test_part.images) and np.array_equal(parts.test.labels, test_part.labels)
    known = {image.tobytes() for image in mnist.images[:60_000]}
    assert all(image.tobytes() in known for image in parts.train.images)
    assert (recipe.epochs, recipe.learning_rate, recipe.data) == (2.0, 0.1, "mnist")
    assert recipe.architecture == NETWORKS["lenet5"] and dataset.framing == "mark"
    assert prepared(mnist, framing="whole").dataset.framing == "whole"


def test_all_drawings_are_trained_on_beside_mnist(mnist: Dataset) -> None:
    dataset, recipe = prepared(
        mnist, drawn=[Drawn(**it) for it in DRAWN], start="bundled", recipe="tune", images=20_000
    )
    parts = _split(dataset, recipe)
    assert parts.validation is not None and len(parts.validation) == 2_000
    names = (*"0123456789", NOT_A_DIGIT, "x")
    assert dataset.class_names == parts.test.class_names == names
    marked = {image.tobytes(): drawn["label"] or NOT_A_DIGIT for image, drawn in zip(MARKED, DRAWN, strict=True)}
    for part in (parts.train, parts.validation, parts.test):
        found = {
            image.tobytes(): names[label]
            for image, label in zip(part.images[..., 0], part.labels.tolist(), strict=True)
            if image.tobytes() in marked
        }
        assert found == (marked if part is parts.train else {})
    assert parts.train.source_of is not None
    assert np.bincount(parts.train.source_of).tolist() == [15_000, 500]
    assert recipe.network == Model.load().metadata.network and recipe.start_classes == tuple("0123456789")


def test_drawings_alone_have_their_own_classes(mnist: Dataset) -> None:
    dataset, recipe = prepared(mnist, data="drawn", recipe="few", drawn=[Drawn(**it) for it in DRAWN])
    assert len(dataset) == 12 and dataset.class_names == ("1", NOT_A_DIGIT, "x")
    parts = _split(dataset, recipe)
    assert len(parts.test) == 2 and len(parts.train) + len(parts.validation or ()) == 10
    assert (
        recipe.shear
        > 0
        == prepared(
            mnist, data="drawn", recipe="few", framing="whole", drawn=[Drawn(**it) for it in DRAWN]
        ).recipe.shear
    )
    assert recipe.data not in ("mnist", "drawn")  # what no card is measured on again


@pytest.mark.parametrize("data", ["mnist", "drawn"])
def test_the_framing_is_that_of_the_model_to_start_from(mnist: Dataset, data: str) -> None:
    drawn = [Drawn(**it) for it in DRAWN]
    dataset, recipe = prepared(mnist, data=data, drawn=drawn, start="bundled", framing="whole")
    assert (dataset.framing, recipe.framing) == ("mark", "mark")
