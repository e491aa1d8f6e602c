from collections.abc import Awaitable, Callable

import httpx2
import pytest

from core.api.directory import Directory
from core.api.transport import Api
from core.backoff import (
    LONGEST_WAIT_SECONDS,
    Retries,
    RetryBudget,
    is_ambiguous,
    is_transient,
    is_unprocessed,
    wait_seconds,
)
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


def retries_by(time: FakeTime, *, attempts: int = 3, budget: RetryBudget | None = None) -> Retries:
    return Retries(
        attempts=attempts,
        budget=budget or RetryBudget(),
        sleep=time.sleep,
        draw=lambda low, high: high,
    )


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


async def test_what_succeeds_is_tried_once(time: FakeTime) -> None:
    operation = Failing()

    result = await retries_by(time).call(operation, name="x")

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

    result = await retries_by(time).call(operation, name="x")

    assert (result, operation.calls) == ("done", 2)


@pytest.mark.parametrize("attempts", [1, 2, 5])
async def test_attempts_count_the_first_try(time: FakeTime, attempts: int) -> None:
    operation = Failing(*[ConnectionLost(str(n)) for n in range(10)])

    with pytest.raises(ConnectionLost):
        await retries_by(time, attempts=attempts).call(operation, name="x")

    assert operation.calls == attempts
    assert len(time.slept) == attempts - 1


async def test_the_last_error_is_raised_as_it_came(time: FakeTime) -> None:
    errors = [ConnectionLost("first"), ServerError(status=500), ConnectionFailed("last")]

    with pytest.raises(ConnectionFailed) as caught:
        await retries_by(time).call(Failing(*errors), name="x")

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
        await retries_by(time, attempts=5).call(operation, name="x")

    assert caught.value is error
    assert (operation.calls, time.slept) == (1, [])


def test_waits_are_drawn_from_nought_to_a_doubling_bound() -> None:
    bounds: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        bounds.append((low, high))
        return high

    for attempt in range(1, 9):
        wait_seconds(ConnectionLost("x"), attempt, draw=draw)

    assert bounds == [(0, s) for s in (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0)]


def test_waits_are_spread_over_the_whole_of_their_bound() -> None:
    waits = [wait_seconds(ConnectionLost("x"), 3) for _ in range(500)]

    assert all(0 <= seconds <= 2 for seconds in waits)
    assert min(waits) < 0.2
    assert max(waits) > 1.8


def test_waits_stay_bounded_after_thousands_of_failures() -> None:
    assert wait_seconds(ConnectionLost("x"), 100_000, draw=lambda low, high: high) == 20


@pytest.mark.parametrize("seconds", [0.0, 0.25, 2.0, LONGEST_WAIT_SECONDS])
async def test_what_the_server_asks_is_waited_up_to_two_minutes(
    time: FakeTime, seconds: float
) -> None:
    operation = Failing(limited(seconds), ServerError(status=503, retry_after_seconds=seconds))

    await retries_by(time).call(operation, name="x")

    assert time.slept == [seconds, seconds]


@pytest.mark.parametrize("kind", [RateLimited, ServerError])
async def test_a_longer_wait_is_raised_at_once(time: FakeTime, kind: type[ApiError]) -> None:
    operation = Failing(kind(status=503, retry_after_seconds=LONGEST_WAIT_SECONDS + 1))

    with pytest.raises(kind):
        await retries_by(time).call(operation, name="x")

    assert (operation.calls, time.slept) == (1, [])


async def test_a_thousand_calls_that_all_fail_cost_at_most_a_tenth_more(time: FakeTime) -> None:
    retries = retries_by(time, attempts=3)
    operation = Failing(*[ConnectionLost("x")] * 10_000)

    for _ in range(1_000):
        with pytest.raises(ConnectionLost):
            await retries.call(operation, name="x")

    assert 1_000 < operation.calls <= 1_100


async def test_one_budget_bounds_all_who_share_it(time: FakeTime) -> None:
    budget = RetryBudget()
    several = [retries_by(time, attempts=10, budget=budget) for _ in range(10)]
    operation = Failing(*[ServerError(status=500)] * 10_000)

    for number in range(1_000):
        with pytest.raises(ServerError):
            await several[number % 10].call(operation, name="x")

    assert operation.calls <= 1_100


async def test_in_an_outage_more_requests_are_paid_for_and_otherwise_they_are_free(
    time: FakeTime,
) -> None:
    retries = retries_by(time, attempts=1, budget=RetryBudget(share=0, reserve=1.0))

    free = [retries.may_ask_more() for _ in range(3)]
    for _ in range(8):
        with pytest.raises(ConnectionLost):
            await retries.call(Failing(ConnectionLost("x")), name="x")
    paid = [retries.may_ask_more() for _ in range(2)]
    await retries.call(Failing(), name="x")
    again = retries.may_ask_more()

    assert (free, paid, again) == ([True] * 3, [True, False], True)


async def test_the_budget_comes_back_with_calls_that_succeed(time: FakeTime) -> None:
    budget = RetryBudget(share=0.5, reserve=2.0)
    retries = retries_by(time, attempts=5, budget=budget)
    with pytest.raises(ConnectionLost):
        await retries.call(Failing(*[ConnectionLost("x")] * 9), name="x")
    for _ in range(4):
        await retries.call(Failing(), name="x")
    operation = Failing(ConnectionLost("x"), ConnectionLost("x"))

    result = await retries.call(operation, name="x")

    assert result == "done"


async def test_an_error_that_isnt_tried_again_costs_no_budget(time: FakeTime) -> None:
    budget = RetryBudget(share=0, reserve=1.0)
    retries = retries_by(time, budget=budget)
    for _ in range(5):
        with pytest.raises(NotFound):
            await retries.call(Failing(NotFound(status=404)), name="x")
    operation = Failing(ConnectionLost("x"))

    await retries.call(operation, name="x")

    assert operation.calls == 2


async def test_each_retry_is_one_log_event(time: FakeTime) -> None:
    operation = Failing(ConnectionLost("cut"), limited(7))

    with capture_logs() as logs:
        await retries_by(time).call(operation, name="predictions.get")

    assert [event for event in logs if event["event"] == "request.retried"] == logs
    assert [
        (e["log_level"], e["request"], e["attempt"], e["seconds"], e["error"]) for e in logs
    ] == [
        ("warning", "predictions.get", 1, 0.5, "cut"),
        ("warning", "predictions.get", 2, 7.0, "Replicate asks to slow down: try again in 7 s."),
    ]


async def test_who_waits_is_told_why_and_for_how_long_before_it(time: FakeTime) -> None:
    told: list[tuple[str, float, int]] = []

    await retries_by(time).call(
        Failing(limited(2), ConnectionLost("cut")),
        name="x",
        on_wait=lambda reason, seconds: told.append((reason, seconds, len(time.slept))),
    )

    assert told == [
        ("Replicate asks to slow down: try again in 2 s.", 2.0, 0),
        ("cut", 1.0, 1),
    ]


async def test_a_sleep_that_raises_ends_the_call(time: FakeTime) -> None:
    class Stopped(Exception):
        pass

    async def stop(seconds: float) -> None:
        raise Stopped

    operation = Failing(ConnectionLost("x"))

    with pytest.raises(Stopped):
        await retries_by(time).call(operation, name="x", sleep=stop)

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

    assert parts.time.slept == [5.0, 0.0]


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

    def refuse(request: httpx2.Request) -> httpx2.Response:
        nonlocal sent
        sent += 1
        return httpx2.Response(503)

    api = Api(settings_for("http://api.test"), inner=httpx2.MockTransport(refuse))
    directory = Directory(api, retries_by(time))

    for _ in range(1_000):
        with pytest.raises(ServerError):
            await directory.account()

    assert 1_000 < sent <= 1_100
    await api.aclose()
