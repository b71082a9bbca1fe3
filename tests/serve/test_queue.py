import asyncio
import threading
from collections.abc import Sequence

import numpy as np
import pytest

from lenet import Model
from lenet.model.file import ModelFile
from lenet.serve.inference import Judged, Question, answer_together
from lenet.serve.queue import BusyError, Lane


class Held:
    """Work that waits until it is let go, and remembers what it was given together."""

    def __init__(self) -> None:
        self.given: list[list[int]] = []
        self.go = threading.Event()

    def __call__(self, jobs: Sequence[int]) -> list[int | Exception]:
        self.given.append(list(jobs))
        assert self.go.wait(20)
        return [ValueError("no threes") if job == 3 else job * job for job in jobs]


async def until(condition) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("did not happen")


def test_what_waits_is_done_together_and_fails_alone() -> None:
    async def ask() -> list[object]:
        tasks = [asyncio.create_task(lane.do(0))]
        await until(lambda: work.given)
        tasks += [asyncio.create_task(lane.do(job)) for job in (1, 2, 3, 4)]
        await until(lambda: lane.waiting == 4)
        work.go.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    work = Held()
    lane = Lane("test", work, most_waiting=8, most_at_once=3)
    results = asyncio.run(ask())
    lane.close()
    assert work.given == [[0], [1, 2, 3], [4]]
    assert isinstance(results[3], ValueError)
    assert [*results[:3], results[4]] == [0, 1, 4, 16]


def test_a_full_queue_refuses_at_once() -> None:
    async def ask() -> None:
        tasks = [asyncio.create_task(lane.do(0))]
        await until(lambda: work.given)
        tasks += [asyncio.create_task(lane.do(job)) for job in (1, 2)]
        await until(lambda: lane.waiting == 2)
        with pytest.raises(BusyError, match="too many"):
            await lane.do(5)
        work.go.set()
        assert await asyncio.gather(*tasks) == [0, 1, 4]

    work = Held()
    lane = Lane("test", work, most_waiting=2)
    asyncio.run(ask())
    lane.close()


def test_weight_bounds_what_is_taken_together_and_what_may_wait() -> None:
    async def ask() -> None:
        tasks = [asyncio.create_task(lane.do(0, 50))]  # alone, a job may weigh anything
        await until(lambda: work.given)
        for job, weight in ((1, 4), (2, 4), (4, 4), (5, 8)):
            tasks.append(asyncio.create_task(lane.do(job, weight)))
            await until(lambda: lane.waiting == len(tasks) - 1)
        with pytest.raises(BusyError):
            await lane.do(6, 1)
        work.go.set()
        assert await asyncio.gather(*tasks) == [0, 1, 4, 16, 25]
        assert await lane.do(7, 20) == 49  # all weight is taken off again

    work = Held()
    lane = Lane("test", work, most_waiting=20, most_at_once=10)
    asyncio.run(ask())
    lane.close()
    assert work.given == [[0], [1, 2], [4], [5], [7]]


def test_a_job_is_not_done_when_nobody_waits_for_it() -> None:
    async def ask() -> None:
        first = asyncio.create_task(lane.do(0))
        await until(lambda: work.given)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await lane.do(1)
        last = asyncio.create_task(lane.do(2))
        await until(lambda: lane.waiting == 2)
        work.go.set()
        assert await asyncio.gather(first, last) == [0, 4]

    work = Held()
    lane = Lane("test", work, most_waiting=4)
    asyncio.run(ask())
    lane.close()
    assert work.given == [[0], [2]]


def test_work_that_fails_as_a_whole_fails_for_all() -> None:
    def work(jobs: Sequence[int]) -> list[int | Exception]:
        raise MemoryError

    lane = Lane("test", work, most_waiting=4)
    for _ in range(2):  # and the thread lives on
        with pytest.raises(MemoryError):
            asyncio.run(lane.do(1))
    lane.close()


def test_one_call_a_model_answers_all(bundled: Model, other_file: ModelFile, test_part) -> None:
    other = Model(other_file)

    def asks(who: Model, start: int, stop: int) -> Question:
        return Question(who, lambda: test_part.images[start:stop])

    def broken() -> np.ndarray:
        raise ValueError("broken")

    calls = []
    for who in (bundled, other):
        judge = who.judge
        who.judge = lambda images, judge=judge: calls.append(len(images)) or judge(images)  # type: ignore[method-assign]
    questions = [asks(bundled, 0, 3), asks(other, 3, 4), Question(bundled, broken), asks(bundled, 4, 9)]
    answers = answer_together(questions)
    for who in (bundled, other):
        del who.judge
    assert sorted(calls) == [1, 8]
    assert isinstance(answers[2], ValueError)
    asked = ((0, bundled, slice(0, 3)), (1, other, slice(3, 4)), (3, bundled, slice(4, 9)))
    for place, who, part in asked:
        answer = answers[place]
        assert isinstance(answer, Judged)
        assert np.allclose(answer.probabilities, who.predict(test_part.images[part]), atol=1e-6)
    assert [it.together for it in answers if isinstance(it, Judged)] == [8, 1, 8]
