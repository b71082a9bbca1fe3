"""Trainings: a queue, and one process at a time that trains.

The process is ``python -m lenet.training.page_process``, so that this one needs no training library and stays quick.
It is killed when its training is stopped, no longer proceeds, or nobody follows it any more; and it ends with this
process, whose pipe it reads.
"""

import asyncio
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lenet.serve.metrics import Metrics
from lenet.serve.schema import RefusedError
from lenet.serve.shelf import Shelf

COMMAND = (sys.executable, "-P", "-m", "lenet.training.page_process")
MOST_WAITING = 3
# From one step of a training to the next; how many steps there may be is limited by their work, not by time.
MOST_IDLE_SECONDS = 120.0
# A training that nobody follows is stopped: a page that is closed is gone. The first follower has more time.
FIRST_SECONDS, UNFOLLOWED_SECONDS = 10.0, 1.2
# A browser connects again after so many milliseconds.
RETRY = 400
# A process that waits ready ends when it is not used.
READY_SECONDS = 300.0
# A finished training can be followed for so long; so many models are kept, in a folder that is removed at the end.
KEPT_SECONDS, MOST_KEPT = 60.0, 50
ENDS = ("done", "failed", "stopped")
LONGEST_LINE = 4 << 20


def can_train() -> bool:
    """Whether the training libraries are installed."""
    return all(find_spec(name) for name in ("keras", "tensorflow"))


class Training:
    """One training, and everything that it has told so far."""

    def __init__(self, name: str, job: dict[str, Any]) -> None:
        self.id = secrets.token_hex(8)
        self.name, self.job = name, job
        self.events: list[tuple[str, str]] = []  # name and JSON
        self.over = False
        self.followers = 0
        self.unfollowed: asyncio.TimerHandle | None = None  # stops it when it goes off
        self.process: Process | None = None
        self._news = asyncio.Event()

    def tell(self, event: str, values: str = "{}") -> None:
        """Add an event; none after the last one."""
        if self.over:
            return
        self.events.append((event, values))
        self.over = event in ENDS
        self._news.set()
        self._news = asyncio.Event()

    async def follow(self, place: int) -> AsyncIterator[bytes]:
        """Server-sent events from number ``place`` to the last."""
        yield f"retry: {RETRY}\n\n".encode()
        while True:
            for number, (event, values) in enumerate(self.events[place:], place):
                yield f"id: {number}\nevent: {event}\ndata: {values}\n\n".encode()
                place = number + 1
            if place == len(self.events):
                if self.over:
                    return
                await self._news.wait()

    def fail(self, code: str, detail: str) -> None:
        """Tell that it failed."""
        self.tell("failed", json.dumps({"code": code, "detail": detail}))


class Trainings:
    """All trainings of one app. All methods are called in the event loop."""

    def __init__(self, shelf: Shelf, metrics: Metrics) -> None:
        """Take the shelf that finished models are put on; a folder is made with the first training."""
        self._shelf, self._metrics = shelf, metrics
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._all: dict[str, Training] = {}
        self._waiting: list[Training] = []
        self._running: Training | None = None
        self._worker: asyncio.Task[None] | None = None
        self._ready: asyncio.Task[Process] | None = None
        self._ready_ends: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[int]] = set()
        metrics.trainings_waiting.set_function(lambda: len(self._waiting))

    @property
    def folder(self) -> Path:
        """The folder of all runs."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="lenet-", ignore_cleanup_errors=True)
        return Path(self._folder.name)

    def find(self, id: str) -> Training:
        """A training that runs, waits, or has just ended."""
        if id not in self._all:
            raise RefusedError(404, "gone", "there is no such training; it may have ended long ago")
        return self._all[id]

    def add(self, name: str, taken: list[str], job: dict[str, Any]) -> tuple[Training, int]:
        """Queue a training; gives it and the number of those before it.

        Args:
            name: Of its model; gets a number when it is taken.
            taken: Names of models.
            job: ``lenet.training.page_job.Job`` in plain values, but for the run folder.

        Raises:
            RefusedError: when too many wait.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise RefusedError(503, "full", f"{MOST_WAITING} trainings are waiting already; try again later")
        taken = [*taken, *(training.name for training in self._all.values() if not training.over)]
        numbered = (f"{name}-{number}" for number in range(2, len(taken) + 3))
        name = next(it for it in (name, *numbered) if it not in taken)
        training = Training(name, {**job, "run": str(self.folder / name), "drawing": None})
        self._all[training.id] = training
        self._waiting.append(training)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        self._stop_unless_followed(training, FIRST_SECONDS)
        place = len(self._waiting) - 1 + (self._running is not None)
        if place:
            training.tell("waiting", json.dumps({"place": place}))
        return training, place

    def draw(self, training: Training, image: list[list[int]] | None) -> None:
        """Set the drawing that a training reads."""
        training.job["drawing"] = image
        if training.process is not None and training.process.stdin is not None and not training.over:
            training.process.stdin.write(json.dumps(image).encode() + b"\n")

    async def follow(self, training: Training, place: int) -> AsyncIterator[bytes]:
        """Its events from number ``place``; when the last follower leaves, it is stopped soon."""
        training.followers += 1
        if training.unfollowed is not None:
            training.unfollowed.cancel()
        try:
            async for event in training.follow(place):
                yield event
        finally:
            training.followers -= 1
            if not training.followers:
                self._stop_unless_followed(training, UNFOLLOWED_SECONDS)

    def stop(self, training: Training) -> None:
        """End a training and its process at once."""
        if training.over:
            return
        if training in self._waiting:
            self._waiting.remove(training)
            self._tell_places()
            self._end(training)
        training.tell("stopped")
        if training.process is not None:
            _kill(training.process)

    def stop_all(self) -> None:
        """End all trainings, and the process that waits ready."""
        for training in [*self._waiting, *filter(None, [self._running])]:
            self.stop(training)
        self._end_ready()

    async def close(self) -> None:
        """The same, and remove all models that were trained."""
        self.stop_all()
        await asyncio.gather(*self._ending, *filter(None, [self._worker]))
        if self._folder is not None:
            await asyncio.to_thread(self._folder.cleanup)
            self._folder = None

    def get_ready(self) -> None:
        """Start the process of the next training, so that it has imported TensorFlow when its job comes."""
        if self._waiting or (self._running is not None and not self._running.over):
            return
        if self._ready_ends is not None:
            self._ready_ends.cancel()
        if self._ready is None:
            self._ready = asyncio.create_task(_start())
        self._ready_ends = asyncio.get_running_loop().call_later(READY_SECONDS, self._end_ready)

    def _end_ready(self) -> None:
        ready, self._ready = self._ready, None
        if ready is not None:
            ending = asyncio.create_task(_end(ready))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    def _stop_unless_followed(self, training: Training, seconds: float) -> None:
        training.unfollowed = asyncio.get_running_loop().call_later(seconds, self.stop, training)

    def _tell_places(self) -> None:
        for place, training in enumerate(self._waiting, start=int(self._running is not None)):
            training.tell("waiting", json.dumps({"place": place}))

    async def _work(self) -> None:
        """Do all trainings, one after the other."""
        while self._waiting:
            training = self._running = self._waiting.pop(0)
            self._tell_places()
            try:
                with self._metrics.training_seconds.time():
                    await self._do(training)
            except Exception as error:
                training.fail("other", f"unexpected {type(error).__name__}; see the server's log")
            self._running = None
            self._end(training)

    async def _do(self, training: Training) -> None:
        ready, self._ready = self._ready, None
        process = await ready if ready is not None else None
        if process is None or process.returncode is not None:
            process = await _start()
        training.process = process
        assert process.stdin is not None and process.stdout is not None
        try:
            async with asyncio.timeout(MOST_IDLE_SECONDS) as limit:
                process.stdin.write(json.dumps(training.job).encode() + b"\n")
                last = 0
                while not training.over and (line := await process.stdout.readline()):
                    event, _, values = line.decode().rstrip("\n").partition(" ")
                    if event == "progress" and (step := json.loads(values)["step"]) > last:
                        last = step
                        limit.reschedule(asyncio.get_running_loop().time() + MOST_IDLE_SECONDS)
                    elif event == "done":
                        await asyncio.to_thread(_tidy, Path(training.job["run"]))
                        if not training.over:
                            self._shelve(training)
                    training.tell(event, values)
        except TimeoutError:
            training.fail("long", f"no step was finished within {MOST_IDLE_SECONDS:g} seconds; take a smaller network")
        finally:
            code = await _end(process)
        if not training.over:
            why = f"by signal {-code}" if code < 0 else f"with status {code}"
            training.fail("killed", f"the process of the training ended {why}; the machine may be short of memory")
        if training.events[-1][0] != "done":
            await asyncio.to_thread(shutil.rmtree, training.job["run"], ignore_errors=True)

    def _shelve(self, training: Training) -> None:
        trained = self._shelf.trained
        trained[training.name] = Path(training.job["run"])
        if len(trained) > MOST_KEPT:
            shutil.rmtree(trained.pop(next(iter(trained))), ignore_errors=True)

    def _end(self, training: Training) -> None:
        """Count it, and forget it after a while."""
        if not training.over:
            training.tell("stopped")
        self._metrics.trainings.labels(training.events[-1][0]).inc()
        asyncio.get_running_loop().call_later(KEPT_SECONDS, self._all.pop, training.id, None)


async def _start() -> Process:
    """Start a process that waits for a job; Ctrl-C in a terminal is left to the server."""
    return await asyncio.create_subprocess_exec(
        *COMMAND, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, limit=LONGEST_LINE, start_new_session=True
    )


async def _end(process: Process | asyncio.Task[Process]) -> int:
    """Kill a process, or one that is being started; gives its status when it has ended and its pipes are closed."""
    if not isinstance(process, Process):
        process = await process
    _kill(process)
    await process.communicate()
    assert process.returncode is not None
    return process.returncode


def _kill(process: Process) -> None:
    """``Process.kill`` would read the status of a process that has just ended, so that the loop does not get it."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)


def _tidy(run: Path) -> None:
    """Remove what only a resumed training needs, three times the size of the model."""
    shutil.rmtree(run / "checkpoint", ignore_errors=True)
    (run / "model.weights.h5").unlink(missing_ok=True)
