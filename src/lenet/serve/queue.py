"""A lane: one thread that works off a bounded queue, taking all that waits in one go."""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


class BusyError(Exception):
    """The queue is full; whoever asks is to come back later."""


@dataclass(frozen=True)
class _Ticket(Generic[Job, Result]):
    job: Job
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
            most_waiting: jobs in the queue, beside those being worked on.
            most_at_once: jobs a call of ``work``.
        """
        self.name = name
        self._work = work
        self._most_at_once = most_at_once
        self._queue: queue.Queue[_Ticket[Job, Result] | None] = queue.Queue(most_waiting)
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    @property
    def waiting(self) -> int:
        """Jobs in the queue."""
        return self._queue.qsize()

    async def do(self, job: Job) -> Result:
        """Queue a job and wait for what becomes of it.

        Raises:
            BusyError: when the queue is full.
        """
        self._start()
        ticket: _Ticket[Job, Result] = _Ticket(job)
        try:
            self._queue.put_nowait(ticket)
        except queue.Full:
            raise BusyError(f"too many are waiting for {self.name}") from None
        return await asyncio.wrap_future(ticket.future)

    def close(self) -> None:
        """End the thread after what is queued."""
        if self._thread is not None and self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()
        self._thread = None

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            tickets = self._waiting_together()
            asked_for = [it for it in tickets if it is not None and it.future.set_running_or_notify_cancel()]
            if asked_for:
                self._answer(asked_for)
            if None in tickets:
                return

    def _waiting_together(self) -> list[_Ticket[Job, Result] | None]:
        tickets = [self._queue.get()]
        while len(tickets) < self._most_at_once and tickets[-1] is not None:
            try:
                tickets.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return tickets

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
