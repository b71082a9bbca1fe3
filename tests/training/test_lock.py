import subprocess
import sys

import pytest

from lenet import LenetError, Run

HOLD = """
import sys
from pathlib import Path
from lenet import Run
with Run(Path(sys.argv[1])).locked():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_another_process_is_refused_until_the_owner_dies(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "held\n"
        with pytest.raises(LenetError, match="another lenet is at work there"), Run(tmp_path).locked():
            pass
        owner.kill()
        owner.wait()
        with Run(tmp_path).locked():
            pass


def test_it_is_free_again_after_the_block_and_after_a_failure(tmp_path):
    with pytest.raises(RuntimeError), Run(tmp_path).locked():
        raise RuntimeError
    with Run(tmp_path).locked(), pytest.raises(LenetError, match="another"), Run(tmp_path).locked():
        pass


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(LenetError, match="none: cannot be locked"), Run(tmp_path / "none").locked():
        pass


def test_a_folder_is_taken_over_that_a_process_left_before_it_wrote_its_recipe(tmp_path):
    for left in ((".lock",), (".lock", ".recipe.toml.a1b2c3_4")):
        folder = tmp_path / str(len(left))
        folder.mkdir()
        for name in left:
            (folder / name).touch()
        assert Run.create(folder).path == folder
        (folder / "mine.txt").touch()
        with pytest.raises(LenetError, match="exists already"):
            Run.create(folder)
