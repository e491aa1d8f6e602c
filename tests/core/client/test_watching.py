"""Predictions are watched to their end or their deadline, whatever happens on the way."""

import itertools
import json

import httpx2
import pytest
from replicate.exceptions import ModelError

from core.client.http import Http
from core.client.predictions import Predictions, interval_seconds
from core.clock import Clock
from core.emulator.faults import Fault
from core.errors import (
    ConnectionLost,
    NotFound,
    PredictionCanceled,
    PredictionFailed,
    PredictionTimeout,
    Unauthenticated,
)
from core.prediction import Prediction
from tests.core.parts import FakeTime, Parts, settings_for
from tests.logs import capture_logs

GET = {"method": "GET", "path": "/v1/predictions/*"}
CANCEL = {"method": "POST", "path": "*/cancel"}


async def start(parts: Parts, model: str = "acme/pictures") -> Prediction:
    return await parts.creates.create(model, {"prompt": "a fox"}, deadline_seconds=600)


async def watch(parts: Parts, prediction: Prediction, *, seconds: float = 600) -> list[Prediction]:
    return [seen async for seen in parts.predictions.watch(prediction, timeout_seconds=seconds)]


def answer(prediction: Prediction, status: str, **more: object) -> str:
    return json.dumps({"id": prediction.id, "model": "acme/pictures", "status": status, **more})


# --- to its end


async def test_a_prediction_is_watched_to_its_end(parts: Parts) -> None:
    prediction = await start(parts)

    seen = await watch(parts, prediction)

    assert seen[0] is prediction
    assert seen[-1].status == "succeeded"
    assert seen[-1].output
    assert all(before != after for before, after in itertools.pairwise(seen))


async def test_one_that_has_ended_already_is_not_asked_for(parts: Parts) -> None:
    ended = (await watch(parts, await start(parts)))[-1]
    before = len(parts.emulator.requests)

    seen = await watch(parts, ended)

    assert seen == [ended]
    assert len(parts.emulator.requests) == before


@pytest.mark.parametrize(
    ("elapsed", "interval"),
    [(0, 0.1), (1, 0.1), (2, 0.1), (10, 0.5), (30, 1.5), (40, 2.0), (3600, 2.0)],
)
def test_the_interval_grows_from_a_tenth_of_a_second_to_two(
    elapsed: float, interval: float
) -> None:
    assert interval_seconds(elapsed) == pytest.approx(interval)


async def test_the_pauses_between_questions_grow_with_the_prediction(parts: Parts) -> None:
    prediction = await start(parts, "acme/endless")

    with pytest.raises(PredictionTimeout):
        await watch(parts, prediction, seconds=60)

    slept = parts.time.slept
    assert slept[0] == pytest.approx(0.1)
    assert slept[:-1] == sorted(slept[:-1])
    assert max(slept) == pytest.approx(2.0)
    assert sum(slept) == pytest.approx(60)
    assert len(slept) < 110


async def test_one_that_runs_on_past_the_creates_wait_is_watched_on(parts: Parts) -> None:
    prediction = await parts.creates.create(
        "acme/pictures", {}, deadline_seconds=600, wait_seconds=1
    )
    still = json.loads(answer(prediction, "processing"))

    seen = await watch(parts, Prediction.from_json(still))

    assert seen[-1].status == "succeeded"


# --- errors on the way


async def test_five_502s_a_drop_and_truncated_json_and_it_still_succeeds(parts: Parts) -> None:
    prediction = await start(parts)
    parts.emulator.inject(
        Fault(**GET, status=502, times=5), Fault(**GET, drop=True), Fault(**GET, body='{"id": "x')
    )

    with capture_logs() as logs:
        seen = await watch(parts, prediction)

    assert seen[-1].status == "succeeded"
    assert len([event for event in logs if event["event"] == "request.retried"]) == 7
    assert parts.posts == 1


async def test_who_waits_is_told_of_errors_on_the_way(parts: Parts) -> None:
    prediction = await start(parts)
    parts.emulator.inject(Fault(**GET, status=429, headers={"Retry-After": "3"}))
    told: list[tuple[str, float]] = []

    async for _ in parts.predictions.watch(
        prediction, timeout_seconds=600, on_wait=lambda *wait: told.append(wait)
    ):
        pass

    assert told[0] == ("Replicate asks to slow down: try again in 3 s.", 3.0)
    assert 3.0 in parts.time.slept


async def test_after_a_good_answer_waits_begin_small_again(parts: Parts) -> None:
    prediction = await start(parts, "acme/endless")
    again = [Fault(**GET, status=502, after=answers) for answers in (1, 2, 3, 4)]
    parts.emulator.inject(Fault(**GET, status=502, times=8), *again)
    told: list[float] = []

    with pytest.raises(PredictionTimeout):
        async for _ in parts.predictions.watch(
            prediction, timeout_seconds=300, on_wait=lambda _, seconds: told.append(seconds)
        ):
            pass

    assert len(told) == 12
    assert max(told[-4:]) <= 2.5


async def test_a_server_that_asks_for_a_day_doesnt_end_a_paid_prediction(parts: Parts) -> None:
    prediction = await start(parts)
    parts.emulator.inject(Fault(**GET, status=503, headers={"Retry-After": "86400"}))

    seen = await watch(parts, prediction)

    assert seen[-1].status == "succeeded"
    assert max(parts.time.slept) == 120


async def test_no_wait_reaches_beyond_the_deadline(parts: Parts) -> None:
    prediction = await start(parts, "acme/endless")
    parts.emulator.inject(Fault(**GET, status=503, times=None, headers={"Retry-After": "100"}))

    with pytest.raises(PredictionTimeout):
        await watch(parts, prediction, seconds=30)

    assert sum(parts.time.slept) == pytest.approx(30)


async def test_no_wait_for_a_rate_limit_reaches_beyond_the_deadline_either(parts: Parts) -> None:
    prediction = await start(parts, "acme/endless")
    parts.emulator.inject(Fault(**GET, status=429, headers={"Retry-After": "100"}))

    with pytest.raises(PredictionTimeout):
        await watch(parts, prediction, seconds=30)

    assert sum(parts.time.slept) == pytest.approx(30)
    assert parts.emulator.predictions[0]["status"] == "canceled"


@pytest.mark.parametrize(("status", "kind"), [(401, Unauthenticated), (404, NotFound)])
async def test_what_asking_again_cant_mend_is_raised(
    parts: Parts, status: int, kind: type[Exception]
) -> None:
    prediction = await start(parts, "acme/endless")
    parts.emulator.inject(Fault(**GET, status=status))

    with pytest.raises(kind):
        await watch(parts, prediction)


async def test_an_outage_to_the_end_ends_at_the_deadline(parts: Parts) -> None:
    prediction = await start(parts, "acme/endless")
    parts.emulator.inject(Fault(**GET, drop=True, times=None))

    with pytest.raises(PredictionTimeout):
        await watch(parts, prediction, seconds=300)

    assert parts.emulator.predictions[0]["status"] == "canceled"


# --- the deadline


async def test_one_that_never_finishes_is_cancelled_at_its_deadline(parts: Parts) -> None:
    prediction = await start(parts, "acme/endless")

    with pytest.raises(PredictionTimeout, match="not done after 20 s") as caught:
        await watch(parts, prediction, seconds=20)

    assert parts.emulator.predictions[0]["status"] == "canceled"
    assert (caught.value.prediction.id, caught.value.seconds) == (prediction.id, 20)
    assert parts.count("POST", "/cancel") == 1


async def test_the_cancel_at_the_deadline_is_tried_again(parts: Parts) -> None:
    prediction = await start(parts, "acme/endless")
    parts.emulator.inject(Fault(**CANCEL, status=503), Fault(**CANCEL, drop=True))

    with pytest.raises(PredictionTimeout):
        await watch(parts, prediction, seconds=1)

    assert parts.emulator.predictions[0]["status"] == "canceled"


async def test_one_that_ended_at_the_last_moment_is_returned(parts: Parts) -> None:
    prediction = await start(parts, "acme/endless")
    late = answer(prediction, "succeeded", output=["https://x.test/a.png"])
    parts.emulator.inject(Fault(**CANCEL, status=200, body=late))

    seen = await watch(parts, prediction, seconds=1)

    assert (seen[-1].status, seen[-1].output) == ("succeeded", ["https://x.test/a.png"])


async def test_if_the_cancel_cant_be_delivered_how_it_ended_isnt_claimed(parts: Parts) -> None:
    prediction = await start(parts, "acme/endless")
    parts.emulator.inject(Fault(**CANCEL, drop=True, times=None))

    with pytest.raises(ConnectionLost):
        await watch(parts, prediction, seconds=1)


@pytest.mark.parametrize("began", [0.0, 1_000.1, 1_700_000_000.3])
async def test_the_deadline_is_met_exactly_however_the_clock_counts(began: float) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            raise httpx2.ReadError("cut")
        return httpx2.Response(200, json={"id": "p", "status": "canceled"})

    running = Prediction(id="p", model="m", version="v", status="processing")
    for number in range(50):
        time = FakeTime(now=began + number / 7)

        async def sleep(seconds: float, time: FakeTime = time) -> None:
            assert len(time.slept) < 500, "it doesn't come to its deadline"
            time.slept.append(seconds)
            time.now += seconds

        http = Http(
            settings_for("http://api.test"),
            transport=httpx2.MockTransport(answer),
            clock=Clock(sleep=sleep, monotonic=time.clock),
        )

        with pytest.raises(PredictionTimeout):
            async for _ in Predictions(http).watch(running, timeout_seconds=60.1):
                pass

        assert sum(time.slept) == pytest.approx(60.1)
        await http.aclose()


async def test_who_only_waits_leaves_it_running_at_the_deadline(parts: Parts) -> None:
    prediction = await start(parts, "acme/endless")

    with pytest.raises(PredictionTimeout, match="is still running") as caught:
        async for _ in parts.predictions.watch(
            prediction, timeout_seconds=20, cancel_when_late=False
        ):
            pass

    assert not caught.value.was_cancelled
    assert parts.emulator.predictions[0]["status"] == "processing"
    assert parts.count("POST", "/cancel") == 0


async def test_one_whose_output_is_whole_already_is_not_asked_for(parts: Parts) -> None:
    whole = Prediction("p", "acme/fox", "v", "processing", output=["a.webp"], has_all_output=True)

    seen = await watch(parts, whole)

    assert seen == [whole]
    assert parts.emulator.requests == []


# --- how it ended


async def test_a_failed_model_is_its_own_error_with_its_logs_and_is_not_run_again(
    parts: Parts,
) -> None:
    prediction = (await watch(parts, await start(parts, "acme/broken")))[-1]

    with pytest.raises(PredictionFailed, match="E1001: out of memory") as caught:
        prediction.raise_for_status()

    assert isinstance(caught.value, ModelError)
    assert caught.value.prediction.id == prediction.id
    assert caught.value.prediction.error == "E1001: out of memory"
    assert "Loading weights" in caught.value.prediction.logs
    assert parts.posts == 1


async def test_one_that_somebody_cancelled_is_told_so(parts: Parts) -> None:
    prediction = await start(parts, "acme/endless")
    await parts.predictions.cancel(prediction.id)

    ended = (await watch(parts, prediction))[-1]

    with pytest.raises(PredictionCanceled, match="charged") as caught:
        ended.raise_for_status()
    assert caught.value.prediction.status == "canceled"


async def test_changes_of_status_are_logged_with_the_predictions_id(parts: Parts) -> None:
    prediction = await start(parts)

    with capture_logs() as logs:
        await watch(parts, prediction)

    done = [event for event in logs if event["event"] == "prediction.succeeded"]
    assert [event["prediction_id"] for event in done] == [prediction.id]
    assert done[0]["seconds"] > 0


async def test_an_unknown_status_is_kept_and_logged_once_and_watched_on(parts: Parts) -> None:
    prediction = await start(parts)
    odd = answer(prediction, "hibernating", mood="sleepy")
    parts.emulator.inject(Fault(**GET, status=200, body=odd, times=3))

    with capture_logs() as logs:
        seen = await watch(parts, prediction)

    assert [one.status for one in seen].count("hibernating") == 1
    assert seen[1].extra["mood"] == "sleepy"
    assert seen[-1].status == "succeeded"
    told = [event for event in logs if event["event"] == "prediction.status_unknown"]
    assert [event["status"] for event in told] == ["hibernating"]
