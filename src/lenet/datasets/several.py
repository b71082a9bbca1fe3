"""Several sources as one Dataset; their classes are matched by name."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from lenet.datasets.assemble import assemble, join_images
from lenet.datasets.classes import merge
from lenet.datasets.dataset import Dataset
from lenet.datasets.store import allocate
from lenet.errors import LenetError

# One of so many images of a source without a test part goes to the test part.
TEST_SHARE = 7


def join_sources(datasets: Sequence[Dataset]) -> Dataset:
    """The training parts one after the other, then the test parts.

    A source without parts is divided 6:1, every class alike; of three images or fewer, all are training images. A
    source's own validation part is training images, too.

    Raises:
        LenetError: when the images differ in shape, or no source has enough images for a test part.
    """
    first = datasets[0]
    shape, class_names = first.images.shape[1:], merge(*(dataset.class_names for dataset in datasets))
    for dataset in datasets:
        if dataset.images.shape[1:] != shape:
            raise LenetError(f"{dataset.name}: images of {dataset.images.shape[1:]}, those of {first.name} are {shape}")
    divided = [(number, *_divide(dataset.with_classes(class_names))) for number, dataset in enumerate(datasets)]
    parts = [(number, train) for number, train, _ in divided] + [(number, test) for number, _, test in divided if test]
    images = allocate((sum(len(part) for _, part in parts), *shape))
    place = 0
    for _, part in parts:
        images[place : place + len(part)] = part.images
        place += len(part)
    if len(parts) == len(divided):
        raise LenetError(f"{len(images)} images are too few for a test part; collect more")
    return replace(
        first,
        name=" + ".join(dataset.name for dataset in datasets),
        images=images,
        labels=np.concatenate([part.labels for _, part in parts]),
        class_names=class_names,
        test_from=sum(len(train) for _, train, _ in divided),
        validation_from=None,
        origins=tuple(part.origin(index) for _, part in parts for index in range(len(part))),
        notes=tuple(f"{dataset.name}: {note}" for dataset in datasets for note in dataset.notes),
        sources=tuple(dataset.name for dataset in datasets),
        source_of=np.concatenate([np.full(len(part), number) for number, part in parts]),
        writer_of=None,
        groups=(),
        group_of=None,
    )


def join_parts(parts: Mapping[int, Dataset], where: str) -> Dataset:
    """Parts of one source that lie in files of their own; classes are matched by name.

    Raises:
        LenetError: when the images differ in shape.
    """
    class_names = merge(*(dataset.class_names for dataset in parts.values()))
    images = join_images([dataset.images for dataset in parts.values()], where)
    labels = np.concatenate([dataset.with_classes(class_names).labels for dataset in parts.values()])
    number = np.concatenate([np.full(len(dataset), part) for part, dataset in parts.items()])
    notes = dict.fromkeys(note for dataset in parts.values() for note in dataset.notes)
    return assemble(where, images, labels, class_names, number, notes=tuple(notes))


def _divide(dataset: Dataset) -> tuple[Dataset, Dataset | None]:
    """Training and test part."""
    count = round(len(dataset) / TEST_SHARE)
    if dataset.test_from is None and not count:
        return dataset, None
    return dataset.split("own") if dataset.test_from is not None else dataset.hold_out(count)
