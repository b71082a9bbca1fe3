import errno
import os
import stat
import tracemalloc
from pathlib import Path

import pytest

from lenet import LenetError
from lenet.atomic import MARK, read_bytes, refuse_loss, replacing, write_bytes, write_text


def test_a_failure_on_the_way_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "file.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half of the n")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_said_and_the_old_file_stays(tmp_path, monkeypatch):
    path = tmp_path / "file.txt"
    write_text(path, "old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LenetError, match="No space left"):
        write_bytes(path, b"new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LenetError, match="cannot be written"):
        write_text(tmp_path / "file" / "below", "x")


def test_the_file_may_be_read_like_any_other(tmp_path):
    write_text(tmp_path / "ours", "x")
    (tmp_path / "plain").write_text("x")
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_pipes_and_devices_are_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        with pytest.raises(LenetError, match="is no file; name a recipe"):
            read_bytes(path, 100, "recipe")
    with pytest.raises(LenetError, match="cannot be read"):
        read_bytes(Path("a\0b"), 100, "recipe")


@pytest.mark.parametrize("place", [0, -500])
def test_of_a_large_file_only_the_ends_are_read_to_see_whose_it_is(tmp_path, place):
    path = tmp_path / "film"
    with path.open("wb") as file:
        file.truncate(2 * 10**9)
    tracemalloc.start()
    with pytest.raises(LenetError, match="was not made by lenet"):
        refuse_loss(path)
    with path.open("r+b") as file:
        file.seek(place % (2 * 10**9))
        file.write(MARK.encode())
    refuse_loss(path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()
