"""Sound sources of every spelling: what they are taken for."""

import json

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image

from lenet import LenetError, load_dataset
from lenet.datasets import parquet

IMAGES = np.random.default_rng(0).integers(0, 90, (6, 4, 4), dtype=np.uint8)
LABELS = np.array([0, 1, 2, 0, 1, 2])


def load(path):
    return load_dataset(path, invert="no", framing="whole")


@pytest.mark.parametrize(
    "keys",
    [("x_train", "y_train"), ("train_images", "train_labels"), ("x", "y"), ("images", "labels"), ("X", "Y")],
)
@pytest.mark.parametrize("wide", [np.uint8, np.int64, np.float32])
def test_npz_keys_and_types(tmp_path, keys, wide):
    np.savez(tmp_path / "d.npz", **{keys[0]: IMAGES.astype(wide), keys[1]: LABELS[:, None]})
    dataset = load(tmp_path / "d.npz")
    assert np.array_equal(dataset.images[..., 0], IMAGES)
    assert (dataset.class_names, dataset.labels.tolist()) == (("0", "1", "2"), LABELS.tolist())


def test_npz_fractions_vectors_order_and_three_parts(tmp_path):
    vectors = np.asfortranarray(IMAGES.reshape(6, 16) / 255)
    parts = {
        f"{key}_{part}": array for part in ("test", "train", "val") for key, array in (("x", vectors), ("y", LABELS))
    }
    np.savez_compressed(tmp_path / "d.npz", **parts, class_names=np.array(["c", "b", "10"]))
    dataset = load(tmp_path / "d.npz")
    assert (dataset.validation_from, dataset.test_from, len(dataset)) == (6, 12, 18)
    assert np.array_equal(dataset.images[6:12, ..., 0], IMAGES)
    assert dataset.class_names == ("10", "b", "c")
    assert dataset.labels[:6].tolist() == [2, 1, 0, 2, 1, 0]


@pytest.mark.parametrize("labels", [["b", "a", "10", "b", "a", "10"], [b"b", b"a", b"10", b"b", b"a", b"10"]])
def test_npz_labels_may_be_names(tmp_path, labels):
    np.savez(tmp_path / "d.npz", x=IMAGES, y=np.array(labels))
    dataset = load(tmp_path / "d.npz")
    assert [dataset.class_names[label] for label in dataset.labels] == ["b", "a", "10", "b", "a", "10"]
    assert dataset.class_names == ("10", "a", "b")


ROWS = [[label, *image.ravel().tolist()] for label, image in zip(LABELS.tolist(), IMAGES, strict=True)]


def lines(rows, header=None, end="\n"):
    return end.join(",".join(map(str, row)) for row in ([header] if header else []) + rows) + end


@pytest.mark.parametrize(
    "text",
    [
        lines(ROWS),
        lines(ROWS, ["label", *(f"pixel{i}" for i in range(16))]),
        lines(ROWS, ["Class", *(f"{1 + i // 4}x{1 + i % 4}" for i in range(16))], "\r\n"),
        lines([[*row[1:], row[0]] for row in ROWS], [*(f"p{i}" for i in range(16)), "label"]),
        lines([[*row[1:9], row[0], *row[9:]] for row in ROWS], [*range(8), "y", *range(8, 16)]),
        "\ufeff" + lines(ROWS, ["label", *range(16)]) + "\n\n",
        lines([[f'"{value}"' for value in row] for row in ROWS], ["label", *range(16)]),
    ],
    ids=["no-header", "kaggle", "row-x-column", "label-last", "label-within", "byte-order-mark", "quoted"],
)
def test_csv_layouts(tmp_path, text):
    (tmp_path / "d.csv").write_text(text, encoding="utf-8", newline="")
    dataset = load(tmp_path / "d.csv")
    assert np.array_equal(dataset.images[..., 0], IMAGES)
    assert (dataset.class_names, dataset.labels.tolist()) == (("0", "1", "2"), LABELS.tolist())


def test_a_class_may_be_called_y(tmp_path):
    (tmp_path / "d.csv").write_text("y,1,2,3,4\nz,1,2,3,4\n", encoding="utf-8")
    assert load(tmp_path / "d.csv").class_names == ("y", "z")


def test_csv_of_more_rows_than_are_parsed_at_once(tmp_path):
    (tmp_path / "d.csv").write_text(lines(ROWS * 400), encoding="utf-8")
    dataset = load(tmp_path / "d.csv")
    assert np.array_equal(dataset.images[..., 0], np.tile(IMAGES, (400, 1, 1)))


def png(image):
    import io

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "png")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "column",
    [
        [{"bytes": png(image), "path": "x.png"} for image in IMAGES],
        [png(image) for image in IMAGES],
        pyarrow.array([png(image) for image in IMAGES], pyarrow.large_binary()),
        IMAGES.tolist(),
        IMAGES[..., None].tolist(),
        IMAGES.reshape(6, 16).tolist(),
        pyarrow.array(IMAGES.reshape(6, 16).tolist(), pyarrow.list_(pyarrow.uint8(), 16)),
        pyarrow.array((IMAGES.reshape(6, 16) / 255).tolist(), pyarrow.large_list(pyarrow.float32())),
    ],
    ids=["hub", "binary", "large-binary", "nested", "nested-deep", "flat", "fixed", "fractions"],
)
@pytest.mark.parametrize("named", [False, True])
def test_parquet_columns(tmp_path, column, named):
    table = pyarrow.table({"img": column, "label": LABELS})
    if named:
        features = {"info": {"features": {"label": {"names": ["zero", "one", "two"], "_type": "ClassLabel"}}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(features)})
    pyarrow.parquet.write_table(table, tmp_path / "d.parquet")
    dataset = load(tmp_path / "d.parquet")
    assert np.array_equal(dataset.images[..., 0], IMAGES)
    names = ["zero", "one", "two"] if named else ["0", "1", "2"]
    assert [dataset.class_names[label] for label in dataset.labels] == [names[label] for label in LABELS]


def test_parquet_shards_as_the_hub_has_them(tmp_path, monkeypatch):
    for name, first in (("test-00000-of-00001", 4), ("train-00000-of-00002", 0), ("train-00001-of-00002", 2)):
        rows = slice(first, first + 2)
        table = pyarrow.table({"image": [png(image) for image in IMAGES[rows]], "label": ["a", "b"]})
        pyarrow.parquet.write_table(table, tmp_path / f"{name}.parquet")
    dataset = load(tmp_path)
    assert np.array_equal(dataset.images[..., 0], IMAGES)
    assert dataset.test_from == 4
    assert dataset.origins[4] == "test-00000-of-00001.parquet row 0"
    monkeypatch.setattr(parquet, "MOST_NAMED", 5)
    assert load(tmp_path).origins == (), "the names of many rows would fill the memory"


def test_only_a_part_of_a_parquet_file_is_in_memory_at_once(tmp_path):
    table = pyarrow.table({"image": [np.random.default_rng(row).bytes(1 << 10) for row in range(1000)]})
    table = table.append_column("label", [range(1000)])
    with pyarrow.parquet.ParquetWriter(tmp_path / "d.parquet", table.schema) as writer:
        for _ in range(16):
            writer.write_table(table)
    shard = parquet._open(tmp_path / "d.parquet", named=False)
    before = pyarrow.total_allocated_bytes()
    held = [pyarrow.total_allocated_bytes() - before for _ in parquet._batches(shard, ["image"])]
    assert len(held) == 16
    assert max(held) < 6 << 20


def test_arrays_are_brought_into_form_like_pictures(tmp_path):
    np.savez(tmp_path / "d.npz", x=255 - IMAGES, y=LABELS)
    dataset = load_dataset(tmp_path / "d.npz", framing="whole")
    assert np.array_equal(dataset.images[..., 0], IMAGES)
    assert dataset.notes == ("inverted: the ground was white",)
    assert dataset.inverted
    larger = load_dataset(tmp_path / "d.npz", size="8x6", depth=3)
    assert larger.images.shape == (6, 6, 8, 3)
    assert len(larger.notes) == 2


def test_scikit_learns_digits():
    dataset = load_dataset("digits", framing="whole")
    assert dataset.images.shape == (1797, 8, 8, 1)
    assert (dataset.images.min(), dataset.images.max()) == (0, 255)


@pytest.mark.parametrize(("library", "source"), [("pyarrow", "d.parquet"), ("sklearn.datasets", "digits")])
def test_a_missing_library_is_named_with_its_cure(tmp_path, monkeypatch, library, source):
    import sys

    monkeypatch.setitem(sys.modules, library, None)
    (tmp_path / "d.parquet").write_bytes(b"PAR1")
    with pytest.raises(LenetError, match=r"pip install 'lenet\[data\]'"):
        load_dataset(tmp_path / source if "." in source else source)


@pytest.mark.parametrize("source", ["", ["mnist", ""], []])
def test_an_empty_name_does_not_mean_the_current_folder(tmp_path, monkeypatch, source):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LenetError, match="an empty name is no data; name mnist"):
        load_dataset(source)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"size": "28"}, "28x28"),
        ({"size": "axb"}, "28x28"),
        ({"size": "1x2x3"}, "28x28"),
        ({"size": "0x5"}, "1 to 4096"),
        ({"size": (5, 5000)}, "5000x5"),
        ({"depth": 2}, "depth 2"),
        ({"invert": "maybe"}, "maybe"),
        ({"framing": "square"}, "square"),
        ({"framing": "mark", "depth": 3}, "depth 3"),
    ],
)
def test_a_form_that_no_picture_has_is_refused(asked, says):
    with pytest.raises(LenetError, match=says):
        load_dataset("mnist", **asked)


def test_a_cube_of_images_is_said_to_be_ambiguous(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (8, 8, 8), np.uint8)
    np.savez(tmp_path / "cube.npz", images=images, labels=np.arange(8) % 2)
    dataset = load_dataset(tmp_path / "cube.npz", framing="whole", invert="no")
    assert np.array_equal(dataset.images[..., 0], images)
    assert "as many images as pixels a side (8): the first axis is taken for the images" in dataset.notes
