"""A client of ``lenet serve`` that trains."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx

# Seconds; far more than a loaded machine needs.
LONG = 300.0


def begin(address: str, **asked: Any) -> dict[str, Any]:
    """Ask for a training."""
    answer = httpx.post(f"{address}api/runs", json=asked, timeout=LONG)
    assert answer.status_code == 202, answer.text
    return answer.json()


@contextmanager
def events(address: str, id: str, after: int | None = None) -> Iterator[Iterator[tuple[str, dict[str, Any]]]]:
    """The events of a training; leaving the block closes the connection."""
    headers = {} if after is None else {"last-event-id": str(after)}
    with httpx.stream("GET", f"{address}api/runs/{id}/events", timeout=LONG, headers=headers) as answer:
        assert answer.status_code == 200
        yield _parse(answer.iter_lines())


def _parse(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    event = ""
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "event":
            event = value
        elif name == "data":
            yield event, json.loads(value)


def start(told: Iterator[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """What is told when the training starts; it may wait for a moment until the one before is tidied up."""
    return next(values for event, values in told if event == "started")


def children(server: int | None = None) -> set[int]:
    """Process numbers of the children of a server, here by default, that train or wait for a training."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue  # it has just ended
        if parent == (server or os.getpid()) and b"lenet.training.page_process" in command:
            found.add(int(folder.name))
    return found
