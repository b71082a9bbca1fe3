"""A share of `make faults`: trainings are killed at moments that hurt, and go on to the same bits."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.kills import sha256, torture, train

VICTIM = Path(__file__).with_name("victim.py")


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What a run comes to that nothing interrupts."""
    run = tmp_path_factory.mktemp("reference") / "run"
    assert not train(run)
    return sha256(run)


@pytest.mark.long
def test_killed_at_any_moment_a_run_is_resumed_to_the_same_weights(tmp_path, expected):
    """While a checkpoint is half written, before the oldest is removed, and at random."""
    count = torture(tmp_path / "tortured", [8, 57, 0.3], expected)
    assert count.kills >= 2
    assert (count.unreadable, count.different) == (0, 0)
    assert count.finished >= 1


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit of a file's size")
def test_a_disk_that_fills_during_a_checkpoint_leaves_the_older_one(tmp_path, expected):
    """A limit of the size of files raises what a full disk raises, in the midst of the file."""
    script = f"""
import resource, runpy, signal, sys
from lenet.training import checkpoint
save = checkpoint.Checkpoints.save
def save_on_a_filling_disk(self, step, state, arrays):
    if step > 40:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.RLIM_INFINITY))
    save(self, step, state, arrays)
checkpoint.Checkpoints.save = save_on_a_filling_disk
sys.argv = ["victim.py", {str(tmp_path / "run")!r}]
runpy.run_path({str(VICTIM)!r}, run_name="__main__")
"""
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "File too large" in done.stderr.splitlines()[-1]
    assert "then resume with: lenet train --resume" in done.stderr.splitlines()[-1]
    names = sorted(path.name for path in (tmp_path / "run" / "checkpoint").iterdir())
    assert names == ["step-0000000038.ckpt", "step-0000000040.ckpt"]
    assert not train(tmp_path / "run")
    assert sha256(tmp_path / "run") == expected
