"""Which images a model may fairly be measured on."""

from dataclasses import replace

import numpy as np

from lenet.datasets import Dataset, load_dataset
from lenet.datasets.pictures import SeveralSizesError
from lenet.errors import LenetError
from lenet.model.metadata import Metadata
from lenet.reading.normalise import IMAGE, is_like_mnist, like_mnist

# Of differing pictures a digit is cut from, so large that its strokes are still drawn.
DRAWN = (112, 112)
# Images that are looked at to tell how a data set was made.
LOOKED_AT = 500


def data_for(model: Metadata, source: str | None = None) -> Dataset:
    """What a model was trained on, or another source, its pictures brought to the form that the model takes.

    A model that learnt MNIST gets other people's digits as a reader would give them: each scaled, evened and centred as
    MNIST's were, unless the source's images are so already. Other models get theirs scaled as in their training.

    Raises:
        LenetError: when it cannot be loaded.
    """
    learnt = str(model.recipe.get("data", "mnist"))
    invert = str(model.recipe.get("invert", "auto"))
    learnt_mnist = learnt == "mnist" and (model.height, model.width, model.depth) == (IMAGE, IMAGE, 1)
    if source is None or source == learnt or not learnt_mnist:
        return load_dataset(source or learnt, (model.height, model.width), model.depth, invert)
    try:
        dataset = load_dataset(source, None, model.depth, invert)
    except SeveralSizesError:
        dataset = load_dataset(source, DRAWN, model.depth, invert)
    if _is_like_mnist(dataset):
        return dataset
    return replace(dataset, images=like_mnist(dataset.images), notes=(*dataset.notes, "scaled and centred as MNIST's"))


def _is_like_mnist(dataset: Dataset) -> bool:
    """Whether most images are; MNIST's own have a few exceptions."""
    sample = dataset.images[:: max(1, len(dataset) // LOOKED_AT)]
    return bool(np.mean([is_like_mnist(image[..., 0]) for image in sample]) > 0.5)


def part_for(model: Metadata, dataset: Dataset, part: str = "test") -> Dataset:
    """The part of ``dataset`` to measure ``model`` on.

    Data that the model was trained on is split as its training was, so that ``test`` holds no image it learnt from.
    Other data gives its own test part, or all of itself when it has none.

    Args:
        model: what the model file says of the training.
        dataset: the whole data set.
        part: ``test``, ``train``, ``validation`` (what the training kept aside of its part) or ``all``.

    Raises:
        LenetError: when a part is asked of data that has none.
    """
    if part == "all":
        return dataset
    if dataset.sha256 == model.training_data_sha256:
        train, test = dataset.split(str(model.recipe["split"]), model.seed)
        if part != "test":
            train, validation = train.keep_aside(int(model.recipe.get("validation", 0)), model.seed)
            if part == "train":
                return train
            if validation is None:
                raise LenetError(f"{dataset.name}: the training kept no validation images aside; use another --part")
            return replace(validation, name=f"{dataset.name} validation")
    elif dataset.test_from is not None and part != "validation":
        train, test = dataset.split("own")
    elif part == "test":
        return dataset
    else:
        asked = "training" if part == "train" else part
        raise LenetError(f"{dataset.name} has no {asked} part that this model knows of; use --part all")
    return test if part == "test" else train
