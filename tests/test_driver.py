"""The tutorial's driver: what it trained loads again to the same accuracy, and ten pictures are there."""

import re
import runpy
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

DRIVER = Path(__file__).parents[1] / "lenet_mnist.py"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """What the driver prints in a process of its own without a screen, and the folder where it ran."""
    folder = tmp_path_factory.mktemp("driver")
    arguments = ["--save-model", "1", "--weights", "output/lenet_weights.hdf5", "--epochs", "0.2"]
    done = subprocess.run(
        [sys.executable, DRIVER, *arguments], cwd=folder, check=True, capture_output=True, text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
    )  # fmt: skip
    return folder, done.stdout


@pytest.fixture
def drive(monkeypatch):
    """Run the driver in this process, which has loaded TensorFlow already; gives its exit status or last message."""
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)  # which the driver replaces

    def drive(folder, *arguments):
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", [str(DRIVER), *arguments])
        try:
            runpy.run_path(str(DRIVER), run_name="__main__")
        except SystemExit as exit:
            return exit.code
        return 0

    return drive


def test_the_steps_come_in_the_tutorials_order(trained):
    steps = [line for line in trained[1].splitlines() if line.startswith("[INFO]")]
    beginnings = ["loading MNIST", "building", "training", "evaluating", "accuracy: ", "saving the weights"]
    for step, beginning in zip(steps, beginnings, strict=False):
        assert step.startswith(f"[INFO] {beginning}")
    assert sum(bool(re.fullmatch(r"\[INFO\] Predicted: \d, Actual: \d", step)) for step in steps) == 10


def test_saved_weights_load_to_the_identical_accuracy(trained, drive, capsys):
    folder, first = trained
    assert drive(folder, "-l", "1", "-w", "output/lenet_weights.hdf5") == 0
    second = capsys.readouterr().out
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
def test_bad_input_is_one_line(tmp_path, drive, capsys, arguments, says):
    message = drive(tmp_path, *arguments)  # which Python prints, and exits with status 1
    assert message.startswith("[ERROR] ")
    assert says in message
    assert "\n" not in message
    assert "training" not in capsys.readouterr().out


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
