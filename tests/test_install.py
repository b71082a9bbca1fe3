"""What `make` says before anything is installed."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHECK = ROOT / "requirements" / "check_python.py"


def checked(version=(3, 12), system="linux", machine="x86_64"):
    """Its exit status and line on another Python and platform."""
    pretend = (
        f"import platform, runpy, sys; sys.version_info = {(*version, 0)!r}; sys.platform = {system!r}; "
        f"platform.machine = lambda: {machine!r}; platform.python_version = lambda: '{version[0]}.{version[1]}.0'; "
        f"runpy.run_path({str(CHECK)!r})"
    )
    done = subprocess.run([sys.executable, "-c", pretend], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
@pytest.mark.parametrize(
    ("system", "machine"), [("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"), ("win32", "AMD64")]
)
def test_supported_pythons_and_platforms_pass(version, system, machine):
    assert checked(version, system, machine) == (0, "")


@pytest.mark.parametrize("version", [(3, 8), (3, 10), (3, 14)])
def test_another_python_is_one_line(version):
    status, said = checked(version)
    assert status == 1
    assert said == (
        f"lenet needs Python 3.11, 3.12 or 3.13, this is {version[0]}.{version[1]}.0; name another: "
        "make PYTHON=python3.13\n"
    )


@pytest.mark.parametrize(("system", "machine"), [("darwin", "x86_64"), ("linux", "armv7l"), ("freebsd14", "amd64")])
def test_a_platform_without_wheels_is_one_line(system, machine):
    status, said = checked(system=system, machine=machine)
    assert (status, said.count("\n")) == (1, 1)
    assert said.startswith(f"TensorFlow has no package for {system} {machine}; ")


def test_the_bounds_are_those_of_the_package():
    bounds = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    text = CHECK.read_text(encoding="utf-8")
    (oldest, beyond) = re.findall(r"\((3), (\d+)\)", text)[:2]
    assert bounds == f">={'.'.join(oldest)},<{'.'.join(beyond)}"


def test_make_stops_before_pip_with_a_wrong_python_and_makes_a_wrong_venv_anew(tmp_path):
    for name in ("Makefile", "pyproject.toml"):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "check_python.py").write_text(CHECK.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "requirements" / "train.txt").touch()
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\necho 'lenet needs Python 3.11, this is old' >&2\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(old)
    done = subprocess.run(["make", "train", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert done.stderr.splitlines()[0] == "lenet needs Python 3.11, this is old"
    assert "pip install" not in done.stdout
    # A right Python makes the folder anew; the next command, pip, is not run for this test.
    (tmp_path / "Makefile").write_text(
        (ROOT / "Makefile").read_text(encoding="utf-8").replace("$(BIN)/python -m pip install", "@echo"),
        encoding="utf-8",
    )
    (tmp_path / ".venv" / "stale").touch()
    subprocess.run(["make", ".venv/train", f"PYTHON={sys.executable}"], cwd=tmp_path, capture_output=True, check=True)
    assert not (tmp_path / ".venv" / "stale").exists()
    version = subprocess.run(
        [tmp_path / ".venv" / "bin" / "python", "-c", "import sys; print(sys.version_info[:2])"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert version.stdout.strip() == str(sys.version_info[:2])
