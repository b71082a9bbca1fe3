"""Trainings of the page: real processes that train for a second or two."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator

import httpx2 as httpx
import numpy as np
import pytest
from fastapi.testclient import TestClient
from starlette.responses import StreamingResponse

from lenet import Model, create_app
from lenet.serve import training_queue
from lenet.serve.limits import TimeLimit
from tests.serve.learning import ENDLESS, begin, children, events, start, trained, until
from tests.serve.serving import running, seven


@pytest.fixture(scope="module")
def app(bundled: Model):
    return create_app(bundled, training=True)


@pytest.fixture(scope="module")
def address(app) -> Iterator[str]:
    with running(app) as address:
        yield address
    assert not children()


@pytest.fixture(autouse=True)
def alone() -> None:
    """No training of the test before is left."""
    until(lambda: not children())


@pytest.fixture(scope="module")
def first(address: str) -> list[tuple[str, dict]]:
    return trained(address, name="small")


def test_tells_how_a_training_goes(address: str, first) -> None:
    names = [event for event, _ in first]
    assert names[0] == "started" and names[-1] == "done" and set(names[1:-1]) == {"progress"}
    started, result = first[0][1], first[-1][1]
    samples = [sample["label"] for sample in started["samples"]]
    assert sorted(samples) == sorted("0123456789" * 2) and np.shape(started["samples"][0]["image"]) == (28, 28)
    assert started["parameters"] == 4 * 26 + (14 * 14 * 4 + 1) * 20 + 210
    steps = [values["step"] for _, values in first[1:-1]]
    assert steps == sorted(steps) and steps[-1] == started["steps"] == first[1][1]["steps"]
    early, late = first[1][1], first[-2][1]
    assert late["loss"] < early["loss"] and late["accuracy"] > early["accuracy"]
    right = [sum(map(str.__eq__, samples, progress["samples"])) for progress in (early, late)]
    assert right[0] < right[1] >= 14
    views = [values["kernels"] for _, values in first[1:-1] if "kernels" in values]
    assert len(views) > 1 and np.shape(views[0]) == (4, 5, 5) and views[0] != views[-1]
    assert result["name"] == "small" and result["n"] == 10_000
    assert result["accuracy"] == result["correct"] / 10_000 > 0.85
    low, high = result["interval"]
    assert low < result["accuracy"] < high and result["verdict"]["code"] == "overfits"


def test_a_finished_network_joins_the_others(address: str, first) -> None:
    assert httpx.get(f"{address}api/runs").json() == {"names": ["bundled", "small"], "collects": False, "trains": True}
    details = httpx.get(f"{address}api/model?model=small").json()
    assert details["test_accuracy"] == first[-1][1]["accuracy"] and details["network"].startswith("conv 4 5")
    answer = httpx.post(f"{address}api/predict?model=small", json={"pixels": seven().tolist()}).json()
    assert answer["label"] == "7"


@pytest.mark.long
def test_large_networks_are_heard_of_twice_a_second(address: str) -> None:
    """A group of 20 steps of this one takes seconds."""
    begun = begin(address, network="conv 64 5, relu, conv 32 5, relu, maxpool 2", images=10_000)
    with events(address, begun["id"]) as told:
        times = {}
        for event, values in told:
            if event == "progress":
                times.setdefault(values["step"], []).append(time.monotonic())
            if len(times) == 3:
                break
    assert len(times[sorted(times)[0]]) > 1


@pytest.mark.parametrize("way", ["delete", "leave"])
def test_stop_and_a_closed_page_end_the_process(address: str, way: str) -> None:
    begun = begin(address, **ENDLESS)
    with events(address, begun["id"]) as told:
        start(told)
        assert len(children()) == 1
        if way == "delete":
            httpx.delete(f"{address}api/runs/{begun['id']}")
    until(lambda: not children(), 20)
    names = httpx.get(f"{address}api/runs").json()["names"]
    assert begun["name"] not in names
    with events(address, begun["id"]) as told:
        assert list(told)[-1] == ("stopped", {})


def test_a_killed_process_is_one_line(address: str) -> None:
    begun = begin(address, **ENDLESS)
    with events(address, begun["id"]) as told:
        start(told)
        (child,) = children()
        os.kill(child, signal.SIGKILL)
        event, values = list(told)[-1]
    assert (event, values["code"]) == ("failed", "killed")
    assert "signal 9" in values["detail"] and "\n" not in values["detail"]


def test_a_loss_that_is_not_finite_is_one_line(address: str) -> None:
    event, values = trained(address, network="dense 50, dense 50", recipe="tutorial", learning_rate=100)[-1]
    assert (event, values["code"]) == ("failed", "diverged")
    assert "not finite at step" in values["detail"] and "learning rate" in values["detail"]
    assert "--" not in values["detail"] and "\n" not in values["detail"]


def test_a_full_disk_is_one_line(address: str, app, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process may write files of 10,000 bytes alone."""
    limited = (
        "import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.RLIM_INFINITY)); "
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "runpy.run_module('lenet.training.page_process', run_name='__main__')"
    )
    monkeypatch.setattr(training_queue, "COMMAND", (training_queue.COMMAND[0], "-c", limited))
    event, values = trained(address, name="full")[-1]
    assert (event, values["code"]) == ("failed", "disk"), values
    assert "free some space" in values["detail"] and "\n" not in values["detail"]
    until(lambda: not (app.state.service.trainings.folder / "full").exists())


TELLS = """
import json, sys, time
sys.stdin.readline()
for step in {steps}:
    print("progress", json.dumps({{"step": step}}), flush=True)
    time.sleep(0.1)
print('failed {{"code": "other", "detail": ""}}', flush=True)
"""


@pytest.mark.parametrize(("steps", "code"), [("range(1, 41)", "other"), ("[1] * 40", "long")])
def test_only_a_training_without_progress_takes_too_long(
    address: str, monkeypatch: pytest.MonkeyPatch, steps: str, code: str
) -> None:
    """Whatever it takes in all; the same step again is no progress."""
    monkeypatch.setattr(training_queue, "MOST_IDLE_SECONDS", 2.5)
    monkeypatch.setattr(training_queue, "COMMAND", (sys.executable, "-c", TELLS.format(steps=steps)))
    event, values = trained(address, name="slow")[-1]
    assert (event, values["code"]) == ("failed", code)
    assert code != "long" or "2.5 seconds" in values["detail"]


def test_a_process_waits_ready_and_is_used(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        assert httpx.post(f"{address}api/runs/ready").status_code == 204
    until(children)
    (waiting,) = children()
    begun = begin(address, **ENDLESS)
    with events(address, begun["id"]) as told:
        start(told)
        assert children() == {waiting}
        assert httpx.post(f"{address}api/runs/ready").status_code == 204
        assert children() == {waiting}  # two would slow down each other
    until(lambda: not children())
    monkeypatch.setattr(training_queue, "READY_SECONDS", 0.5)
    assert httpx.post(f"{address}api/runs/ready").status_code == 204
    until(children)
    until(lambda: not children())


def test_events_are_sent_for_as_long_as_they_last() -> None:
    """The limit on the time of an answer is for others."""

    async def told() -> AsyncIterator[bytes]:
        for _ in range(10):
            await asyncio.sleep(0.03)
            yield b"x"

    for kind, whole in (("text/event-stream", True), ("text/plain", False)):
        client = TestClient(TimeLimit(StreamingResponse(told(), media_type=kind), seconds=0.1))
        assert (client.get("/").content == b"x" * 10) is whole


def test_trainings_are_counted(address: str, first) -> None:
    def counted() -> dict[str, float]:
        lines = httpx.get(f"{address}metrics").text.splitlines()
        return {line.split('"')[1]: float(line.split()[-1]) for line in lines if "lenet_trainings_total{" in line}

    before = counted()
    assert before["done"] >= 1
    httpx.delete(f"{address}api/runs/{begin(address)['id']}")
    until(lambda: counted() == {**before, "stopped": before.get("stopped", 0) + 1})
    text = httpx.get(f"{address}metrics").text
    assert "lenet_trainings_waiting 0.0" in text and "lenet_training_seconds_count" in text
    assert 'method="DELETE",route="/api/runs/{id}"' in text
