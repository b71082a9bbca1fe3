import errno
import os

import numpy as np
import pytest
import safetensors.numpy

from lenet import LenetError
from lenet.training import checkpoint
from lenet.training.checkpoint import Checkpoints, decode, encode, read

OWNER = {"recipe": "a", "data set": "b"}
ARRAYS = {
    "weights/conv1/kernel": np.arange(12, dtype=np.float32).reshape(3, 4),
    "mean/bias": np.ones(5, np.float32),
    "batches": np.array(3, np.float32),
}
STATE = {"training": {"seconds": 0.1, "history": [[1.0, 0.3, 0.9, None, None, 2.5]]}, "step": 7}


@pytest.fixture
def checkpoints(tmp_path):
    return Checkpoints(tmp_path / "run", OWNER)


@pytest.fixture
def saved(checkpoints):
    """Steps 20 and 40."""
    checkpoints.folder.parent.mkdir()
    for step in (20, 40):
        checkpoints.save(step, {"at": step}, ARRAYS)
    return checkpoints


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(encode(STATE, ARRAYS))
    found = read(path)
    assert found.state == STATE
    assert found.arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found.arrays[name], array)
        assert found.arrays[name].shape == array.shape
    assert encode(found.state, found.arrays) == path.read_bytes()


def test_no_file_is_read_that_is_not_whole(tmp_path):
    """Cut at every length, and with every byte changed."""
    content = encode(STATE, ARRAYS)
    path = tmp_path / "file"
    damaged = [content[:length] for length in range(len(content))]
    damaged += [content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :] for at in range(len(content))]
    for bad in [*damaged, content + b"\0"]:
        path.write_bytes(bad)
        with pytest.raises(LenetError, match="file: is not a whole checkpoint") as caught:
            read(path)
        assert "\n" not in str(caught.value)


def tensors(header: bytes, data: bytes = bytes(36)) -> bytes:
    """A safetensors file with this header."""
    return len(header).to_bytes(8, "little") + header + data


@pytest.mark.parametrize(
    "body",
    [
        tensors(b"{"),
        tensors(b"[]"),
        tensors(b"{}"),
        tensors(b"[" * 100_000),
        tensors(b"\xff"),
        tensors(b'{"state": {"dtype": "U8", "shape": [99999999999, 4], "data_offsets": [0, 36]}}'),
        tensors(b'{"state": {"dtype": "U8", "shape": [36], "data_offsets": [0, 99]}}'),
        tensors(b'{"state": {"dtype": "U8", "shape": [36], "data_offsets": [0, 36]}}', b"[" * 36),
        safetensors.numpy.save({"state": np.frombuffer(b"[1, 2]", np.uint8)}),
        safetensors.numpy.save({"state": np.frombuffer(b"{}", np.uint8), "weights": np.ones(3, np.float64)}),
        safetensors.numpy.save({"weights": np.ones(3, np.float32)}),
        (1 << 60).to_bytes(8, "little"),
        b"",
    ],
)
def test_a_file_with_a_matching_digest_is_still_checked(tmp_path, body):
    path = tmp_path / "file"
    path.write_bytes(body + checkpoint.hashlib.sha256(body).digest())
    with pytest.raises(LenetError, match="file: is not a whole checkpoint") as caught:
        read(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.truncate(checkpoint.MOST_BYTES + 1)
    with pytest.raises(LenetError, match="at most"):
        read(path)


def test_a_file_says_nothing_of_python(tmp_path):
    assert decode(encode({}, {})).arrays == {}
    with pytest.raises(ValueError, match="JSON compliant"):
        encode({"loss": float("nan")}, {})


def test_the_last_two_are_kept_and_the_newest_is_taken(saved):
    saved.save(60, {"at": 60}, ARRAYS)
    assert [path.name for path in saved.paths()] == ["step-0000000040.ckpt", "step-0000000060.ckpt"]
    assert saved.newest().state == {"owner": OWNER, "step": 60, "at": 60}
    saved.keep_last(1)
    assert saved.newest().state["at"] == 60
    assert len(saved.paths()) == 1


def test_a_torn_newest_falls_back_to_the_older(saved):
    newest = saved.paths()[-1]
    newest.write_bytes(newest.read_bytes()[:-40])
    assert saved.newest().state["at"] == 20
    assert not newest.exists()
    saved.paths()[0].write_bytes(b"")
    with pytest.raises(LenetError, match=r"step-0000000020.ckpt: is not a whole checkpoint.*no other one is whole"):
        saved.newest()


def test_there_may_be_none(checkpoints):
    assert checkpoints.newest() is None


@pytest.mark.parametrize("name", ["recipe", "data set"])
def test_it_belongs_to_its_recipe_and_data(saved, name):
    other = Checkpoints(saved.run, OWNER | {name: "other"})
    with pytest.raises(LenetError, match=f"another {name}"):
        other.newest()


def test_a_full_disk_leaves_the_older_ones(saved, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LenetError, match=r"No space left.*lenet train --resume .*run$"):
        saved.save(60, {"at": 60}, ARRAYS)
    assert saved.newest().state["at"] == 40
    assert len(list(saved.folder.iterdir())) == 2


def test_a_run_folder_that_has_gone_is_not_made_anew(checkpoints, tmp_path):
    with pytest.raises(LenetError, match="was removed during training"):
        checkpoints.save(20, {}, ARRAYS)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written(saved):
    for path in saved.paths():
        path.unlink()
    saved.folder.rmdir()
    saved.folder.touch()
    with pytest.raises(LenetError, match=r"cannot be written.*resume with: lenet train --resume"):
        saved.save(20, {}, ARRAYS)


def test_one_is_due_by_a_clock_that_nobody_sets(checkpoints, monkeypatch):
    monkeypatch.setattr(checkpoint.time, "time", lambda: -1e9)
    now = checkpoint.time.monotonic()
    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: now + 19)
    assert not checkpoints.due()
    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: now + 21)
    assert checkpoints.due()
    checkpoints.folder.parent.mkdir()
    checkpoints.save(1, {}, ARRAYS)
    assert not checkpoints.due()
