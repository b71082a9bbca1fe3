"""What the command line says around its results: help, suggestions, warnings, addresses."""

import socket
import warnings
from types import SimpleNamespace

import click
import numpy as np
import pytest
from click.testing import CliRunner

from lenet import figures
from lenet.cli import serve
from lenet.cli.progress import MEASURING, training_progress
from lenet.cli.verb import verb
from lenet.figures.render import as_png


def test_without_a_verb_the_help_is_printed(lenet):
    result = lenet()
    assert result.exit_code == 0
    assert result.stdout == lenet("--help").stdout


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("predcit a.png", "predict"),
        ("train --lr 3", "--learning-rate"),
        ("train --bs 3", "--batch-size"),
        ("train --learning-rat 3", "--learning-rate"),
        ("data prevew photos", "preview"),
    ],
)
def test_what_is_meant_is_suggested(lenet, line, meant):
    result = lenet(*line.split())
    assert result.exit_code == 2
    assert f"Did you mean '{meant}'?" in result.stderr


def test_a_warning_is_one_line():
    @verb("warned", "lenet warned")
    def command() -> None:
        warnings.warn("two\nlines", stacklevel=1)
        click.echo("done")

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        result = CliRunner().invoke(command, [])
    assert (result.exit_code, result.stdout, result.stderr) == (0, "done\n", "lenet: two\\nlines\n")


def test_measuring_is_said_after_the_last_step_of_all(capsys):
    row = SimpleNamespace(epoch=1.0, loss=0.5, accuracy=0.9, validation_accuracy=None, seconds=3.0)
    last = SimpleNamespace(step=5, steps=5, loss=0.5, accuracy=0.9, epoch=row, stage="")
    with training_progress() as on_progress:
        on_progress(SimpleNamespace(**{**vars(last), "stage": "teacher"}))
        assert MEASURING not in capsys.readouterr().err
        on_progress(SimpleNamespace(**{**vars(last), "step": 4, "epoch": None}))
        on_progress(last)
    assert capsys.readouterr().err.splitlines()[-1] == MEASURING


def test_the_address_for_a_phone_is_not_this_machine_alone():
    own = serve._own_address()
    if own is None:
        pytest.skip("this machine is in no network")
    assert not own.startswith("127.")
    with socket.create_server((own, 0)):
        pass  # it is an address of this machine


def test_names_that_no_font_has_are_said_once(monkeypatch):
    """Chinese is drawn where a font is installed; else one line says so, and none of Matplotlib's."""
    images = np.zeros((1, 8, 8, 1), np.uint8)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        as_png(figures.contact("数字", [images, images], ["一\U000e0100", "二"]))
        as_png(figures.annotated(np.zeros((40, 40, 3), np.uint8), [(5, 20, 20, 30)], ["é"], [False]))
    (said,) = {str(warning.message).partition("draw ")[0] for warning in caught}
    assert said == "no font here can "
    assert len(caught) == 1


def test_on_a_pipe_lines_come_seconds_apart_and_the_last_always(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr("lenet.cli.progress.time.monotonic", lambda: now[0])
    with training_progress() as on_progress:
        for number in range(1, 21):
            now[0] = 0.5 * number
            epoch = SimpleNamespace(epoch=number, loss=1.0, accuracy=0.5, validation_accuracy=None, seconds=now[0])
            on_progress(SimpleNamespace(step=number, steps=20, stage="", epoch=epoch))
    printed = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in printed[:-1]] == [
        "epoch 1",
        "epoch 7",
        "epoch 13",
        "epoch 19",
        "epoch 20",
    ]
    assert printed[-1] == MEASURING


def test_a_recipe_that_is_meant_is_suggested(lenet):
    result = lenet("train", "--recipe", "tutoral")
    assert result.exit_code == 2
    assert "no recipe is named 'tutoral'; there are fast," in result.stderr
    assert result.stderr.endswith("did you mean 'tutorial'?\n")
