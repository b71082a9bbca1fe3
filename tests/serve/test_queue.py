import asyncio
import threading
from collections.abc import Sequence

import numpy as np
import pytest

from lenet import Model
from lenet.model.file import ModelFile
from lenet.serve.queue import BatchQueue, BusyError
from lenet.serve.service import Classified, Question, classify_batch


class Held:
    """Work that waits until it is released, and records its batches."""

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


def test_waiting_jobs_are_one_batch_and_fail_alone() -> None:
    async def ask() -> list[object]:
        tasks = [asyncio.create_task(queue.do(0))]
        await until(lambda: work.given)
        tasks += [asyncio.create_task(queue.do(job)) for job in (1, 2, 3, 4)]
        await until(lambda: queue.waiting == 4)
        work.go.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    work = Held()
    queue = BatchQueue("test", work, most_waiting=8, most_at_once=3)
    results = asyncio.run(ask())
    queue.close()
    assert work.given == [[0], [1, 2, 3], [4]]
    assert isinstance(results[3], ValueError)
    assert [*results[:3], results[4]] == [0, 1, 4, 16]


def test_a_full_queue_refuses_at_once() -> None:
    async def ask() -> None:
        tasks = [asyncio.create_task(queue.do(0))]
        await until(lambda: work.given)
        tasks += [asyncio.create_task(queue.do(job)) for job in (1, 2)]
        await until(lambda: queue.waiting == 2)
        with pytest.raises(BusyError, match="too many"):
            await queue.do(5)
        work.go.set()
        assert await asyncio.gather(*tasks) == [0, 1, 4]

    work = Held()
    queue = BatchQueue("test", work, most_waiting=2)
    asyncio.run(ask())
    queue.close()


def test_weight_limits_batches_and_the_queue() -> None:
    async def ask() -> None:
        tasks = [asyncio.create_task(queue.do(0, 50))]  # alone, a job may weigh anything
        await until(lambda: work.given)
        for job, weight in ((1, 4), (2, 4), (4, 4), (5, 8)):
            tasks.append(asyncio.create_task(queue.do(job, weight)))
            await until(lambda: queue.waiting == len(tasks) - 1)
        with pytest.raises(BusyError):
            await queue.do(6, 1)
        work.go.set()
        assert await asyncio.gather(*tasks) == [0, 1, 4, 16, 25]
        assert await queue.do(7, 20) == 49  # all weight is taken off again

    work = Held()
    queue = BatchQueue("test", work, most_waiting=20, most_at_once=10)
    asyncio.run(ask())
    queue.close()
    assert work.given == [[0], [1, 2], [4], [5], [7]]


def test_a_job_is_not_done_when_nobody_waits_for_it() -> None:
    async def ask() -> None:
        first = asyncio.create_task(queue.do(0))
        await until(lambda: work.given)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await queue.do(1)
        last = asyncio.create_task(queue.do(2))
        await until(lambda: queue.waiting == 2)
        work.go.set()
        assert await asyncio.gather(first, last) == [0, 4]

    work = Held()
    queue = BatchQueue("test", work, most_waiting=4)
    asyncio.run(ask())
    queue.close()
    assert work.given == [[0], [2]]


def test_an_exception_of_the_whole_batch_is_raised_for_every_job() -> None:
    def work(jobs: Sequence[int]) -> list[int | Exception]:
        raise MemoryError

    queue = BatchQueue("test", work, most_waiting=4)
    for _ in range(2):  # and the thread lives on
        with pytest.raises(MemoryError):
            asyncio.run(queue.do(1))
    queue.close()


def test_one_call_for_each_model_answers_all(bundled: Model, other_file: ModelFile, test_part) -> None:
    other = Model(other_file)

    def asks(who: Model, start: int, stop: int) -> Question:
        return Question(who, lambda: test_part.images[start:stop])

    def broken() -> np.ndarray:
        raise ValueError("broken")

    calls = []
    for who in (bundled, other):
        classify = who.classify
        who.classify = lambda images, classify=classify: calls.append(len(images)) or classify(images)  # type: ignore[method-assign]
    questions = [asks(bundled, 0, 3), asks(other, 3, 4), Question(bundled, broken), asks(bundled, 4, 9)]
    answers = classify_batch(questions)
    for who in (bundled, other):
        del who.classify
    assert sorted(calls) == [1, 8]
    assert isinstance(answers[2], ValueError)
    asked = ((0, bundled, slice(0, 3)), (1, other, slice(3, 4)), (3, bundled, slice(4, 9)))
    for place, who, part in asked:
        answer = answers[place]
        assert isinstance(answer, Classified)
        assert np.allclose(answer.answers.probabilities, who.predict(test_part.images[part]), atol=1e-6)
    assert [it.batch_size for it in answers if isinstance(it, Classified)] == [8, 1, 8]
