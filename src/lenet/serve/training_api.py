"""The routes of trainings."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from lenet.atomic import write_bytes
from lenet.errors import LenetError
from lenet.model.file import encode_model
from lenet.reading import Reader
from lenet.serve import answers, schema
from lenet.serve.schema import RefusedError
from lenet.serve.service import Service
from lenet.serve.shelf import BUNDLED
from lenet.serve.training_plan import plan
from lenet.serve.training_queue import Training, Trainings

router = APIRouter(prefix="/api/runs", tags=["train"])
Id = Annotated[str, Path(max_length=32)]


def _body(kind: type[schema.Body]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": kind.model_json_schema()}}}}


@router.post(
    "", status_code=202, responses={202: {"model": answers.Begun}, **answers.refusals(400, 403, 408, 413, 422, 503)},
    openapi_extra=_body(schema.Training),
)  # fmt: skip
async def train(request: Request) -> Response:
    """Train a network; the answer comes at once, and its progress as events."""
    trainings, service = _trainings(request), request.app.state.service
    if service.draining:
        raise RefusedError(503, "full", "the server is shutting down")
    content = await request.body()
    # In the worker, so that the event loop stays free: hundreds of drawings take a while.
    asked = await service.in_worker(lambda: schema.parse(schema.Training, content))
    start = await _start(service, asked.start) if asked.start is not None else None
    job = plan(asked, start.model if start is not None else None)
    job["start"] = asked.start or ""
    if start is not None and asked.start != BUNDLED:
        model, file = start.model, trainings.folder / "from" / f"{asked.start}.onnx"
        await service.in_worker(lambda: write_bytes(file, encode_model(model.weights, model.metadata)))
        job["start"] = str(file)
    taken = await service.in_worker(service.shelf.names)
    training, place = trainings.add(asked.name or "trained", [*taken, "from"], job)
    return JSONResponse({"id": training.id, "name": training.name, "place": place}, 202)


@router.post("/ready", status_code=204, response_class=Response, responses=answers.refusals(403))
async def get_ready(request: Request) -> Response:
    """Expect a training soon: a process that has loaded TensorFlow waits for it, for five minutes."""
    _trainings(request).get_ready()
    return Response(status_code=204)


@router.get("/{id}/events", response_class=Response, responses=answers.refusals(403, 404) | {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}, 204: {"description": "There are no more."},
})  # fmt: skip
async def events(
    request: Request, id: Id, last_event_id: Annotated[str | None, Header(max_length=20)] = None
) -> Response:
    """Follow a training: waiting, started, progress (twice a second or more), then done, failed or stopped.

    It is stopped when nobody follows it.
    """
    trainings, training = _found(request, id)
    place = int(last_event_id) + 1 if last_event_id is not None and last_event_id.isdecimal() else 0
    if training.over and place >= len(training.events):
        return Response(status_code=204)
    headers = {"cache-control": "no-store"}
    return StreamingResponse(trainings.follow(training, place), media_type="text/event-stream", headers=headers)


@router.put(
    "/{id}/drawing", status_code=204, response_class=Response, responses=answers.refusals(400, 403, 404, 408, 413),
    openapi_extra=_body(schema.LiveDrawing),
)  # fmt: skip
async def draw(request: Request, id: Id) -> Response:
    """Set the drawing that the growing network reads."""
    trainings, training = _found(request, id)
    trainings.draw(training, schema.parse(schema.LiveDrawing, await request.body()).image)
    return Response(status_code=204)


@router.delete("/{id}", status_code=204, response_class=Response, responses=answers.refusals(403, 404))
async def stop(request: Request, id: Id) -> Response:
    """Stop a training."""
    trainings, training = _found(request, id)
    trainings.stop(training)
    return Response(status_code=204)


def _trainings(request: Request) -> Trainings:
    if not request.app.state.trains:
        why = "nothing is trained here; start `lenet serve` without --public, or with --allow-training, and with "
        raise RefusedError(403, "off", f"{why}lenet[train] installed")
    trainings: Trainings = request.app.state.service.trainings
    return trainings


def _found(request: Request, id: str) -> tuple[Trainings, Training]:
    trainings = _trainings(request)
    return trainings, trainings.find(id)


async def _start(service: Service, name: str) -> Reader:
    try:
        return await service.reader(name)
    except LenetError as error:
        raise RefusedError(422, "model", str(error)) from error
