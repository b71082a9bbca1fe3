"""One process that serves the app: it limits slow clients, and shuts down gracefully."""

import asyncio
import errno
import logging
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from lenet.errors import LenetError, reason

# The headers of a request come in few packets; a slower client is cut off.
HEADER_SECONDS = 5.0
HEADER_BYTES = 32 << 10
# For a client that does not receive its answer.
STUCK_SECONDS = 20.0
KEEP_ALIVE_SECONDS = 15
# More connections are closed at once. asyncio accepts as many as wait at a time, at most the backlog.
CONNECTIONS, BACKLOG = 512, 128
# After a signal, requests that arrive at the same moment are answered, too.
QUIET_SECONDS = 0.3
DRAIN_SECONDS = 25.0
TIMEOUT = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class TimedProtocol(H11Protocol):
    """HTTP/1.1 that closes a connection when headers do not arrive, or answers are not received, in time.

    uvicorn limits the bytes of the headers and the time between two requests, but not the time that headers take, nor
    the time that an answer waits in its buffers.
    """

    _clock: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock for the first request, unless there are too many connections."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            transport.abort()
            return
        self._wait_for_headers()

    def data_received(self, data: bytes) -> None:
        """Stop the clock when the headers are complete; start it with the first byte of the next ones."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_clock()
        elif self._clock is None:
            self._wait_for_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks."""
        self._stop_clock()
        super().connection_lost(exc)
        self.resume_writing()

    def pause_writing(self) -> None:
        """The buffer is full: the client has limited time to receive."""
        super().pause_writing()
        self._stuck = self.loop.call_later(STUCK_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """The client receives again."""
        super().resume_writing()
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def _wait_for_headers(self) -> None:
        self._clock = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _give_up(self) -> None:
        self._clock = None
        if not self.transport.is_closing():
            self.transport.write(TIMEOUT)
            self.transport.close()


class Server(uvicorn.Server):
    """uvicorn that after a signal first is not ready, then finishes all requests, then ends with status 0."""

    def __init__(self, app: FastAPI, on_ready: Callable[[], None]) -> None:
        """Prepare to serve ``app``; ``on_ready`` is called once when the server accepts requests."""
        super().__init__(
            uvicorn.Config(
                app,
                http=TimedProtocol,
                ws="none",
                h11_max_incomplete_event_size=HEADER_BYTES,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=round(DRAIN_SECONDS),
                limit_concurrency=CONNECTIONS,
                backlog=BACKLOG,
                proxy_headers=False,
                server_header=False,
                access_log=False,
                log_config=None,
            )
        )
        # Its warnings are about clients, who get an answer; its errors are ours.
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        self.stopped_by: int | None = None
        self._service = app.state.service
        self._on_ready = on_ready
        self._said = False
        self._quiet_since = self._signalled_at = 0.0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and call ``on_ready``."""
        asyncio.get_running_loop().set_exception_handler(self._say_once)
        await super().startup(sockets)
        self._on_ready()

    def _say_once(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Say once that no file descriptor is free, where asyncio would print a traceback for each connection."""
        if getattr(context.get("exception"), "errno", None) not in (errno.EMFILE, errno.ENFILE):
            loop.default_exception_handler(context)
        elif not self._said:
            self._said = True
            what = "lenet: too many connections for the limit of open files; raise it with ulimit -n"
            logging.getLogger("uvicorn.error").error(what)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to shut down; a second signal ends at once."""
        if self.stopped_by is not None:
            self.should_exit = self.force_exit = True
        self.stopped_by = sig
        self._service.draining = True
        self._signalled_at = self._quiet_since = time.monotonic()

    async def on_tick(self, counter: int) -> bool:
        """Whether to end: after a signal, when nothing was left to answer for a moment."""
        ending = await super().on_tick(counter)
        if self.stopped_by is None:
            return ending
        self._service.trainings.stop_all()  # whose followers would wait
        now = time.monotonic()
        if self.server_state.tasks:
            self._quiet_since = now
        return ending or now - self._quiet_since > QUIET_SECONDS or now - self._signalled_at > DRAIN_SECONDS


def listen(host: str, port: int) -> socket.socket:
    """Bind the address, at port 0 a free one; LenetError when it is not this machine's, or the port is in use."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=CONNECTIONS)
    except OSError as error:
        raise LenetError(
            f"{host}:{port}: cannot be served ({reason(error)}); choose another --host or --port"
        ) from error
    # Connections inherit it; asyncio sets it only for sockets that name their protocol. Without it, the body of an
    # answer waits until the client has acknowledged the headers: 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def serve(app: FastAPI, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    """Serve until SIGTERM, or Ctrl-C, which raises KeyboardInterrupt when all requests are answered."""
    server = Server(app, on_ready)
    server.run(sockets=[listener])
    if server.stopped_by == signal.SIGINT:
        raise KeyboardInterrupt
