"""``create_app``: a model → the page and its API, as an ASGI app to serve or to mount in another."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.responses import FileResponse, JSONResponse
from starlette.staticfiles import StaticFiles

from lenet.errors import LenetError
from lenet.model.runtime import Model
from lenet.pictures.formats import FORMATS
from lenet.serve import api, training_api
from lenet.serve.guards import HostGuard, SafeHeaders, TokenGuard
from lenet.serve.limits import Limits, SizeLimit, TimeLimit
from lenet.serve.metrics import Measured
from lenet.serve.queue import BusyError
from lenet.serve.schema import RefusedError, refusal
from lenet.serve.service import Service
from lenet.serve.training_queue import can_train

PAGE = Path(__file__).parents[1] / "page"
DESCRIPTION = """\
Reads handwritten digits, or classifies pictures. The body is a picture file ({formats}), or
JSON with the pixels of a drawing. Every refusal is `{{"error": "one line"}}`.""".format(formats=", ".join(FORMATS))


async def _say_error(status: int, _: Request, error: Exception) -> JSONResponse:
    return refusal(status, str(error))


async def _say_refused(_: Request, error: Any) -> JSONResponse:
    return refusal(error.status, str(error), code=error.code)


async def _say_failure(_: Request, __: Exception) -> JSONResponse:
    return refusal(500, "the server failed; see its log")


async def _say_http_error(_: Request, error: Any) -> JSONResponse:
    response = refusal(error.status_code, str(error.detail))
    response.headers.update(error.headers or {})
    return response


async def _say_validation_error(_: Request, error: Any) -> JSONResponse:
    first = error.errors()[0]
    return refusal(422, f"{'.'.join(map(str, first['loc']))}: {first['msg'][:200]}")


EXCEPTIONS: dict[Any, Any] = {
    RefusedError: _say_refused,
    LenetError: partial(_say_error, 400),
    BusyError: partial(_say_error, 503),
    Exception: _say_failure,
    HTTPException: _say_http_error,
    RequestValidationError: _say_validation_error,
}


def create_app(
    model: Model | str | Path | None = None,
    *,
    runs: str | Path | None = None,
    collect: str | Path | None = None,
    hosts: Collection[str] | None = None,
    token: str | None = None,
    limits: Limits | None = None,
    training: bool = False,
) -> FastAPI:
    """Make the app. It loads the model once; its threads start with the first request.

    Args:
        model: The model, or its run folder or file; the bundled one by default.
        runs: Folder of runs whose models can be chosen, too.
        collect: Folder for corrections of wrong answers; nothing is ever written when not given.
        hosts: Names of this server; requests for others are refused. Leave it out only behind a server that checks.
        token: Secret that every request needs; none when not given.
        limits: Of sizes, times and queues; ``Limits()`` by default.
        training: Whether whoever reaches the server may train networks, when the training libraries are installed.

    Raises:
        LenetError: when the model cannot be loaded.

    Example:
        >>> app = FastAPI()
        >>> app.mount("/digits", create_app(Model.load("runs/train-1")))
    """
    limits = limits or Limits()
    model = model if isinstance(model, Model) else Model.load(model)
    service = Service(model, Path(runs) if runs else None, Path(collect) if collect else None, limits)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await service.trainings.close()
        service.close()

    app = FastAPI(
        title="lenet",
        description=DESCRIPTION,
        version=version("lenet"),
        lifespan=lifespan,
        exception_handlers=EXCEPTIONS,
        docs_url=None,  # FastAPI's page loads from a CDN; ours is lab/docs.html
        redoc_url=None,
    )
    app.state.service = service
    app.state.trains = training and can_train()
    app.include_router(api.router)
    app.include_router(training_api.router)
    # The page uses relative addresses, so that it works wherever it is mounted.
    for path, name in (("/", "index.html"), ("/docs", "docs.html")):
        app.add_api_route(path, _page(name), include_in_schema=False)
    app.mount("/page", StaticFiles(directory=PAGE), name="page")

    # Weights do not become smaller. The last one added is called first.
    packed = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/octet-stream")
    app.add_middleware(GZipMiddleware, exclude_content_types=packed, compresslevel=6)
    app.add_middleware(SizeLimit, limits=limits)
    app.add_middleware(TimeLimit, seconds=limits.request_seconds)
    if token is not None:
        app.add_middleware(TokenGuard, token=token)
    if hosts is not None:
        app.add_middleware(HostGuard, hosts=hosts)
    app.add_middleware(SafeHeaders)
    app.add_middleware(Measured, metrics=service.metrics)
    return app


def _page(name: str) -> Callable[[], Awaitable[FileResponse]]:
    async def page() -> FileResponse:
        return FileResponse(PAGE / "lab" / name, headers={"cache-control": "no-cache"})

    return page
