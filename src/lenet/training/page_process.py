"""A process that trains one network for a page: ``python -m lenet.training.page_process``.

It imports all that a training needs, then waits for its work, so that a training can begin at once. Standard input
brings the job, one line of JSON, then drawings, each a line; when it ends, so does the process: it never outlives the
one that started it. Standard output is one line for each event: its name, a space, and JSON.
"""

import errno
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from lenet.datasets.dataset import Images
from lenet.datasets.mnist import load_mnist
from lenet.errors import LenetError, reason
from lenet.evaluation.metrics import wilson_interval
from lenet.explain.explanation import image_kernels
from lenet.model.preprocessing import scale_pixels, softmax
from lenet.model.runtime import Model
from lenet.network.build import layers_of
from lenet.training.initial import class_names
from lenet.training.learner import Learner
from lenet.training.loop import DivergedError, Progress
from lenet.training.page_job import NOT_A_DIGIT, Job, Prepared, drawn_images, prepare
from lenet.training.run import Run
from lenet.training.start import read_start
from lenet.training.train import train

# Test images whose answers are told.
SAMPLES = 20
# Longest time between two events; between the events of a group of steps, which are many for a large network.
SILENCE_SECONDS = 0.4
# Steps between two views of the kernels, and the most numbers in one.
KERNEL_STEPS, MOST_KERNEL_NUMBERS = 20, 5_000
# The server and the browser on the same machine go first.
NICENESS = 5
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Reporter:
    """Tells how a training goes: its progress, the kernels, and the answers to test images and to a drawing."""

    def __init__(self, out: BinaryIO, job: Job, prepared: Prepared) -> None:
        self._out = out
        self._names = class_names(*prepared)
        dataset = prepared.dataset
        # Of few drawings, any: their test part is smaller.
        samples = (dataset if dataset.test_from is None else dataset.split("own").test).sample(SAMPLES)
        self._samples = [
            {"image": image[..., 0].tolist(), "label": dataset.class_names[label]}
            for image, label in zip(samples.images, samples.labels.tolist(), strict=True)
        ]
        self._images = samples.images
        self.drawing: Images | None = _as_image(job.drawing)
        self._progress: Progress | None = None
        self._kernels_at = -KERNEL_STEPS
        self._told_at = time.monotonic()
        self._lock = threading.Lock()

    def on_progress(self, progress: Progress) -> None:
        """Tell the progress after a group of steps."""
        if self._progress is None:
            assert progress.learner is not None
            parameters = sum(int(np.prod(value.shape)) for value in progress.learner.network.weights)
            started = {"samples": self._samples, "steps": progress.steps, "parameters": parameters}
            _tell(self._out, "started", started)
            threading.Thread(target=self._keep_telling, daemon=True).start()
        with self._lock:
            self._progress = progress
            self._tell_progress(progress)

    def _keep_telling(self) -> None:
        """Answer the drawing while a group of steps takes long, and while the result is measured."""
        while True:
            time.sleep(SILENCE_SECONDS / 4)
            with self._lock:
                if self._progress is not None and time.monotonic() - self._told_at > SILENCE_SECONDS:
                    self._tell_progress(self._progress)

    def _tell_progress(self, progress: Progress) -> None:
        learner, drawing = progress.learner, self.drawing
        assert learner is not None
        images = self._images if drawing is None else np.concatenate([self._images, drawing])
        probabilities = softmax(learner.logits(scale_pixels(images)).numpy().astype(np.float64))
        read = None
        if drawing is not None:
            shares = probabilities[-1].tolist()  # not rounded: no share that is below 1 is shown as 100 %
            read = {"probabilities": dict(zip(self._names, shares, strict=True)), "unknown": False}
        values = {
            "step": progress.step,
            "steps": progress.steps,
            "epoch": round(progress.epoch.epoch, 3) if progress.epoch else None,
            "loss": round(progress.loss, 5),
            "accuracy": round(progress.accuracy, 5),
            "drawing": read,
            "samples": [self._names[label] for label in probabilities[: len(self._images)].argmax(axis=1)],
        }
        if progress.step - self._kernels_at >= KERNEL_STEPS:
            self._kernels_at = progress.step
            values["kernels"] = _kernels(learner)
        _tell(self._out, "progress", values)
        self._told_at = time.monotonic()


def main() -> None:
    """Wait for a job, do it, and tell its end."""
    if hasattr(os, "nice"):  # not on Windows
        os.nice(NICENESS)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # no library may write between the events
    lines: Iterator[bytes] = iter(sys.stdin.buffer)
    mnist = load_mnist()
    line = next(lines, None)
    if line is None:
        return
    job = Job.model_validate_json(line)
    try:
        prepared = prepare(job, mnist)
        reporter = Reporter(out, job, prepared)
        threading.Thread(target=_take_drawings, args=(lines, reporter), daemon=True).start()
        run = train(*prepared, job.run, on_progress=reporter.on_progress, draw=False)
        event, values = "done", _result(job, run)
    except Exception as error:
        event, values = "failed", _failure(error)
    _tell(out, event, values)
    os._exit(0)  # a thread still reads the standard input


def _tell(out: BinaryIO, event: str, values: dict[str, Any]) -> None:
    out.write(f"{event} {json.dumps(values, ensure_ascii=False)}\n".encode())
    out.flush()


def _take_drawings(lines: Iterator[bytes], reporter: Reporter) -> None:
    for line in lines:
        reporter.drawing = _as_image(json.loads(line))
    os._exit(1)  # the server is gone


def _as_image(rows: list[list[int]] | None) -> Images | None:
    return None if rows is None else np.array(rows, np.uint8)[np.newaxis, ..., np.newaxis]


def _kernels(learner: Learner) -> list[Any] | None:
    """Rows of the kernels that look at the image, as many as may be told."""
    layers = layers_of(learner.network)
    arrays = {name: value.numpy() for name, value in learner.weights.items()}
    if not any(placed.name == "conv1" for placed in layers):
        return None
    kernels = image_kernels(layers, arrays)
    assert kernels is not None
    most = max(1, MOST_KERNEL_NUMBERS // (kernels.shape[0] * kernels.shape[1]))
    rows: list[Any] = kernels[:, :, 0, :most].transpose(2, 0, 1).astype(np.float64).round(3).tolist()
    return rows


def _result(job: Job, run: Run) -> dict[str, Any]:
    metrics = run.metrics
    n, correct = metrics["test"]["n"], metrics["test"]["correct"]
    low, high = wilson_interval(correct, n)
    code = metrics.get("verdict_code", "learned")
    result = {
        "name": run.path.name, "n": n, "correct": correct, "accuracy": correct / n, "interval": [low, high],
        "seconds": metrics["train_seconds"], "verdict": {"code": code, "low": low, "high": high, "n": n},
    }  # fmt: skip
    if not job.start:
        return result
    (before, after) = (sum(row[key] or 0 for row in metrics["held_out"] if row["n"]) for key in ("before", "correct"))
    models = Model(read_start(job.start)), Model.load(run.path)
    drawn_before, drawn_after = ([_read_right(model, job), len(job.drawn)] for model in models)
    return result | {
        "before": {"drawn": drawn_before, "test": [before, n]},
        "after": {"drawn": drawn_after, "test": [after, n]},
    }


def _read_right(model: Model, job: Job) -> int:
    """Number of drawings that a model reads as what they are."""
    if not job.drawn:
        return 0
    _, probabilities, unknown = model.classify(drawn_images(job.drawn))
    read = [model.class_names[label] for label in probabilities.argmax(axis=1)]
    return sum(
        answer == (it.label or NOT_A_DIGIT) or (it.label is None and bool(mark))
        for answer, it, mark in zip(read, job.drawn, unknown, strict=True)
    )


def _failure(error: Exception) -> dict[str, str]:
    """Why there is no result: a code, and one line."""
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(cause)
    for cause in causes:
        if isinstance(cause, DivergedError):
            detail = f"{cause}; choose a lower learning rate, or other layers"
            return {"code": "diverged", "detail": detail}
        if isinstance(cause, MemoryError) or type(cause).__name__ == "ResourceExhaustedError":
            return {"code": "memory", "detail": "the memory is not enough; choose a smaller network"}
        if isinstance(cause, OSError) and cause.errno in FULL:
            return {"code": "disk", "detail": f"the network cannot be written ({reason(cause)}); free some space"}
    if isinstance(error, LenetError):
        return {"code": "data", "detail": str(error)}
    return {"code": "other", "detail": f"unexpected {type(error).__name__}: {reason(error)}"}


if __name__ == "__main__":
    main()
