"""How long a page waits for a network of its own, and what trainings cost the server; writes a section of RESULTS.md.

    python benchmarks/lab.py [--rounds 5]

Starts ``lenet serve`` on a free port. A round is what the Train tab does by default: it lets a process get ready, waits
two seconds (a person's way to the button), and trains LeNet on 10,000 images. Measured are the time from opening the
page to the first progress and to the finished network, the longest time between two progress events with the answer to
a drawing, /livez meanwhile, the time until the process is gone after Stop and after the page was closed, and learning
20 corrections: ones with a long flag, which the bundled model misreads.
"""

import argparse
import statistics
import threading
import time
from typing import Any

import httpx2 as httpx
import numpy as np
from client import begin, children, events, start
from results import table, write_section
from serving import server_process
from signs import flagged_ones

from lenet import Model
from lenet.model.file import decode_model
from lenet.processor import model_name, usable_cores

TO_THE_BUTTON = 2.0
DEFAULT = {"network": "lenet", "images": 10_000}
ENDLESS = {"network": "lenet", "images": 60_000, "epochs": 5, "recipe": "tutorial"}
LEARNED, FURTHER = 20, 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with server_process() as (server, address):
        rounds = [train_once(address) for _ in range(asked.rounds)]
        health = livez_while_training(address)
        stopped, closed = (
            [seconds_to_end(address, server, way) for _ in range(asked.rounds)] for way in ("stop", "close")
        )
        sentence = learn(address)
    rows = [
        row("opening the page to the first progress", [it[0] for it in rounds]),
        row("opening the page to the finished network", [it[1] for it in rounds]),
        row("longest time between two answers to the drawing", [it[2] for it in rounds]),
        row("/livez while training", health),
        row("Stop to the end of the process", stopped),
        row("closed page to the end of the process", closed),
    ]
    machine = f"server, training and client share {usable_cores()} cores of {model_name()}"
    measured = table(["seconds", "n", "median", "highest"], rows)
    write_section("The lab", f"`python benchmarks/lab.py`; {machine}.\n\n{measured}\n\n{sentence}")


def row(name: str, seconds: list[float]) -> list[str]:
    return [name, str(len(seconds)), f"{statistics.median(seconds):.3g}", f"{max(seconds):.3g}"]


def train_once(address: str) -> tuple[float, float, float]:
    """Seconds from opening the page to the first progress and to the end, and the longest between two answers."""
    opened = time.perf_counter()
    httpx.get(address)
    httpx.post(f"{address}api/runs/ready")
    time.sleep(TO_THE_BUTTON)
    begun = begin(address, **DEFAULT)
    drawing = [[255 * (12 < x < 16) for x in range(28)] for _ in range(28)]
    httpx.put(f"{address}api/runs/{begun['id']}/drawing", json={"image": drawing})
    times = []
    with events(address, begun["id"]) as told:
        for event, values in told:
            if event == "progress" and values["drawing"]:
                times.append(time.perf_counter())
    assert event == "done", values
    return times[0] - opened, time.perf_counter() - opened, float(np.diff(times).max())


def livez_while_training(address: str, count: int = 200) -> list[float]:
    """Seconds of requests to /livez, ten a second."""
    seconds = []
    begun = begin(address, **ENDLESS)
    with events(address, begun["id"]) as told:
        start(told)
        reader = threading.Thread(target=list, args=(told,))
        reader.start()
        for _ in range(count):
            began = time.perf_counter()
            httpx.get(f"{address}livez").raise_for_status()
            seconds.append(time.perf_counter() - began)
            time.sleep(0.1)
        httpx.delete(f"{address}api/runs/{begun['id']}")
        reader.join()
    return seconds


def seconds_to_end(address: str, server: int, way: str) -> float:
    begun = begin(address, **ENDLESS)
    with events(address, begun["id"]) as told:
        start(told)
        began = time.perf_counter()
        if way == "stop":
            httpx.delete(f"{address}api/runs/{begun['id']}")
    while children(server):
        time.sleep(0.01)
    return time.perf_counter() - began


def learn(address: str) -> str:
    """Learn corrections; gives a sentence with all counts."""
    model = Model.load()
    images = flagged_ones(model, LEARNED + FURTHER, seed=0)
    drawn = [{"image": image.tolist(), "label": "1"} for image in images[:LEARNED]]
    asked: dict[str, Any] = {"from": "bundled", "drawn": drawn, "name": "learned"}
    begun = begin(address, **asked)
    with events(address, begun["id"]) as told:
        event, done = list(told)[-1]
    assert event == "done", done
    learned = Model(decode_model(httpx.get(f"{address}api/download?model=learned", timeout=60).content))
    right = int((learned.predict(images[LEARNED:, ..., np.newaxis]).argmax(axis=1) == 1).sum())
    before, after = done["before"], done["after"]
    test, right_before, right_after = before["test"][1], before["test"][0], after["test"][0]
    return (
        f"Corrections: of {LEARNED} ones with a long flag, {before['drawn'][0]} were right before and "
        f"{after['drawn'][0]} after; of {FURTHER} further ones, 0 before and {right} after; of MNIST's {test:,} test "
        f"images, {right_before:,} before and {right_after:,} after."
    )


if __name__ == "__main__":
    main()
