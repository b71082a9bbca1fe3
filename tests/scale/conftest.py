"""Sources of pictures, and `lenet` as a process of its own, as one who calls it on a cluster has it."""

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

# Seconds that no process takes, on a busy machine either.
PATIENCE = 240


def write_idx(path: Path, images: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    head = struct.pack(">4B3I", 0, 0, 8, 3, *images.shape[:3])
    path.write_bytes(head + images.tobytes())


def start(*arguments: object, cwd: Path, **variables: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "lenet", *map(str, arguments)],
        cwd=cwd,
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen) -> tuple[str, str]:
    """What a process that ends well has printed."""
    stdout, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, stderr
    return stdout, stderr


def kill(process: subprocess.Popen) -> None:
    """As when the system runs out of memory: the process can do nothing about it."""
    process.kill()
    process.communicate()


def wait_for(condition, process: subprocess.Popen | None = None) -> None:
    """Until the condition holds; the process must not end before."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        assert process is None or process.poll() is None, process.communicate()
        time.sleep(0.05)


def named(prefix: str, **variables: str) -> list[int]:
    """Ids of the processes of this name, which Ray gives to its workers, whose environment has these values."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "cmdline").read_text().startswith(prefix):
                environment = (folder / "environ").read_text().split("\0")
                found += [int(folder.name)] * all(f"{name}={value}" in environment for name, value in variables.items())
        except OSError:
            continue
    return found


class Nodes:
    """A Ray cluster of two nodes on this machine, each with addresses of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.variables = {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": "0123456789abcdef" * 4,
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_worker_niceness": "0",
        }
        with socket.socket() as free:
            free.bind(("127.0.0.2", 0))
            self.address = f"127.0.0.2:{free.getsockname()[1]}"
        head = ["--head", "--port", self.address.rpartition(":")[2], "--include-dashboard=false"]
        self.head = self.start(2, *head, f"--temp-dir={folder}")
        wait_for(self.answers, self.head)
        self.second = self.start(3, f"--address={self.address}")

    def start(self, number: int, *options: str) -> subprocess.Popen:
        ports = [f"--min-worker-port={20000 + 200 * number}", f"--max-worker-port={20199 + 200 * number}"]
        ray = Path(sys.executable).with_name("ray")
        command = [ray, "start", "--block", f"--node-ip-address=127.0.0.{number}", "--num-cpus=1", *ports, *options]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(
            [*map(str, command), "--object-store-memory=100000000"],
            env=os.environ | self.variables,
            start_new_session=True,
            **quiet,
        )

    def answers(self) -> bool:
        with socket.socket() as probe:
            host, port = self.address.split(":")
            return probe.connect_ex((host, int(port))) == 0

    def kill(self, node: subprocess.Popen) -> None:
        """As when the machine loses its power."""
        if node.poll() is None:
            os.killpg(node.pid, signal.SIGKILL)
        node.wait()


@pytest.fixture
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    cluster = Nodes(tmp_path_factory.mktemp("r"))
    yield cluster
    cluster.kill(cluster.second)
    cluster.kill(cluster.head)
