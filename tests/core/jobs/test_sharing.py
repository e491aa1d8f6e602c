"""Who wants the same at once shares one call, and leaves it to the others when leaving."""

import asyncio

import pytest

from core.jobs.sharing import SharedCalls


class Source:
    """Gives a value when it is let go on, and counts how often it was asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.go_on = asyncio.Event()
        self.asked = 0
        self.was_cancelled = False
        self._error = error

    async def __call__(self) -> int:
        self.asked += 1
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        if self._error is not None:
            raise self._error
        return self.asked


async def under_way(*tasks: "asyncio.Task[int]") -> None:
    for _ in tasks:
        await asyncio.sleep(0)


async def test_one_answer_serves_all_who_asked_meanwhile() -> None:
    calls, source = SharedCalls[int](), Source()
    tasks = [asyncio.create_task(calls.call("fox", source)) for _ in range(3)]
    await under_way(*tasks)

    source.go_on.set()

    assert await asyncio.gather(*tasks) == [1, 1, 1]
    assert await calls.call("fox", source) == 2


async def test_another_key_is_another_call() -> None:
    calls, source = SharedCalls[int](), Source()
    source.go_on.set()

    answers = await asyncio.gather(calls.call("fox", source), calls.call("cat", source))

    assert sorted(answers) == [1, 2]


async def test_an_error_comes_to_all_and_the_next_asks_anew() -> None:
    calls, source = SharedCalls[int](), Source(ZeroDivisionError())
    tasks = [asyncio.create_task(calls.call("fox", source)) for _ in range(2)]
    await under_way(*tasks)

    source.go_on.set()

    errors = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(error) for error in errors] == [ZeroDivisionError] * 2
    with pytest.raises(ZeroDivisionError):
        await calls.call("fox", source)
    assert source.asked == 2


async def test_who_leaves_takes_nothing_from_who_stays() -> None:
    calls, source = SharedCalls[int](), Source()
    leaving, staying = (asyncio.create_task(calls.call("fox", source)) for _ in range(2))
    await under_way(leaving, staying)

    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    source.go_on.set()

    assert await staying == 1
    assert not source.was_cancelled


async def test_when_all_have_left_the_call_ends() -> None:
    calls, source = SharedCalls[int](), Source()
    tasks = [asyncio.create_task(calls.call("fox", source)) for _ in range(2)]
    await under_way(*tasks)

    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)

    assert source.was_cancelled
    source.go_on.set()
    assert await calls.call("fox", source) == 2
