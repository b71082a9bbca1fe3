"""What a source has and no image comes from is counted in a note, or it is a fault."""

import os
import zipfile

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image
from scipy.io import loadmat, savemat

from lenet import LenetError, load_dataset
from tests.datasets.test_forms import FORMS, IMAGES, pictures


def more_arrays(path):
    with np.load(path) as arrays:
        np.savez(path, **arrays, extra_images=IMAGES, about=np.zeros(3))


def more_matrices(path):
    arrays = {name: array for name, array in loadmat(path).items() if not name.startswith("__")}
    savemat(path, {**arrays, "extra": np.zeros(3), "about": {"x": 1}})


def another_column(path):
    for file in (path / "mnist").iterdir():
        table = pyarrow.parquet.read_table(file)
        pyarrow.parquet.write_table(table.append_column("mask", table.column("image")), file)


def two_files(path):
    folder = path if path.is_dir() else path.parent
    (folder / "notes.txt").write_text("words", encoding="utf-8")
    Image.fromarray(IMAGES[0]).save(folder / "stray.tiff")


def a_file(path):
    (path / "README.md").write_text("words", encoding="utf-8")


# Form, what is added to it, and the note.
ADDED = [
    ("keras-mnist-npz", more_arrays, "left out arrays: 2, such as 'extra_images'"),
    ("scipy-mat", more_matrices, "left out arrays: 2, such as 'extra'"),
    ("parquet-of-the-hub", another_column, "left out columns: 1, such as 'mask'"),
    ("qmnist", two_files, "left out other files and folders: 2, such as 'notes.txt'"),
    ("npy-pairs", two_files, "left out other files and folders: 2, such as 'notes.txt'"),
    ("kmnist", lambda path: (path / "copy of kmnist-test-labels.npz").write_bytes(b"x"), "left out other files and"),
    ("csv-of-each-part", a_file, "left out other files and folders: 1, such as 'README.md'"),
    ("wrapper-folder", a_file, "left out other files and folders: 1, such as 'README.md'"),
]


@pytest.mark.parametrize(("form", "add", "note"), ADDED, ids=[form for form, *_ in ADDED])
def test_what_else_is_there_is_counted(tmp_path, form, add, note):
    source = FORMS[form][0](tmp_path)
    before = load_dataset(source, framing="whole").notes
    add(source)
    notes = load_dataset(source, framing="whole").notes
    assert [said for said in notes if said not in before and said.startswith(note)], notes


def test_pipes_and_devices_are_not_opened(tmp_path):
    (tmp_path / "idx").mkdir()
    idx = FORMS["qmnist"][0](tmp_path / "idx")
    (idx / "classes.txt").symlink_to("/dev/zero")
    with pytest.raises(LenetError, match=r"classes\.txt: is no file"):
        load_dataset(idx)
    (tmp_path / "hub").mkdir()
    folder = FORMS["parquet-of-the-hub"][0](tmp_path / "hub") / "mnist"
    os.mkfifo(folder / "more.parquet")
    assert "left out other files and folders: 1, such as 'more.parquet'" in load_dataset(folder).notes


def test_parquet_files_tell_their_part_anywhere_in_their_names(tmp_path):
    folder = FORMS["parquet-of-the-hub"][0](tmp_path) / "mnist"
    (folder / "test-00000-of-00001.parquet").rename(folder / "a mnist-test.parquet")
    assert load_dataset(folder, framing="whole").test_from == 8


def test_two_files_of_one_name_in_a_zip_are_refused(tmp_path, cache):
    source = FORMS["zip-of-class-folders"][0](tmp_path)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(source, "a") as archive:
        archive.writestr(archive.namelist()[0], b"")
    with pytest.raises(LenetError, match="holds two files of the same name"):
        load_dataset(source)


def test_a_name_of_two_pictures_in_a_labels_table_is_a_fault(tmp_path):
    pictures(tmp_path, lambda index, _: f"{'ab'[index % 2]}/{index // 2}.png")
    (tmp_path / "labels.csv").write_text("file,label\n0,x\na/1.png,x\nb/1.png,y\n", encoding="utf-8")
    told = []
    dataset = load_dataset(tmp_path, on_error=lambda error: told.append(str(error)))
    assert dataset.origins == ("a/1.png", "b/1.png")
    assert told == [f"{tmp_path}/labels.csv: line 2: 2 pictures are called '0'; write the folder before the name"]
    assert dataset.notes[0].startswith("left out pictures that labels.csv does not name: 10, such as 'a/0.png'")


def test_it_is_said_which_end_of_the_file_names_is_the_class(tmp_path):
    """A copy of one file makes the starts the fewer ones."""
    folder = FORMS["names-end-in-labels"][0](tmp_path)
    (folder / "img_00-0.png").rename(folder / "copy of img_00-0.png")
    dataset = load_dataset(folder)
    assert dataset.class_names == ("copy of img", "img")
    assert "the classes are the starts of the file names" in dataset.notes
