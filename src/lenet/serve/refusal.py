"""The form in which requests are refused: a status and one line of JSON."""

from starlette.responses import JSONResponse


def refusal(status: int, why: str, close: bool = False) -> JSONResponse:
    """``{"error": why}``, with ``Retry-After`` of a second when waiting helps; also an ASGI app that answers so.

    Args:
        status: HTTP status.
        why: One line: what is wrong and what to do next.
        close: Whether to close the connection, since more of the request may be on its way.
    """
    headers = {"retry-after": "1"} if status in (503, 504) else {}
    if close:
        headers["connection"] = "close"
    return JSONResponse({"error": why}, status, headers)
