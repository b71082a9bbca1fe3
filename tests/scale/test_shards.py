"""Every kind of source gives the answers that `lenet predict` gives; what is broken is a row."""

import gzip
import io
import json
import os
import tarfile
from pathlib import Path

import numpy as np
import pyarrow
import pytest
from PIL import Image
from pyarrow import parquet

from lenet import LenetError, Reader
from lenet.datasets import shards as module
from lenet.datasets.convert import convert
from lenet.datasets.shards import find_shards, fingerprint, items, open_place
from lenet.model.file import read_model
from lenet.reading.many import answers
from lenet.scale.read import read_shard
from tests.networks import random_model
from tests.scale.conftest import write_idx


@pytest.fixture(scope="module")
def reader(model):
    return Reader(model)


@pytest.fixture(scope="module")
def images(test_part):
    return test_part.images[:30]


def png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "png")
    return file.getvalue()


def rows(source: object, reader: Reader) -> list[tuple]:
    return [row for shard in find_shards(str(source))[0] for row in answers(reader, items(shard, str(source)))]


def read(source: Path) -> list[module.Item]:
    return [item for shard in find_shards(str(source))[0] for item in items(shard, str(source))]


def labels(source: object, reader: Reader) -> list[str | None]:
    return [row[2] for row in rows(source, reader)]


@pytest.fixture(scope="module")
def expected(images, model):
    found = model.classify(images)
    return [model.class_names[label] for label in found.probabilities.argmax(axis=1)]


def test_arrays_are_read_as_predict_reads_them(tmp_path, monkeypatch, reader, images, expected):
    monkeypatch.setattr(module, "ROWS", 12)
    monkeypatch.setattr(module, "AT_ONCE", 5)
    write_idx(tmp_path / "idx" / "train-images-idx3-ubyte", images)
    (tmp_path / "idx" / "train-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01\0\0\0\x01\0")
    found, skipped = find_shards(str(tmp_path / "idx"))
    assert skipped == ["train-labels-idx1-ubyte"]
    assert [(shard.name, shard.part) for shard in found] == [
        (f"train-images-idx3-ubyte.00000{number}", 12 * number) for number in range(3)
    ]
    answered = rows(tmp_path / "idx", reader)
    assert [row[1] for row in answered] == list(range(30))
    assert [row[2] for row in answered] == expected
    np.savez(tmp_path / "some.npz", x_train=images[..., 0], y_train=np.zeros(30), x_test=images[:4, ..., 0])
    assert labels(tmp_path / "some.npz", reader) == [*expected, *expected[:4]]
    np.savez(tmp_path / "unnamed.npz", images[..., 0])
    assert labels(tmp_path / "unnamed.npz", reader) == expected
    np.savez(tmp_path / "unnamed.npz", heights=np.ones(3))
    with pytest.raises(LenetError, match="arr_0"):
        find_shards(str(tmp_path / "unnamed.npz"))


def test_a_packed_idx_file_is_one_shard(test_part, reader, images, expected):
    bundled = Path(module.__file__).parent / "mnist_files"
    (shard,) = (shard for shard in find_shards(str(bundled))[0] if shard.name.startswith("t10k"))
    first = [item for item, _ in zip(items(shard, str(bundled)), range(30), strict=False)]
    assert [row[2] for row in answers(reader, first)] == expected


def test_row_groups_are_shards_whether_they_hold_pictures_or_pixels(tmp_path, mnist, reader, expected):
    some = mnist.split("60000:10000").test.take(np.arange(30))
    convert(some, tmp_path / "encoded.parquet", "parquet")
    table = parquet.read_table(tmp_path / "encoded.parquet")
    parquet.write_table(table, tmp_path / "encoded.parquet", row_group_size=20)
    pixels = pyarrow.table({"image": some.images.reshape(30, -1).tolist()})
    parquet.write_table(pixels, tmp_path / "pixels.parquet", row_group_size=16)
    assert len(find_shards(str(tmp_path))[0]) == 4
    for name in ("encoded", "pixels"):
        answered = rows(tmp_path / f"{name}.parquet", reader)
        assert [row[1] for row in answered] == list(range(30)), name
        assert [row[2] for row in answered] == expected, name


def test_folders_and_archives_of_pictures_have_the_text_of_each_page(tmp_path, monkeypatch, lenet, model, images):
    monkeypatch.setattr(module, "PICTURES", 3)
    folder = tmp_path / "photos"
    row = Image.fromarray(255 - np.concatenate(images[:3, ..., 0], axis=1)).resize((336, 112))
    (folder / "a").mkdir(parents=True)
    row.save(folder / "a" / "row.png")
    row.save(folder / "b.tif", save_all=True, append_images=[row.rotate(180)])
    (folder / "c.png").write_bytes(b"no picture")
    Image.new("L", (50, 50), 255).save(folder / "empty.png")
    (folder / "notes.txt").write_text("no picture at all")
    plain = json.loads(lenet("predict", folder, "--json").stdout)
    reader = Reader()
    found = rows(folder, reader)
    assert [row[5] for row in found] == [it.get("text") for it in plain]
    assert [row[6] for row in found] == [it.get("error") for it in plain]
    assert [row[1] for row in found] == [None, 1, 2, None, None]
    assert found[0][2] is None, "there are three labels"
    assert found[0][3] == min(digit["probability"] for digit in plain[0]["digits"])
    shards, skipped = find_shards(str(folder))
    assert [len(shard.files) for shard in shards] == [3, 1]
    assert skipped == ["notes.txt"]
    with tarfile.open(tmp_path / "photos.tar.gz", "w:gz") as archive:
        for path in sorted(folder.rglob("*.*")):
            archive.add(path, path.relative_to(folder))
    packed = rows(tmp_path / "photos.tar.gz", reader)
    assert [row[1:6] for row in packed] == [row[1:6] for row in found]
    assert packed[0][0] == f"{tmp_path}/photos.tar.gz/a/row.png"


def test_a_whole_picture_is_read_as_it_is(tmp_path, test_part):
    whole = random_model("mlp", framing="whole")
    write_idx(tmp_path / "images-idx3-ubyte", test_part.images[:5])
    found = rows(tmp_path, Reader(whole))
    best = whole.predict(test_part.images[:5]).argmax(axis=1)
    assert [row[2] for row in found] == [whole.class_names[label] for label in best]


def test_of_a_cut_file_whole_images_are_read_and_the_others_are_errors(tmp_path, monkeypatch, reader, images, expected):
    monkeypatch.setattr(module, "ROWS", 10)
    monkeypatch.setattr(module, "AT_ONCE", 4)
    write_idx(tmp_path / "images-idx3-ubyte", images)
    content = (tmp_path / "images-idx3-ubyte").read_bytes()
    (tmp_path / "images-idx3-ubyte").write_bytes(content[: -13 * 784 - 1])
    found = rows(tmp_path, reader)
    assert [row[1] for row in found] == list(range(30))
    assert [row[2] for row in found] == [*expected[:16], *[None] * 14]
    assert ["is cut" in (row[6] or "") for row in found] == [False] * 16 + [True] * 14


def test_a_damaged_shard_names_its_file_and_the_reason(tmp_path, images, run):
    write_idx(tmp_path / "images", images)
    (tmp_path / "images-idx3-ubyte.gz").write_bytes(gzip.compress((tmp_path / "images").read_bytes())[:-20])
    (shard,), _ = find_shards(str(tmp_path))
    with pytest.raises(LenetError, match=r"ubyte.gz: cannot be read"):
        read_shard(shard, str(tmp_path), str(tmp_path / "out"), (run.path / "model.onnx").read_bytes())
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_tar_file_without_its_end_mark_is_damaged(tmp_path, images, mode):
    with tarfile.open(tmp_path / "whole.tar", mode) as archive:
        for number, image in enumerate(images[:3, ..., 0]):
            member = tarfile.TarInfo(f"{number}.png")
            member.size = len(png(image))
            archive.addfile(member, io.BytesIO(png(image)))
        end = archive.offset
    assert len(read(tmp_path / "whole.tar")) == 3
    packed = mode == "w:gz"
    content = (tmp_path / "whole.tar").read_bytes()
    content = gzip.decompress(content) if packed else content
    for length in (end, end - 512, end - 700, 1024, 700):
        cut = content[:length]
        (tmp_path / "cut.tar").write_bytes(gzip.compress(cut) if packed else cut)
        with pytest.raises(tarfile.ReadError):
            read(tmp_path / "cut.tar")
    (tmp_path / "cut.tar").write_bytes(content[: end + 512])
    assert len(read(tmp_path / "cut.tar")) == 3


def test_what_cannot_be_read_at_all_is_no_row(tmp_path):
    with pytest.raises(LenetError, match="no such file or folder"):
        find_shards(str(tmp_path / "none"))
    with pytest.raises(LenetError, match="nothing to read"):
        find_shards(str(tmp_path))
    with pytest.raises(LenetError, match=r"fsspec\+memory"):
        open_place("gopher://x")
    named = tmp_path / os.fsdecode(b"seven-\xff.png")
    named.touch()
    with pytest.raises(LenetError, match=r"seven-\\xff.png' is a name that is not UTF-8"):
        find_shards(str(tmp_path))
    named.unlink()
    (tmp_path / "images-idx3-ubyte").write_bytes(b"")
    with pytest.raises(LenetError, match="IDX"):
        find_shards(str(tmp_path))


def test_a_source_that_has_changed_is_another_one(tmp_path, images):
    (tmp_path / "a.png").write_bytes(png(images[0, ..., 0]))
    before = fingerprint(find_shards(str(tmp_path))[0])
    assert fingerprint(find_shards(str(tmp_path))[0]) == before
    write_idx(tmp_path / "idx" / "images-idx3-ubyte", images)
    same_size = fingerprint(find_shards(str(tmp_path / "idx"))[0])
    write_idx(tmp_path / "idx" / "images-idx3-ubyte", images[::-1])
    assert fingerprint(find_shards(str(tmp_path / "idx"))[0]) != same_size
    whole = fingerprint(find_shards(str(tmp_path / "a.png"))[0])
    os.utime(tmp_path / "a.png", ns=(0, 0))
    assert fingerprint(find_shards(str(tmp_path / "a.png"))[0]) != whole
    (tmp_path / "b.png").write_bytes(png(images[1, ..., 0]))
    assert fingerprint(find_shards(str(tmp_path))[0]) != before


@pytest.fixture
def bucket(monkeypatch):
    """An S3 server on this machine."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    system, _ = open_place(
        f"s3://bucket?region=us-east-1&allow_bucket_creation=true&endpoint_override={host}:{port}&scheme=http"
    )
    system.create_dir("bucket")
    yield f"?region=us-east-1&scheme=http&endpoint_override={host}:{port}"
    server.stop()


def test_an_object_store_is_read_and_written(tmp_path, bucket, images, expected, run):
    source, to = f"s3://bucket/in{bucket}", f"s3://bucket/out{bucket}"
    system, _ = open_place(source)
    for number, image in enumerate(images[:6, ..., 0]):
        with system.open_output_stream(f"bucket/in/{number}.png") as file:
            file.write(png(image))
    (shard,), _ = find_shards(source)
    model = read_model(run.path / "model.onnx")
    assert read_shard(shard, source, to, model.content) == (6, 0)
    with system.open_input_file("bucket/out/pictures.000000.parquet") as file:
        table = parquet.read_table(file)
    assert table.column("label").to_pylist() == expected[:6]
    assert table.column("path").to_pylist()[0] == "bucket/in/0.png"
