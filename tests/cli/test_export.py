"""``lenet export`` as it is typed."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from lenet.cli.main import main


def test_says_what_was_proven(tmp_path: Path) -> None:
    out = tmp_path / "copy.onnx"
    done = CliRunner().invoke(main, ["export", "--format", "onnx", "--out", str(out)])
    assert done.exit_code == 0
    first, second = done.stdout.splitlines()
    assert first == f"{out}: {out.stat().st_size:,} bytes"
    assert second.startswith("proven on 10,000 images of mnist test: 10,000 read as the model reads them, largest")


@pytest.mark.parametrize("arguments", [["--format", "onnx"], ["--out", "a"], ["--format", "pickle", "--out", "a"]])
def test_wrong_usage(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, ["export", *arguments]).exit_code == 2


def test_failure_is_one_line(tmp_path: Path) -> None:
    out = tmp_path / "mine"
    out.touch()
    done = CliRunner().invoke(main, ["export", "--format", "html", "--out", str(out)])
    assert done.exit_code == 1 and done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith("lenet: ") and "--force" in done.stderr


def test_unproven_says_so_and_so_does_a_name_that_browsers_misread(tmp_path: Path) -> None:
    arguments = ["export", "--format", "html", "--unproven", "--out", str(tmp_path / "page")]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0 and "proven on" not in done.stdout
    assert "not proven" in done.stderr and "ends in .html" in done.stderr
