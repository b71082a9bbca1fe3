"""Which images a model may fairly be measured on."""

from dataclasses import replace

from lenet.datasets import Dataset
from lenet.errors import LenetError
from lenet.model.metadata import Metadata


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
        kept_aside = int(model.recipe.get("validation", 0))
        if kept_aside and part != "test":
            train, validation = train.hold_out(kept_aside, model.seed)
            return train if part == "train" else replace(validation, name=f"{dataset.name} validation")
    elif dataset.test_from is not None:
        train, test = dataset.split(f"{dataset.test_from}:{len(dataset) - dataset.test_from}")
    elif part == "test":
        return dataset
    else:
        asked = "training" if part == "train" else part
        raise LenetError(f"{dataset.name} has no {asked} part that this model knows of; use --part all")
    if part == "validation":
        raise LenetError(f"{dataset.name}: this model's training kept no validation images aside; use another --part")
    return test if part == "test" else train
