"""A lane: one thread that works off a bounded queue, taking together what waits together."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


class BusyError(Exception):
    """The queue is full; whoever asks is to come back later."""


@dataclass(frozen=True, eq=False)
class _Ticket(Generic[Job, Result]):
    job: Job
    weight: int
    future: "Future[Result]" = field(default_factory=Future)


class Lane(Generic[Job, Result]):
    """One thread and its queue. A job whose asker has gone away before its turn is not done.

    Example:
        >>> lane = Lane("squares", lambda numbers: [n * n for n in numbers], most_waiting=8, most_at_once=4)
        >>> await lane.do(3)
        9
    """

    def __init__(
        self,
        name: str,
        work: Callable[[Sequence[Job]], Sequence[Result | Exception]],
        most_waiting: int,
        most_at_once: int = 1,
    ) -> None:
        """Prepare; the thread starts with the first job, so that an app that is only looked at has none.

        Args:
            name: of the thread.
            work: takes jobs that waited together; gives a result or a failure for each, in their order.
            most_waiting: weight in the queue, beside what is being worked on; one job alone may weigh more.
            most_at_once: weight of a call of ``work``; one job alone may weigh more.
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
        """Jobs in the queue."""
        return len(self._queue)

    async def do(self, job: Job, weight: int = 1) -> Result:
        """Queue a job and wait for what becomes of it.

        Args:
            job: what to do.
            weight: what it costs, beside the others.

        Raises:
            BusyError: when the queue is full.
        """
        ticket: _Ticket[Job, Result] = _Ticket(job, weight)
        with self._changed:
            if self._queue and self._weight + weight > self._most_waiting:
                raise BusyError(f"too many are waiting for {self.name}; try again later")
            self._queue.append(ticket)
            self._weight += weight
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
                self._thread.start()
            self._changed.notify()
        return await asyncio.wrap_future(ticket.future)

    def close(self) -> None:
        """End the thread after what is queued."""
        thread = self._thread
        if thread is not None:
            with self._changed:
                self._closing = True
                self._changed.notify()
            thread.join()
        self._thread, self._closing = None, False

    def _run(self) -> None:
        while tickets := self._taken_together():
            asked_for = [ticket for ticket in tickets if ticket.future.set_running_or_notify_cancel()]
            if asked_for:
                self._answer(asked_for)

    def _taken_together(self) -> list[_Ticket[Job, Result]]:
        """The next jobs; none when the lane is closed."""
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
        results: Sequence[Result | Exception]
        try:
            results = self._work([ticket.job for ticket in tickets])
        except Exception as error:
            results = [error] * len(tickets)
        for ticket, result in zip(tickets, results, strict=True):
            if isinstance(result, Exception):
                ticket.future.set_exception(result)
            else:
                ticket.future.set_result(result)
