"""Which framing auto chooses, and what it does to the pictures."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from lenet import LenetError, load_dataset
from lenet.datasets.choose_framing import _nearest_mean, sample_indices
from lenet.pictures.framing import Framing
from lenet.pictures.picture import open_picture

FASHION = Path("/usr/share/datasets/fashion-mnist")


def save(images, labels, folder):
    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / str(label) / f"{index}.png")
    return folder


@pytest.fixture(scope="module")
def digits(mnist):
    """The first 60 images of MNIST, ``(60, 28, 28)``, and their labels."""
    return mnist.images[:60, ..., 0], mnist.labels[:60]


def enlarged(images, side=70):
    return [np.asarray(Image.fromarray(255 - image).resize((side, side))) for image in images]


@pytest.mark.parametrize("paper", [False, True])
@pytest.mark.parametrize("framing", ["auto", "mark"])
def test_images_in_mnists_form_stay_as_they_are(digits, tmp_path, paper, framing):
    images, labels = digits
    np.savez(tmp_path / "d.npz", x=255 - images if paper else images, y=labels)
    dataset = load_dataset(tmp_path / "d.npz", framing=framing)
    assert np.array_equal(dataset.images[..., 0], images)
    assert (dataset.framing, dataset.inverted) == ("mark", False)
    assert dataset.notes[0] == "framing mark: 60 of 60 pictures looked at are in MNIST's form already"
    assert load_dataset(save([255 - image for image in images], labels, tmp_path / "d")).images.shape == (60, 28, 28, 1)


def test_the_bundled_mnist_has_its_pixels_in_every_framing(mnist):
    assert mnist.framing == "mark"
    whole = load_dataset("mnist", framing="whole")
    assert (whole.framing, whole.inverted, whole.sha256) == ("whole", False, mnist.sha256)


def test_single_digits_are_marks_of_any_size_and_every_source_gives_the_same_images(digits, tmp_path):
    images, labels = digits
    pictures = [picture for side in (50, 70) for picture in enlarged(images[:20], side)]
    dataset = load_dataset(save(pictures, np.tile(labels[:20], 2), tmp_path / "several"))
    assert (dataset.framing, dataset.images.shape) == ("mark", (40, 28, 28, 1))
    assert dataset.notes == ("framing mark: 40 of 40 pictures looked at hold one mark of pen strokes",)

    np.savez(tmp_path / "d.npz", x=np.stack(enlarged(images)), y=labels)
    from_array = load_dataset(tmp_path / "d.npz", size="32x32")
    from_folder = load_dataset(save(enlarged(images), labels, tmp_path / "folder"), size="32x32")
    assert from_array.sha256 == from_folder.sha256
    framing = Framing("mark", 32, 32, 1)
    assert np.array_equal(from_array.images[7], framing.frame(open_picture(enlarged(images)[7])))


PENS = np.array([[200, 30, 30], [20, 140, 40], [30, 40, 190]])


def inked(images, pens):
    """Each digit on white paper with a pen of its own."""
    sheets = [255 - (image[..., np.newaxis] / 255 * (255 - pen)) for image, pen in zip(images, pens, strict=True)]
    return np.asarray(sheets, np.uint8)


def test_pictures_are_made_grey_unless_colour_is_asked_for_or_tells_the_classes_apart(digits, tmp_path):
    images, labels = digits
    several = load_dataset(save(inked(images, PENS[np.arange(60) % 3]), labels, tmp_path / "several"))
    assert (several.framing, several.depth) == ("mark", 1)
    found = re.fullmatch(
        r"framing mark: 60 of 60 pictures looked at hold one mark of pen strokes; grey, since colours do not tell the "
        r"classes apart better: nearest class mean right for (\d+) of 60, in grey for (\d+)",
        several.notes[0],
    )
    assert found
    assert several.notes[1] == "made grey"
    apart = load_dataset(save(inked(images, PENS[labels % 3]), labels % 3, tmp_path / "apart"))
    assert (apart.framing, apart.depth) == ("whole", 3)
    assert apart.notes[0].startswith("framing whole: colours tell the classes apart: nearest class mean right for ")
    blue = save(inked(images, PENS[[2] * 60]), labels, tmp_path / "one")
    assert (load_dataset(blue).framing, load_dataset(blue).depth) == ("mark", 1)
    assert (load_dataset(blue, depth=3).framing, load_dataset(blue, depth=3).depth) == ("whole", 3)
    assert load_dataset(blue, framing="whole").depth == 3


def test_a_picture_does_not_vouch_for_its_own_class():
    """Thumbnails of noise in classes of two: with themselves in the mean, nearly all would be right."""
    noise = np.random.default_rng(0).normal(size=(60, 64, 1))
    assert _nearest_mean(noise, list(np.arange(60) // 2)).sum() < 10
    assert not _nearest_mean(noise, list(range(60))).any()


def test_pairs_textures_and_filled_shapes_are_whole(digits, tmp_path):
    images, _ = digits
    pairs = [np.concatenate([first, second], axis=1) for first, second in pairwise(images)]
    noise = np.random.default_rng(0).integers(0, 255, (60, 28, 28), dtype=np.uint8)
    filled = []
    for index in range(60):
        page = Image.new("L", (40, 40), 255)
        ImageDraw.Draw(page).ellipse((8, 8, 25 + index % 9, 26 + index % 7), fill=20)
        filled.append(np.asarray(page))
    for pictures in (np.stack(pairs), noise, np.stack(filled)):
        np.savez(tmp_path / "d.npz", x=pictures, y=np.arange(len(pictures)) % 2)
        dataset = load_dataset(tmp_path / "d.npz")
        assert dataset.framing == "whole"
        assert re.fullmatch(r"framing whole: \d+ of the first \d+ pictures looked at hold .*", dataset.notes[0])
        assert load_dataset(tmp_path / "d.npz").notes == dataset.notes


@pytest.mark.skipif(not FASHION.is_dir(), reason="install dataset-fashion-mnist")
def test_fashion_mnist_is_whole():
    dataset = load_dataset(FASHION)
    assert (dataset.framing, dataset.inverted) == ("whole", False)


def test_only_training_pictures_are_looked_at(digits, tmp_path):
    images, labels = digits
    shifted = np.roll(images, 4, axis=2)
    noise = np.random.default_rng(0).integers(0, 255, (30, 28, 28), dtype=np.uint8)
    np.savez(tmp_path / "d.npz", x_train=shifted, y_train=labels, x_test=noise, y_test=np.arange(30) % 10)
    assert load_dataset(tmp_path / "d.npz").framing == "mark"
    np.savez(tmp_path / "d.npz", x_train=noise, y_train=np.arange(30) % 10, x_test=shifted, y_test=labels)
    assert load_dataset(tmp_path / "d.npz").framing == "whole"


def test_whole_pictures_of_several_sizes_need_a_size(digits, tmp_path):
    images, labels = digits
    folder = save(enlarged(images[:3], 50) + enlarged(images[3:6], 60), labels[:6], tmp_path / "d")
    with pytest.raises(LenetError, match=r"2 sizes.*--size"):
        load_dataset(folder, framing="whole")
    whole = load_dataset(folder, framing="whole", size="28x28")
    assert (whole.framing, whole.inverted) == ("whole", True)
    for number, side in enumerate((50, 60)):
        noise = np.random.default_rng(0).integers(0, 255, (side, side), dtype=np.uint8)
        Image.fromarray(noise).save(folder / str(labels[number]) / f"noise{number}.png")
    chosen = load_dataset(folder)
    assert (chosen.framing, chosen.images.shape[1:3]) == ("whole", (28, 28))


@pytest.mark.parametrize(("count", "first", "last"), [(1, 0, 0), (7, 0, 6), (200, 0, 199), (70_000, 0, 69_999)])
def test_the_sample_is_evenly_spaced(count, first, last):
    chosen = sample_indices(count)
    assert (chosen[0], chosen[-1], len(chosen)) == (first, last, min(count, 200))
    assert np.ptp(np.diff(chosen)) <= 1 if count > 1 else True
