"""Every form that data is published in: the same images and labels come out. See docs/data.md."""

import gzip
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from lenet import LenetError, load_dataset
from lenet.datasets.check import check
from lenet.datasets.preparation import Preparation
from lenet.datasets.source import load_unlabelled
from tests.datasets.forms import FORMS, IMAGES, LABELS, PIXELS, ROWS, TEST, TRAIN, idx, idx_pair, pictures, table


@pytest.mark.parametrize("name", FORMS)
def test_the_same_images_and_labels_come_out(tmp_path, name):
    make, notes, about = FORMS[name]
    dataset = load_dataset(make(tmp_path), invert="no", framing="whole")
    expected = IMAGES.copy()
    if "corner" in about:  # pixels that the form does not hold
        expected[:, about["corner"], about["corner"]] = 0
    assert np.array_equal(dataset.images[..., 0], expected)
    assert dataset.depth == about.get("depth", 1)
    assert [dataset.class_names[label] for label in dataset.labels] == [about["classes"][label] for label in LABELS]
    assert dataset.test_from == (8 if about["parts"] else None)
    for note in notes:
        assert any(said.startswith(note) for said in dataset.notes), dataset.notes
    if about.get("writers"):
        assert dataset.writer_of.tolist() == (2000 + LABELS).tolist()
        assert [dataset.groups[group] for group in dataset.group_of] == [
            "employees" if it == 0 else "pupils" for it in LABELS
        ]


PICKLE = b"\x80\x02]q\x00."
REFUSED = {
    "pickle": ("mnist.pkl.gz", gzip.compress(PICKLE), r"is a pickle.*import gzip, pickle.*np\.savez\('mnist\.npz'"),
    "old-pickle": ("d.pkl", b"(lp0\n.", r"is a pickle.*open\('d\.pkl', 'rb'\)"),
    "torch": ("training.pt", None, r"is a pickle.*torch\.load\('training\.pt'\)"),
    "hdf5": ("d.h5", b"\x89HDF\r\n\x1a\n" + bytes(8), r"is HDF5.*h5py\.File\('d\.h5'\)"),
    "matlab-7.3": ("d.mat", b"MATLAB 7.3 MAT-file".ljust(600), r"is HDF5; in MATLAB save it with '-v7'"),
    "one-array": ("d.npy", b"\x93NUMPY\x01\x00", r"is one array; name images and labels x_train\.npy"),
    "sparse-arff": ("d.arff", b"@relation d\n@attribute a real\n@attribute b real\n@data\n{0 1}\n", r"line 5"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_never_read_is_refused_with_the_line_that_converts_it(tmp_path, name):
    file, content, says = REFUSED[name]
    if content is None:
        with zipfile.ZipFile(tmp_path / file, "w") as archive:
            archive.writestr("archive/data.pkl", PICKLE)
    else:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(LenetError, match=says) as caught:
        load_dataset(tmp_path / file)
    assert "\n" not in str(caught.value)


def test_emnists_mat_is_refused_with_the_line_that_converts_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows, labels = IMAGES.transpose(0, 2, 1).reshape(12, 36), (LABELS + 1.0)[:, np.newaxis]
    parts = {"train": TRAIN, "test": TEST}
    struct = {part: {"images": rows[at], "labels": labels[at], "writers": labels[at]} for part, at in parts.items()}
    savemat("emnist-letters.mat", {"dataset": {**struct, "mapping": np.array([[1, 65, 97]])}}, do_compression=True)
    with pytest.raises(LenetError, match=r"as EMNIST's \.mat files are; take EMNIST's gzip\.zip") as caught:
        load_dataset("emnist-letters.mat")
    exec(str(caught.value).partition("in Python: ")[2], {})
    dataset = load_dataset("emnist-letters.npz", framing="whole")
    assert np.array_equal(dataset.images[..., 0], IMAGES)
    assert [dataset.class_names[label] for label in dataset.labels] == [str(label + 1) for label in LABELS]


def test_of_several_data_sets_one_is_asked_for(tmp_path):
    for split in ("balanced", "letters"):
        idx_pair(tmp_path, f"emnist-{split}-")
    with pytest.raises(
        LenetError, match=r"several data sets: emnist-balanced, emnist-letters; name one, such as .*/emnist-letters"
    ):
        load_dataset(tmp_path)
    with pytest.raises(LenetError, match=r"no images of emnist-digits; there are emnist-balanced, emnist-letters"):
        load_dataset(tmp_path / "emnist-digits")
    (tmp_path / "csv").mkdir()
    for name in ("train.csv", "sample_submission.csv"):
        (tmp_path / "csv" / name).write_text(table(ROWS), encoding="utf-8")
    with pytest.raises(LenetError, match=r"several data files: sample_submission.csv, train.csv; name one"):
        load_dataset(tmp_path / "csv")


def test_emnist_that_is_upright_already_is_not_turned(mnist, tmp_path):
    chosen = mnist.take(np.arange(300))
    for name, images in (("turned", chosen.images[..., 0]), ("published", chosen.images[..., 0].transpose(0, 2, 1))):
        idx(tmp_path / name / "emnist-mnist-train-images-idx3-ubyte", np.ascontiguousarray(images))
        idx(tmp_path / name / "emnist-mnist-train-labels-idx1-ubyte", chosen.labels.astype(np.uint8))
        dataset = load_dataset(tmp_path / name, framing="whole")
        assert np.array_equal(dataset.images, chosen.images)
        said = {"turned": "upright already", "published": "by its name and by comparison with print"}[name]
        assert said in " ".join(dataset.notes)


def test_a_single_class_is_said_and_is_a_fault(tmp_path):
    for index in range(3):
        path = tmp_path / "pictures" / f"{index}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(IMAGES[index]).save(path)
    dataset = load_dataset(tmp_path)
    assert "has a single class, 'pictures'; a network needs two or more to tell apart" in dataset.notes
    assert [finding.kind for finding in check(dataset, []) if finding.fault] == ["one-class"]


def test_rows_of_a_labels_table_that_cannot_be_used_are_faults(tmp_path):
    pictures(tmp_path, lambda index, _: f"{index:02}.png")
    rows = [["file", "label"], ["00.png", "a"], ["../00.png", "b"], ["00", "b"], ["01.png", "b"], ["gone.png", "b"]]
    (tmp_path / "labels.csv").write_text(table(rows), encoding="utf-8")
    told = []
    dataset = load_dataset(tmp_path, on_error=lambda error: told.append(str(error).removeprefix(f"{tmp_path}/")))
    assert dataset.origins == ("00.png", "01.png")
    assert told == [
        "labels.csv: line 3: there is no picture '../00.png'",
        "labels.csv: line 4: names '00' a second time",
        "labels.csv: line 6: there is no picture 'gone.png'",
    ]


@pytest.mark.parametrize("header", [["id", *PIXELS], PIXELS, None])
def test_a_table_needs_no_labels_where_none_are_used(tmp_path, header):
    rows = [[7, *row[1:]] if header and header[0] == "id" else row[1:] for row in ROWS]
    (tmp_path / "test.csv").write_text(table([header, *rows] if header else rows), encoding="utf-8")
    images = load_unlabelled(tmp_path / "test.csv", Preparation(invert="no", framing="whole"))
    assert np.array_equal(images[..., 0], IMAGES)


def test_the_page_about_data_names_a_test_of_each_form():
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`test_forms\[([a-z0-9.-]+)\]`", page))
    assert named == set(FORMS) | set(REFUSED)
