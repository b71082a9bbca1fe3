"""One training that goes on: its drawing is read, it is followed, others wait for it, and the server stays quick."""

import threading
import time
from collections import deque
from collections.abc import Iterator

import httpx2 as httpx
import numpy as np
import pytest

from lenet import Model, create_app
from lenet.serve import training_queue
from lenet.serve.drawing import frame_drawing
from tests.serve.learning import ENDLESS, LONG, begin, children, events, start
from tests.serve.serving import running, seven


@pytest.fixture(scope="module")
def address(bundled: Model) -> Iterator[str]:
    with running(create_app(bundled, training=True)) as address:
        yield address
    assert not children()


@pytest.fixture(scope="module")
def growing(address: str) -> Iterator[str]:
    """The id of a training that has started and is followed until all tests are done."""
    id = begin(address, **ENDLESS)["id"]
    with events(address, id) as told:
        start(told)
        follower = threading.Thread(target=deque, args=(told, 0))
        follower.start()
        yield id
        assert httpx.delete(f"{address}api/runs/{id}").status_code == 204
        follower.join()


def test_the_drawing_is_read_while_the_network_grows(address: str, growing: str) -> None:
    image = frame_drawing(seven(), create_app().state.service.shelf.served.framing).image[..., 0].tolist()
    path = f"{address}api/runs/{growing}"
    with events(address, growing) as told:
        read = []
        for event, values in told:
            if event != "progress":
                continue
            read.append(values["drawing"])
            if len(read) == 1:
                assert httpx.put(f"{path}/drawing", json={"image": image}).status_code == 204
            if read[-1] is not None and max(read[-1]["probabilities"], key=read[-1]["probabilities"].get) == "7":
                break
        assert read[0] is None and sum(read[-1]["probabilities"].values()) == pytest.approx(1, abs=1e-3)
        assert httpx.put(f"{path}/drawing", json={"image": None}).status_code == 204
        assert any(values.get("drawing", 0) is None for _, values in told)


def test_a_line_that_breaks_goes_on_where_it_was(address: str, growing: str) -> None:
    with events(address, growing) as told:
        before = [next(told) for _ in range(6)]
    with events(address, growing, after=5) as told:
        assert next(told) not in before
        with events(address, growing) as again:
            assert [next(again) for _ in range(6)] == before


def test_trainings_wait_for_one_another_and_a_full_queue_refuses(address: str, growing: str) -> None:
    others = [begin(address, name="same") for _ in range(training_queue.MOST_WAITING)]
    assert [it["place"] for it in others] == [1, 2, 3]
    assert [it["name"] for it in others] == ["same", "same-2", "same-3"]
    refused = httpx.post(f"{address}api/runs", json={})
    assert (refused.status_code, refused.json()["code"]) == (503, "full") and "waiting" in refused.json()["error"]
    with events(address, others[2]["id"]) as waiting:
        assert next(waiting) == ("waiting", {"place": 3})
        httpx.delete(f"{address}api/runs/{others[0]['id']}")
        assert next(waiting) == ("waiting", {"place": 2})
        assert len(children()) == 1
    for one in others:
        httpx.delete(f"{address}api/runs/{one['id']}")


def test_health_is_answered_while_training(address: str, growing: str) -> None:
    """Within 200 ms on a quiet machine: `python -m benchmarks.lab`; here, with much room for others."""
    seconds = []
    for _ in range(20):
        begin_time = time.perf_counter()
        assert httpx.get(f"{address}livez", timeout=LONG).status_code == 200
        seconds.append(time.perf_counter() - begin_time)
    assert np.median(seconds) < 2
