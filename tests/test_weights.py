"""Weights files of strangers: a line each, whatever is damaged in them; HDF5 must not end the process."""

import subprocess
import sys

import numpy as np
import pytest

from lenet import LeNet, LenetError, load_weights, save_weights
from tests.attack.files import LAYOUTS, stored_otherwise

FUZZED = 300
# Reads each file that it is given into a small network, and prints a line for each that was refused.
PROGRAM = """
import sys
from lenet import LeNet, LenetError, load_weights
network = LeNet.build(8, 8, 1, 3)
for path in sys.argv[1:]:
    try:
        load_weights(network, path)
        print("read")
    except LenetError as error:
        print(str(error))
"""


@pytest.fixture(scope="module")
def network():
    return LeNet.build(8, 8, 1, 3)


@pytest.fixture(scope="module")
def written(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "weights.h5"
    save_weights(network, path)
    return path


@pytest.mark.parametrize("layout", LAYOUTS)
def test_only_plain_arrays_are_read(network, written, tmp_path, layout):
    path = tmp_path / "weights.h5"
    stored_otherwise(written, path, LAYOUTS[layout])
    before = [weights.copy() for weights in network.get_weights()]
    with pytest.raises(LenetError, match="is compressed, in chunks or in another file; save it again with Keras"):
        load_weights(network, path)
    for old, new in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_damaged_files_of_every_layout_are_one_line_each(written, tmp_path):
    rng = np.random.default_rng(0)
    paths = []
    for layout, options in {"plain": {}, **LAYOUTS}.items():
        whole = tmp_path / f"{layout}.h5"
        stored_otherwise(written, whole, options)
        for number in range(FUZZED // (1 + len(LAYOUTS))):
            content = bytearray(whole.read_bytes())
            for _ in range(int(rng.integers(1, 12))):
                # Most of the file is arrays; half of the damage goes to what describes them.
                place = int(rng.integers(min(len(content), 4096) if rng.random() < 0.5 else len(content)))
                content[place] = rng.choice([0, 1, 127, 128, 255, int(rng.integers(256))])
            paths.append(tmp_path / f"{layout}-{number}.h5")
            paths[-1].write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, paths)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = done.stdout.splitlines()
    assert len(lines) == len(paths)
    assert all(line == "read" or line.startswith(str(path)) for line, path in zip(lines, paths, strict=True))
    assert "read" in lines
