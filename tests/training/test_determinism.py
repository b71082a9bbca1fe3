"""The same recipe and seed give the same bits, in processes of their own, with two threads."""

import os
import subprocess
import sys

SCRIPT = """
import hashlib
import numpy as np
from lenet import Recipe, fit, load_dataset
from lenet.training.environment import threads
from lenet.training.initial import build_network
dataset = load_dataset("mnist").take(np.arange(1000))
recipe = Recipe(epochs=2.0, batch_size=64, optimizer="adamw", learning_rate=0.003, dropout=0.2, rotation=10.0,
                elastic=0.5, precision="float32",
                network="conv 20 5, relu, maxpool 2, conv 50 5, relu, maxpool 2, dense 100, relu")
network = build_network(dataset, recipe)
fit(network, dataset, recipe)
digest = hashlib.sha256(b"".join(array.tobytes() for array in network.get_weights())).hexdigest()
print(threads(), digest)
"""


def test_the_same_bits_twice():
    environment = os.environ | {"TF_NUM_INTRAOP_THREADS": "2", "TF_NUM_INTEROP_THREADS": "2"}
    both = [
        subprocess.Popen([sys.executable, "-c", SCRIPT], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [process.communicate()[0].split() for process in both]
    assert told[0] == told[1]
    assert told[0][0] == "2"
