"""How much a request may bring and how long it may take: pure ASGI, before anything is parsed."""

import asyncio
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lenet.serve.refusal import refuse


@dataclass(frozen=True)
class Limits:
    """What one server lets happen.

    Attributes:
        requests: with a body, at the same time; more than the queues hold together need not even be taken in.
        headers: of one request; a browser sends about 20.
        body_bytes: of one request; a telephone's photo has 3 to 12 MB.
        all_bodies_bytes: of all requests that are being taken in or answered.
        body_seconds: in which a body has to arrive.
        request_seconds: in which a request has to be answered, its body included.
        waiting_images: that wait for the network; a drawing counts as 40, since it is made ready there, too. The
            processor has done with them in a fraction of ``request_seconds``, even when others use it.
        waiting_pictures: small ones, that wait for the thread that reads pictures, explains and loads models; what
            takes longer counts as several.
        images: ready images in one request.
    """

    requests: int = 192
    headers: int = 100
    body_bytes: int = 16 << 20
    all_bodies_bytes: int = 128 << 20
    body_seconds: float = 10.0
    request_seconds: float = 20.0
    waiting_images: int = 2048
    waiting_pictures: int = 64
    images: int = 1024


class TimeLimit:
    """Answer 504 when the app has not begun to answer in time."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app, self.seconds = app, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, with a clock."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            async with asyncio.timeout(self.seconds):
                await self.app(scope, receive, note)
        except TimeoutError:
            if not begun:
                await refuse(send, 504, f"not answered within {self.seconds:g} seconds; try again later")
            # An answer that has begun cannot be taken back: the server closes the connection.


class SizeLimit:
    """Take in the whole body, within the limits, before the app sees the request."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app, self.limits = app, limits
        self._inside = 0  # requests
        self._held = 0  # bytes of all bodies together

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on with the body in memory, or refuse."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] != "POST":
            await self._pass_on(scope, receive, send)
        elif self._inside >= self.limits.requests:
            await refuse(send, 503, "too many are asking; try again later")
        else:
            self._inside += 1
            try:
                await self._pass_on(scope, receive, send)
            finally:
                self._inside -= 1

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()
        try:
            async with asyncio.timeout(self.limits.body_seconds):
                await self._take_in(scope, receive, body)
        except _RefusedError as refused:
            self._held -= len(body)
            await refuse(send, refused.status, str(refused), close=True)
            return
        except TimeoutError:
            self._held -= len(body)
            await refuse(send, 408, f"its body did not arrive within {self.limits.body_seconds:g} seconds", close=True)
            return
        except BaseException:
            self._held -= len(body)
            raise
        try:
            await self.app(scope, _replay(bytes(body), receive), send)
        finally:
            self._held -= len(body)

    async def _take_in(self, scope: Scope, receive: Receive, body: bytearray) -> None:
        limits = self.limits
        too_large = _RefusedError(
            413, f"its body is larger than {limits.body_bytes >> 20} MiB; make the picture smaller"
        )
        if len(scope["headers"]) > limits.headers:
            raise _RefusedError(431, f"it has more than {limits.headers} headers")
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        # Whatever is announced, what comes is counted: a chunked body announces nothing.
        if not announced.isdigit() or int(announced[:20]) > limits.body_bytes:
            raise too_large
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _RefusedError(400, "its body was cut off")
            chunk = message.get("body", b"")
            body += chunk
            self._held += len(chunk)
            if len(body) > limits.body_bytes:
                raise too_large
            if self._held > limits.all_bodies_bytes:
                raise _RefusedError(503, "too many large requests at the same time; try again later")
            more = message.get("more_body", False)


class _RefusedError(Exception):
    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def _replay(body: bytes, receive: Receive) -> Receive:
    """What gives the app the body as one message, then whatever else comes (that the client has gone)."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
