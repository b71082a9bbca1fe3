"""``lenet train`` on what users bring: several sources, little data, broken files, trained models."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from lenet import Model, Run

SMALL = ("--filters", "3,4", "--dense-units", "10", "--epochs", "1")


@pytest.fixture
def folder(tmp_path, mnist):
    """Make a folder of digits on paper, of several sizes."""

    def make(name, count, labels=tuple(range(10)), colours=((255, 255, 255),)):
        chosen = np.flatnonzero(np.isin(mnist.labels[:2000], labels))[:count]
        for number, index in enumerate(chosen):
            side = 40 + number % 3
            image = np.asarray(Image.fromarray(mnist.images[index, ..., 0]).resize((side, side)), np.float32)
            paper = np.array(colours[number % len(colours)], np.float32)
            picture = (paper * (1 - image[..., np.newaxis] / 300)).astype(np.uint8)
            path = tmp_path / name / str(mnist.labels[index]) / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(path)
        return tmp_path / name

    return make


def test_little_data_gets_its_own_recipe_few_lines_and_a_verdict(lenet, folder, tmp_path):
    folder("mine", 120, colours=((255, 255, 255), (250, 240, 200)))
    result = lenet("train", "--data", "mine", "--run", "run", "--network", "dense 10, relu", "--epochs", 45)
    assert result.exit_code == 0, result.output
    assert "mine: few pictures (120): recipe few, framing mark" in result.stderr
    lines = [line for line in result.stderr.splitlines() if line.startswith("epoch")]
    assert 2 <= len(lines) <= 20
    assert all(line.partition(":")[0].removeprefix("epoch ").isdigit() for line in lines)
    about = Model.load(tmp_path / "run").metadata
    assert (about.depth, about.framing) == (1, "mark")
    verdict = json.loads((tmp_path / "run" / "metrics.json").read_text())["verdict"]
    assert verdict in result.stdout
    assert verdict.startswith(("no better than chance", "overfits", "underfits", "17 test pictures are too few"))


def test_a_named_recipe_is_taken_for_little_data_too(lenet, folder, tmp_path):
    folder("mine", 40)
    assert lenet("train", "--data", "mine", "--recipe", "fast", "--run", "run", *SMALL).exit_code == 0
    assert Run(tmp_path / "run").recipe.name == "fast"


def test_pictures_that_cannot_be_used_are_named_and_the_others_trained_on(lenet, folder, tmp_path):
    mine = folder("mine", 60)
    (mine / "3" / "broken.png").write_bytes(b"no picture")
    (mine / "empty").mkdir()
    result = lenet("train", "--data", "mine", "--run", "run", *SMALL)
    assert result.exit_code == 0, result.output
    left_out = [line for line in result.stderr.splitlines() if line.startswith("left out: ")]
    assert len(left_out) == 2
    assert any("broken.png: is not a readable picture" in line for line in left_out)
    assert any("mine/empty: this class's folder holds no picture" in line for line in left_out)
    assert "empty" not in Model.load(tmp_path / "run").class_names
    for number in range(30):
        (mine / "3" / f"b{number}.png").write_bytes(b"no picture")
    many = lenet("data", "info", "mine")
    assert "left out: 22 more; see `lenet data check`" in many.stderr


def test_a_trained_model_learns_its_own_data_again_and_says_before_and_after(lenet, folder, tmp_path):
    folder("wrong + more", 22, labels=(1, 7))
    result = lenet("train", "--from", "bundled", "--data", "wrong + more", "--epochs", 0.02, "--run", "run")
    assert result.exit_code == 0, result.output
    assert "bundled: learns from mnist again, too, so as not to forget it" in result.stderr
    assert "bundled: the network keeps its 10 classes\n" in result.stderr
    lines = result.stdout.splitlines()
    assert lines[1].startswith("mnist: before 99.")
    assert lines[1].endswith("% of 10,000 test images")
    assert lines[2].startswith("wrong + more: before ")
    assert lines[2].endswith("% of 3 test images")
    run = Run(tmp_path / "run")
    assert (run.recipe.name, run.recipe.data, run.recipe.start) == ("tune", ("mnist", "wrong + more"), "bundled")
    assert run.metrics["test"]["n"] == 10_003
    named = lenet("train", "--resume", "run", "--data", "mnist", "--data", "wrong + more", "--epochs", 0.03)
    assert named.exit_code == 0, named.output


def test_with_a_recipe_only_the_named_data_is_learnt_and_new_classes_are_said(lenet, folder, tmp_path):
    mine = folder("mine", 30, labels=(1, 7))
    (mine / "7").rename(mine / "x")
    result = lenet("train", "--from", "bundled", "--recipe", "tune", "--data", "mine", "--epochs", 1, "--run", "run")
    assert result.exit_code == 0, result.output
    assert "bundled: the network keeps its 10 classes; new are x\n" in result.stderr
    assert Model.load(tmp_path / "run").class_names == (*"0123456789", "x")
    assert Run(tmp_path / "run").recipe.data == "mine"

    # Its data is there, and then is not: the model says so, and nothing is trained silently on something else.
    (tmp_path / "mine").rename(tmp_path / "moved")
    lost = lenet("train", "--from", "run")
    assert lost.exit_code == 1
    assert "run: the data that it was trained on is not there; name data with --data" in lost.stderr
    told = lenet("train", "--from", "run", "--data", "moved", "--epochs", 1, "--run", "next")
    assert told.exit_code == 0, told.output
    assert "name it with --data, too, or it may be forgotten" in told.stderr


def test_one_picture_is_too_few_and_that_is_said(lenet, folder):
    folder("wrong", 1)
    result = lenet("train", "--data", "wrong")
    assert result.exit_code == 1
    last = result.stderr.splitlines()[-1]
    assert last.endswith("the only class is '5'; training needs two or more to tell apart")


def test_an_activation_that_the_network_does_not_have_is_refused(lenet):
    result = lenet("train", "--network", "conv 4 3, maxpool 2", "--activation", "tanh")
    assert result.exit_code == 2
    assert "activation tanh: no layer of this network has that setting" in result.stderr


EARLY = """
import sys
sys.modules["tensorflow"] = None  # its import fails
from click.testing import CliRunner
from lenet.cli.main import main
from pathlib import Path
Path("taken").mkdir()
for arguments in (
    ["--run", "taken", "--data", "nowhere"],
    ["--from", "nowhere"],
    ["--resume", "nowhere"],
    ["--split", "3:0", "--data", "nowhere"],
    ["--epochs", "0"],
    ["--size", "28"],
):
    result = CliRunner().invoke(main, ["train", *arguments])
    print(result.exit_code, result.stderr.splitlines()[-1])
"""


def test_what_cannot_be_done_is_refused_before_data_and_tensorflow_are_loaded(tmp_path):
    result = subprocess.run(
        [sys.executable, "-c", EARLY], cwd=tmp_path, capture_output=True, text=True, timeout=100, check=True
    )
    assert result.stdout.splitlines() == [
        "1 lenet: taken: exists already and is not overwritten; choose another --run",
        "1 lenet: nowhere: no such model file or run folder",
        "1 lenet: nowhere/recipe.toml: cannot be read (No such file or directory)",
        "2 lenet: split '3:0': both parts must be more than nothing",
        "2 lenet: epochs is 0.0: input should be greater than 0",
        "2 Error: Invalid value for '--size': size '28' is not WIDTHxHEIGHT in pixels, such as 28x28",
    ]


@pytest.mark.parametrize(
    "wrong", [("--batch-size", 0), ("--recipe", "fsat"), ("--network", "lenett"), ("--learning-rate", -1)]
)
def test_a_wrong_value_is_wrong_usage(lenet, wrong):
    result = lenet("train", *wrong)
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("lenet: ") and result.stderr.count("\n") == 1


def test_a_folder_that_cannot_be_made_is_refused_before_the_training(lenet, tmp_path):
    (tmp_path / "file").touch()
    result = lenet("train", "--tensorboard", "file/events")
    assert result.exit_code == 1
    assert result.stderr == "lenet: file/events: cannot be written (Not a directory); choose another --tensorboard\n"


def test_tensorboard_gets_the_losses_of_every_group_of_steps(lenet, tmp_path):
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    result = lenet("train", "--epochs", 0.02, "--filters", "3,4", "--run", "run", "--tensorboard", "events")
    assert result.exit_code == 0, result.output
    (file,) = (tmp_path / "events").iterdir()
    found = {}
    for event in EventFileLoader(str(file)).Load():
        for value in event.summary.value:
            found.setdefault(value.tag, []).append((event.step, value.tensor.float_val[0]))
    assert found.keys() == {"loss", "accuracy", "validation_loss", "validation_accuracy"}
    run = Run(tmp_path / "run")
    (row,) = (tmp_path / "run" / "history.csv").read_text().splitlines()[1:]
    assert found["validation_loss"] == [(run.metrics["steps"], pytest.approx(float(row.split(",")[3]), abs=1e-4))]
    assert found["loss"][-1][0] == run.metrics["steps"]
