"""Every verb as it is typed."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import webbrowser
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pytest
from PIL import Image

from lenet import Recipe, Run
from lenet.cli.main import VERBS, main
from lenet.model.file import encode_model, read_model
from lenet.pictures.picture import open_picture
from lenet.sheet.draw import as_pdf
from lenet.sheet.layout import Sheet
from tests.networks import random_model

SMALL = ("--epochs", "0.02", "--filters", "3,4", "--dense-units", "10")
# Verbs whose examples take many seconds; other tests call these verbs, too.
LONG_EXAMPLES = [("train",), ("evaluate",), ("export",), ("search",)]


def clean_failure(result, says: str, status: int = 1) -> None:
    """One line on stderr but for what is said while TensorFlow loads, nothing on stdout, and the exit status."""
    assert result.exit_code == status, result.output
    assert result.stdout == ""
    line = result.stderr.removeprefix("loading TensorFlow …\n").strip()
    assert line.startswith("lenet: ")
    assert "\n" not in line
    assert says in line


def verbs() -> list[tuple[str, ...]]:
    """Every verb, and the verbs within a group."""
    context = click.Context(main)
    found: list[tuple[str, ...]] = []
    for name in VERBS:
        command = main.get_command(context, name)
        found += [(name, inner) for inner in command.commands] if isinstance(command, click.Group) else [(name,)]
    return found


def command_of(verb: tuple[str, ...]) -> click.Command:
    command = main.get_command(click.Context(main), verb[0])
    return command.commands[verb[1]] if isinstance(command, click.Group) else command


def examples_of(verb: tuple[str, ...]) -> list[str]:
    lines = (line.strip() for line in (command_of(verb).epilog or "").splitlines())
    return [line for line in lines if line.startswith("lenet ")]


@pytest.mark.parametrize("verb", verbs(), ids=" ".join)
def test_every_verb_has_help_with_two_examples(lenet, verb):
    result = lenet(*verb, "--help")
    assert result.exit_code == 0
    assert len(examples_of(verb)) >= 2
    for example in examples_of(verb):
        assert example.startswith(f"lenet {' '.join(verb)}")
        assert example in result.stdout
    for parameter in command_of(verb).params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{verb} {parameter.name} has no help"


@pytest.fixture
def example_files(tmp_path, run, test_part):
    """What the examples of the help speak of."""
    (tmp_path / "runs").mkdir()
    shutil.copytree(run.path, tmp_path / "runs" / "train-1")  # one example resumes it
    shutil.copy(run.path / "model.weights.h5", tmp_path / "lenet_weights.hdf5")
    (tmp_path / "runs" / "train-2").symlink_to(run.path)
    tiny = random_model("tiny")
    digits_of = replace(read_model(run.path / "model.onnx").metadata, network=tiny.metadata.network)
    (tmp_path / "runs" / "chip").write_bytes(encode_model(tiny.weights, digits_of))
    digits = [Image.fromarray(image[..., 0]) for image in test_part.images[:12]]
    digits[0].save(tmp_path / "seven.png")
    digits[0].convert("RGB").resize((200, 200)).save(tmp_path / "photo.jpg")
    digits[0].save(tmp_path / "letter.pdf", save_all=True, append_images=digits[1:3])
    page = open_picture(as_pdf([Sheet(("0", "1"))])).pixels.copy()
    page[240:280, 240:244] = 0  # a stroke in the first box
    Image.fromarray(page).save(tmp_path / "page.jpg")
    (tmp_path / "scans").mkdir()
    for number, digit in enumerate(digits):
        digit.save(tmp_path / "scans" / f"{number}.png")
        folder = tmp_path / "photos" / str(number % 2)
        folder.mkdir(parents=True, exist_ok=True)
        digit.save(folder / f"{number}.png")
    rows = [[number % 3, *image.ravel()] for number, image in enumerate(test_part.images[:12])]
    np.savetxt(tmp_path / "letters.csv", rows, "%d", ",")
    np.savetxt(tmp_path / "test.csv", test_part.images[:12].reshape(12, -1), "%d", ",")
    shutil.copytree(tmp_path / "scans", tmp_path / "archive")
    (tmp_path / "space.toml").write_text('epochs = [0.02]\nnetwork = ["conv 3 3", "mlp"]\n')
    np.savez(tmp_path / "letters.npz", x_train=test_part.images[:12, ..., 0], y_train=np.arange(12) % 3)


@pytest.fixture
def served_briefly(monkeypatch):
    """``lenet serve`` is told to go as soon as it is ready, and opens no browser; neither does ``lenet lessons``."""
    from lenet.serve import server

    def serve(app, listener, on_ready, really=server.serve):
        really(app, listener, lambda: (on_ready(), os.kill(os.getpid(), signal.SIGTERM)))

    monkeypatch.setattr(server, "serve", serve)
    monkeypatch.setattr(webbrowser, "open", lambda _: True)
    monkeypatch.setitem(sys.modules, "jupyterlab", None)


@pytest.mark.usefixtures("example_files", "served_briefly")
@pytest.mark.parametrize(
    "verb",
    [pytest.param(verb, marks=pytest.mark.long) if verb in LONG_EXAMPLES else verb for verb in verbs()],
    ids=" ".join,
)
def test_the_examples_of_the_help_run(lenet, tmp_path, verb):
    for example in examples_of(verb):
        arguments = shlex.split(example.partition(">")[0])[1:]
        if verb == ("train",) and "--resume" not in arguments:
            # A small network and a short training; all else is as in the help.
            arguments += SMALL[:2] if {"--from", "--network"} & set(arguments) else SMALL
        if verb == ("search",):
            arguments += ["--over", "epochs=0.02,0.03", "--trials", "1"]
        if verb == ("serve",):
            arguments += ["--port", "0"]
        if verb == ("export",) and not shutil.which("chromium") and "CI" not in os.environ:
            arguments += ["--unproven"]  # in CI, the browser must be there
        if {"search", "--to", "--hosts"} & set(arguments):  # Ray leaves files open in its process
            command = [sys.executable, "-m", "lenet", *arguments]
            done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path)
            assert done.returncode == 0, f"{example}: {done.stderr}"
            continue
        result = lenet(*arguments)
        assert result.exit_code == 0, f"{example}: {result.output}"


def test_help_names_every_verb(lenet):
    result = lenet("--help")
    assert all(f"  {verb} " in result.stdout for verb in VERBS)


def test_train_prints_its_results_and_repeats_from_its_recipe(lenet, tmp_path):
    result = lenet("train", "--seed", 3, "--run", "runs/one", *SMALL)
    assert result.exit_code == 0, result.output
    assert "run: runs/one" in result.stdout
    assert "of 10,000 test images read correctly" in result.stdout
    assert re.search(r"\n[\d.]+ s in all\n$", result.stderr)
    assert "epoch 0.0199: loss" in result.stderr
    assert "\x1b" not in result.output
    again = lenet("train", "--recipe", "runs/one/recipe.toml", "--run", "runs/two")
    assert again.exit_code == 0, again.output
    for name in ("model.onnx", "recipe.toml"):
        assert (tmp_path / "runs/one" / name).read_bytes() == (tmp_path / "runs/two" / name).read_bytes()


def test_a_network_of_ones_own_is_trained_and_used_by_every_verb(lenet, tmp_path, test_part):
    """The learner's first change: other layers, and everything follows."""
    Image.fromarray(test_part.images[0, ..., 0]).save(tmp_path / "seven.png")
    network = "conv 8 3, tanh, avgpool 2, dense 64, tanh"
    result = lenet("train", "--network", network, "--run", "own")
    assert result.exit_code == 0, result.output
    run = Run(tmp_path / "own")
    assert run.recipe.network == run.metrics["network"] == network
    assert run.metrics["test"]["accuracy"] > 0.95
    for line in ("evaluate own", "show own", "predict seven.png --model own", "explain seven.png --model own"):
        result = lenet(*line.split())
        assert result.exit_code == 0, result.output
    assert "7" in lenet("predict", "seven.png", "--model", "own").stdout
    changed = lenet("train", "--network", "lenet5", "--activation", "relu", "--pooling", "max", "--run", "l5", *SMALL)
    assert changed.exit_code == 0, changed.output
    expected = "conv 3 5, relu, maxpool 2, conv 4 5 valid, relu, maxpool 2, dense 120, relu, dense 10, relu"
    assert Run(tmp_path / "l5").recipe.network == expected


def test_train_begins_with_a_model_and_weighs_classes(lenet, run, tmp_path):
    result = lenet("train", "--from", run.path, "--class-weights", "--epochs", 0.02, "--run", "next")
    assert result.exit_code == 0, result.output
    recipe = Recipe.read(tmp_path / "next" / "recipe.toml")
    assert (recipe.start, recipe.class_weights, recipe.network) == (str(run.path), "balanced", Recipe().network)
    assert json.loads((tmp_path / "next" / "metrics.json").read_text())["test"]["accuracy"] > 0.9


@pytest.mark.parametrize(
    ("arguments", "says", "status"),
    [
        (["--from", "none.onnx"], "none.onnx: no such model file", 1),
        (["--epochs", "0"], "epochs is 0", 2),
        (["--split", "0:1"], "both parts", 2),
        (["--split", "sixty"], "two numbers such as 2:1", 2),
        (["--split", "1:1000000"], "cannot be split", 1),
        (["--recipe", "fsat"], "augmented, tutorial, few, tune, small; did you mean 'fast'?", 2),
        (["--recipe", "none.toml"], "none.toml: cannot be read", 1),
        (["--data", "nothing-here"], "nothing-here", 1),
        (["--filters", "0,5"], "layer 1, 'conv 0 5': '0' is not a whole number", 2),
        (["--filters", "20"], "filters are 20: the number of convolutions is 2", 2),
        (["--network", "lenet7"], "or describe one; did you mean 'lenet'?", 2),
        (["--network", "conv 8 3, tahn"], "layer 2, 'tahn': unknown layer", 2),
        (["--network", "mlp", "--kernel-size", "3"], "kernel size 3: no layer of this network has that setting", 2),
        (["--network", "conv 8 3, maxpool 9, maxpool 9"], "layer 3, maxpool 9: its input is 3×3, too small", 1),
        (["--run", "there"], "not overwritten", 1),
        (["--run", "file/run"], "cannot be made", 1),
    ],
)
def test_train_refuses_in_one_line_and_leaves_nothing(lenet, tmp_path, arguments, says, status):
    (tmp_path / "there").mkdir()
    (tmp_path / "file").touch()
    clean_failure(lenet("train", *arguments), says, status)
    assert {path.name for path in tmp_path.iterdir()} == {"there", "file"}
    assert not list((tmp_path / "there").iterdir())


@pytest.mark.parametrize(
    "arguments",
    [["--filters", "x"], ["--activation", "elu"], ["--precision", "int8"], ["--epochs", "x"], ["--no-such"]],
)
def test_wrong_usage_is_status_2(lenet, arguments):
    assert lenet("train", *arguments).exit_code == 2


def test_debug_shows_the_traceback(lenet):
    result = lenet("train", "--epochs", 0, "--debug")
    assert result.exception is not None
    assert "epochs" in str(result.exception)


def test_evaluate_prints_one_json_document(lenet, run):
    result = lenet("evaluate", run.path, "--json")
    report = json.loads(result.stdout)
    assert report["correct"] == run.metrics["test"]["correct"]
    assert report["n"] == 10_000
    assert result.stderr == ""


def test_evaluate_prints_a_table_and_draws(lenet, run, tmp_path):
    result = lenet("evaluate", run.path, "--figures", "drawn")
    assert f"{run.metrics['test']['accuracy']:.2%}" in result.stdout
    assert "95 % interval" in result.stdout
    drawn = {path.name for path in (tmp_path / "drawn").iterdir()}
    assert drawn >= {"confusion.png", "mistakes.png", "calibration.png"}


def test_evaluate_refuses(lenet, tmp_path, run):
    clean_failure(lenet("evaluate", "nowhere"), "nowhere")
    (tmp_path / "empty").mkdir()
    clean_failure(lenet("evaluate", "empty"), "no model.onnx")
    (tmp_path / "torn.onnx").write_bytes((run.path / "model.onnx").read_bytes()[:-100])
    clean_failure(lenet("evaluate", "torn.onnx"), "torn.onnx")


def test_show_draws_what_the_seed_decides(lenet, run, tmp_path):
    for name in ("a.png", "b.png", "a.gif"):
        result = lenet("show", run.path, "--count", 6, "--seed", 1, "--out", name)
        assert result.exit_code == 0, result.output
        assert "of 6 read correctly" in result.stdout
    first, second = (np.asarray(Image.open(tmp_path / name)) for name in ("a.png", "b.png"))
    np.testing.assert_array_equal(first, second)
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.n_frames == 6


def test_show_refuses(lenet, run, tmp_path):
    clean_failure(lenet("show", run.path, "--out", "digits.bmp"), ".png or .gif")
    (tmp_path / "file").touch()
    clean_failure(lenet("show", run.path, "--out", "file/digits.png"), "cannot be written")
    assert lenet("show", run.path, "--count", 0).exit_code == 2


def test_predict_names_a_picture_of_two_lines_on_one(lenet, tmp_path):
    (tmp_path / "two\nlines.png").write_bytes(b"no picture")
    clean_failure(lenet("predict", "two\nlines.png"), r"two\nlines.png")


def test_a_window_without_a_screen_is_said(lenet, run, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    clean_failure_output = lenet("show", run.path, "--window").stderr
    assert "no window" in clean_failure_output or "no screen" in clean_failure_output


def test_doctor_finds_all_well_and_says_what_is_broken(lenet, monkeypatch, tmp_path):
    healthy = lenet("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(healthy.stdout)}
    assert checks["mnist"]["ok"]
    assert checks["training"]["ok"]
    from lenet.datasets import mnist

    monkeypatch.setattr(mnist.load_mnist, "__defaults__", (tmp_path,))
    broken = lenet("doctor")
    assert broken.exit_code == 1
    assert "BROKEN" in broken.stdout


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_training_says_how_to_resume_it_and_is_resumed(number, status, tmp_path, lenet):
    process = subprocess.Popen(
        [sys.executable, "-m", "lenet", "train", "--recipe", "tutorial", "--run", "run", *SMALL[2:]],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "loading TensorFlow …\n"
    assert process.stderr.readline().startswith("epoch 1")
    time.sleep(0.2)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == status, stderr
    assert stdout == ""
    assert "resume with: lenet train --resume run" in stderr.splitlines()[-1]
    assert "Traceback" not in stderr
    (kept,) = (tmp_path / "run" / "checkpoint").iterdir()
    steps = int(kept.stem.removeprefix("step-"))
    assert 365 <= steps < 20 * 365
    if number == signal.SIGTERM:  # one is enough
        return
    result = lenet("train", "--resume", "run", "--epochs", 1)
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["steps"] == steps
    again = lenet("train", "--resume", "run")
    assert again.exit_code == 0
    assert "is finished; --epochs makes it longer" in again.stderr
    assert again.stdout == result.stdout


def test_a_second_signal_ends_at_once():
    from lenet.cli.signals import stop_signals

    with stop_signals() as received:
        signal.raise_signal(signal.SIGINT)
        assert received == [signal.SIGINT]
        with pytest.raises(SystemExit) as caught:
            signal.raise_signal(signal.SIGTERM)
    assert caught.value.code == 143


def test_what_belongs_to_the_run_cannot_be_changed_when_it_is_resumed(lenet):
    result = lenet("train", "--resume", "runs/none", "--seed", 3)
    assert result.exit_code == 2
    assert "--seed cannot be combined with --resume" in result.stderr
    missing = lenet("train", "--resume", "runs/none")
    clean_failure(missing, "recipe.toml: cannot be read")
    assert "if it has moved" not in missing.stderr


def test_a_full_disk_is_one_line(tmp_path):
    """With files limited to 1 MB, the weights of 5 MB do not fit; the limit raises what a full disk raises."""
    script = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, 10**6))\n"
        "from lenet.cli.main import main\n"
        "main(['train', '--epochs', '0.02', '--run', 'run'])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "cannot be written" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {".lock", "checkpoint", "environment.json", "recipe.toml"}
    assert not list((tmp_path / "run" / "checkpoint").iterdir())


def test_a_reader_that_goes_away_is_no_traceback(run):
    line = f"{shlex.quote(sys.executable)} -m lenet evaluate {shlex.quote(str(run.path))} | true"
    done = subprocess.run(["bash", "-c", line], check=False, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_a_process_imports_no_drawing_library_and_says_where_its_time_went(tmp_path):
    code = "import gc, sys; from lenet.cli.main import main; main(sys.argv[1:], standalone_mode=False); "
    code += "print(gc.isenabled(), *sorted(set(sys.modules) & {'matplotlib', 'sklearn', 'scipy'}))"
    line = [sys.executable, "-c", code, "train", "--run", "run", *SMALL]
    done = subprocess.run(line, check=True, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.splitlines()[-2:] == ["run: run", "True"]
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    seconds = metrics["process_seconds"]
    assert list(seconds) == ["total", "loading", "training", "measuring", "drawing"]
    assert seconds["training"] > metrics["train_seconds"]
    assert seconds["total"] == pytest.approx(sum(seconds.values()) / 2, abs=0.01)
    assert min(seconds.values()) > 0
    assert seconds["total"] == pytest.approx(float(done.stderr.splitlines()[-1].split()[0]), abs=0.3)
    names = {path.stem for path in (tmp_path / "run" / "figures").iterdir()}
    assert names == {"curves", "confusion", "mistakes", "filters", "calibration"}


def test_evaluate_tells_writers_and_contested_labels_apart(lenet):
    lines = lenet("evaluate").stdout.splitlines()
    place = lines.index("by group of writers:")
    assert lines[place + 1 : place + 3] == [
        "   employees  99.78%   (4,988 of 4,999 right)",
        "      pupils  99.54%   (4,978 of 5,001 right)",
    ]
    assert lines[-2:] == [
        "15 labels are contested: at most 2 of 5 people agreed (Northcutt, Athalye, Mueller 2021)",
        "  without them  99.76%   (9,961 of 9,985 right; 10 of the 34 mistakes are contested)",
    ]


@pytest.mark.long
def test_a_listener_that_goes_away_ends_no_training(tmp_path):
    command = (
        f"{shlex.quote(sys.executable)} -m lenet train --recipe tutorial --epochs 2 {shlex.join(SMALL[2:])} --run run"
    )
    line = f"{command} 2>&1 | head -2"
    done = subprocess.run(["bash", "-c", line], check=True, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.splitlines()[1].startswith("epoch 1")
    assert len((tmp_path / "run" / "history.csv").read_text().splitlines()) == 3
    assert (tmp_path / "run" / "metrics.json").exists()


def test_a_run_is_resumed_from_another_folder_once_its_data_is_named(tmp_path, lenet, mnist, monkeypatch):
    from lenet.datasets.convert import convert

    convert(mnist.take(np.arange(700)), tmp_path / "some.npz", "npz")
    small = ["--filters", "3,4", "--dense-units", 10, "--epochs", 1]
    assert lenet("train", "--data", "some.npz", "--recipe", "tutorial", *small, "--run", "run").exit_code == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    longer = ["train", "--resume", "../run", "--epochs", 2]
    lost = lenet(*longer)
    clean_failure(lost, "some.npz")
    assert "if it has moved, add --data" in lost.stderr
    assert lenet(*longer, "--data", "../some.npz").exit_code == 0
    assert Run(tmp_path / "run").recipe.data == "some.npz"


def test_an_unwritable_folder_is_one_line(lenet, tmp_path):
    if os.geteuid() == 0:
        target = Path("/proc/lenet-run")  # even the superuser makes no folder there
    else:
        target = tmp_path / "closed" / "run"
        target.parent.mkdir(mode=0o500)
    clean_failure(lenet("train", "--run", target), "cannot be made")


@pytest.mark.parametrize("verb", ["evaluate", "predict", "data info", "train --recipe", "explain"])
def test_names_that_are_too_long_are_a_short_line(lenet, verb):
    result = lenet(*verb.split(), "x" * 100_000)
    assert result.exit_code == (2 if verb.startswith("train") else 1)
    assert result.stderr.count("\n") == 1
    assert len(result.stderr) < 1100
    assert "unexpected" not in result.stderr


def test_the_shell_completes_verbs_and_options():
    for words, completed in (("lenet tr", "train"), ("lenet train --rec", "--recipe")):
        environment = {**os.environ, "_LENET_COMPLETE": "bash_complete", "COMP_WORDS": words}
        environment["COMP_CWORD"] = str(words.count(" "))
        code = "from lenet.cli.main import main\nmain(prog_name='lenet')"
        done = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True)
        assert done.stdout == f"plain,{completed}\n"
