"""`lenet predict --data` on Ray: each row exactly once, whatever dies."""

import json
import os
import shutil
import signal
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from lenet import LenetError, Model, Run
from lenet.datasets import shards as shards_module
from lenet.errors import last_line
from lenet.model.file import read_model
from lenet.scale import cluster
from lenet.scale.read import read
from tests.scale.conftest import finish, kill, named, start, wait_for, write_idx


@pytest.fixture(scope="module")
def source(tmp_path_factory, test_part) -> Path:
    """Two shards of pixels, and one of pictures of which one is broken."""
    folder = tmp_path_factory.mktemp("source")
    write_idx(folder / "test-images-idx3-ubyte", np.concatenate([test_part.images, test_part.images[:500]]))
    (folder / "a.png").write_bytes(b"no picture")
    return folder


def table(folder: Path):
    return parquet.read_table(sorted(map(str, folder.rglob("*.parquet"))))


def test_what_is_there_is_not_read_again_and_another_model_is_refused(source, tmp_path, lenet, run):
    stdout, stderr = finish(start("predict", "--data", source, "--to", "out", "--workers", 2, cwd=tmp_path))
    assert stdout == "out: 10,501 rows, 1 of them not readable, in 3 files\n"
    assert stderr.splitlines()[-1].startswith("3 of 3 shards, 10,501 rows, ")
    assert "rows/s" in stderr
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert [(it["shard"], it["rows"], it["errors"]) for it in manifest["shards"]] == [
        ("test-images-idx3-ubyte.000000", 10_000, 0),
        ("test-images-idx3-ubyte.000001", 500, 0),
        ("pictures.000000", 1, 1),
    ]
    assert manifest["model_sha256"] == read_model(Path(Model.load.__globals__["BUNDLED"])).sha256
    answered = table(tmp_path / "out").to_pylist()
    (broken,) = (row for row in answered if row["error"])
    assert broken["path"].endswith("a.png")
    assert "is not a readable picture" in broken["error"]

    lost, kept = (tmp_path / "out" / f"test-images-idx3-ubyte.00000{number}.parquet" for number in range(2))
    lost.unlink()
    foreign = tmp_path / "out" / "deep" / ".notes.part"
    foreign.parent.mkdir()
    foreign.touch()
    (tmp_path / "out" / ".test-images-idx3-ubyte.000000.parquet.x.part").touch()
    before = kept.stat().st_mtime_ns
    other = lenet("predict", "--data", source, "--to", "out", "--model", run.path)
    assert "answers of another model" in other.stderr
    finish(start("predict", "--data", source, "--to", "out", cwd=tmp_path))
    assert kept.stat().st_mtime_ns == before
    assert table(tmp_path / "out").to_pylist() == answered
    assert json.loads((tmp_path / "out" / "manifest.json").read_text()) == manifest
    assert not list((tmp_path / "out").glob(".*.part"))
    assert foreign.exists()
    shutil.copy(source / "a.png", tmp_path / "b.png")
    assert "another source" in lenet("predict", "--data", tmp_path / "b.png", "--to", "out").stderr
    (tmp_path / "out" / "manifest.json").write_text('{"name": "another"}')
    assert "not written by lenet" in lenet("predict", "--data", source, "--to", "out").stderr
    (tmp_path / "out" / "manifest.json").unlink()
    assert "holds other files" in lenet("predict", "--data", source, "--to", "out").stderr


def test_answers_never_lie_among_what_is_read(source, lenet):
    result = lenet("predict", "--data", source, "--to", source / "answers")
    assert result.exit_code == 1
    assert "choose another --to" in result.stderr
    assert not (source / "answers").exists()
    assert "empty name" in lenet("predict", "--data", source, "--to", "").stderr


@pytest.mark.parametrize(
    "arguments",
    [[], ["--data", "x"], ["--to", "x"], ["z.png", "--workers", "2"], ["--data", "x", "--to", "y", "z.png"]],
)
def test_wrong_usage_is_status_2(lenet, arguments):
    assert lenet("predict", *arguments).exit_code == 2


def test_a_missing_ray_is_named_with_its_line(source, tmp_path, monkeypatch, lenet):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    result = lenet("predict", "--data", source, "--to", "out")
    assert result.exit_code == 1
    assert "pip install 'lenet[scale]'" in result.stderr


def test_a_million_shards_are_done_one_after_the_other(monkeypatch):
    """At most two for each processor are submitted, however many there are."""

    class Ray:
        running = 0
        most = 0

        class exceptions:  # noqa: N801
            RayError = RuntimeError

        def cluster_resources(self):
            return {"CPU": 2.0}

        def wait(self, references, timeout):
            return references[:1], references[1:]

        def get(self, reference):
            self.running -= 1
            return reference

    ray = Ray()

    def submit(item):
        ray.running += 1
        ray.most = max(ray.most, ray.running)
        return item

    assert (
        sum(result[1] for result in cluster.run_tasks(ray, submit, range(1, 100_001), None)) == 100_000 * 100_001 // 2
    )
    assert ray.most == 4


def test_a_shard_that_cannot_be_read_does_not_stop_the_others(tmp_path, test_part):
    write_idx(tmp_path / "in" / "test-images-idx3-ubyte", test_part.images[:20])
    (tmp_path / "in" / "b.tar").write_bytes(b"no archive")
    (tmp_path / "in" / "notes.txt").touch()
    failed = start("predict", "--data", "in", "--to", "out", "--workers", 1, cwd=tmp_path)
    _, stderr = failed.communicate(timeout=240)
    assert failed.returncode == 1
    assert "1 shard could not be read: b.tar: " in stderr.splitlines()[-1]
    assert "skipped 1 file that is not read: notes.txt" in stderr
    assert len(table(tmp_path / "out")) == 20
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["finished"] is False


def test_what_cannot_be_written_ends_the_reading(tmp_path, test_part):
    for number in range(6):
        write_idx(tmp_path / "in" / f"{number}" / "test-images-idx3-ubyte", test_part.images[:20])
    failed = start("predict", "--data", "in", "--to", "out", "--workers", 1, cwd=tmp_path)
    wait_for((tmp_path / "out" / "manifest.json").exists, failed)
    (tmp_path / "out" / "0").touch()  # where a folder should be
    _, stderr = failed.communicate(timeout=240)
    assert failed.returncode == 1
    assert "000000.parquet: cannot be written" in stderr.splitlines()[-1]
    assert "read" not in stderr.splitlines()[-1]
    assert not list((tmp_path / "out").rglob("*.parquet"))


def test_a_folder_of_answers_is_written_by_one_at_a_time(source, tmp_path, lenet):
    (tmp_path / "out").mkdir()
    part = tmp_path / "out" / ".a.parquet.x.part"
    part.touch()
    with Run(tmp_path / "out").locked():
        result = lenet("predict", "--data", source, "--to", tmp_path / "out")
    assert result.exit_code == 1
    assert "another lenet is at work there" in result.stderr
    assert part.exists(), "it belongs to the other"


def test_a_ray_that_does_not_start_is_one_line(monkeypatch):
    import ray

    def init(**options):
        raise Exception("The current node timed out during startup.\nmore")

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    says = pytest.raises(LenetError, match=r"did not start on this machine \(The .* startup\.\); try again")
    with says, cluster.cluster():
        pass


def test_the_line_of_an_error_is_the_one_that_says_something():
    logits = "logits and labels must be broadcastable: logits_size=[60,11] labels_size=[60,10]"
    error = ValueError(f"Graph execution error:\n\nDetected at node x\n{logits}\n\t [[{{{{node x}}}}]] [Op:x]")
    assert last_line(error) == logits
    assert last_line(ValueError()) == "ValueError"


@pytest.mark.long
def test_each_row_comes_once_though_a_node_and_the_driver_are_killed(tmp_path, nodes, mnist):
    """200,000 rows in 20 shards."""
    images = np.concatenate([mnist.images, mnist.images, mnist.images[:60_000]])
    write_idx(tmp_path / "in" / "train-images-idx3-ubyte", images)
    line = ("predict", "--data", "in", "--to", "out", "--cluster", nodes.address)
    out = tmp_path / "out"

    def shards() -> int:
        assert not [path for path in out.glob("*.parquet") if path.stat().st_size == 0]
        return len(list(out.glob("*.parquet")))

    first = start(*line, cwd=tmp_path, **nodes.variables)
    wait_for(lambda: shards() >= 3, first)
    nodes.kill(nodes.second)
    wait_for(lambda: shards() >= 6, first)
    kill(first)
    before = {path.name: path.stat().st_mtime_ns for path in out.glob("*.parquet")}
    stdout, stderr = finish(start(*line, cwd=tmp_path, **nodes.variables))
    assert stdout == "out: 200,000 rows, in 20 files\n"
    assert "Traceback" not in stderr
    late = {name for name, changed in before.items() if (out / name).stat().st_mtime_ns != changed}
    assert len(late) <= 2, "only what the first driver's tasks were still writing"
    answered = table(out).to_pydict()
    assert Counter(answered["row"]) == Counter(range(200_000))
    plain = Model.load().classify(mnist.images)
    names = np.array(tuple("0123456789"))[plain.probabilities.argmax(axis=1)]
    order = np.argsort(answered["row"])
    assert np.array_equal(np.array(answered["label"])[order], names[np.arange(200_000) % 70_000])
    assert not any(answered["error"])


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_reading_says_how_to_resume_and_leaves_no_part(tmp_path, test_part, number, status):
    write_idx(tmp_path / "in" / "test-images-idx3-ubyte", np.concatenate([test_part.images] * 3))
    process = start("predict", "--data", "in", "--to", "out", "--workers", 1, cwd=tmp_path)
    wait_for(lambda: named("ray::read_shard", LENET_DRIVER=str(process.pid)), process)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=240)
    assert process.returncode == status, stderr
    assert "stopped; run the command again to resume" in stderr
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.endswith(".part")]


@pytest.mark.long
def test_a_killed_driver_leaves_nothing_behind_once_it_is_started_again(tmp_path, test_part):
    write_idx(tmp_path / "in" / "test-images-idx3-ubyte", np.concatenate([test_part.images] * 3))
    line = ("predict", "--data", "in", "--to", "out", "--workers", 1)
    first = start(*line, cwd=tmp_path)
    driver = {"LENET_DRIVER": str(first.pid)}
    wait_for(lambda: len(list((tmp_path / "out").glob("*.parquet"))) > 0, first)
    kill(first)
    finish(start(*line, cwd=tmp_path))
    assert not named("ray::", **driver)
    assert len(table(tmp_path / "out")) == 30_000


def test_the_number_of_rows_of_a_shard_is_bounded(source):
    assert [
        len(list(shards_module.items(shard, str(source)))) for shard in shards_module.find_shards(str(source))[0]
    ] == [
        *(10_000, 500, 1),
    ]
    assert read is not None
