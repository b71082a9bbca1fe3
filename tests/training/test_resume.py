"""A training that was interrupted comes to the same weights, bit for bit."""

import json
import re
import shutil

import numpy as np
import pytest

from lenet import LenetError, Model, Recipe, Run, resume, train
from lenet.training import checkpoint, loop
from lenet.training import train as trainer
from lenet.training.train import StoppedError

pytestmark = pytest.mark.usefixtures("no_figures")

RECIPE = Recipe(
    name="small",
    split="4:1",
    validation=80,
    epochs=3.5,
    batch_size=48,
    network="conv 4 5, relu, maxpool 2, conv 6 5, relu, maxpool 2, dense 20, relu",
    optimizer="adamw",
    learning_rate=0.01,
    schedule="cosine",
    warmup=0.2,
    dropout=0.2,
    weight_decay=0.01,
    rotation=10.0,
    taper=0.4,
    taper_to=0.3,
    precision="float32",
)


@pytest.fixture(scope="module")
def whole(small, tmp_path_factory):
    """The run that nothing interrupts: 52 steps, 15 an epoch."""
    return train(small, RECIPE, tmp_path_factory.mktemp("whole") / "run", draw=False)


def stopping_after(step):
    """A watch and the question it answers: whether that step was reached."""
    seen = []
    return {"on_progress": lambda progress: seen.append(progress.step), "stop": lambda: seen[-1] >= step}


def weights(run):
    return Model.load(run.path).weights


def history(run):
    """Without the seconds."""
    return [line.rpartition(",")[0] for line in (run.path / "history.csv").read_text().splitlines()]


def same_weights(first, second):
    return all(np.array_equal(weights(first)[name], array) for name, array in weights(second).items())


@pytest.mark.parametrize("chunk", [1, 7, 20])
def test_stopped_again_and_again_it_ends_with_the_same_bits(small, whole, tmp_path, monkeypatch, chunk):
    """Stopped within epochs, with chunks of other lengths, so that no chunk's border can matter either."""
    loop_chunk = loop.CHUNK
    monkeypatch.setattr(loop, "CHUNK", chunk)
    with pytest.raises(StoppedError, match=r"stopped after step \d+ of 52; resume with: lenet train --resume .*run"):
        train(small, RECIPE, tmp_path / "run", **stopping_after(5))
    for step in (16, 31):
        with pytest.raises(StoppedError):
            resume(tmp_path / "run", small, **stopping_after(step))
    run = resume(tmp_path / "run", small)
    assert (run.path / "model.onnx").read_bytes() == (whole.path / "model.onnx").read_bytes()
    if chunk == loop_chunk:  # losses are summed in chunks, whose rounding is another
        assert history(run) == history(whole)
    assert run.metrics["changes"] == []
    assert run.finished
    assert [path.name for path in (run.path / "checkpoint").iterdir()] == ["step-0000000052.ckpt"]


def test_a_stopped_run_has_no_results_and_says_so(small, tmp_path):
    with pytest.raises(StoppedError):
        train(small, RECIPE, tmp_path / "run", **stopping_after(5))
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        ".lock",
        "checkpoint",
        "environment.json",
        "recipe.toml",
    }
    assert not Run(tmp_path / "run").finished
    with pytest.raises(LenetError, match="is this a finished run"):
        _ = Run(tmp_path / "run").metrics


def test_a_torn_newest_checkpoint_falls_back_to_the_one_before_and_to_the_same_bits(
    small, whole, tmp_path, monkeypatch
):
    monkeypatch.setattr(checkpoint, "EVERY_SECONDS", 0.0)
    monkeypatch.setattr(loop, "CHUNK", 3)
    with pytest.raises(StoppedError):
        train(small, RECIPE, tmp_path / "run", **stopping_after(20))
    older, newest = sorted((tmp_path / "run" / "checkpoint").iterdir())
    newest.write_bytes(newest.read_bytes()[:5000])
    steps = []
    run = resume(tmp_path / "run", small, on_progress=lambda progress: steps.append(progress.step))
    assert steps[0] <= int(older.stem.removeprefix("step-")) + 3
    assert same_weights(run, whole)


def test_a_damaged_checkpoint_does_not_take_the_place_of_a_whole_one_and_is_told(small, whole, tmp_path):
    with pytest.raises(StoppedError):
        train(small, RECIPE, tmp_path / "run", **stopping_after(20))
    folder = tmp_path / "run" / "checkpoint"
    (folder / "step-9999999999.ckpt").write_bytes(b"junk")
    told = []
    with pytest.raises(StoppedError):
        resume(tmp_path / "run", small, **stopping_after(30), on_warning=told.append)
    assert len(told) == 1
    assert re.search(r"step-9999999999.ckpt: is not a whole checkpoint .*; the one before it is used", told[0])
    assert len(list(folder.iterdir())) == 2
    for path in folder.iterdir():
        checkpoint.read(path)
    assert same_weights(resume(tmp_path / "run", small), whole)


def test_a_run_that_was_ended_before_its_first_checkpoint_begins_anew(small, whole, tmp_path):
    run = Run.create(tmp_path / "run")
    run.write_recipe(RECIPE)
    assert same_weights(resume(run, small), whole)


def test_a_finished_run_is_left_as_it_is(small, whole):
    before = {path: path.stat().st_mtime_ns for path in whole.path.rglob("*") if path.name != ".lock"}
    resume(whole.path, small, on_progress=lambda progress: pytest.fail("it trained"))
    assert {path: path.stat().st_mtime_ns for path in whole.path.rglob("*") if path.name != ".lock"} == before


def test_a_finished_run_takes_no_other_learning_rate_that_nothing_is_learnt_with(small, whole):
    recipe = (whole.path / "recipe.toml").read_bytes()
    with pytest.raises(LenetError, match="is finished, no step is left for another learning rate; add --epochs"):
        resume(whole.path, small, learning_rate=0.001)
    assert (whole.path / "recipe.toml").read_bytes() == recipe


DAMAGED = [
    *(("metrics.json", content) for content in (None, "[]", "{}", "[" * 100_000, '{"test": 3}')),
    ("model.onnx", None),
]


@pytest.mark.parametrize(("name", "content"), DAMAGED)
def test_results_that_somebody_damaged_are_written_again(small, whole, tmp_path, name, content):
    shutil.copytree(whole.path, tmp_path / "run")
    (tmp_path / "run" / name).unlink()
    if content is not None:
        (tmp_path / "run" / name).write_text(content)
    assert not Run(tmp_path / "run").finished
    run = resume(tmp_path / "run", small, on_progress=lambda progress: pytest.fail("it trained"))
    assert run.finished
    assert same_weights(run, whole)


def test_results_that_were_not_written_to_their_end_are_written_again(small, whole, tmp_path, monkeypatch):
    def fails(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(trainer, "draw", fails)
        train(small, RECIPE, tmp_path / "run")
    run = resume(tmp_path / "run", small, on_progress=lambda progress: pytest.fail("it trained"))
    assert run.finished
    assert same_weights(run, whole)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_finished_run_of_a_constant_schedule_is_lengthened_to_the_longer_runs_bits(small, tmp_path, optimizer):
    recipe = RECIPE.change(schedule="constant", warmup=0.0, taper=0.0, taper_to=1.0, optimizer=optimizer)
    long = train(small, recipe.change(epochs=3.2), tmp_path / "long")
    short = train(small, recipe.change(epochs=1.2), tmp_path / "short")
    assert not same_weights(short, long)
    run = resume(short, small, epochs=3.2)
    assert same_weights(run, long)
    assert run.recipe == long.recipe
    before = {"epochs": 1.2, "learning_rate": 0.01}
    assert run.metrics["changes"] == [{"step": 18, "epochs": 3.2, "learning_rate": 0.01, "before": before}]
    card = (run.path / "README.md").read_text()
    assert "At step 18 it was resumed for 3.2 epochs" in card
    assert "before for 1.2 at 0.01" in card
    assert "Repeat it with" not in card
    assert "Repeat it with" in (long.path / "README.md").read_text()
    assert "At step 18 it was resumed for 3.2 epochs in all" in (run.path / "README.md").read_text()


def test_a_lengthened_run_that_is_stopped_keeps_its_old_results_and_is_resumed_to_the_same_bits(small, tmp_path):
    runs = [train(small, RECIPE.change(epochs=1.0), tmp_path / name) for name in ("one", "two")]
    resume(runs[0], small, epochs=3.0)
    before = weights(runs[1])
    with pytest.raises(StoppedError):
        resume(runs[1], small, epochs=3.0, **stopping_after(16))
    assert all(np.array_equal(before[name], array) for name, array in weights(runs[1]).items())
    assert not runs[1].finished
    resume(runs[1], small)
    assert same_weights(*runs)
    assert runs[1].metrics["changes"] == runs[0].metrics["changes"]


def test_fewer_epochs_than_were_done_end_the_run_where_it_stands(small, tmp_path):
    with pytest.raises(StoppedError):
        train(small, RECIPE, tmp_path / "run", **stopping_after(20))
    run = resume(tmp_path / "run", small, epochs=0.5, learning_rate=0.002)
    before = {"epochs": 3.5, "learning_rate": 0.01}
    assert run.metrics["changes"] == [{"step": 30, "epochs": 0.5, "learning_rate": 0.002, "before": before}]
    assert "at a learning rate of 0.002" in (run.path / "README.md").read_text()
    assert run.metrics["steps"] == 30  # of 15 an epoch, in chunks that end with the epoch
    assert run.finished


def test_other_data_and_another_recipe_are_refused(small, mnist, tmp_path):
    with pytest.raises(StoppedError):
        train(small, RECIPE, tmp_path / "run", **stopping_after(5))
    with pytest.raises(LenetError, match="belongs to another data set"):
        resume(tmp_path / "run", mnist.take(np.arange(1, 1001)))
    run = Run(tmp_path / "run")
    run.write_recipe(RECIPE.change(dropout=0.3))
    with pytest.raises(LenetError, match="belongs to another recipe"):
        resume(run, small)


def test_a_checkpoint_of_another_network_is_refused(small, tmp_path):
    with pytest.raises(StoppedError):
        train(small, RECIPE, tmp_path / "run", **stopping_after(5))
    path = next((tmp_path / "run" / "checkpoint").iterdir())
    found = checkpoint.read(path)
    for arrays, state in (
        ({name: array[:2] for name, array in found.arrays.items()}, found.state),
        (found.arrays, found.state | {"training": None}),
        (found.arrays, found.state | {"training": {"trace": [1]}}),
        (found.arrays, found.state | {"training": found.state["training"] | {"step": "x"}}),
        (found.arrays, found.state | {"training": found.state["training"] | {"precision": "int8"}}),
    ):
        path.write_bytes(checkpoint.encode(state, arrays))
        with pytest.raises(LenetError, match=r"start (again|a new run)"):
            resume(tmp_path / "run", small)


def test_no_run_folder_is_one_line(small, tmp_path):
    with pytest.raises(LenetError, match=r"recipe.toml: cannot be read"):
        resume(tmp_path / "none", small)


def test_leftovers_of_a_kill_are_removed_and_nothing_else(small, tmp_path):
    with pytest.raises(StoppedError):
        train(small, RECIPE, tmp_path / "run", **stopping_after(5))
    (tmp_path / "run" / "checkpoint" / ".step-0000000040.ckpt.abc_d123").write_bytes(b"half")
    (tmp_path / "run" / ".model.weights.h5.abc_d123.weights.h5").write_bytes(b"half")
    (tmp_path / "run" / ".my.notes").write_bytes(b"mine")
    data = tmp_path / "run" / ".data-abc_d123"
    data.mkdir()
    (data / "images.npy").write_bytes(b"pixels")
    Run(tmp_path / "run").remove_leftovers(data=False)
    assert list(data.iterdir()), "hosts still share it"
    run = resume(tmp_path / "run", small)
    assert {path.name for path in run.path.rglob(".*")} == {".lock", ".my.notes"}


def test_what_the_bits_depend_on_is_written_and_a_change_is_told(small, tmp_path, monkeypatch):
    with pytest.raises(StoppedError):
        train(small, RECIPE, tmp_path / "run", **stopping_after(5))
    path = tmp_path / "run" / "environment.json"
    before = json.loads(path.read_text())
    assert before.keys() == {
        "versions",
        "system",
        "processor",
        "vector_units",
        "threads",
        "seed",
        "data_sha256",
    }
    assert before["threads"] >= 1
    assert before["data_sha256"] == small.sha256
    path.write_text(json.dumps(before | {"threads": 99, "versions": before["versions"] | {"tensorflow": "1.0"}}))
    told = []
    run = resume(tmp_path / "run", small, on_warning=told.append)
    assert len(told) == 2
    assert told[0].startswith(f"threads was 99, is {before['threads']}: the weights may differ")
    assert told[1].startswith("tensorflow was 1.0, is ")
    after = json.loads(path.read_text())
    assert after["threads"] == before["threads"]
    assert after["earlier"][0]["threads"] == 99
    for nothing in ("[1, 2]", '{"earlier": 5}', "[" * 100_000):
        path.write_text(nothing)
        assert run.write_environment({"threads": 2}) == []


def test_a_short_training_writes_only_its_end(small, tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(checkpoint.Checkpoints, "save", lambda self, step, state, arrays: saved.append(step))
    train(small, RECIPE, tmp_path / "run")
    assert saved == [52]
