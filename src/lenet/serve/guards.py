"""Access control: pure ASGI, applied before a body is received.

A page of another site in the same browser must not read or write here. It could reach a server on this machine under a
name of its own that resolves to this machine (DNS rebinding), hence the check of ``Host``; and it could send a form
here, hence the check of ``Origin``. There is no CORS: no other origin may read an answer.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lenet.serve.schema import refusal

COOKIE = "lenet_token"
# For health checks without a token; they say nothing but whether the server runs.
OPEN = ("/livez", "/readyz")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


class SafeHeaders:
    """Add headers to every answer that forbid the browser everything that the page does not use."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app."""

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        await self.app(scope, receive, add)


class HostGuard:
    """Refuse requests for other host names than ``hosts`` and IP addresses, and requests from other sites' pages.

    ``hosts`` are names without port, in lower case.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self.app, self.hosts = app, frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app, or refuse."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        host = _split(f"//{hosts[0]}").hostname if len(hosts) == 1 else None
        answer: ASGIApp = self.app
        if host is None or not (host in self.hosts or _is_address(host)):
            name = ascii(hosts[0][:100]) if hosts else "none"
            answer = refusal(421, f"host {name}: not a name of this server; add it with --allow-host", close=True)
        elif any(_split(origin).netloc.lower() != hosts[0].lower() for origin in origins):
            answer = refusal(403, "requests from another site's page are not allowed", close=True)
        await answer(scope, receive, send)


class TokenGuard:
    """Require the token: as ``Authorization: Bearer``, or once in the address, then as a cookie."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app, self.token = app, token.encode()
        self.cookie = hashlib.sha256(self.token).hexdigest()  # a cookie holds only ASCII

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app, or refuse."""
        # Path inside this app, wherever it is mounted.
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        if scope["type"] != "http" or path in OPEN:
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        given = request.query_params.get("token", "")
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        bearer = value.strip() if scheme.lower() == "bearer" else ""
        answer: ASGIApp = self.app
        let_in = hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), self.cookie.encode())
        if request.method == "GET" and hmac.compare_digest(given.encode(errors="replace"), self.token):
            # Removed from the address, since it would stay in the browser's history. Two slashes would begin a host.
            where = scope.get("root_path", "") + "/" if path == "/" else "/" + scope["path"].lstrip("/")
            redirect = RedirectResponse(where, 303)
            redirect.set_cookie(COOKIE, self.cookie, httponly=True, samesite="strict", path="/")
            answer = redirect
        elif not (let_in or hmac.compare_digest(bearer.encode("latin-1"), self.token)):  # as headers are decoded
            why = "needs a token; open the address that `lenet serve` printed, or send Authorization: Bearer TOKEN"
            answer = refusal(401, why, close=True)
        await answer(scope, receive, send)


def _split(address: str) -> SplitResult:
    """The parts of an address; all are empty when it is not valid."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
