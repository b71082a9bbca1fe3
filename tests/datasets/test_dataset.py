"""Dataset: its one shape, its hash, its splits."""

import numpy as np
import pytest

from lenet import Dataset, LenetError


def small(count=100, classes=4, **more):
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (count, 6, 5, 1), dtype=np.uint8)
    images[:, 0, 0, 0] = np.arange(count)  # tells every image from every other
    labels = rng.integers(0, classes, count)
    return Dataset("small", images, labels, tuple("abcdefgh"[:classes]), **more)


def identity(dataset):
    return dataset.images[:, 0, 0, 0].tolist()


def test_vectors_and_grey_images_get_their_four_dimensions():
    vectors = np.arange(3 * 784, dtype=np.uint16).astype(np.uint8).reshape(3, 784)
    from_vectors = Dataset("v", vectors, np.array([0, 1, 0]), ("a", "b"))
    from_grey = Dataset("g", vectors.reshape(3, 28, 28), np.array([0, 1, 0]), ("a", "b"))
    assert from_vectors.images.shape == (3, 28, 28, 1)
    assert (from_vectors.images[1, 2, 3, 0], from_grey.images[1, 2, 3, 0]) == (vectors[1, 59],) * 2
    assert from_vectors.sha256 == from_grey.sha256


@pytest.mark.parametrize(
    ("images", "labels", "says"),
    [
        (np.zeros((2, 785), np.uint8), [0, 1], "785"),
        (np.zeros((2, 4, 4), np.float32), [0, 1], "float32"),
        (np.zeros((2, 1, 4, 4, 1), np.uint8), [0, 1], "shape"),
        (np.zeros((2, 0, 4), np.uint8), [0, 1], "shape"),
        (np.zeros((2, 0), np.uint8), [0, 1], "shape"),
        (np.zeros((2, 4, 4), np.uint8), [0, 1, 1], "labels of shape"),
        (np.zeros((0, 4, 4), np.uint8), np.zeros(0, int), "no image"),
        (np.zeros((2, 4, 4), np.uint8), [0, 2], "0…2"),
        (np.zeros((2, 4, 4), np.uint8), [-1, 1], "-1…1"),
        (np.zeros((2, 4, 4), np.uint8), [0.5, 1.0], "whole numbers"),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(images, labels, says):
    with pytest.raises(LenetError, match=says):
        Dataset("odd", images, np.asarray(labels), ("a", "b"))


@pytest.mark.parametrize("marks", [{"test_from": 0}, {"test_from": 100}, {"validation_from": 0}])
def test_parts_must_divide_the_images(marks):
    with pytest.raises(LenetError, match="part"):
        small(**marks)
    with pytest.raises(LenetError, match="part"):
        small(test_from=50, validation_from=60)


@pytest.mark.parametrize(("ratio", "test"), [("2:1", 33), ("75:25", 25), ("0.9:0.1", 10), ("own", 14), ("99:1", 1)])
def test_a_split_is_exact_and_loses_nothing(ratio, test):
    parts = small().split(ratio, seed=3)
    assert len(parts.test) == test
    assert sorted(identity(parts.train) + identity(parts.test)) == list(range(100))


def test_a_split_divides_every_class_alike():
    dataset = small(count=250)
    parts = dataset.split("4:1")
    every, test = (np.bincount(part.labels, minlength=4) for part in (dataset, parts.test))
    assert np.abs(test - every / 5).max() < 1
    assert test.sum() == 50


def of_counts(*counts):
    labels = np.repeat(np.arange(len(counts)), counts)
    names = tuple(f"class {number}" for number in range(len(counts)))
    return Dataset("rare", np.zeros((len(labels), 4, 4), np.uint8), labels, names)


@pytest.mark.parametrize(
    ("counts", "test"),
    [
        ([1] * 14 + [30], [0] * 14 + [6]),  # the singles' remainders are the largest
        ([2, 2, 2], [1, 1, 1]),
        ([1, 1, 3, 3], [0, 0, 2, 1]),
        ([0, 1, 9], [0, 0, 8]),
    ],
)
def test_a_split_leaves_something_to_learn_of_every_class(counts, test):
    for seed in range(5):
        parts = of_counts(*counts).hold_out(sum(test), seed)
        assert np.bincount(parts.test.labels, minlength=len(counts)).tolist() == test


@pytest.mark.parametrize(("counts", "asked"), [([1, 1, 1, 1], 2), ([1, 1, 3], 3), ([2, 1], 2)])
def test_a_split_is_exact_even_where_a_class_has_to_go_without(counts, asked):
    assert len(of_counts(*counts).hold_out(asked).test) == asked


def test_mnist_is_split_stratified_to_the_image(mnist):
    parts = mnist.split("2:1", seed=0)
    assert (len(parts.train), len(parts.test)) == (46_667, 23_333)
    assert np.abs(np.bincount(parts.test.labels) - np.bincount(mnist.labels) / 3).max() < 1
    # Saved recipes name a seed and mean these images.
    assert parts.test.sha256 == "d03c8c2ee175c4f76a5d09a5d122f09ca931e20c55f5cf0baaa2098dd9e4dd95"


def test_the_seed_decides_the_split():
    assert identity(small().split("2:1", 5).test) == identity(small().split("2:1", 5).test)
    assert identity(small().split("2:1", 5).test) != identity(small().split("2:1", 6).test)


def test_images_keep_their_labels():
    dataset = small()
    for part in dataset.split("2:1", 7):
        assert part.labels.tolist() == dataset.labels[identity(part)].tolist()


@pytest.mark.parametrize("ratio", ["own", "60000:10000"])
def test_mnists_own_parts_are_taken_as_they_stand(mnist, ratio):
    parts = mnist.split(ratio, seed=9)
    assert np.array_equal(parts.train.images, mnist.images[:60_000])
    assert np.array_equal(parts.test.labels, mnist.labels[60_000:])
    assert np.shares_memory(parts.test.images, mnist.images)


def test_another_ratio_of_a_source_with_parts_is_shuffled():
    dataset = small(test_from=60)
    assert identity(dataset.split("60:40").test) == list(range(60, 100))
    assert identity(dataset.split("50:50").test) != list(range(50, 100))


@pytest.mark.parametrize("ratio", ["", "3", "1:2:3", "a:b", "0:1", "1:0", "-1:2", "nan:1", "inf:1", "1:1e9"])
def test_ratios_that_are_none_are_refused(ratio):
    with pytest.raises(LenetError):
        small().split(ratio)


def test_the_own_validation_part_is_taken():
    train, test = small(test_from=80, validation_from=70).split("own")
    learnt, watched = train.split_validation(5)
    assert (identity(learnt), identity(watched)) == (list(range(70)), list(range(70, 80)))
    assert identity(test) == list(range(80, 100))


@pytest.mark.parametrize(
    ("count", "asked", "kept"), [(100, 0, 0), (100, 4, 4), (100, 2000, 20), (999, 2000, 199), (1000, 2000, 100)]
)
def test_without_one_at_most_a_tenth_is_held_out_and_of_little_data_a_fifth(count, asked, kept):
    dataset = Dataset("some", np.zeros((count, 2, 2), np.uint8), np.arange(count) % 10, tuple("0123456789"))
    learnt, watched = dataset.split_validation(asked)
    assert (len(learnt), len(watched) if watched else 0) == (count - kept, kept)
    if kept == 20:
        assert np.bincount(watched.labels).tolist() == [2] * 10


def test_the_hash_changes_with_each_thing_that_it_covers():
    dataset = small()
    pixels = dataset.images.copy()
    pixels[99, 5, 4, 0] ^= 1
    labels = dataset.labels.copy()
    labels[0] = (labels[0] + 1) % 4
    others = [
        Dataset("x", pixels, dataset.labels, dataset.class_names),
        Dataset("x", dataset.images, labels, dataset.class_names),
        Dataset("x", dataset.images, dataset.labels, ("a", "b", "c", "z")),
        Dataset("x", dataset.images.reshape(100, 5, 6, 1), dataset.labels, dataset.class_names),
    ]
    assert len({dataset.sha256, *(other.sha256 for other in others)}) == 5
    assert Dataset("another name", dataset.images, dataset.labels, dataset.class_names).sha256 == dataset.sha256


def test_classes_are_matched_by_name():
    dataset = small()
    matched = dataset.with_classes(("d", "x", "c", "b", "a"))
    assert [matched.class_names[label] for label in matched.labels] == [dataset.class_names[i] for i in dataset.labels]
    with pytest.raises(LenetError, match="class d"):
        dataset.with_classes(("a", "b", "c"))


def test_origins_go_with_their_images():
    dataset = small(origins=tuple(f"{index}.png" for index in range(100)), test_from=60)
    for part in (*dataset.split("own"), *dataset.split("2:1"), dataset.take(np.array([7, 3]))):
        assert [part.origin(index) for index in range(len(part))] == [f"{number}.png" for number in identity(part)]


def test_framing_goes_with_the_images():
    dataset = small(test_from=60, framing="mark", inverted=True)
    others = (
        *dataset.split("own"),
        *dataset.split("2:1"),
        dataset.take(np.array([7])),
        dataset.with_classes(tuple("dcba")),
    )
    assert all((other.framing, other.inverted) == ("mark", True) for other in others)
