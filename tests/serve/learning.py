"""Real trainings of a second or two for the tests."""

import time
from collections.abc import Callable
from typing import Any

from benchmarks import client
from benchmarks.client import LONG, children, events, start

__all__ = ["ENDLESS", "LONG", "begin", "children", "events", "start", "trained", "until"]
SMALL = {"network": "conv 4 5, relu, maxpool 2, dense 20, relu", "images": 1000}
ENDLESS = {"images": 60_000, "recipe": "tutorial", "epochs": 20}


def begin(address: str, **asked: Any) -> dict[str, Any]:
    """Ask for a small training."""
    return client.begin(address, **{**SMALL, **asked})


def trained(address: str, **asked: Any) -> list[tuple[str, dict[str, Any]]]:
    """All events of a small training."""
    id = begin(address, **asked)["id"]
    with events(address, id) as told:
        return list(told)


def until(condition: Callable[[], object], seconds: float = LONG) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
