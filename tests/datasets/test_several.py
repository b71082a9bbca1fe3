"""Several sources as one."""

import numpy as np
import pytest
from PIL import Image

from lenet import Dataset, LenetError, load_dataset
from lenet.datasets.several import join_sources


def source(name, count, names, value, test_from=None):
    """Images of one brightness, so that each tells its source."""
    labels = np.arange(count) % len(names)
    return Dataset(name, np.full((count, 8, 8), value, np.uint8), labels, names, test_from=test_from)


def test_classes_are_matched_by_name_and_each_source_has_its_own_test_part():
    both = join_sources([source("old", 30, ("2", "10"), 10, test_from=20), source("new", 14, ("a", "10"), 20)])
    assert (both.name, both.sources, both.class_names) == ("old + new", ("old", "new"), ("2", "10", "a"))
    train, test = both.split("own")
    assert [np.bincount(part.source_of).tolist() for part in (train, test)] == [[20, 12], [10, 2]]
    for part in (train, test):
        assert np.array_equal(part.images[:, 0, 0, 0], np.array([10, 20])[part.source_of])
    new = [both.class_names[label] for label in train.labels[train.source_of == 1]]
    assert sorted(new) == ["10"] * 6 + ["a"] * 6


def test_a_part_of_the_images_keeps_its_sources():
    both = join_sources([source("old", 30, ("2", "10"), 10), source("new", 14, ("a", "10"), 20)])
    few = both.split("2:1", seed=1).train.take(np.array([5, 3, 20]))
    assert np.array_equal(few.images[:, 0, 0, 0], np.array([10, 20])[few.source_of])


def test_a_single_picture_beside_others_is_trained_on():
    both = join_sources([source("old", 30, ("2", "10"), 10), source("new", 1, ("2",), 20)])
    train, test = both.split("own")
    assert (train.source_of.tolist().count(1), test.source_of.tolist().count(1)) == (1, 0)
    with pytest.raises(LenetError, match="2 images are too few for a test part; collect more"):
        join_sources([source("one", 1, ("2",), 10), source("other", 1, ("10",), 20)])


def test_load_dataset_frames_the_others_as_the_first(tmp_path, mnist):
    mine = tmp_path / "yours + mine"  # former recipes had " + " between names
    for number in range(20):
        (mine / str(mnist.labels[number])).mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(255 - mnist.images[number, ..., 0]).resize((60, 60))
        picture.save(mine / str(mnist.labels[number]) / f"{number}.png")
    both = load_dataset(["mnist", mine])
    assert (len(both), both.images.shape[1:], both.framing) == (70_020, (28, 28, 1), "mark")
    assert np.array_equal(both.images[:60_000], mnist.images[:60_000])
    assert np.array_equal(both.images[60_017:70_017], mnist.images[60_000:])
    alone = load_dataset(mine, framing="mark")
    kept = {image.tobytes() for image in both.images[both.source_of == 1]}
    assert kept == {image.tobytes() for image in alone.images}
    mine.rename(tmp_path / "mine")
    assert both.sha256 == load_dataset(f"mnist + {tmp_path / 'mine'}").sha256
    mine = tmp_path / "mine"
    assert both.sha256 == load_dataset(["mnist", mine, str(mine), "mnist"]).sha256, "a source given twice counts once"
    with pytest.raises(LenetError, match="unknown data 'nowhere'"):
        load_dataset("mnist + nowhere")


def test_images_of_another_size_are_refused():
    with pytest.raises(LenetError, match=r"new: images of \(8, 9, 1\), those of old are \(8, 8, 1\)"):
        join_sources(
            [source("old", 9, ("a",), 1), Dataset("new", np.zeros((9, 8, 9), np.uint8), np.zeros(9, int), ("a",))]
        )
