"""Any number of processes trains the same weights, bit for bit; a lost one is made good."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

from lenet import LenetError, Recipe
from lenet.training.group import Group
from tests.scale.conftest import finish, kill, named, start, wait_for

# Another process of the group, on its part of each batch; prints the SHA-256 of weights and optimizer.
RANK = """
import hashlib, json, sys
rank, addresses, changes, images = json.loads(sys.argv[1])
from lenet.training.group import ALONE
from lenet.scale.pairs import Pairs
group = Pairs(rank, addresses) if len(addresses) > 1 else ALONE
import numpy as np
from lenet import Recipe, load_dataset
from lenet.training import loop, order
from lenet.training.initial import build_network
kept = []
class Kept:
    def newest(self): return None
    def due(self): return False
    def save(self, step, state, arrays): kept.append(arrays)
order.LARGE_BYTES = changes.pop("large", order.LARGE_BYTES)
dataset = load_dataset("mnist").split("own").train.take(np.arange(images))
recipe = Recipe.named(changes.pop("recipe")).change(**changes)
state = loop.fit(build_network(dataset, recipe), dataset, recipe, checkpoints=Kept(), group=group)
if rank == 0:
    digest = hashlib.sha256(b"".join(kept[-1][name].tobytes() for name in sorted(kept[-1]))).hexdigest()
    print(json.dumps([state.step, digest, len(kept[-1])]))
"""
HEAVY = {
    "recipe": "augmented",
    "network": "conv 8 5, relu, maxpool 2, conv 16 5, relu, maxpool 2, dense 64, relu",
    "damage": 0.3,
    "dropout": 0.2,
    "shards": 4,
    "precision": "float32",
}
FAST = {"recipe": "fast", "shards": 4, "precision": "float32"}
LARGE = {**FAST, "large": 1}  # read in blocks, as data larger than the memory


def trained(hosts: int, changes: dict, images: int = 2560) -> tuple[int, str, int]:
    """Steps, SHA-256 and number of arrays after a training on so many processes."""
    import socket

    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(hosts)]
    addresses = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    environment = os.environ | {"TF_NUM_INTRAOP_THREADS": "1"}
    ranks = [
        subprocess.Popen(
            [sys.executable, "-c", RANK, json.dumps([rank, addresses, changes, images])],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(hosts)
    ]  # fmt: skip
    outputs = [rank.communicate(timeout=240) for rank in ranks]
    assert not any(rank.returncode for rank in ranks), outputs
    return tuple(json.loads(outputs[0][0]))


@pytest.mark.parametrize("changes", [FAST, HEAVY, LARGE], ids=["fast", "heavy", "large"])
def test_two_processes_train_what_one_trains(changes):
    short = {**changes, "epochs": 0.6}
    alone = trained(1, short)
    assert trained(2, short) == alone
    assert alone[2] == (8 * 3 + 3 * 3 if changes is HEAVY else 8 * 3), "weights, both averages, and the statistics"


@pytest.mark.long
@pytest.mark.parametrize("changes", [FAST, HEAVY, LARGE], ids=["fast", "heavy", "large"])
def test_one_two_and_four_processes_end_with_the_same_bits(changes):
    long = {**changes, "epochs": 4.2}
    one, two, four = (trained(hosts, long) for hosts in (1, 2, 4))
    assert one[0] >= 80
    assert one == two == four


def test_the_shards_of_a_step_have_different_augmentation_and_one_batch_is_their_mean():
    """With neither augmentation nor dropout, a batch in shards has the gradient of the whole batch."""
    plain = {"recipe": "tutorial", "precision": "float32", "epochs": 0.1}
    from lenet import load_dataset
    from lenet.training.initial import build_network
    from lenet.training.loop import fit

    dataset = load_dataset("mnist").split("own").train.take(np.arange(1280))
    ends = []
    for shards in (1, 4):
        recipe = Recipe.named("tutorial").change(epochs=plain["epochs"], precision="float32", shards=shards)
        network = build_network(dataset, recipe)
        state = fit(network, dataset, recipe)
        ends.append([np.array(weights) for weights in network.weights] + [state.trace[-1][1:]])
    for one, four in zip(*ends, strict=True):
        np.testing.assert_allclose(one, four, rtol=1e-4, atol=1e-6)


def test_hosts_with_other_weights_are_refused():
    class Two(Group):
        hosts = 2

        def __init__(self, other: list[float]) -> None:
            self.other = other

        def total(self, numbers):
            return [mine + theirs for mine, theirs in zip(numbers, self.other, strict=True)]

    arrays = {"weights/a": np.arange(3, dtype=np.float32)}
    digest = list(hashlib.sha256(b"7" + arrays["weights/a"].tobytes()).digest())
    Two(digest).refuse_difference(arrays, 7)
    with pytest.raises(LenetError, match="step 7: the hosts have different weights"):
        Two([*digest[:-1], digest[-1] ^ 1]).refuse_difference(arrays, 7)


@pytest.mark.parametrize(("shards", "batch"), [(3, 96), (8, 100)])
def test_shards_divide_the_batch(shards, batch):
    with pytest.raises(LenetError, match="shards is"):
        Recipe(shards=shards, batch_size=batch)


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        (("--shards", 4, "--hosts", 3), 2, "is no power of two; use --hosts 2"),
        (("--hosts", 2), 2, "the recipe has shards = 1; use at most --hosts 1, or --shards 2 for a new run"),
        (("--cluster", "nonsense"), 2, "'nonsense' is not HOST:PORT"),
        (("--cluster", ""), 2, "'' is not HOST:PORT"),
        (("--cluster", "127.0.0.1:9"), 1, "--cluster 127.0.0.1:9: no cluster answers there"),
        (("--hosts", 2, "--learning-rate", "find"), 2, "find cannot be combined with --hosts"),
    ],
)
def test_hosts_that_cannot_train_are_refused_before_the_data_is_read(lenet, tmp_path, options, status, says):
    result = lenet("train", "--data", "nowhere", *options)
    assert result.exit_code == status
    assert says in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.long
def test_a_killed_driver_and_a_killed_host_are_made_good_from_the_checkpoint(tmp_path):
    line = ("train", "--recipe", "tutorial", "--shards", 2, "--filters", "3,4", "--dense-units", 20)
    begun = start(*line, "--epochs", 1, "--hosts", 2, "--run", "killed", cwd=tmp_path)
    wait_for(lambda: len(named("ray::_Host.train", LENET_DRIVER=str(begun.pid))) == 2, begun)
    kill(begun)
    assert list(tmp_path.glob("killed/.data-*"))
    wait_for(lambda: not named("ray::_Host", LENET_DRIVER=str(begun.pid)))
    finish(start("train", "--resume", "killed", "--hosts", 2, cwd=tmp_path))
    assert not list(tmp_path.glob("killed/.data-*"))
    killed = start("train", "--resume", "killed", "--epochs", 2, "--hosts", 2, cwd=tmp_path)
    driver = {"LENET_DRIVER": str(killed.pid)}
    wait_for(lambda: len(named("ray::_Host.train", **driver)) == 2, killed)
    os.kill(named("ray::_Host.train", **driver)[-1], signal.SIGKILL)
    _, stderr = finish(killed)
    assert "Traceback" not in stderr
    assert re.search(r"a host was lost .*; all start again from step-\d+.ckpt", stderr)
    finish(start(*line, "--epochs", 2, "--run", "alone", cwd=tmp_path))
    for name in ("model.onnx", "recipe.toml"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()
