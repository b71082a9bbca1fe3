"""Which images a model may fairly be measured on."""

from dataclasses import replace

from lenet.datasets import Dataset, load_dataset
from lenet.datasets.dataset import BY_WRITER, OWN
from lenet.datasets.decode import refuse
from lenet.datasets.source import BUNDLED, JOINT, Source, names_of
from lenet.errors import LenetError
from lenet.model.metadata import Metadata


def data_for(model: Metadata, source: Source | None = None, *, own_paths: bool = False) -> Dataset:
    """Load what a model was trained on, or another source, framed as the model needs it.

    The model's own data comes out exactly as in its training, so that ``part_for`` recognizes it. Other data is named
    as for ``load_dataset``; a note says so where it has some of the model's own sources.

    Args:
        model: Metadata of the model file.
        source: The other source.
        own_paths: Whether files and folders that the model names as its own data are opened. A model file
            from elsewhere can name any, so only the model of a run folder should. Otherwise its own data is what
            comes with lenet, where the training left its test part out.

    Raises:
        LenetError: when it cannot be loaded, or is the model's own and must not be opened.
    """
    own = names_of(model.recipe.get("data", "mnist"))
    split_as_own = model.recipe.get("split", OWN) == OWN
    if source is not None:
        names = names_of(source)
    elif own_paths or bundled_of(own) == own:
        names = own
    else:
        names = bundled_of(own) if split_as_own else []
    if not names:
        named = JOINT.join(own)[:200]
        raise LenetError(
            f"the model names {named!r} as its training data, and only a run folder may name files; give --data"
        )
    invert, framing = "yes" if model.inverted else "no", str(model.framing)
    # Version 0.1 had no framing: it letterboxed all pictures to train on, and chose the polarity when it loaded them.
    if "framing" not in model.recipe and (names == own or framing == "whole"):
        invert, framing = str(model.recipe.get("invert", "auto")), "whole"
    # Training went on without the files that it could not read.
    on_error = (lambda error: None) if names == own else refuse
    dataset = load_dataset(names, (model.height, model.width), model.depth, invert, framing, on_error)
    # One of several sources has the test part that all of them together have of it.
    fixed = bundled_of(own) == names and dataset.test_from is not None and split_as_own
    if set(names) & set(own) and dataset.sha256 != model.training_data_sha256 and not fixed:
        why = "has changed since the training" if names == own else "has a source of the training"
        warning = f"the data {why}, whose images may be among those that are measured"
        return replace(dataset, notes=(*dataset.notes, warning))
    return dataset


def bundled_of(names: list[str]) -> list[str]:
    """Those sources that come with lenet or its libraries."""
    return [name for name in names if name in BUNDLED]


def part_for(model: Metadata, dataset: Dataset, part: str = "test") -> Dataset:
    """The part of ``dataset`` to measure ``model`` on.

    Data that the model was trained on is split as in its training, so that ``test`` has no image of the training.
    Other data gives its own test part, or all of itself when it has none.

    Args:
        model: Metadata of the model file.
        dataset: The whole data set.
        part: ``test``, ``train``, ``validation`` (what the training held out of its part) or ``all``.

    Raises:
        LenetError: when the data has no such part.
    """
    own = dataset.sha256 == model.training_data_sha256
    if part == "all" or (part == "test" and not own and dataset.test_from is None):
        return dataset
    if not own and (dataset.test_from is None or part == "validation"):
        asked = "training" if part == "train" else part
        raise LenetError(f"{dataset.name} has no {asked} part that this model knows; use --part all")
    split = str(model.recipe.get("split", OWN))
    train, test = dataset.split(split, model.seed) if own else dataset.split(OWN)
    if part == "test":
        return test
    if own:
        count = int(model.recipe.get("validation", 0))
        train, validation = train.split_validation(count, model.seed, by_writer=split == BY_WRITER)
        if part == "validation":
            if validation is None:
                raise LenetError(f"{dataset.name}: the training held out no validation images; use another --part")
            return replace(validation, name=f"{dataset.name} validation")
    return train
