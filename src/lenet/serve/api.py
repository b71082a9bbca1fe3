"""The API's routes: what comes in is taken apart, the service does the work, what comes out is JSON."""

from functools import partial
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from lenet.explain.explanation import Explanation
from lenet.serve import schema
from lenet.serve.card import card, gallery, kernels
from lenet.serve.refusal import refusal
from lenet.serve.service import Service

ModelName = Annotated[
    str | None, Query(max_length=255, description="A name of /api/runs; the served model if not given.")
]
PICTURES = ("image/*", "application/octet-stream")
BINARY = {"schema": {"type": "string", "format": "binary"}}
JSON_BODY = {"application/json": {"schema": schema.Drawing.model_json_schema()}}
PICTURE_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": {"image/*": BINARY}}}
EITHER_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": {**JSON_BODY, "image/*": BINARY}}}
IMAGES_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": {"application/octet-stream": BINARY}}}
WRONG_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": schema.Wrong.model_json_schema()}}}
}


def _answers(kind: Any, *refusals: int) -> dict[int | str, dict[str, Any]]:
    why = {
        400: "What was sent cannot be read.", 403: "Another site's page asks, or nothing is collected here.",
        408: "The body came too slowly.", 413: "The body is too large.", 422: "A parameter is wrong.",
        503: "Too many are waiting, or the server is going away.", 504: "It took too long.",
    }  # fmt: skip
    shown: dict[int | str, dict[str, Any]] = {
        status: {"model": schema.Refusal, "description": why[status]} for status in (*refusals, 422)
    }
    return {200: {"model": kind}, **shown}


def routes(service: Service) -> APIRouter:
    """Make the routes of one service."""
    router = APIRouter()
    working = (400, 408, 413, 503, 504)

    @router.post("/api/predict", responses=_answers(schema.Answer, *working), openapi_extra=EITHER_BODY, tags=["read"])
    async def predict(request: Request, model: ModelName = None) -> Response:
        """Read one digit: a drawing's, or the largest of a picture."""
        reader = await service.reader(model)
        answer = service.answer_drawing if _is_drawing(request) else service.answer_picture
        return JSONResponse(await answer(await request.body(), reader))

    @router.post(
        "/api/predict-many", responses=_answers(schema.Answers, *working), openapi_extra=IMAGES_BODY, tags=["read"]
    )
    async def predict_many(request: Request, model: ModelName = None) -> Response:
        """Read many ready images at once: their bytes, one image after the other, bright ink on black."""
        reader = await service.reader(model)
        return JSONResponse(await service.answer_images(await request.body(), reader))

    @router.post("/api/read", responses=_answers(schema.Reading, *working), openapi_extra=PICTURE_BODY, tags=["read"])
    async def read(request: Request, model: ModelName = None, images: bool = False) -> Response:
        """Read every digit of a picture, in reading order."""
        reader = await service.reader(model)
        return JSONResponse(await service.read(await request.body(), reader, images))

    @router.post(
        "/api/explain", responses=_answers(schema.Explained, *working), openapi_extra=EITHER_BODY, tags=["look inside"]
    )
    async def explain(
        request: Request,
        model: ModelName = None,
        label: Annotated[
            str | None, Query(max_length=100, description="The class to explain; the answer if not given.")
        ] = None,
    ) -> Response:
        """Show what every layer says of one digit, and which ink carried the answer."""
        reader = await service.reader(model)
        answer, explanation = await service.explain(await request.body(), _is_drawing(request), reader, label)
        return Response(await service.aside(partial(_explained, answer, explanation)), media_type="application/json")

    @router.get("/api/model", responses=_answers(schema.Card, 400), tags=["look inside"])
    async def model_card(model: ModelName = None) -> Response:
        """Tell what is known of a model."""
        reader = await service.reader(model)
        return JSONResponse(card(reader.model, model or service.shelf.name))

    @router.get("/api/kernels", responses=_answers(schema.Filters, 400, 503), tags=["look inside"])
    async def filters(model: ModelName = None) -> Response:
        """Give the kernels of both convolutions."""
        reader = await service.reader(model)
        return JSONResponse(await service.aside(lambda: kernels(reader.model)))

    @router.get("/api/runs", response_model=schema.Runs, tags=["look inside"])
    async def runs() -> Response:
        """List the models that one may choose from."""
        names = await service.aside(service.shelf.names)
        return JSONResponse({"names": names, "collects": service.collection is not None})

    @router.get("/api/gallery", responses=_answers(schema.Gallery, 400, 503), tags=["look inside"])
    async def samples(
        model: ModelName = None,
        count: Annotated[int, Query(ge=1, le=100)] = 30,
        seed: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    ) -> Response:
        """Give test images that the model has not learnt from."""
        reader = await service.reader(model)
        return JSONResponse(await service.aside(lambda: gallery(reader.model, count, seed)))

    @router.post(
        "/api/collect", responses=_answers(schema.Kept, 403, *working), openapi_extra=WRONG_BODY, tags=["collect"]
    )
    async def collect(request: Request, model: ModelName = None) -> Response:
        """Keep a drawing that was read wrong, where the server was started with a folder for that."""
        if service.collection is None:
            return refusal(403, "nothing is collected here; start `lenet serve` with --collect DIR")
        reader = await service.reader(model)
        path = await service.keep(await request.body(), reader)
        return JSONResponse({"kept": f"{path.parent.name}/{path.name}"})

    @router.get("/livez", response_model=schema.Health, tags=["health"])
    async def livez() -> Response:
        """Say that the server lives."""
        return JSONResponse({"status": "alive"})

    @router.get("/readyz", response_model=schema.Health, responses={503: {"model": schema.Health}}, tags=["health"])
    async def readyz() -> Response:
        """Say whether to send requests here."""
        if service.draining:
            return JSONResponse({"status": "going away"}, 503)
        return JSONResponse({"status": "ready"})

    @router.get("/metrics", response_class=Response, tags=["health"])
    async def metrics() -> Response:
        """Give the counters in Prometheus's text format."""
        return Response(service.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router


def _is_drawing(request: Request) -> bool:
    """Whether JSON is announced; what is not is a picture's file, whatever it is called."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


def _explained(answer: dict[str, Any], explanation: Explanation | None) -> bytes:
    if explanation is None:
        plain: dict[str, Any] = {"layers": [], "occlusion": [], "evidence": [], "contributions": []}
        return _encoded({"answer": answer, "label": None, **plain})
    layers = [
        {
            "name": name,
            "maps": _short(values.transpose(2, 0, 1)) if values.ndim == 3 else [],
            "units": _short(values) if values.ndim == 1 else [],
        }
        for name, values in explanation.activations.items()
        if not name.startswith("relu") and name != "flatten"
    ]
    content = {
        "answer": answer,
        "label": explanation.class_names[explanation.label],
        "layers": layers,
        "occlusion": _short(explanation.occlusion),
        "evidence": _short(explanation.evidence),
        "contributions": _short(explanation.contributions),
    }
    return _encoded(content)


def _encoded(content: Any) -> bytes:
    return bytes(JSONResponse(content).body)


def _short(values: np.ndarray[Any, np.dtype[np.float32]]) -> Any:
    return values.astype(np.float64).round(4).tolist()
