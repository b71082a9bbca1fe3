"""A server under hostile pictures and ten times its load at once: what it answers, how long drawings take, and whether
it lives on.

    python tests/attack/server.py [--seconds 20]
"""

import argparse
import re
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from itertools import cycle, islice
from pathlib import Path

import httpx2 as httpx
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))  # for tests.…

from tests.attack.damage import damaged
from tests.attack.files import laborious, pictures
from tests.pictures.test_hostile import hostile
from tests.serve.serving import seven

# Clients that send hostile pictures, and that send drawings without a pause; one more sends a drawing now and then.
HOSTILE, LOADING = 20, 20
PAUSE = 0.1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20, help="of each of the two attacks")
    asked = parser.parse_args()
    rng = np.random.default_rng(0)
    bad = list(hostile().values()) + list(islice(laborious(rng), 20))
    bad += [content for sound in pictures().values() for content in islice(damaged(sound)(rng), 10)]
    command = [sys.executable, "-m", "lenet", "serve", "--port", "0", "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = re.search(r"http://\S+/", server.stdout.readline())
        assert address is not None
        for title, loading in (("hostile pictures", 0), ("hostile pictures and ten times the load", LOADING)):
            before = _memory(server.pid)
            statuses, seconds = _attack(address[0], bad, loading, asked.seconds)
            said = ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items()))
            print(f"{title}: {said}; memory {before} to {_memory(server.pid)} MiB")
            slow = 1000 * np.percentile(seconds, 95)
            print(f"  drawings now and then: median {1000 * statistics.median(seconds):.0f} ms, 95 % {slow:.0f} ms")
            odd = [status for status in statuses if status not in (200, 503, 504) and not 400 <= status < 500]
            assert not odd, odd
        answer = httpx.post(f"{address[0]}api/predict", json={"pixels": seven(56).tolist()}, timeout=30)
        assert answer.json()["label"] == "7", "it does not live on"
        server.terminate()
        assert server.wait(60) == 0


def _attack(address: str, bad: list[bytes], loading: int, seconds: float) -> tuple[Counter[int], list[float]]:
    """Statuses of all answers, and how long the drawings took that are sent now and then."""
    until = time.monotonic() + seconds
    statuses: Counter[int] = Counter()
    took: list[float] = []
    drawing = {"pixels": seven().tolist()}

    def send(number: int) -> None:
        contents = cycle(bad[number:] + bad[:number])
        with httpx.Client(timeout=60) as client:
            while time.monotonic() < until:
                if number < HOSTILE:
                    path = ("read", "predict", "explain")[number % 3]
                    answer = client.post(f"{address}api/{path}", content=next(contents))
                else:
                    answer = client.post(f"{address}api/predict", json=drawing)
                statuses[answer.status_code] += 1

    threads = [threading.Thread(target=send, args=(number,)) for number in range(HOSTILE + loading)]
    for thread in threads:
        thread.start()
    with httpx.Client(timeout=60) as client:
        while time.monotonic() < until:
            began = time.monotonic()
            statuses[client.post(f"{address}api/predict", json=drawing).status_code] += 1
            took.append(time.monotonic() - began)
            time.sleep(PAUSE)
    for thread in threads:
        thread.join()
    return statuses, took


def _memory(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


if __name__ == "__main__":
    main()
