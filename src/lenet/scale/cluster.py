"""Ray as lenet uses it: a cluster of its own on this machine, or one that is named; closed to others by default.

Ray places processes, starts them again and notices lost machines. It listens on all addresses of a machine: a token
keeps others from giving it work, but nothing is encrypted, so that several machines need a private network.
"""

import os
import secrets
import signal
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from lenet.errors import LenetError, missing, reason

# Ray keeps what tasks return in this much memory; lenet's are small.
STORE_BYTES = 200 << 20
# Tells the processes that a driver's Ray has started from those of others.
DRIVER = "LENET_DRIVER"
AGENTS = ("ray::DashboardA", "ray::RuntimeEnv")  # of a process's name, the system keeps 15 characters
# Seconds after which a cluster does not answer.
SILENCE = 10.0
# Seconds to wait for the next result before the caller may look at something else.
PATIENCE = 0.5


@contextmanager
def cluster(address: str | None = None, processes: int | None = None) -> Iterator[Any]:
    """Ray's module, connected to the cluster at ``address``, or to one of its own for ``processes`` at once.

    Without an address no cluster that happens to run here is joined.

    Raises:
        LenetError: when Ray is not installed, or the cluster does not answer.
    """
    _remove_agents()
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    os.environ.setdefault("RAY_worker_niceness", "0")  # as all else that lenet does; Ray's own default is 15
    os.environ[DRIVER] = str(os.getpid())
    own: dict[str, Any] = {"num_cpus": processes, "include_dashboard": False, "object_store_memory": STORE_BYTES}
    if address is None:
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # Ray reads it once in a process
        own["_node_ip_address"] = "127.0.0.1"
    try:
        import ray
    except ModuleNotFoundError as error:
        raise missing(error) from error
    if address is not None:
        _refuse_silence(address)
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    terminate = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=address or "local", **quiet, **(own if address is None else {}))
    except (ConnectionError, OSError, ValueError, RuntimeError, ray.exceptions.RayError) as error:
        where = address or "Ray on this machine"
        raise LenetError(f"{where}: does not answer ({reason(error)}); see docs/scale.md") from error
    received = _pass_on(terminate)
    try:
        yield ray
    except SystemExit:
        if received and callable(terminate):
            terminate(*received)  # in its wait, Ray makes another exception of the handler's
        raise
    finally:
        ray.shutdown()


def _pass_on(terminate: Any) -> list[Any]:
    """Let SIGTERM call what it called before Ray's own handler, and what it was called with once it has been."""
    received: list[Any] = []

    def receive(*arguments: Any) -> None:
        received[:] = arguments
        terminate(*arguments)

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, receive if callable(terminate) else terminate)
    return received


def _refuse_silence(address: str) -> None:
    """Ray itself waits for two minutes."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), SILENCE).close()
    except (OSError, ValueError, OverflowError) as error:
        message = f"no cluster answers there ({reason(error)})" if isinstance(error, OSError) else "is no HOST:PORT"
        raise LenetError(f"--cluster {address}: {message}; name one that `ray start --head` has started") from error


def run_tasks(
    ray: Any, submit: Callable[[Any], Any], items: Iterable[Any], most: int | None
) -> Iterator[tuple[Any, Any] | None]:
    """Each item with its result, or with the exception of its task; None when nothing ended for a while.

    Args:
        ray: Of ``cluster``.
        submit: Starts the task of an item and returns its reference.
        items: They are taken when there is a place for them.
        most: Tasks at once; by default two for each processor that the cluster has at that time.
    """
    waiting, running = iter(items), dict[Any, Any]()
    more = True
    while more or running:
        places = (most or 2 * int(ray.cluster_resources().get("CPU", 1))) - len(running)
        while more and places > 0:
            item = next(waiting, None)
            more, places = item is not None, places - 1
            if item is not None:
                running[submit(item)] = item
        done, _ = ray.wait(list(running), timeout=PATIENCE) if running else ([], [])
        for reference in done:
            item = running.pop(reference)
            try:
                yield item, ray.get(reference)
            except ray.exceptions.RayError as error:
                yield item, getattr(error, "cause", None) or error
        if running and not done:
            yield None


def _remove_agents() -> None:
    """End the agents that the Ray of a driver of lenet has left behind, where the driver was killed."""
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError):
            if (path / "comm").read_text().startswith(AGENTS):
                variables = dict(
                    part.split("=", 1) for part in (path / "environ").read_text().split("\0") if "=" in part
                )
                if DRIVER in variables and not Path("/proc", variables[DRIVER]).exists():
                    os.kill(int(path.name), signal.SIGKILL)


class Telling:
    """An actor that trains in one thread, while others ask how far it is and tell it to stop."""

    def __init__(self) -> None:
        self._told: deque[Any] = deque()  # which two threads may use
        self.stopped = False

    def tell(self, news: Any) -> None:
        """Keep for the next ``told``."""
        self._told.append(news)

    def told(self) -> list[Any]:
        """What is new since the last call."""
        return [self._told.popleft() for _ in range(len(self._told))]

    def stop(self) -> None:
        """Ask the training to stop."""
        self.stopped = True
