"""The routes of the API: requests in, ``Service`` does the work, JSON out."""

from collections.abc import Callable
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.types import DecoratedCallable
from prometheus_client import generate_latest
from starlette.responses import JSONResponse, Response

from lenet.model.description import kernels
from lenet.reading import Reader
from lenet.serve import answers, schema
from lenet.serve.details import as_file, details, gallery, network
from lenet.serve.measure import card, compare, mistakes
from lenet.serve.schema import refusal
from lenet.serve.service import Service

router = APIRouter()
# Weight of 10,000 images in the queue of the picture worker.
MEASUREMENT = 8
ModelName = Annotated[
    str | None, Query(max_length=255, description="A name of /api/runs; the served model by default.")
]
Label = Annotated[str | None, Query(max_length=100, description="The class to explain; the answer by default.")]
# Bodies: content types and their schemas.
BINARY = {"schema": {"type": "string", "format": "binary"}}
PICTURE = {"image/*": BINARY}
EITHER = {"application/json": {"schema": schema.Drawing.model_json_schema()}, **PICTURE}
IMAGES = {"application/octet-stream": BINARY}
WRONG = {"application/json": {"schema": schema.Wrong.model_json_schema()}}


def _answers(kind: Any, *refusals: int) -> dict[int | str, dict[str, Any]]:
    return {200: {"model": kind}, **answers.refusals(*refusals, 422)}


def _post(
    path: str, answer: Any, body: dict[str, Any], tag: str, *refusals: int
) -> Callable[[DecoratedCallable], DecoratedCallable]:
    responses = _answers(answer, *refusals, 400, 408, 413, 503, 504)
    body_described = {"requestBody": {"required": True, "content": body}}
    return router.post(path, responses=responses, openapi_extra=body_described, tags=[tag])


@_post("/api/predict", answers.Answer, EITHER, "read")
async def predict(request: Request, model: ModelName = None) -> Response:
    """Classify a drawing, the largest mark of a picture, or the whole picture, as the model's framing is."""
    service, reader = await _chosen(request, model)
    answer = service.answer_drawing if _is_drawing(request) else service.answer_picture
    return JSONResponse(await answer(await request.body(), reader))


@_post("/api/predict-many", answers.Answers, IMAGES, "read")
async def predict_many(request: Request, model: ModelName = None) -> Response:
    """Classify many images of the model's size: their bytes, one image after the other, bright ink on black."""
    service, reader = await _chosen(request, model)
    return JSONResponse(await service.answer_images(await request.body(), reader))


@_post("/api/read", answers.Reading, PICTURE, "read")
async def read(request: Request, model: ModelName = None, images: bool = False) -> Response:
    """Read all digits of a picture in reading order, or classify the whole picture."""
    service, reader = await _chosen(request, model)
    return JSONResponse(await service.read(await request.body(), reader, images))


@_post("/api/explain", answers.Explained, EITHER, "look inside")
async def explain(request: Request, model: ModelName = None, label: Label = None) -> Response:
    """Give the output of every layer for one drawing or picture, and the pixels that the answer rests on."""
    service, reader = await _chosen(request, model)
    content = await service.explain(await request.body(), _is_drawing(request), reader, label)
    return Response(content, media_type="application/json")


@router.get("/api/model", responses=_answers(answers.Details, 400), tags=["look inside"])
async def model_details(request: Request, model: ModelName = None) -> Response:
    """Give the details of a model."""
    service, reader = await _chosen(request, model)
    return JSONResponse(details(reader.model, model or service.shelf.name))


@router.get("/api/network", responses=_answers(answers.Network, 400, 503), tags=["look inside"])
async def model_network(request: Request, model: ModelName = None) -> Response:
    """Describe a network, so that a page can compute its answers; /api/weights has the kernels."""
    service, reader = await _chosen(request, model)
    return JSONResponse(network(reader.model, model or service.shelf.name))


@router.get("/api/weights", responses={**_answers(None, 400, 503), 200: {"content": IMAGES}}, tags=["look inside"])
async def model_weights(request: Request, model: ModelName = None) -> Response:
    """Give the kernels of all layers as little-endian float32; a layer of /api/network says where its own begins."""
    _, reader = await _chosen(request, model)
    numbers = kernels(reader.model.metadata, reader.model.weights)
    return Response(numbers.astype("<f4").tobytes(), media_type="application/octet-stream")


@router.get("/api/runs", response_model=answers.Runs, tags=["look inside"])
async def runs(request: Request) -> Response:
    """List the models to choose from."""
    service = _service(request)
    names = await service.in_worker(service.shelf.names)
    collects, trains = service.collection is not None, request.app.state.trains
    return JSONResponse({"names": names, "collects": collects, "trains": trains})


@router.get("/api/gallery", responses=_answers(answers.Gallery, 400, 503), tags=["look inside"])
async def samples(
    request: Request,
    model: ModelName = None,
    count: Annotated[int, Query(ge=1, le=100)] = 30,
    seed: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Response:
    """Give test images that the model was not trained on."""
    service, reader = await _chosen(request, model)
    return JSONResponse(await service.in_worker(lambda: gallery(reader.model, count, seed)))


@router.get("/api/card", responses=_answers(answers.Card, 400, 503, 504), tags=["measure"])
async def model_card(request: Request, model: ModelName = None) -> Response:
    """Measure a model on its test images."""
    service, reader = await _chosen(request, model)
    return JSONResponse(await service.in_worker(lambda: card(reader.model), MEASUREMENT))


@router.get("/api/mistakes", responses=_answers(answers.Mistakes, 400, 503, 504), tags=["measure"])
async def model_mistakes(
    request: Request,
    model: ModelName = None,
    truth: Annotated[str | None, Query(alias="true", max_length=100, description="Only images of this class …")] = None,
    read: Annotated[str | None, Query(max_length=100, description="… that are read as this one.")] = None,
) -> Response:
    """Give test images that a model reads incorrectly, or those of one class that it reads as another."""
    service, reader = await _chosen(request, model)
    return JSONResponse(await service.in_worker(lambda: mistakes(reader.model, truth, read), MEASUREMENT))


@router.get("/api/compare", responses=_answers(answers.Comparison, 400, 503, 504), tags=["measure"])
async def compare_models(
    request: Request, other: Annotated[str, Query(max_length=255)], model: ModelName = None
) -> Response:
    """Compare two models on the same test images: is their difference more than chance?"""
    service, first = await _chosen(request, model)
    second = await service.reader(other)
    return JSONResponse(await service.in_worker(lambda: compare(first.model, second.model), 2 * MEASUREMENT))


@router.get(
    "/api/download", response_class=Response, tags=["measure"],
    responses={**_answers(None, 400, 503), 200: {"content": {**IMAGES, "text/html": {"schema": {"type": "string"}}}}},
)  # fmt: skip
async def download(
    request: Request, model: ModelName = None, format: Annotated[Literal["onnx", "html"], Query()] = "onnx"
) -> Response:
    """Give a model as a file: what `lenet` loads, or one page that works offline."""
    service, reader = await _chosen(request, model)
    content = await service.in_worker(lambda: as_file(reader.model, format))
    kind = "text/html" if format == "html" else "application/octet-stream"
    name = quote(f"{(model or service.shelf.name).removesuffix('.onnx')}.{format}")
    return Response(content, media_type=kind, headers={"content-disposition": f"attachment; filename*=UTF-8''{name}"})


@_post("/api/collect", answers.Kept, WRONG, "collect", 403)
async def collect(request: Request, model: ModelName = None) -> Response:
    """Keep a drawing with its true class, when the server was started with a folder for that."""
    service = _service(request)
    if service.collection is None:
        return refusal(403, "nothing is collected here; start `lenet serve` with --collect DIR")
    reader = await service.reader(model)
    path = await service.keep(await request.body(), reader, service.collection)
    return JSONResponse({"kept": f"{path.parent.name}/{path.name}"})


@router.get("/livez", response_model=answers.Health, tags=["health"])
async def livez() -> Response:
    """Say that the server runs."""
    return JSONResponse({"status": "alive"})


@router.get("/readyz", response_model=answers.Health, responses={503: {"model": answers.Health}}, tags=["health"])
async def readyz(request: Request) -> Response:
    """Say whether the server takes requests."""
    if _service(request).draining:
        return JSONResponse({"status": "shutting down"}, 503)
    return JSONResponse({"status": "ready"})


@router.get("/metrics", response_class=Response, tags=["health"])
async def metrics(request: Request) -> Response:
    """Give the metrics in Prometheus's text format."""
    text = generate_latest(_service(request).metrics.registry)
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


def _is_drawing(request: Request) -> bool:
    """Whether the body is declared as JSON; any other body is a picture file."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


async def _chosen(request: Request, model: str | None) -> tuple[Service, Reader]:
    service = _service(request)
    return service, await service.reader(model)
