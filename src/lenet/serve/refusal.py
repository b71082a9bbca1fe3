"""The one form in which a request is refused: a status and one line of JSON."""

from starlette.responses import JSONResponse
from starlette.types import Send

# Seconds after which to try again, where waiting helps.
RETRY_AFTER = "1"


def refusal(status: int, why: str, close: bool = False) -> JSONResponse:
    """``{"error": why}``; says when to come back where waiting helps.

    Args:
        status: of HTTP.
        why: one line: what is wrong and what to do.
        close: whether the connection ends with it, since more of the request may be on its way.
    """
    headers = {"retry-after": RETRY_AFTER} if status in (503, 504) else {}
    if close:
        headers["connection"] = "close"
    return JSONResponse({"error": why}, status, headers)


async def refuse(send: Send, status: int, why: str, close: bool = False) -> None:
    """Send a refusal where there is no app to return it from."""
    response = refusal(status, why, close)
    await send({"type": "http.response.start", "status": status, "headers": response.raw_headers})
    await send({"type": "http.response.body", "body": response.body})
