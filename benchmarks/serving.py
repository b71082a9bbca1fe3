"""What one ``lenet serve`` can take, and what it does with ten times as much; writes a section of RESULTS.md.

    python benchmarks/serving.py [--seconds 5] [--rounds 3]

Starts the server on a free port of loopback; the load comes from the same machine, so it costs the server some of its
processors. Two tables:

- throughput: images a second, in turns with the bare runtime (``Model.classify`` in batches of 512) on the same images;
- overload: requests begun at ten times the rate that was answered before, over at most 400 connections, by status, with
  the time of those that were accepted, the time of /livez meanwhile, and the server's memory before and after.
"""

import argparse
import asyncio
import io
import json
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import httpx2 as httpx
import numpy as np
from PIL import Image
from results import table, write_section

from lenet import Model, load_dataset
from lenet.processor import model_name, usable_cores

TOGETHER = 512
CONNECTIONS = 400
FLOOD_HEAD = [
    "",
    "sent",
    "by status",
    "slowest accepted, s",
    "/livez, ms: median; highest; above 100",
    "memory, MiB: before → after",
]
PNG = {"content-type": "image/png"}
JSON = {"content-type": "application/json"}


class Kind(NamedTuple):
    """A kind of request, and how many senders it takes to keep the server busy."""

    path: str
    body: bytes
    headers: dict[str, str]
    senders: int


@dataclass
class Load:
    """What became of the requests of one kind."""

    statuses: Counter[int | str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)  # of those accepted
    health: list[float] = field(default_factory=list)

    @property
    def slowest(self) -> float:
        """Seconds of the accepted request that took longest."""
        return max(self.seconds, default=0.0)


# A process of its own, so that the load's own waiting is not taken for the server's.
WATCH = """
import http.client, sys, time, urllib.parse
connection = http.client.HTTPConnection(urllib.parse.urlsplit(sys.argv[1]).netloc, timeout=60)
while True:
    begin = time.perf_counter()
    connection.request("GET", "/livez")
    assert connection.getresponse().read() == b'{"status":"alive"}'
    print(time.perf_counter() - begin, flush=True)
    time.sleep(0.05)
"""


@contextmanager
def server_process(*options: str) -> Iterator[tuple[int, str]]:
    """``lenet serve`` on a free port; gives its process id and address."""
    command = [sys.executable, "-m", "lenet", "serve", "--port", "0", "--no-open", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found, "lenet serve did not start"
        yield process.pid, found[0]
    finally:
        process.terminate()
        process.wait(60)


def bare_rate(model: Model, images: np.ndarray, seconds: float) -> float:
    """Images a second of the runtime itself."""
    count, begin = 0, time.perf_counter()
    while (spent := time.perf_counter() - begin) < seconds:
        model.classify(images[:TOGETHER])
        count += TOGETHER
    return count / spent


async def closed_loop(address: str, kind: Kind, seconds: float) -> float:
    """Requests answered a second, when each of some senders waits for its answer before it asks again."""
    begin, done = time.perf_counter(), 0

    async def send(client: httpx.AsyncClient) -> None:
        nonlocal done
        while time.perf_counter() - begin < seconds:
            (await client.post(kind.path, content=kind.body, headers=kind.headers)).raise_for_status()
            done += 1

    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        await asyncio.gather(*(send(client) for _ in range(kind.senders)))
    return done / (time.perf_counter() - begin)


async def flood(address: str, kind: Kind, rate: float, seconds: float) -> Load:
    """Requests at a fixed rate, whether they are answered or not."""
    load = Load()

    async def send(client: httpx.AsyncClient) -> None:
        begin = time.perf_counter()
        try:
            status: int | str = (await client.post(kind.path, content=kind.body, headers=kind.headers)).status_code
        except httpx.HTTPError as error:
            status = type(error).__name__
        load.statuses[status] += 1
        if status == 200:
            load.seconds.append(time.perf_counter() - begin)

    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    watcher = subprocess.Popen([sys.executable, "-c", WATCH, address], stdout=subprocess.PIPE, text=True)
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=limits) as client:
        begin, tasks = time.perf_counter(), []
        for number in range(round(rate * seconds)):
            await asyncio.sleep(max(0.0, begin + number / rate - time.perf_counter()))
            tasks.append(asyncio.create_task(send(client)))
        await asyncio.gather(*tasks)
    watcher.terminate()
    load.health = [float(line) for line in watcher.communicate()[0].split()]
    return load


def memory(pid: int) -> float:
    """Resident MiB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


def page_of_digits(images: np.ndarray) -> bytes:
    """Twelve digits on white paper, as a PNG."""
    rows = [np.concatenate([np.pad(image, 8) for image in images[start : start + 4]], axis=1) for start in (0, 4, 8)]
    sheet = Image.fromarray(255 - np.concatenate(rows)).resize((704, 528), Image.Resampling.BICUBIC)
    content = io.BytesIO()
    sheet.save(content, "PNG")
    return content.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5, help="of each measure")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    model, images = Model.load(), load_dataset("mnist").images[-10_000:]
    drawing = json.dumps({"pixels": np.kron(images[0, ..., 0], np.ones((4, 4), int)).tolist()}).encode()
    kinds = {
        f"ready images, {TOGETHER} a request": Kind("api/predict-many", images[:TOGETHER].tobytes(), {}, 4),
        "drawings of 112×112, JSON": Kind("api/predict", drawing, JSON, 8),
        "photos of 704×528, 12 digits": Kind("api/read", page_of_digits(images[:12, ..., 0]), PNG, 4),
    }
    with server_process() as (pid, address):
        bare, rates = [], {name: [] for name in kinds}
        for _ in range(asked.rounds):
            bare.append(bare_rate(model, images, asked.seconds))
            for name, kind in kinds.items():
                rates[name].append(asyncio.run(closed_loop(address, kind, asked.seconds)))
        floods = []
        for name, kind in kinds.items():
            before = memory(pid)
            load = asyncio.run(flood(address, kind, 10 * statistics.median(rates[name]), asked.seconds))
            floods.append(flood_row(name, load, before, memory(pid)))
    text = f"""`python benchmarks/serving.py`; n = {asked.rounds} rounds of {asked.seconds:g} s, medians (range);
client and server share {usable_cores()} cores of {model_name()}.

{table(["throughput", "a second", "of the bare runtime"], throughput_rows(bare, rates))}

Ten times as much, for {asked.seconds:g} s:

{table(FLOOD_HEAD, floods)}"""
    write_section("Serving", text)


def throughput_rows(bare: list[float], rates: dict[str, list[float]]) -> list[list[str]]:
    rows = [[f"bare runtime, batches of {TOGETHER}", f"{_spread(bare)} images", ""]]
    for number, (name, measured) in enumerate(rates.items()):
        if number == 0:
            images = [rate * TOGETHER for rate in measured]
            ratios = [served / alone for served, alone in zip(images, bare, strict=True)]
            rows.append([name, f"{_spread(images)} images", f"{statistics.median(ratios):.2f}"])
        else:
            rows.append([name, f"{_spread(measured)} requests", ""])
    return rows


def flood_row(name: str, load: Load, before: float, after: float) -> list[str]:
    statuses = {str(key): number for key, number in load.statuses.items()}
    said = ", ".join(f"{key}: {statuses[key]}" for key in sorted(statuses))
    health = sorted(1000 * seconds for seconds in load.health)
    late = sum(milliseconds > 100 for milliseconds in health)
    return [
        name,
        f"{sum(statuses.values()):,}",
        said,
        f"{load.slowest:.1f}",
        f"{statistics.median(health):.0f}; {health[-1]:.0f}; {late} of {len(health)}",
        f"{before:.0f} → {after:.0f}",
    ]


def _spread(values: list[float]) -> str:
    decimals = 0 if min(values) >= 100 else 1
    return f"{statistics.median(values):,.{decimals}f} ({min(values):,.{decimals}f} to {max(values):,.{decimals}f})"


if __name__ == "__main__":
    main()
