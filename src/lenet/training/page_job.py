"""A training as a page asks for it → a data set and a recipe."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel

from lenet.datasets import Dataset
from lenet.datasets.classes import merge, number
from lenet.pictures.framing import FramingKind
from lenet.training.adapt import recipe_for_few
from lenet.training.recipe import Recipe
from lenet.training.start import read_start, start_from

# Class of drawings that show none of the others.
NOT_A_DIGIT = "not a digit"
# Name of the source of all drawings; no path, since they are not kept.
DRAWN = "drawings of the page"


class Drawn(BaseModel):
    """A framed drawing and its class; None for what is none of the classes."""

    image: list[list[int]]
    label: str | None


class Job(BaseModel):
    """A training."""

    run: Path  # the folder to make
    data: str  # mnist, or drawn: the drawings alone
    images: int  # of MNIST's training images
    recipe: str
    network: str
    framing: FramingKind
    start: str  # a model file whose weights, network and framing to start from; "" for new weights
    epochs: float | None
    learning_rate: float | None
    drawn: list[Drawn]
    drawing: list[list[int]] | None  # the drawing that is read during training


class Prepared(NamedTuple):
    """What ``train`` takes."""

    dataset: Dataset
    recipe: Recipe


def prepare(job: Job, mnist: Dataset) -> Prepared:
    """The data set and the recipe of a job; LenetError for data that cannot be trained on."""
    recipe = Recipe.named(job.recipe)
    changes = {
        "epochs": job.epochs,
        "learning_rate": job.learning_rate,
        "data": job.data if job.data == "mnist" else DRAWN,
        "split": "own",
    }
    recipe = recipe.change(**{name: value for name, value in changes.items() if value is not None})
    framing, inverted = job.framing, False
    if job.start:
        recipe = start_from(recipe, job.start)
        metadata = read_start(job.start).metadata
        framing, inverted = metadata.framing, metadata.inverted
    else:
        recipe = recipe.change(network=job.network, framing=job.framing)
    drawings = _drawings(job.drawn) if job.drawn else None
    if job.data == "drawn":
        assert drawings is not None
        dataset = replace(drawings, framing=framing, inverted=inverted)
        few = recipe_for_few(dataset) if job.recipe == "few" else None
        if few is not None:  # which suits the framing
            recipe = recipe.change(shear=few.shear, elastic=few.elastic, thickness=few.thickness)
        return Prepared(dataset, recipe)
    return Prepared(replace(_with_mnist(job, mnist, recipe, drawings), framing=framing, inverted=inverted), recipe)


def drawn_images(drawn: list[Drawn]) -> np.ndarray:
    """Images uint8 ``(n, height, width, 1)``."""
    return np.array([drawing.image for drawing in drawn], np.uint8)[..., np.newaxis]


def _drawings(drawn: list[Drawn]) -> Dataset:
    labels, class_names = number([NOT_A_DIGIT if it.label is None else it.label for it in drawn], DRAWN)
    return Dataset(DRAWN, drawn_images(drawn), labels, class_names)


def _with_mnist(job: Job, mnist: Dataset, recipe: Recipe, drawings: Dataset | None) -> Dataset:
    """Some of MNIST's training images, the drawings if there are any, and all of MNIST's test images.

    All drawings are trained on: neither validation nor test part has one.
    """
    train, test = mnist.split("own")
    train = train.take(np.random.default_rng(0).permutation(len(train))[: job.images])
    train, validation = train.split_validation(recipe.validation, recipe.seed)
    trained = [train] if drawings is None else [train, drawings]
    held_out = [test] if validation is None else [validation, test]
    names = merge(*(part.class_names for part in trained))
    parts = [part.with_classes(names) for part in (*trained, *held_out)]
    source_of = np.repeat([int(part is drawings) for part in (*trained, *held_out)], [len(part) for part in parts])
    return Dataset(
        " + ".join(part.name.removesuffix(" train") for part in trained),
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
        names,
        test_from=len(source_of) - len(test),
        validation_from=None if validation is None else sum(map(len, trained)),
        sources=(mnist.name, DRAWN) if drawings is not None else (),
        source_of=source_of if drawings is not None else None,
    )
