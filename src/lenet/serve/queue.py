"""A bounded queue with one thread that takes waiting jobs in batches."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, NamedTuple, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


class BusyError(Exception):
    """The queue is full; the caller may try again later."""


class _Ticket(NamedTuple, Generic[Job, Result]):
    job: Job
    weight: int
    future: "Future[Result]"


class BatchQueue(Generic[Job, Result]):
    """A queue and its thread. A job that was cancelled before its turn is not done.

    Example:
        >>> queue = BatchQueue("squares", lambda numbers: [n * n for n in numbers], most_waiting=8, most_at_once=4)
        >>> await queue.do(3)
        9
    """

    def __init__(
        self,
        name: str,
        work: Callable[[Sequence[Job]], Sequence[Result | Exception]],
        most_waiting: int,
        most_at_once: int = 1,
    ) -> None:
        """Make the queue; its thread starts with the first job.

        Args:
            name: Of the thread.
            work: Function of a batch of jobs that returns a result or an exception for each, in their order.
            most_waiting: Highest weight of all waiting jobs; a single job may have more.
            most_at_once: Highest weight of a batch; a single job may have more.
        """
        self.name = name
        self._work = work
        self._most_waiting, self._most_at_once = most_waiting, most_at_once
        self._queue: deque[_Ticket[Job, Result]] = deque()
        self._weight = 0
        self._closing = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @property
    def waiting(self) -> int:
        """Number of jobs in the queue."""
        return len(self._queue)

    async def do(self, job: Job, weight: int = 1) -> Result:
        """Queue a job and wait for its result; BusyError when the queue is full."""
        future: Future[Result] = Future()
        with self._changed:
            if self._queue and self._weight + weight > self._most_waiting:
                raise BusyError(f"too many requests are waiting for {self.name}; try again later")
            self._queue.append(_Ticket(job, weight, future))
            self._weight += weight
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
                self._thread.start()
            self._changed.notify()
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Finish the queued jobs and end the thread."""
        if self._thread is not None:
            with self._changed:
                self._closing = True
                self._changed.notify()
            self._thread.join()
        self._thread, self._closing = None, False

    def _run(self) -> None:
        while tickets := self._next_batch():
            if wanted := [ticket for ticket in tickets if ticket.future.set_running_or_notify_cancel()]:
                self._answer(wanted)

    def _next_batch(self) -> list[_Ticket[Job, Result]]:
        """The next jobs; none when the queue is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            taken: list[_Ticket[Job, Result]] = []
            weight = 0
            while self._queue and (not taken or weight + self._queue[0].weight <= self._most_at_once):
                taken.append(self._queue.popleft())
                weight += taken[-1].weight
            self._weight -= weight
            return taken

    def _answer(self, tickets: Sequence[_Ticket[Job, Result]]) -> None:
        try:
            results = self._work([ticket.job for ticket in tickets])
        except Exception as error:
            results = [error] * len(tickets)
        for ticket, result in zip(tickets, results, strict=True):
            if isinstance(result, Exception):
                ticket.future.set_exception(result)
            else:
                ticket.future.set_result(result)
