"""A real server for the tests, and pictures to send to it."""

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from fastapi import FastAPI
from PIL import Image, ImageDraw

from lenet.serve.server import Server, listen


@contextmanager
def running(app: FastAPI) -> Iterator[str]:
    """Serve in a thread as `lenet serve` does; gives the address."""
    listener = listen("127.0.0.1", 0)
    ready = threading.Event()
    server = Server(app, ready.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        assert ready.wait(30)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join(30)
    assert not thread.is_alive()


def connect(address: str, seconds: float = 20) -> socket.socket:
    """A bare connection to it."""
    host, port = address.removeprefix("http://").rstrip("/").split(":")
    return socket.create_connection((host, int(port)), timeout=seconds)


def reply(connection: socket.socket) -> bytes:
    """All that comes until the server closes or falls silent."""
    received = b""
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except (TimeoutError, ConnectionError):
        pass
    return received


def status(connection: socket.socket) -> int:
    """The status of what the server replies; 0 when it only closes."""
    received = reply(connection)
    return int(received.split(b" ", 2)[1]) if received else 0


def seven(side: int = 112) -> np.ndarray:
    """A drawn 7, white on black."""
    image = Image.new("L", (side, side))
    points = [(0.3 * side, 0.2 * side), (0.7 * side, 0.2 * side), (0.45 * side, 0.8 * side)]
    ImageDraw.Draw(image).line(points, fill=255, width=max(1, round(0.07 * side)), joint="curve")
    return np.asarray(image)


def as_file(pixels: np.ndarray, form: str = "PNG") -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, form)
    return content.getvalue()
