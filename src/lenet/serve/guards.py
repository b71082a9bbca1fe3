"""Who may ask: pure ASGI, before a body is taken in.

A page of another site that is open in the same browser must not read or write here: it can reach a server on this
machine by a name of its own that it points here (DNS rebinding), hence the check of ``Host``; and it can send a form
here, hence the check of ``Origin``. There is no CORS: no other origin may read an answer.
"""

import hmac
import ipaddress
from collections.abc import Collection
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lenet.serve.refusal import refuse

COOKIE = "lenet_token"
# Asked by machines that have no token; they tell nothing but that the server lives.
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
    """Put the headers on every answer that keep a browser from doing what this page never asks for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on."""

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        await self.app(scope, receive, add)


class HostGuard:
    """Refuse hosts that this server does not go by, and requests that another site's page sends."""

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        """Take the names to go by.

        Args:
            app: who is guarded.
            hosts: names without port, lower case; an address of the net is no name, and always right.
        """
        self.app, self.hosts = app, frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, or refuse."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
        host = _hostname(f"//{asked[0]}") if len(asked) == 1 else None
        if host is None or not (host in self.hosts or _is_address(host)):
            name = ascii(asked[0][:100]) if asked else "none"
            await refuse(send, 421, f"host {name}: not a name of this server; add it with --allow-host", close=True)
        elif any(_netloc(origin) != asked[0].lower() for origin in origins):
            await refuse(send, 403, "another site's page may not ask here", close=True)
        else:
            await self.app(scope, receive, send)


class TokenGuard:
    """Let in who knows the token: as ``Authorization: Bearer``, or once in the address, then as a cookie."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app, self.token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, or refuse."""
        if scope["type"] != "http" or _path(scope) in OPEN:
            await self.app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        given = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=20).get("token", [""])[0]
        if scope["method"] == "GET" and given and self._is_right(given):
            # Out of the address line, where it would stay in the history.
            response = RedirectResponse(scope.get("root_path", "") + "/" if _path(scope) == "/" else scope["path"], 303)
            response.set_cookie(COOKIE, self.token, httponly=True, samesite="strict", path="/")
            await response(scope, receive, send)
        elif self._is_right(_bearer(headers)) or self._is_right(_cookie(headers)):
            await self.app(scope, receive, send)
        else:
            why = "asks for a token; open the address that `lenet serve` printed, or send Authorization: Bearer TOKEN"
            await refuse(send, 401, why, close=True)

    def _is_right(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.token.encode())


def _path(scope: Scope) -> str:
    """Where the request goes inside this app, wherever that is mounted."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def _hostname(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _netloc(origin: str) -> str:
    """``host:port`` of an origin; empty when it has none, as ``null`` has."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _bearer(headers: dict[bytes, str]) -> str:
    scheme, _, token = headers.get(b"authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _cookie(headers: dict[bytes, str]) -> str:
    try:
        cookie = SimpleCookie(headers.get(b"cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return cookie.value if cookie else ""
