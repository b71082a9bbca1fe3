"""Every source written in every format and loaded again: equal pixels, labels, names and parts."""

import numpy as np
import pytest

from lenet import Dataset, LenetError, load_dataset
from lenet.datasets.convert import convert, format_for
from lenet.datasets.orientation import transpose

KINDS = ("folder", "npz", "parquet")


def named(folder, name, kind):
    return folder / (f"{name}.{kind}" if kind != "folder" else name)


def load(path):
    return load_dataset(path, framing="whole")


def assert_equal(first, second):
    assert np.array_equal(first.images, second.images)
    assert np.array_equal(first.labels, second.labels)
    assert first.class_names == second.class_names
    assert (first.test_from, first.validation_from) == (second.test_from, second.validation_from)
    assert second.notes == ()


@pytest.mark.parametrize("source", ["digits_in_parts", "colour"])
@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("second", KINDS)
def test_there_and_back(tmp_path, request, source, first, second):
    dataset = request.getfixturevalue(source)
    convert(dataset, named(tmp_path, "one", first), first)
    one = load(named(tmp_path, "one", first))
    assert_equal(dataset, one)
    convert(one, named(tmp_path, "two", second), second)
    two = load(named(tmp_path, "two", second))
    assert_equal(dataset, two)
    convert(two, named(tmp_path, "back", first), first)
    assert_equal(dataset, load(named(tmp_path, "back", first)))


@pytest.mark.parametrize("kind", KINDS)
def test_scikit_learns_digits_survive(tmp_path, kind):
    dataset = load_dataset("digits", framing="whole").take(np.arange(100))
    convert(dataset, named(tmp_path, "digits", kind), kind)
    assert load(named(tmp_path, "digits", kind)).sha256 == dataset.sha256


@pytest.mark.parametrize("kind", ["npz", "parquet"])
def test_awkward_names_survive_where_they_can(tmp_path, kind):
    names = tuple(sorted(['"', ",", "/", " x ", "é", "中", "..", "a,b"]))
    images = np.random.default_rng(0).integers(0, 90, (16, 4, 7, 1), dtype=np.uint8)
    dataset = Dataset("awkward", images, np.arange(16) % 8, names)
    convert(dataset, named(tmp_path, "x", kind), kind)
    assert_equal(dataset, load(named(tmp_path, "x", kind)))


@pytest.mark.parametrize("kind", ["npz", "parquet"])
def test_a_class_without_images_survives_where_it_can(tmp_path, kind):
    images = np.zeros((2, 4, 4, 1), np.uint8)
    dataset = Dataset("absent", images, np.array([0, 2]), ("a", "b", "c"))
    convert(dataset, named(tmp_path, "x", kind), kind)
    assert_equal(dataset, load(named(tmp_path, "x", kind)))


@pytest.mark.parametrize(
    ("kind", "names", "says"),
    [
        ("folder", ("a", "b", "c"), "class 'c'"),
        ("folder", ("a", "x/y"), "class 'x/y'"),
        ("folder", ("a", ".."), "class '..'"),
        ("folder", ("a", "__MACOSX"), "class '__MACOSX'"),
        ("folder", ("a", "Thumbs.db"), r"class 'Thumbs\.db'"),
    ],
)
def test_what_a_format_cannot_hold_is_refused_and_nothing_is_left(tmp_path, kind, names, says):
    dataset = Dataset("x", np.zeros((2, 4, 4, 1), np.uint8), np.array([0, 1]), names)
    with pytest.raises(LenetError, match=says):
        convert(dataset, named(tmp_path, "x", kind), kind)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_overwritten(tmp_path, colour, kind):
    target = named(tmp_path, "x", kind)
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(LenetError, match="exists already"):
        convert(colour, target, kind)
    assert target.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_halfway_leaves_nothing(tmp_path, colour, kind, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    monkeypatch.setattr("os.sync", full)
    with pytest.raises(LenetError, match="No space left"):
        convert(colour, named(tmp_path, "x", kind), kind)
    assert list(tmp_path.iterdir()) == []


def test_the_format_follows_from_the_ending(tmp_path):
    assert [format_for(tmp_path / name) for name in ("x", "x.npz", "x.PARQUET")] == ["folder", "npz", "parquet"]
    assert format_for(tmp_path / "x", "npz") == "npz"
    with pytest.raises(LenetError, match="--to"):
        format_for(tmp_path / "x.h5")
    with pytest.raises(LenetError, match=r"the ending must be \.npz"):
        convert(load_dataset("digits", framing="whole"), tmp_path / "x", "npz")


def test_transposing_twice_changes_nothing(colour):
    once = transpose(colour)
    assert (once.height, once.width) == (colour.width, colour.height)
    assert np.array_equal(once.images[3, 2, 4], colour.images[3, 4, 2])
    assert transpose(once).sha256 == colour.sha256
