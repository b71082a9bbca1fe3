"""`lenet serve` as a process: how it starts, and how it goes."""

import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2 as httpx
import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from fastapi.testclient import TestClient

from lenet.cli.main import main
from lenet.serve import server
from lenet.serve.server import listen
from tests.serve.learning import begin, children, events, start, until
from tests.serve.serving import as_file, connect, seven, status


@contextmanager
def lenet_serve(*options: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "lenet", "serve", "--port", "0", "--no-open", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder)
    try:
        assert process.stdout
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, line + (process.stderr.read() if process.stderr and not line else "")
        yield process, found[0]
    finally:
        process.kill()
        process.communicate()


def test_sigterm_loses_none_of_fifty_in_flight(tmp_path: Path) -> None:
    content = as_file(255 - seven(200))
    with lenet_serve(folder=tmp_path) as (process, address), ExitStack() as stack:
        # All but the last byte is sent, so that all fifty are in flight when the signal comes.
        head = b"POST /api/read HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: %d\r\n\r\n" % len(content)
        connections = [stack.enter_context(connect(address, seconds=60)) for _ in range(50)]
        for connection in connections:
            connection.sendall(head + content[:-1])
        assert httpx.get(address + "readyz").status_code == 200
        process.send_signal(signal.SIGTERM)
        not_ready = _poll(address)
        for connection in connections:
            connection.sendall(content[-1:])
        statuses = []
        readers = [threading.Thread(target=lambda it=it: statuses.append(status(it))) for it in connections]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        assert not_ready == 503
        assert statuses == [200] * 50
        assert process.wait(30) == 0
        assert process.stderr and process.stderr.read() == ""


def _poll(address: str) -> int:
    for _ in range(50):
        code = httpx.get(address + "readyz").status_code
        if code != 200:
            return code
        time.sleep(0.02)
    return 200


def test_ctrl_c_ends_it_as_interrupted(tmp_path: Path) -> None:
    with lenet_serve(folder=tmp_path) as (process, address):
        assert address.startswith("http://127.0.0.1:") and "token" not in address
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert process.stderr and process.stderr.read() == "lenet: interrupted\n"


def test_another_address_asks_for_a_token_unless_public(monkeypatch: pytest.MonkeyPatch) -> None:
    def made(*options: str) -> tuple[TestClient, str]:
        """The app that the command makes of its options, and the address that it prints."""
        apps = []

        def serve(app: FastAPI, listener: socket.socket, on_ready: Callable[[], None]) -> None:
            apps.append(app)
            listener.close()
            on_ready()

        monkeypatch.setattr(server, "serve", serve)
        done = CliRunner().invoke(main, ["serve", "--port", "0", "--no-open", *options])
        return TestClient(apps[0], "http://127.0.0.1"), done.stdout.split()[2]

    client, address = made("--host", "0.0.0.0")
    token = address.partition("?token=")[2]
    assert len(token) >= 20
    assert client.get("/").status_code == 401
    assert client.get("/api/runs", headers={"authorization": f"Bearer {token}"}).json()["trains"]
    assert client.get("/", headers={"host": "evil.example"}).status_code == 421
    client, address = made("--host", "0.0.0.0", "--public")
    assert "token" not in address and not client.get("/api/runs").json()["trains"]
    client, _ = made("--public", "--allow-training")
    assert client.get("/api/runs").json()["trains"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_training_ends_with_the_server(tmp_path: Path, how: signal.Signals) -> None:
    with lenet_serve(folder=tmp_path) as (process, address):
        begun = begin(address, images=60_000, recipe="tutorial", epochs=20)
        with events(address, begun["id"]) as told:
            start(told)
            (child,) = children(process.pid)
            process.send_signal(how)
            if how == signal.SIGTERM:
                assert list(told)[-1] == ("stopped", {})
        assert process.wait(30) == (0 if how == signal.SIGTERM else -signal.SIGKILL)
        until(lambda: not _alive(child), 30)


def _alive(number: int) -> bool:
    try:
        return (Path("/proc") / str(number) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    "arguments", [["--model", "none"], ["--port", "80", "--host", "203.0.113.1"], ["--host", "no.such.host.invalid"]]
)
def test_what_cannot_be_served_is_said_in_one_line(arguments: list[str]) -> None:
    done = CliRunner().invoke(main, ["serve", "--no-open", *arguments])
    assert done.exit_code == 1
    assert done.stderr.startswith("lenet: ") and len(done.stderr.splitlines()) == 1


def test_a_taken_port_is_said_in_one_line() -> None:
    with listen("127.0.0.1", 0) as taken:
        done = CliRunner().invoke(main, ["serve", "--no-open", "--port", str(taken.getsockname()[1])])
    assert done.exit_code == 1 and "choose another" in done.stderr


def test_answers_do_not_wait_for_acknowledgements() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
