import subprocess
import sys

import pytest

from lenet import LenetError
from lenet.training.lock import locked

HOLD = """
import sys
from pathlib import Path
from lenet.training.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_another_process_is_refused_until_the_owner_dies(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "held\n"
        with pytest.raises(LenetError, match="another lenet is training there"), locked(tmp_path):
            pass
        owner.kill()
        owner.wait()
        with locked(tmp_path):
            pass


def test_it_is_free_again_after_the_block_and_after_a_failure(tmp_path):
    with pytest.raises(RuntimeError), locked(tmp_path):
        raise RuntimeError
    with locked(tmp_path), pytest.raises(LenetError, match="another"), locked(tmp_path):
        pass


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(LenetError, match="none: cannot be written"), locked(tmp_path / "none"):
        pass
