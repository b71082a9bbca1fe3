"""Metrics of the server for Prometheus."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lenet.serve.queue import BatchQueue

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")
# A drawing takes milliseconds, a photo up to seconds.
SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
TRAINING_SECONDS = (2, 5, 10, 15, 20, 30, 60, 120)
IMAGES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Metrics:
    """The metrics of one app."""

    def __init__(self, queues: Mapping[str, BatchQueue[Any, Any]]) -> None:
        """Register the metrics, with the length of each queue."""
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter("lenet_requests_total", "Requests answered.", labels, registry=self.registry)
        self.seconds = Histogram(
            "lenet_request_seconds", "Time from request to answer.", ("route",), buckets=SECONDS, registry=self.registry
        )
        self.in_flight = Gauge("lenet_requests_in_flight", "Requests not answered yet.", registry=self.registry)
        self.batch = Histogram("lenet_batch_images", "Images in each batch.", buckets=IMAGES, registry=self.registry)
        self.digits = Counter("lenet_digits_total", "Marks read.", ("known",), registry=self.registry)
        self.trainings = Counter("lenet_trainings_total", "Trainings ended.", ("end",), registry=self.registry)
        self.training_seconds = Histogram(
            "lenet_training_seconds", "Time of a training, its process's start included.", buckets=TRAINING_SECONDS,
            registry=self.registry,
        )  # fmt: skip
        self.trainings_waiting = Gauge("lenet_trainings_waiting", "Trainings that wait.", registry=self.registry)
        waiting = Gauge("lenet_queue_waiting", "Jobs that wait for their thread.", ("queue",), registry=self.registry)
        for name, queue in queues.items():
            waiting.labels(name).set_function(partial(getattr, queue, "waiting"))

    def count_digit(self, unknown: bool) -> None:
        """Count a mark that was read."""
        self.digits.labels(str(not unknown).lower()).inc()


class Measured:
    """Count and time every request."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500
        begin = time.perf_counter()

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            with self.metrics.in_flight.track_inprogress():
                await self.app(scope, receive, note)
        finally:
            # All unknown paths have one name, so that there are few.
            route = getattr(scope.get("route"), "path", "") or "other"
            method = scope["method"] if scope["method"] in METHODS else "other"
            self.metrics.requests.labels(method, route, str(status)).inc()
            self.metrics.seconds.labels(route).observe(time.perf_counter() - begin)
