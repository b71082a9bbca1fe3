"""How fast a trained network reads images: Keras, our runtime and its int8 export, in turn in one run.

    python benchmarks/inference.py [--rounds 30]

The bundled model and the official test images; the Keras network has untrained weights, which take as long. Writes a
section of RESULTS.md.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from results import range_of, table, write_section

from lenet import LeNet, Model, load_dataset
from lenet.datasets.dataset import Images
from lenet.export.export import export_model
from lenet.model.file import read_model
from lenet.model.graph import INPUT
from lenet.model.preprocessing import scale_pixels
from lenet.model.runtime import channels_first, locate_model
from lenet.processor import model_name, usable_cores

BATCH = 512


def main() -> None:
    parser = argparse.ArgumentParser(description="How fast a trained network reads images.")
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds

    images = load_dataset("mnist").split("own").test.images
    model = Model.load()
    network = LeNet.build(28, 28, 1, 10)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.int8.onnx"
        proof = export_model(None, "onnx-int8", path, load_dataset("mnist"))
        int8 = _session(path.read_bytes())
    float32 = _session(read_model(locate_model(None)).content)

    limits = [matmul_limit()]
    seconds = {
        count: _in_turn(
            {
                "`keras.Model.predict`": partial(_keras_predict, network, images[:count]),
                "the Keras model, called": partial(_keras_call, network, images[:count]),
                "`lenet.Model.predict`": partial(model.predict, images[:count]),
            },
            rounds,
        )
        for count in (1, BATCH)
    }
    inputs = {INPUT: channels_first(images[:BATCH])}
    sessions = {"float32": partial(float32.run, None, inputs), "int8": partial(int8.run, None, inputs)}
    bare = _in_turn(sessions, rounds)
    whole = _in_turn({"whole": partial(model.predict, images)}, max(1, rounds // 6))["whole"]
    limits.append(matmul_limit())

    rows = [
        [name, *(_spread(seconds[count][name], 1e3) for count in seconds), _ratio(seconds[BATCH], name)]
        for name in seconds[1]
    ]
    assert proof
    limit = statistics.median(limits)
    forward = 2 * sum(placed.multiplications for placed in model.metadata.layers)
    write_section(
        "Seconds to read",
        f"""`make bench` (`python benchmarks/inference.py`); n = {rounds} calls each, in turn; medians (range).
{usable_cores()} cores of {model_name()}. Limit: a float32 product of two 2048² matrices,
{" and ".join(f"{one / 1e9:.0f}" for one in limits)} GFLOP/s before and after: {limit / forward:,.0f} images/s.

{table(["", "1 image, ms", f"{BATCH} images, ms", "as fast as `keras.Model.predict`, at 512"], rows)}

- All {len(images):,} test images through `lenet.Model.predict`: {len(images) / statistics.median(whole):,.0f} images/s
  (n = {len(whole)}), {len(images) * forward / statistics.median(whole) / limit:.2f} of the limit.
- The graph alone in ONNX Runtime, {BATCH} images a call: float32 {_rate(bare["float32"]):,.0f} images/s,
  {_rate(bare["float32"]) * forward / limit:.2f} of the limit; int8 {_rate(bare["int8"]):,.0f} images/s,
  {_ratio(bare, "int8", "float32")} times as fast as float32 in the same run.
- int8 against float32: {proof.agreeing:,} of {proof.n:,} images read alike; accuracy {proof.accuracy:.2%}, float32
  {proof.model_accuracy:.2%}.""",
    )


def _keras_predict(network: Any, images: Images) -> Any:
    return network.predict(scale_pixels(images), verbose=0)


def _keras_call(network: Any, images: Images) -> Any:
    return network(scale_pixels(images), training=False).numpy()


def _rate(seconds: list[float]) -> float:
    return BATCH / statistics.median(seconds)


def _spread(seconds: list[float], unit: float) -> str:
    return range_of([unit * each for each in seconds], ".2f")


def _ratio(seconds: dict[str, list[float]], name: str, peer: str = "`keras.Model.predict`") -> str:
    return f"{statistics.median(a / b for a, b in zip(seconds[peer], seconds[name], strict=True)):.2f}"


def _session(content: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = usable_cores()
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _in_turn(contestants: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Seconds of every call; one unmeasured round first."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds + 1):
        for name, call in contestants.items():
            started = time.perf_counter()
            call()
            if number:
                seconds[name].append(time.perf_counter() - started)
    return seconds


def matmul_limit(side: int = 2048, repetitions: int = 10) -> float:
    """Floating-point operations a second of a product of two matrices, the median of some, on all usable cores."""
    left, right = np.random.default_rng(0).random((2, side, side), np.float32)
    np.matmul(left, right)
    seconds = []
    for _ in range(repetitions):
        started = time.perf_counter()
        np.matmul(left, right)
        seconds.append(time.perf_counter() - started)
    return 2 * side**3 / statistics.median(seconds)


if __name__ == "__main__":
    main()
