"""A share of `make attack`: hostile files over every entrance are one line each, in bounded time and memory."""

import subprocess
import sys
from pathlib import Path

import pytest

ATTACK = Path(__file__).with_name("attack.py")


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the peak of memory is read from /proc")
def test_a_share_of_the_attack_finds_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, str(ATTACK), "--share", "0.01", "--kept", str(tmp_path / "kept")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 bad; " in done.stdout
    assert done.stderr == ""
