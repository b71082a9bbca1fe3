"""Ray as lenet uses it: a cluster of its own on this machine, or one that is named; closed to others by default.

Ray places processes, starts them again and notices lost machines. It listens on all addresses of a machine: a token
keeps others from giving it work, but nothing is encrypted, so that several machines need a private network.
"""

import os
import re
import secrets
import signal
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from lenet.errors import LenetError, reason

# Ray keeps what tasks return in this much memory; lenet's are small.
STORE_BYTES = 200 << 20
# Tells the processes that a driver's Ray has started from those of others.
DRIVER = "LENET_DRIVER"
AGENTS = ("ray::DashboardA", "ray::RuntimeEnv")  # of a process's name, the system keeps 15 characters
# Seconds after which a cluster does not answer.
SILENCE = 10.0
# Seconds to wait for the next result before looking at something else.
PATIENCE = 0.5


@contextmanager
def cluster(address: str | None = None, processes: int | None = None) -> Iterator[Any]:
    """Ray's module, connected to the cluster at ``address``, or to one of its own for ``processes`` at once.

    Without an address no cluster that happens to run here is joined.

    Raises:
        LenetError: when the cluster does not answer.
    """
    _remove_agents()
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    os.environ.setdefault("RAY_worker_niceness", "0")  # as all else that lenet does; Ray's own default is 15
    # What Ray says of lost nodes and failed tasks; lenet says it in its own lines.
    os.environ |= {"RAY_IGNORE_UNHANDLED_ERRORS": "1", "RAY_DEDUP_LOGS_SKIP_REGEX": "."}
    os.environ[DRIVER] = str(os.getpid())
    options: dict[str, Any] = {"address": address or "local", "log_to_driver": False, "logging_level": "ERROR"}
    if address is None:
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        options |= {"num_cpus": processes, "include_dashboard": False, "object_store_memory": STORE_BYTES}
        options["_node_ip_address"] = "127.0.0.1"
    import ray  # which reads these variables at its import

    terminate = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(**options)
    except Exception as error:  # of many kinds, also without a class of its own
        where = f"{address}: does not answer" if address else "Ray did not start on this machine"
        raise LenetError(f"{where} ({reason(error)}); try again, or see docs/scale.md") from error
    signal.signal(signal.SIGTERM, terminate)  # instead of Ray's own handler
    try:
        yield ray
    finally:
        ray.shutdown()


def check_cluster(address: str | None) -> None:
    """Raise a LenetError where a cluster is named and does not answer; Ray itself would wait for two minutes."""
    if address is None:
        return
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), SILENCE).close()
    except OSError as error:
        message = f"no cluster answers there ({reason(error)}); name one that `ray start --head` has started"
        raise LenetError(f"--cluster {address}: {message}") from error


def run_tasks(
    ray: Any, submit: Any, items: Iterable[Any], most: int | None, stop: Callable[[], bool] = lambda: False
) -> Iterator[tuple[Any, Any]]:
    """Each item with its result, or with the exception of its task, which ``submit`` starts.

    At most ``most`` run at once, by default two for each processor that the cluster has at that time.
    """
    waiting, running = iter(items), dict[Any, Any]()
    while not stop():
        places = (most or 2 * int(ray.cluster_resources().get("CPU", 1))) - len(running)
        running |= {submit(item): item for item in islice(waiting, max(0, places))}
        if not running:
            return
        done, _ = ray.wait(list(running), timeout=PATIENCE)
        for reference in done:
            try:
                result = ray.get(reference)
            except ray.exceptions.RayError as error:
                result = getattr(error, "cause", None) or error
            yield running.pop(reference), result


def _remove_agents() -> None:
    """End the agents that the Ray of a driver of lenet has left behind, where the driver was killed."""
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (path / "comm").read_text().startswith(AGENTS):
                driver = re.search(rb"(?:^|\0)%s=(\d+)" % DRIVER.encode(), (path / "environ").read_bytes())
                if driver and not Path("/proc", driver[1].decode()).exists():
                    os.kill(int(path.name), signal.SIGKILL)


class TrainingActor:
    """Trains in one thread, while others take its reports and stop it."""

    def __init__(self, folder: Path) -> None:
        """Work in ``folder``, where this machine has it, so that relative paths mean the same as for the driver."""
        with suppress(OSError):
            os.chdir(folder)
        self.reports: deque[Any] = deque()  # which two threads may use
        self.stopped = False

    def take_reports(self) -> list[Any]:
        """What was reported since the last call."""
        return [self.reports.popleft() for _ in range(len(self.reports))]

    def stop(self) -> None:
        """Ask the training to stop."""
        self.stopped = True
