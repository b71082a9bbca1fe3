"""`lenet search`: no trial is lost or run twice, whatever dies, and the test part is not looked at."""

import csv
import json
import os
import signal
from pathlib import Path

import numpy as np
import optuna
import pytest
import tomli_w

from lenet import LenetError, Recipe
from lenet.cli.search import _axes, _given
from lenet.scale.search import JOURNAL, TRAININGS, _own_values, search_parts
from tests.scale.conftest import finish, kill, named, start, wait_for


def test_the_space_is_what_the_fields_can_have(tmp_path):
    fast = Recipe.named("fast")
    (tmp_path / "space.toml").write_text('learning_rate = "0.001:0.1:log"\nnetwork = ["lenet", "conv 8 3, relu"]\n')
    given = _given(("batch_size=64,128", "epochs = 1:2"), tmp_path / "space.toml")
    assert _axes(fast, given) == {
        "learning_rate": (0.001, 0.1, True),
        "network": ["lenet", "conv 8 3, relu"],
        "batch_size": [64, 128],
        "epochs": (1.0, 2.0, False),
    }
    for wrong, says in {
        "learning_rate=1:0.1": "smaller than HIGH",
        "dropout=0:0.3:log": "more than 0",
        "learning_rate=a:b": "neither",
        "learning_rate=0.1:1:square": "neither",
        "batch_size=64,many": "neither",
        "dropout=0.1:2": "dropout",
        "lerning_rate=1,2": "did you mean 'learning_rate'",
        "lerning_rate=1:2": "did you mean 'learning_rate'",
        "data=mnist,digits": "which images",
        "start_sha256=a,b": "all trials start from the same weights",
        "teacher_epochs=1:2": "cannot be searched: trials train without a teacher",
        "weight_bits=0:8": "use A,B,C",
        "network=conv 8 3, relu": "--space",
        "network=lenet,lenet7": "lenet7",
        "optimizer=sgd:adamw": "use A,B,C",
    }.items():
        with pytest.raises(LenetError, match=says):
            _axes(fast, _given((wrong,), None))
    for wrong in ("learning_rate = []", "[learning_rate]\nlow = 1"):
        (tmp_path / "space.toml").write_text(wrong)
        with pytest.raises(LenetError, match="neither"):
            _axes(fast, _given((), tmp_path / "space.toml"))


def test_the_own_values_of_the_recipe_come_first_where_the_space_has_them():
    fast = Recipe.named("fast")
    space = {"learning_rate": (0.001, 0.1, True), "network": ["mlp", "lenet"]}
    assert _own_values(fast, space) == {"learning_rate": 8e-3, "network": "lenet"}
    assert _own_values(fast, {**space, "batch_size": [64]}) == {}
    assert _own_values(fast, {"learning_rate": (0.01, 0.1, True)}) == {}


def test_no_writer_and_no_test_image_is_on_both_sides(mnist):
    train, validation = search_parts(mnist, Recipe.named("fast"))
    assert not set(train.writer_of) & set(validation.writer_of)
    assert len(train) + len(validation) == 60_000
    others = search_parts(mnist, Recipe.named("fast"), 1)[1]
    assert set(validation.writer_of) != set(others.writer_of), "each training of a trial holds out others"
    test = {image.tobytes() for image in mnist.images[60_000:]}
    assert not any(image.tobytes() in test for part in (validation, others) for image in part.images)
    letters = mnist.take(np.arange(700))
    unknown = __import__("dataclasses").replace(letters, writer_of=None)
    assert [len(part) for part in search_parts(unknown, Recipe.named("fast"))] == [514, 86]


@pytest.fixture
def line(tmp_path, mnist, request):
    some = mnist.take(np.arange(getattr(request, "param", 900)))
    np.savez(tmp_path / "some.npz", x_train=some.images[..., 0], y_train=some.labels)
    quick = Recipe.named("fast").change(least_steps=20)
    (tmp_path / "quick.toml").write_text(tomli_w.dumps(quick.to_dict()))
    small = ("--data", "some.npz", "--over", "network=conv 3 3,mlp", "--over", "learning_rate=0.001:0.02:log")
    return ("search", "--recipe", "quick.toml", *small[:2], "--over", "dropout=0:0.3", *small[4:], "--run", "found")


def states(folder: Path) -> list[optuna.trial.FrozenTrial]:
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(folder / JOURNAL)))
    return optuna.load_study(study_name="search", storage=storage).trials


def check_trials(folder: Path, count: int) -> None:
    """Each set of values has ended exactly once; all others were lost and queued again."""
    trials = states(folder)
    assert not any("error" in trial.user_attrs for trial in trials)
    names = [trial.state.name for trial in trials]
    assert set(names) <= {"COMPLETE", "PRUNED", "FAIL"}
    ended = [trial for trial in trials if trial.state.name != "FAIL"]
    assert len(ended) == count
    values = [json.dumps(trial.params, sort_keys=True) for trial in ended]
    assert len(set(values)) == count
    lost = [trial for trial in trials if trial.state.name == "FAIL"]
    for trial in lost:  # killed while its values were being written, it has some of them
        assert any(trial.params.items() <= other.params.items() for other in ended), trial
    with (folder / "trials.csv").open() as file:
        assert len(list(csv.DictReader(file))) == count


def test_a_search_leaves_a_recipe_that_trains(line, tmp_path, lenet):
    stdout, stderr = finish(start(*line, "--trials", 3, "--workers", 1, cwd=tmp_path))
    check_trials(tmp_path / "found", 3)
    assert "3 trials" in stdout
    assert "compared on 110 training images that are held out" in stderr
    trained = [len(trial.intermediate_values) for trial in states(tmp_path / "found")]
    assert max(trained) == TRAININGS
    best = Recipe.read(tmp_path / "found" / "recipe.toml")
    with (tmp_path / "found" / "trials.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["state"] == "complete"]
    lowest = min(rows, key=lambda row: float(row["wrong"]))
    assert best.learning_rate == float(lowest["learning_rate"])
    assert best.name == "fast"
    assert (tmp_path / "found" / "search.png").stat().st_size > 10_000
    again = lenet(*line, "--trials", 3)
    assert (again.exit_code, again.stdout) == (0, stdout)
    other = lenet(*line[:-2], "--over", "warmup=0:0.2", "--run", "found", "--trials", 3)
    assert "another recipe or space" in other.stderr
    result = lenet("train", "--recipe", "found/recipe.toml", "--run", "run")
    assert result.exit_code == 0, result.output


def test_a_stopped_search_keeps_its_table_and_says_how_to_resume(line, tmp_path):
    process = start(*line, "--trials", 40, "--workers", 1, cwd=tmp_path)
    for told in process.stderr:
        if "complete" in told:
            break
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=240)
    assert process.returncode == 130, stderr
    assert "run the command again to resume" in stderr
    assert stdout.splitlines()[0].startswith("trial 0 complete, ")
    with (tmp_path / "found" / "trials.csv").open() as file:
        assert {row["state"] for row in csv.DictReader(file)} <= {"complete", "stopped early"}
    assert Recipe.read(tmp_path / "found" / "recipe.toml").name == "fast"


@pytest.mark.long
@pytest.mark.parametrize("line", [6000], indirect=True)
def test_no_trial_is_lost_or_run_twice_when_it_is_killed_three_times(line, tmp_path):
    found, count = tmp_path / "found", 30

    def told() -> int:
        return (found / JOURNAL).read_text().count('"op_code":6') if (found / JOURNAL).exists() else 0

    for turn in range(3):
        process = start(*line, "--trials", count, "--workers", 2, cwd=tmp_path)
        own = {"LENET_DRIVER": str(process.pid)}
        wait_for(lambda own=own: named("ray::_Trainer.train", **own), process)
        before = told()
        wait_for(lambda before=before: told() > before, process)
        if turn == 1:  # a worker first, which the search makes good by itself
            os.kill(named("ray::_Trainer", **own)[0], signal.SIGKILL)
            wait_for(lambda before=before: told() > before + 6, process)
        kill(process)
    finish(start(*line, "--trials", count, "--workers", 2, cwd=tmp_path))
    check_trials(found, count)
    assert any(trial.state.name == "FAIL" for trial in states(found))
