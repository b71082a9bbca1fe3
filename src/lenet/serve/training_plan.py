"""A training as a page asks for it → a job for the process that does it, within limits that keep it short."""

from collections import Counter
from math import prod
from typing import Any

from lenet.errors import LenetError
from lenet.model.runtime import Model
from lenet.network.architecture import Architecture
from lenet.network.named import find_network
from lenet.serve.schema import RefusedError, Training

SHAPE = (28, 28, 1)
# Images of MNIST, and those that recipe `tune` takes an epoch's from.
DEFAULT_IMAGES, TUNED_IMAGES = 10_000, 20_000
# Times that a recipe sees each image when no epochs are given, and the fewest images that it sees in all.
SEEN = {"fast": (1.1, 45_000), "few": (60.0, 26_000), "tune": (2.0, 31_000), "tutorial": (20.0, 0)}
# Multiplications of a whole training, forward: five epochs of MNIST with the tutorial's network. They take about a
# minute on two cores. Numbers that all layers give for one image, and weights: what fits in a gigabyte.
MOST_WORK, MOST_NUMBERS, MOST_PARAMETERS = 2e12, 400_000, 5_000_000
# Of each class, so that a test part remains.
FEWEST_DRAWN = 5


def plan(asked: Training, start: Model | None) -> dict[str, Any]:
    """The job but for its folder and the file of ``start``, the model to start from; RefusedError for too much."""
    _check_drawn(asked, start)
    recipe = asked.recipe or ("tune" if start else "few" if asked.data == "drawn" else "fast")
    images = asked.images or (TUNED_IMAGES if start else DEFAULT_IMAGES)
    architecture = _architecture(asked, start)
    _check_work(asked, architecture, recipe, images, start)
    return {
        "data": asked.data,
        "images": images,
        "recipe": recipe,
        "network": str(architecture),
        "framing": "mark" if asked.framing == "mark" else "whole",
        "epochs": asked.epochs,
        "learning_rate": asked.learning_rate,
        "drawn": [{"image": drawing.image, "label": drawing.label} for drawing in asked.drawn],
    }


def _check_drawn(asked: Training, start: Model | None) -> None:
    for drawing in asked.drawn:
        if drawing.label is not None and not drawing.label.isprintable():
            raise RefusedError(422, "data", f"label {drawing.label!r}: has characters that cannot be shown")
    counts = Counter(drawing.label for drawing in asked.drawn)
    if asked.data == "drawn" and start is None and (len(counts) < 2 or min(counts.values()) < FEWEST_DRAWN):
        raise RefusedError(422, "data", f"draw at least {FEWEST_DRAWN} of each of two or more classes")
    if asked.data == "drawn" and not asked.drawn:
        raise RefusedError(422, "data", "there are no drawings to learn from; draw some, or take MNIST")


def _architecture(asked: Training, start: Model | None) -> Architecture:
    if start is not None:
        if start.input_shape != SHAPE:
            raise RefusedError(422, "model", f"{start.name}: takes other images than 28×28 in grey; choose another")
        return Architecture.parse(start.metadata.network)
    try:
        return find_network(asked.network)
    except LenetError as error:
        raise RefusedError(422, "network", str(error)) from error


def _check_work(asked: Training, architecture: Architecture, recipe: str, images: int, start: Model | None) -> None:
    classes = {drawing.label for drawing in asked.drawn} | set(start.class_names if start else ())
    try:
        layers = architecture.place(*SHAPE, max(2, len(classes) + (10 if asked.data == "mnist" else 0)))
    except LenetError as error:
        raise RefusedError(422, "network", str(error)) from error
    numbers = sum(prod(placed.output_shape) for placed in layers)
    parameters = sum(prod(shape) for placed in layers for shape in placed.weight_shapes.values())
    if numbers > MOST_NUMBERS or parameters > MOST_PARAMETERS:
        raise RefusedError(
            422,
            "large",
            f"the network has {parameters:,} weights and gives {numbers:,} numbers an image; at most "
            f"{MOST_PARAMETERS:,} and {MOST_NUMBERS:,} can be trained here: take fewer filters or units",
        )
    each, fewest = SEEN[recipe]
    count = len(asked.drawn) if asked.data == "drawn" else images
    seen = max(count * each, fewest) if asked.epochs is None else count * asked.epochs
    work = seen * sum(placed.multiplications for placed in layers)
    if work > MOST_WORK:
        raise RefusedError(
            422,
            "large",
            f"this training would take {work / MOST_WORK:.1f} times as long as is allowed: take a smaller network, "
            "fewer images or fewer epochs",
        )
