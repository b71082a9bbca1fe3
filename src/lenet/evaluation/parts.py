"""Which images a model may fairly be measured on."""

from dataclasses import replace

from lenet.datasets import Dataset, load_dataset
from lenet.errors import LenetError
from lenet.model.metadata import Metadata


def data_for(model: Metadata, source: str | None = None) -> Dataset:
    """What a model was trained on, or another source, its pictures brought to the form that the model takes.

    Raises:
        LenetError: when it cannot be loaded.
    """
    source = source or str(model.recipe.get("data", "mnist"))
    return load_dataset(source, (model.height, model.width), model.depth, str(model.recipe.get("invert", "auto")))


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
