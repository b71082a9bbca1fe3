"""The tutorial's driver: what it trained loads again to the same accuracy, and ten pictures are there."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

DRIVER = Path(__file__).parents[1] / "lenet_mnist.py"


def drive(folder, *arguments, check=True):
    return subprocess.run(
        [sys.executable, DRIVER, *arguments], cwd=folder, check=check, capture_output=True, text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
    )  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("driver")
    done = drive(folder, "--save-model", "1", "--weights", "output/lenet_weights.hdf5", "--epochs", "0.2")
    return folder, done.stdout


def test_the_steps_come_in_the_tutorials_order(trained):
    steps = [line for line in trained[1].splitlines() if line.startswith("[INFO]")]
    beginnings = ["loading MNIST", "building", "training", "evaluating", "accuracy: ", "saving the weights"]
    for step, beginning in zip(steps, beginnings, strict=False):
        assert step.startswith(f"[INFO] {beginning}")
    assert sum(bool(re.fullmatch(r"\[INFO\] Predicted: \d, Actual: \d", step)) for step in steps) == 10


@pytest.mark.parametrize("short", [False, True])
def test_saved_weights_load_to_the_identical_accuracy(trained, short):
    folder, first = trained
    flags = ("-l", "1", "-w") if short else ("--load-model", "1", "--weights")
    second = drive(folder, *flags, "output/lenet_weights.hdf5").stdout
    accuracy = re.search(r"accuracy: .*", first).group()
    assert accuracy in second
    assert "training" not in second


def test_ten_pictures_and_an_animation_are_written_without_a_screen(trained):
    folder, _ = trained
    for number in range(10):
        with Image.open(folder / "output" / f"digit_{number}.png") as picture:
            assert picture.size == (96, 96)
            colours = np.asarray(picture.convert("RGB")).astype(int)
        green = (colours[..., 1] > 200) & (colours[..., 0] < 60) & (colours[..., 2] < 60)
        assert green.sum() > 10
    with Image.open(folder / "output" / "digits.gif") as gif:
        assert gif.n_frames == 10


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--load-model", "1", "--weights", "none.hdf5"], "none.hdf5: cannot be read"),
        (["--load-model", "1"], "need --weights"),
        (["--save-model", "1", "--epochs", "0", "--weights", "w.h5"], "epochs is 0"),
        (["--save-model", "1", "--weights", "/dev/null/w.h5"], "/dev/null/w.h5: cannot be written (File exists)"),
        (["--save-model", "1", "--weights", "/proc/w.h5"], "/proc/w.h5: cannot be written"),
        (["--save-model", "1", "--weights", "."], ".: cannot be written (Is a directory)"),
    ],
)
def test_bad_input_is_one_line(tmp_path, arguments, says):
    done = drive(tmp_path, *arguments, check=False)
    assert done.returncode == 1
    assert says in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert "training" not in done.stdout


def test_ctrl_c_keeps_what_was_trained(trained, tmp_path):
    folder, _ = trained
    process = subprocess.Popen(
        [sys.executable, "-u", DRIVER, "--save-model", "1", "--weights", "kept.h5", "--epochs", "20"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    for line in process.stdout:
        if line.startswith("[INFO] training"):
            break
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=300)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert "epoch 1:" not in rest
    assert rest.splitlines()[-1] == "[INFO] saving the weights to kept.h5..."
    assert (tmp_path / "kept.h5").stat().st_size == (folder / "output" / "lenet_weights.hdf5").stat().st_size


def test_without_its_packages_it_is_one_line(tmp_path):
    code = f"import runpy, sys\nsys.modules['keras'] = None\nrunpy.run_path({str(DRIVER)!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("[ERROR] keras is missing; install it with")
    assert done.stderr.count("\n") == 1
