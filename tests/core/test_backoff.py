"""The one retry policy: what is tried again, how often and when, and what an outage costs."""

import math
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from core.backoff import (
    LONGEST_WAIT_SECONDS,
    Backoff,
    RetryBudget,
    is_ambiguous,
    is_transient,
    is_unprocessed,
    wait_seconds,
)
from core.client.http import Http
from core.clock import Clock
from core.emulator.faults import Fault
from core.errors import (
    ApiError,
    ConnectionFailed,
    ConnectionLost,
    CreateUncertain,
    Forbidden,
    InputRejected,
    InvalidInput,
    MalformedResponse,
    NotFound,
    PaymentRequired,
    PlaygroundError,
    PredictionFailed,
    RateLimited,
    ServerError,
    Unauthenticated,
)
from core.prediction import Prediction
from tests.core.parts import FakeTime, Parts, settings_for
from tests.logs import capture_logs

Operation = Callable[[], Awaitable[str]]


def limited(seconds: float | None = None) -> RateLimited:
    return RateLimited(status=429, retry_after_seconds=seconds)


class Failing:
    """An operation that raises the given errors, one a call, and then succeeds."""

    def __init__(self, *errors: BaseException) -> None:
        self.calls = 0
        self._errors = errors

    async def __call__(self) -> str:
        self.calls += 1
        if self.calls <= len(self._errors):
            raise self._errors[self.calls - 1]
        return "done"


def backoff_by(
    time: FakeTime,
    *,
    attempts: int | None = 3,
    patience: float = math.inf,
    budget: RetryBudget | None = None,
) -> Backoff:
    """Return one whose waits are the middle ones."""
    return Backoff(attempts, patience, budget, time.value, draw=lambda low, high: (low + high) / 2)


async def call(backoff: Backoff, operation: Operation, name: str = "x", **options: Any) -> str:
    async for attempt in backoff.attempts(name, **options):
        with attempt:
            return await operation()
    raise AssertionError


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


async def test_what_succeeds_is_tried_once(time: FakeTime) -> None:
    operation = Failing()

    result = await call(backoff_by(time), operation)

    assert (result, operation.calls, time.slept) == ("done", 1, [])


@pytest.mark.parametrize(
    "error",
    [
        ConnectionFailed("x"),
        ConnectionLost("x"),
        MalformedResponse("x"),
        ServerError(status=500),
        ServerError(status=503),
        limited(),
    ],
)
async def test_a_passing_error_is_tried_again(time: FakeTime, error: PlaygroundError) -> None:
    operation = Failing(error)

    result = await call(backoff_by(time), operation)

    assert (result, operation.calls) == ("done", 2)


@pytest.mark.parametrize("attempts", [1, 2, 5])
async def test_attempts_count_the_first_try(time: FakeTime, attempts: int) -> None:
    operation = Failing(*[ConnectionLost(str(n)) for n in range(10)])

    with pytest.raises(ConnectionLost):
        await call(backoff_by(time, attempts=attempts), operation)

    assert operation.calls == attempts
    assert len(time.slept) == attempts - 1


async def test_the_last_error_is_raised_as_it_came(time: FakeTime) -> None:
    errors = [ConnectionLost("first"), ServerError(status=500), ConnectionFailed("last")]

    with pytest.raises(ConnectionFailed) as caught:
        await call(backoff_by(time), Failing(*errors))

    assert caught.value is errors[-1]


@pytest.mark.parametrize(
    "error",
    [
        Unauthenticated(status=401),
        PaymentRequired(status=402),
        Forbidden(status=403),
        NotFound(status=404),
        InputRejected(status=422),
        ApiError(status=400),
        InvalidInput("x"),
        PredictionFailed(Prediction(id="p", model="m", version="v", status="failed")),
        CreateUncertain(model="m", input={}),
        KeyError("a mistake of ours"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_cant_get_better_is_tried_once(time: FakeTime, error: Exception) -> None:
    operation = Failing(error)

    with pytest.raises(type(error)) as caught:
        await call(backoff_by(time, attempts=5), operation)

    assert caught.value is error
    assert (operation.calls, time.slept) == (1, [])


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0.25), (1, 2.0), (2, 4.0), (3, 8.0), (4, 16.0), (5, 20.0), (6, 20.0), (100_000, 20.0)],
)
def test_waits_double_from_two_seconds_to_twenty_give_or_take_a_quarter(
    failures: int, seconds: float
) -> None:
    waits = [wait_seconds(ConnectionLost("x"), failures) for _ in range(500)]

    assert min(waits) >= 0.75 * seconds
    assert max(waits) <= 1.25 * seconds
    assert min(waits) < 0.8 * seconds
    assert max(waits) > 1.2 * seconds


async def test_waits_double_from_failure_to_failure(time: FakeTime) -> None:
    operation = Failing(*[ConnectionLost("x")] * 5)

    await call(backoff_by(time, attempts=None), operation)

    assert time.slept == [2.0, 4.0, 8.0, 16.0, 20.0]


async def test_a_gateway_that_restarts_for_three_seconds_is_survived_by_three_attempts() -> None:
    for drawn in (min, max):
        time = FakeTime()
        began = time.now

        async def ask(time: FakeTime = time, began: float = began) -> str:
            if time.now - began < 3:
                raise ServerError(status=502)
            return "done"

        backoff = Backoff(3, clock=time.value, draw=lambda low, high, drawn=drawn: drawn(low, high))

        assert await call(backoff, ask) == "done"


# --- progress


async def test_after_progress_it_goes_on_soon_and_failures_count_anew(time: FakeTime) -> None:
    arrived = [0.0]

    async def download() -> str:
        if arrived[0] >= 10:
            return "done"
        arrived[0] += 1
        raise ConnectionLost("cut")

    await call(backoff_by(time, attempts=3), download, progress=lambda: arrived[0])

    assert time.slept == [0.25] * 10


async def test_only_what_gets_further_than_ever_before_is_progress(time: FakeTime) -> None:
    sizes = iter([5.0, 0.0, 3.0, 5.0, 6.0])
    size = [0.0]

    async def download() -> str:
        size[0] = next(sizes)
        raise ConnectionLost("cut")

    with pytest.raises(ConnectionLost):
        await call(backoff_by(time, attempts=3), download, progress=lambda: size[0])

    assert time.slept == [0.25, 2.0, 4.0]


@pytest.mark.parametrize("seconds", [0.0, 0.25, 2.0, LONGEST_WAIT_SECONDS])
async def test_what_the_server_asks_is_waited_up_to_two_minutes(
    time: FakeTime, seconds: float
) -> None:
    operation = Failing(limited(seconds), ServerError(status=503, retry_after_seconds=seconds))

    await call(backoff_by(time), operation)

    assert time.slept == [seconds, seconds]


@pytest.mark.parametrize("kind", [RateLimited, ServerError])
async def test_a_longer_wait_is_raised_at_once(time: FakeTime, kind: type[ApiError]) -> None:
    operation = Failing(kind(status=503, retry_after_seconds=LONGEST_WAIT_SECONDS + 1))

    with pytest.raises(kind):
        await call(backoff_by(time), operation)

    assert (operation.calls, time.slept) == (1, [])


# --- patience


async def test_nothing_is_tried_again_after_its_patience(time: FakeTime) -> None:
    operation = Failing(*[ConnectionLost("x")] * 100)

    with pytest.raises(ConnectionLost):
        await call(backoff_by(time, attempts=None, patience=60), operation)

    assert sum(time.slept) == pytest.approx(60)
    assert operation.calls == 7


async def test_a_callers_own_end_counts_too_where_it_is_earlier(time: FakeTime) -> None:
    operation = Failing(*[ConnectionLost("x")] * 100)

    with pytest.raises(ConnectionLost):
        await call(backoff_by(time, attempts=None, patience=60), operation, until=time.now + 10)

    assert sum(time.slept) == pytest.approx(10)


# --- refusals that say when to come back


async def test_a_refusal_that_says_when_costs_neither_attempts_nor_budget(time: FakeTime) -> None:
    budget = RetryBudget(share=0, reserve=1.0)
    operation = Failing(*[limited(10.0)] * 50, ConnectionLost("x"))

    result = await call(backoff_by(time, attempts=2, budget=budget), operation)

    assert (result, operation.calls) == ("done", 52)
    assert time.slept == [10.0] * 50 + [2.0]
    assert not budget.spend()  # the lost connection took the one that there was


async def test_a_refusal_that_doesnt_say_when_is_a_failure_like_others(time: FakeTime) -> None:
    budget = RetryBudget(share=0, reserve=10.0)
    operation = Failing(*[limited()] * 10)

    with pytest.raises(RateLimited):
        await call(backoff_by(time, attempts=3, budget=budget), operation)

    assert (operation.calls, time.slept) == (3, [2.0, 4.0])


async def test_refusals_are_waited_for_until_the_calls_patience_is_over(time: FakeTime) -> None:
    operation = Failing(*[limited(10.0)] * 100)

    with pytest.raises(RateLimited):
        await call(backoff_by(time, patience=60), operation)

    assert time.slept == [10.0] * 6


async def test_a_refusal_beyond_the_patience_is_raised_without_waiting(time: FakeTime) -> None:
    operation = Failing(limited(61.0))

    with pytest.raises(RateLimited):
        await call(backoff_by(time, patience=60), operation)

    assert (operation.calls, time.slept) == (1, [])


async def test_failures_before_a_refusal_arent_forgotten(time: FakeTime) -> None:
    operation = Failing(ConnectionLost("x"), limited(1.0), ConnectionLost("x"), limited(1.0))

    await call(backoff_by(time), operation)

    assert time.slept == [2.0, 1.0, 4.0, 1.0]


# --- the budget


async def test_a_thousand_calls_that_all_fail_cost_at_most_a_tenth_more(time: FakeTime) -> None:
    retries = backoff_by(time, attempts=3, budget=RetryBudget())
    operation = Failing(*[ConnectionLost("x")] * 10_000)

    for _ in range(1_000):
        with pytest.raises(ConnectionLost):
            await call(retries, operation)

    assert 1_000 < operation.calls <= 1_100


async def test_one_budget_bounds_all_who_share_it(time: FakeTime) -> None:
    budget = RetryBudget()
    several = [backoff_by(time, attempts=10, budget=budget) for _ in range(10)]
    operation = Failing(*[ServerError(status=500)] * 10_000)

    for number in range(1_000):
        with pytest.raises(ServerError):
            await call(several[number % 10], operation)

    assert operation.calls <= 1_100


async def test_in_an_outage_more_requests_are_paid_for_and_otherwise_they_are_free(
    time: FakeTime,
) -> None:
    answers = iter([200, *[503] * 8, 200])
    http = Http(
        settings_for("http://api.test").model_copy(update={"max_retries": 1}),
        transport=httpx2.MockTransport(lambda _: httpx2.Response(next(answers), json={})),
        budget=RetryBudget(share=0, reserve=1.0),
        clock=time.value,
    )

    await http.get_once("/account")
    free = [http.may_ask_more() for _ in range(3)]
    for _ in range(8):
        with pytest.raises(ServerError):
            await http.get_once("/account")
    paid = [http.may_ask_more() for _ in range(2)]
    await http.get_once("/account")
    again = http.may_ask_more()

    assert (free, paid, again) == ([True] * 3, [True, False], True)
    await http.aclose()


async def test_the_budget_comes_back_with_calls_that_succeed(time: FakeTime) -> None:
    budget = RetryBudget(share=0.5, reserve=2.0)
    retries = backoff_by(time, attempts=5, budget=budget)
    with pytest.raises(ConnectionLost):
        await call(retries, Failing(*[ConnectionLost("x")] * 9))
    for _ in range(4):
        await call(retries, Failing())
    operation = Failing(ConnectionLost("x"), ConnectionLost("x"))

    result = await call(retries, operation)

    assert result == "done"


async def test_an_error_that_isnt_tried_again_costs_no_budget(time: FakeTime) -> None:
    budget = RetryBudget(share=0, reserve=1.0)
    retries = backoff_by(time, budget=budget)
    for _ in range(5):
        with pytest.raises(NotFound):
            await call(retries, Failing(NotFound(status=404)))
    operation = Failing(ConnectionLost("x"))

    await call(retries, operation)

    assert operation.calls == 2


async def test_each_retry_is_one_log_event(time: FakeTime) -> None:
    operation = Failing(ConnectionLost("cut"), limited(7))

    with capture_logs() as logs:
        await call(backoff_by(time), operation, name="predictions.get")

    assert [event for event in logs if event["event"] == "request.retried"] == logs
    assert [
        (e["log_level"], e["request"], e["attempt"], e["seconds"], e["error"]) for e in logs
    ] == [
        ("warning", "predictions.get", 1, 2.0, "cut"),
        ("warning", "predictions.get", 2, 7.0, "Replicate asks to slow down: try again in 7 s."),
    ]


async def test_who_waits_is_told_why_and_for_how_long_before_it(time: FakeTime) -> None:
    told: list[tuple[str, float, int]] = []

    await call(
        backoff_by(time),
        Failing(limited(2), ConnectionLost("cut")),
        on_wait=lambda reason, seconds: told.append((reason, seconds, len(time.slept))),
    )

    assert told == [
        ("Replicate asks to slow down: try again in 2 s.", 2.0, 0),
        ("cut", 2.0, 1),
    ]


async def test_a_sleep_that_raises_ends_the_call(time: FakeTime) -> None:
    class Stopped(Exception):
        pass

    async def stop(seconds: float) -> None:
        raise Stopped

    operation = Failing(ConnectionLost("x"))

    with pytest.raises(Stopped):
        await call(backoff_by(time), operation, name="x", sleep=stop)

    assert operation.calls == 1


def test_a_create_is_sent_again_only_if_it_was_certainly_not_carried_out() -> None:
    certain = [ConnectionFailed("x"), limited(), limited(LONGEST_WAIT_SECONDS)]
    doubtful = [ConnectionLost("x"), MalformedResponse("x"), ServerError(status=500)]
    refused = [NotFound(status=404), InputRejected(status=422), limited(500), KeyError("x")]

    assert all(is_unprocessed(error) and not is_ambiguous(error) for error in certain)
    assert all(is_ambiguous(error) and not is_unprocessed(error) for error in doubtful)
    assert not any(is_unprocessed(error) or is_ambiguous(error) for error in refused)


def test_a_create_stays_doubtful_however_long_the_server_asks_to_wait() -> None:
    error = ServerError(status=503, retry_after_seconds=86_400)

    assert is_ambiguous(error)
    assert not is_transient(error)


# --- over HTTP


async def test_a_get_survives_errors_in_a_row(parts: Parts) -> None:
    parts.emulator.inject(Fault(status=503), Fault(drop=True))

    account = await parts.lookups.get_account()

    assert account.username == "emulator"
    assert len(parts.emulator.requests) == 3


async def test_a_retry_after_over_http_is_waited_for(parts: Parts) -> None:
    parts.emulator.inject(
        Fault(status=429, body='{"retry_after": 5}'),
        Fault(status=503, headers={"Retry-After": "0"}),
    )

    await parts.lookups.get_account()

    assert parts.time.slept[:2] == [5.0, 0.0]


async def test_a_day_long_retry_after_over_http_costs_one_request(parts: Parts) -> None:
    parts.emulator.inject(Fault(status=503, times=None, headers={"Retry-After": "86400"}))

    with pytest.raises(ServerError):
        await parts.lookups.get_account()

    assert (len(parts.emulator.requests), parts.time.slept) == (1, [])


@pytest.mark.parametrize("status", [401, 402, 404, 422])
async def test_a_refusal_over_http_costs_one_request(parts: Parts, status: int) -> None:
    parts.emulator.inject(Fault(status=status, times=None))

    with pytest.raises(ApiError):
        await parts.lookups.get_account()

    assert len(parts.emulator.requests) == 1


async def test_a_thousand_calls_in_an_outage_send_at_most_1_100_requests(time: FakeTime) -> None:
    sent = 0

    async def no_time(seconds: float) -> None:
        time.now += seconds

    def refuse(request: httpx2.Request) -> httpx2.Response:
        nonlocal sent
        sent += 1
        return httpx2.Response(503)

    http = Http(
        settings_for("http://api.test"),
        transport=httpx2.MockTransport(refuse),
        budget=RetryBudget(),
        clock=Clock(sleep=no_time, monotonic=time.clock),
    )

    for _ in range(1_000):
        with pytest.raises(ServerError):
            await http.get("/account", name="account.get")

    assert 1_000 < sent <= 1_100
    await http.aclose()
