"""Limits on the size and time of requests: pure ASGI, applied before anything is parsed."""

import asyncio
from dataclasses import dataclass

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lenet.serve.schema import refusal

EVENTS = b"text/event-stream; charset=utf-8"


@dataclass(frozen=True)
class Limits:
    """Limits of one server."""

    requests: int = 192  # number of requests with a body at the same time; more than all queues hold are not received
    headers: int = 100  # number of headers of one request; a browser sends about 20
    body_bytes: int = 16 << 20  # of one request; a phone's photo has 3 to 12 MB
    all_bodies_bytes: int = 128 << 20  # of all requests in progress
    body_seconds: float = 10.0  # time in which a body has to arrive
    request_seconds: float = 20.0  # time in which a request has to be answered, its body included
    # Number of images that wait for the network; a drawing counts as 40, since it is framed in the same thread. They
    # take a fraction of ``request_seconds``, even on a busy processor.
    waiting_images: int = 2048
    # Number of small pictures that wait for the picture worker; larger jobs count as several.
    waiting_pictures: int = 64
    images: int = 1024  # number of images in one request


class TimeLimit:
    """Answer 504 when the app has not begun to answer in time."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app, self.seconds = app, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app, or refuse."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def note(message: Message) -> None:
            nonlocal begun
            begun = True
            # Events are sent for as long as somebody follows them.
            if (b"content-type", EVENTS) in message.get("headers", ()):
                limit.reschedule(None)
            await send(message)

        try:
            async with asyncio.timeout(self.seconds) as limit:
                await self.app(scope, receive, note)
        except TimeoutError:
            if not begun:
                late = refusal(504, f"not answered within {self.seconds:g} seconds; try again later")
                await late(scope, receive, send)
            # An answer that has begun cannot be replaced: the server closes the connection.


class SizeLimit:
    """Receive the whole body, within the limits, before the app is called."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app, self.limits = app, limits
        self._inside = 0  # requests with a body
        self._held = 0  # bytes of all bodies together

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app, or refuse."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        has_body = scope["method"] not in ("GET", "HEAD")
        if has_body and self._inside >= self.limits.requests:
            await refusal(503, "too many requests at the same time; try again later")(scope, receive, send)
            return
        body = bytearray()
        self._inside += has_body
        try:
            answer: ASGIApp = await self._receive(scope, receive, body) or self.app
            await answer(scope, _replay(bytes(body), receive), send)
        finally:
            self._inside -= has_body
            self._held -= len(body)

    async def _receive(self, scope: Scope, receive: Receive, body: bytearray) -> JSONResponse | None:
        """Append the body to ``body``; gives the refusal when a limit is exceeded."""
        limits = self.limits
        too_large = refusal(
            413, f"its body is larger than {limits.body_bytes >> 20} MiB; make the picture smaller", close=True
        )
        if len(scope["headers"]) > limits.headers:
            return refusal(431, f"it has more than {limits.headers} headers", close=True)
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        # The bytes are counted as well, since a chunked body declares no length.
        if not declared.isdigit() or int(declared[:20]) > limits.body_bytes:
            return too_large
        try:
            async with asyncio.timeout(limits.body_seconds):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return refusal(400, "its body was cut off", close=True)
                    chunk = message.get("body", b"")
                    body += chunk
                    self._held += len(chunk)
                    if len(body) > limits.body_bytes:
                        return too_large
                    if self._held > limits.all_bodies_bytes:
                        return refusal(503, "too many large requests at the same time; try again later", close=True)
                    more = message.get("more_body", False)
        except TimeoutError:
            return refusal(408, f"its body did not arrive within {limits.body_seconds:g} seconds", close=True)
        return None


def _replay(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that gives the body as one message, then whatever follows (such as the disconnect)."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed
