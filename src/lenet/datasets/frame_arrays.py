"""Arrays of pixels → images as a network takes them."""

from dataclasses import replace

import numpy as np

from lenet.datasets.choose_framing import Choice, choose, sample_indices
from lenet.datasets.dataset import Dataset, Images
from lenet.datasets.preparation import Preparation
from lenet.datasets.store import allocate
from lenet.pictures.framing import Framing
from lenet.pictures.mnist_form import IMAGE
from lenet.pictures.picture import open_picture


def frame_arrays(dataset: Dataset, preparation: Preparation) -> Dataset:
    """Bring arrays of pixels into the form that is asked.

    Args:
        dataset: With its pixels as the source has them; with framing ``mark`` when they are in MNIST's form.
        preparation: What is asked.

    Raises:
        LenetError: when there is no space for it.
    """
    size, colour = (dataset.height, dataset.width), dataset.depth == 3
    if dataset.framing == "mark" and preparation.framing != "whole" and preparation.depth != 3:
        asked = preparation.size or size
        choice = Choice("mark", Framing("whole" if asked == size == (IMAGE, IMAGE) else "mark", *asked, 1), ())
    else:
        training = dataset.validation_from or dataset.test_from or len(dataset)
        sample = ((open_picture(dataset.images[it]), dataset.labels[it]) for it in sample_indices(training))
        choice = choose(dataset.name, preparation, {size: dataset.name}, colour, sample)
    return replace(
        dataset,
        images=_framed(dataset.images, choice.framing),
        framing=choice.kind,
        inverted=choice.inverted,
        notes=(*dataset.notes, *choice.notes),
    )


def _framed(images: Images, framing: Framing) -> Images:
    shape = (len(images), framing.height, framing.width, framing.depth)
    if framing.kind == "whole" and images.shape == shape:
        return np.subtract(255, images, out=allocate(shape)) if framing.inverted else images
    framed = allocate(shape)
    for index, image in enumerate(images):
        framed[index] = framing.frame(open_picture(image))
    return framed
