"""A real server under attack: it refuses in time, and goes on serving."""

import contextlib
import random
import re
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator

import httpx2 as httpx
import numpy as np
import pytest

from lenet import Model, create_app
from lenet.serve import Limits, server
from tests.serve.serving import as_file, connect, reply, running, seven, status

LIMITS = Limits(body_bytes=1 << 20, all_bodies_bytes=4 << 20, body_seconds=0.6, request_seconds=20, waiting_pictures=8)
HEAD = b"POST /api/predict HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: image/png\r\n"


@pytest.fixture(scope="module")
def address(bundled: Model) -> Iterator[str]:
    patch = pytest.MonkeyPatch()
    patch.setattr(server, "HEADER_SECONDS", 0.6)
    patch.setattr(server, "STUCK_SECONDS", 0.6)
    with running(create_app(bundled, hosts=["localhost"], limits=LIMITS)) as address:
        yield address
    patch.undo()


@pytest.fixture(autouse=True)
def lives_on(address: str) -> Iterator[None]:
    yield
    assert httpx.get(address + "readyz").status_code == 200
    answer = httpx.post(address + "api/predict", json={"pixels": seven(56).tolist()})
    assert answer.json()["label"] == "7"


def test_slow_loris_in_the_headers(address: str) -> None:
    """Many connections that send a header line now and then, and some that send nothing: all are closed."""
    slow = [connect(address) for _ in range(60)]
    for number, connection in enumerate(slow):
        if number % 3:
            connection.sendall(HEAD)
    deadline = time.monotonic() + 15
    open_still = set(slow)
    while open_still and time.monotonic() < deadline:
        for connection in list(open_still):
            connection.settimeout(0.01)
            try:
                connection.sendall(b"x-slow: 1\r\n" if slow.index(connection) % 3 == 1 else b"")
                if not connection.recv(1000):
                    open_still.discard(connection)
            except TimeoutError:
                pass
            except OSError:
                open_still.discard(connection)
    for connection in slow:
        connection.close()
    assert not open_still


def test_slow_loris_is_told(address: str) -> None:
    with connect(address) as connection:
        connection.sendall(HEAD)
        assert status(connection) == 408


def test_a_connection_in_use_is_not_closed(address: str) -> None:
    """The clock of the headers runs neither while idle between two requests nor while a body comes."""
    with httpx.Client() as client:
        assert client.get(address + "livez").status_code == 200
        time.sleep(1)
        assert client.get(address + "livez").status_code == 200
    with connect(address) as connection:
        content = as_file(255 - seven())
        connection.sendall(HEAD + b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(content))
        time.sleep(0.3)
        connection.sendall(content)
        assert status(connection) == 200


def test_a_client_that_takes_no_answers(address: str) -> None:
    """Many requests in one go, of which no answer is taken: the connection is cut, not kept with all of them."""
    count = 1500
    with connect(address) as connection:
        connection.sendall(b"GET /openapi.json HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n" * count)
        time.sleep(2.5)
        assert reply(connection).count(b"HTTP/1.1 200") < count


def test_slow_body(address: str) -> None:
    with connect(address) as connection:
        connection.sendall(HEAD + b"content-length: 1000\r\n\r\n")
        for _ in range(8):
            time.sleep(0.1)
            try:
                connection.sendall(b"x")
            except OSError:
                break
        assert status(connection) == 408


@pytest.mark.parametrize("length", [b"999999999999", b"1048577", b"9" * 30, b"-1", b"1e3", b"0x10", b"12, 13", b""])
def test_lying_content_length(address: str, length: bytes) -> None:
    """Too large is refused before a byte of it has come; nonsense is no request."""
    with connect(address) as connection:
        connection.sendall(HEAD + b"content-length: " + length + b"\r\n\r\n" + b"x" * 100)
        assert status(connection) in (400, 408, 413)


def test_two_lengths_and_both_ways_of_sending(address: str) -> None:
    for more in (
        b"content-length: 5\r\ncontent-length: 6\r\n",
        b"content-length: 5\r\ntransfer-encoding: chunked, x\r\n",
    ):
        with connect(address) as connection:
            connection.sendall(HEAD + more + b"\r\n0\r\n\r\n")
            assert 400 <= status(connection) < 600


def test_chunked_flood(address: str) -> None:
    """A body without end that announces no length is cut off at the limit."""
    with connect(address) as connection:
        connection.sendall(HEAD + b"transfer-encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        sent = 0
        try:
            for _ in range(400):
                connection.sendall(chunk)
                sent += 65536
        except OSError:
            pass
        assert reply(connection).startswith(b"HTTP/1.1 413") or sent < 400 * 65536


def test_all_bodies_together_have_a_limit(address: str) -> None:
    """Bodies that are never finished fill the shared room; then others are told to come back, then there is room."""
    senders = [connect(address) for _ in range(8)]
    for connection in senders:
        connection.sendall(HEAD + b"content-length: 1000000\r\n\r\n" + b"x" * 900_000)
    found = sorted(status(connection) for connection in senders)
    assert set(found) == {408, 503}
    for connection in senders:
        connection.close()


def test_ten_thousand_headers(address: str) -> None:
    many = b"".join(b"x-%d: 1\r\n" % number for number in range(10_000))
    few = b"".join(b"x-%d: 1\r\n" % number for number in range(150))
    for headers in (many, few):
        with connect(address) as connection:
            with contextlib.suppress(OSError):
                connection.sendall(HEAD + headers + b"\r\n")
            assert status(connection) in (400, 431)


def test_nonsense_instead_of_http(address: str) -> None:
    rng = random.Random(0)
    for content in (
        b"\x16\x03\x01" + rng.randbytes(500),
        b"\0" * 1000,
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"a" * 100_000,
    ):
        with connect(address) as connection:
            try:
                connection.sendall(content)
            except OSError:
                continue
            assert status(connection) in (0, 400, 408, 421)


def _png(width: int, height: int, content: bytes, depth: int = 8, kind: int = 2) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", content) + chunk(b"IEND", b"")


def test_bombs(address: str) -> None:
    """Small files that would become large: refused for their announced size, or found to be broken."""
    zeros = zlib.compress(bytes(60_000_000), 9)
    bombs = [
        _png(50_000, 50_000, zeros),
        _png(2**31 - 1, 2**31 - 1, b""),
        _png(100, 100, zeros),
        b"BM" + struct.pack("<IHHIIiiHHIIiiII", 100, 0, 0, 54, 40, 30_000, 30_000, 1, 24, 0, 0, 0, 0, 0, 0),
        b"GIF89a%s\0\0\0,\0\0\0\0%s\0\x02\0;" % ((struct.pack("<HH", 65535, 65535),) * 2),
    ]  # fmt: skip
    for bomb in bombs:
        for path in ("predict", "read", "explain"):
            answer = httpx.post(f"{address}api/{path}", content=bomb, timeout=30)
            assert answer.status_code in (200, 400) and (answer.status_code == 400 or len(bomb) > 50_000), bomb[:8]


def test_five_hundred_mutated_pictures(address: str) -> None:
    rng = random.Random(7)
    page = 255 - seven(40)
    pictures = [as_file(page, form) for form in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")]
    statuses = []
    with httpx.Client(timeout=30) as client:
        for number in range(510):
            content = bytearray(pictures[number % len(pictures)])
            match number % 4:
                case 0:  # bytes changed
                    for _ in range(rng.randint(1, 20)):
                        content[rng.randrange(len(content))] = rng.randrange(256)
                case 1:  # the end is missing
                    del content[rng.randrange(len(content)) :]
                case 2:  # a piece is taken from the middle
                    start = rng.randrange(len(content))
                    del content[start : start + rng.randint(1, 40)]
                case 3:  # the head is changed
                    for _ in range(4):
                        content[rng.randrange(min(60, len(content)))] = rng.randrange(256)
            statuses.append(client.post(address + "api/predict", content=bytes(content)).status_code)
    assert set(statuses) == {200, 400}


def test_many_at_once_get_an_answer_or_are_told_to_come_back(address: str) -> None:
    """More than the queue holds: some are answered, the others hear 503 at once, and health is never refused."""
    content = as_file(np.full((900, 900), 255, np.uint8) - np.pad(seven(800), 50))
    found: list[tuple[int, str | None]] = []

    def ask() -> None:
        answer = httpx.post(address + "api/read", content=content, timeout=60)
        found.append((answer.status_code, answer.headers.get("retry-after")))

    threads = [threading.Thread(target=ask) for _ in range(40)]
    for thread in threads:
        thread.start()
    health = [httpx.get(address + "livez", timeout=60).status_code for _ in range(5)]
    for thread in threads:
        thread.join()
    assert health == [200] * 5
    assert set(found) == {(200, None), (503, "1")}
    assert len(found) == 40


def test_too_late_is_504(bundled: Model) -> None:
    app = create_app(bundled, limits=Limits(request_seconds=0.3))
    queue = app.state.service.pictures
    with running(app) as address:
        blocked = threading.Event()
        queue._work = lambda works: [blocked.wait(20)] * len(works)
        try:
            late = httpx.post(address + "api/read", content=as_file(seven()), timeout=20)
        finally:
            blocked.set()
        assert (late.status_code, late.headers["retry-after"]) == (504, "1")
        assert httpx.post(address + "api/predict", json={"pixels": seven(28).tolist()}).status_code == 200


def test_a_client_that_leaves_does_no_harm(address: str) -> None:
    content = as_file(255 - seven(400))
    for cut in (0, 10, len(content) // 2, len(content)):
        for _ in range(10):
            connection = connect(address)
            connection.sendall(HEAD + b"content-length: %d\r\n\r\n" % len(content) + content[:cut])
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset, not closed
            connection.close()


def test_more_at_once_than_all_queues_hold_are_not_even_taken_in(bundled: Model) -> None:
    """Their bodies are passed over, so that they hear 503 and may ask again on the same connection."""
    app = create_app(bundled, limits=Limits(requests=2))
    with running(app) as address, contextlib.ExitStack() as stack:
        for _ in range(2):
            slow = stack.enter_context(connect(address))
            slow.sendall(HEAD + b"content-length: 1000\r\n\r\n")
        with httpx.Client() as client:
            while client.get(address + "metrics").text.count("lenet_requests_in_flight 3.0") == 0:
                time.sleep(0.01)
            refused = client.post(address + "api/read", content=bytes(500_000))
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
            assert client.get(address + "livez").status_code == 200


def test_without_free_descriptors_one_line_is_logged_and_it_lives_on() -> None:
    """asyncio prints a traceback for every connection that it cannot accept, thousands a second."""
    command = f"ulimit -n 64; exec {sys.executable} -m lenet serve --port 0 --no-open"
    with subprocess.Popen(["sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        address = re.search(r"http://\S+/", process.stdout.readline())
        assert address is not None
        with contextlib.ExitStack() as stack:
            for _ in range(100):
                stack.enter_context(connect(address[0]))
            time.sleep(2.5)  # in which asyncio tries again
        time.sleep(1.5)
        assert httpx.get(address[0] + "livez").status_code == 200
        process.terminate()
        assert process.wait(30) == 0
        assert process.stderr.read().count("\n") == 1
