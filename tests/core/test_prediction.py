from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from replicate.exceptions import ModelError

from core.errors import (
    MalformedResponse,
    PredictionAborted,
    PredictionCanceled,
    PredictionError,
    PredictionFailed,
    PredictionTimeout,
)
from core.prediction import Prediction, Progress

WHOLE = {
    "id": "abc",
    "model": "acme/pictures",
    "version": "hidden",
    "status": "succeeded",
    "input": {"prompt": "a fox"},
    "output": ["https://x.test/a.png"],
    "error": None,
    "logs": "done\n",
    "metrics": {"predict_time": 1.5},
    "created_at": "2026-03-01T12:00:00.123Z",
    "started_at": "2026-03-01T12:00:01Z",
    "completed_at": "2026-03-01T12:00:02.123456789Z",
    "deadline": "2026-03-01T13:00:00+01:00",
    "data_removed": False,
    "source": "api",
    "urls": {"get": "https://x.test/abc", "stream": "https://x.test/stream"},
}


def prediction(status: str, **more: Any) -> Prediction:
    return Prediction.from_json({**WHOLE, "status": status, **more})


# --- as a value


def test_a_prediction_is_read_whole() -> None:
    read = Prediction.from_json(WHOLE)

    assert (read.id, read.model, read.version, read.status) == (
        "abc",
        "acme/pictures",
        "hidden",
        "succeeded",
    )
    assert (read.input, read.output, read.error) == (WHOLE["input"], WHOLE["output"], None)
    assert (read.logs, read.metrics, read.source) == ("done\n", {"predict_time": 1.5}, "api")
    assert read.stream_url == "https://x.test/stream"
    assert read.extra == {}


def test_times_are_read_with_their_zones() -> None:
    read = Prediction.from_json(WHOLE)

    assert read.created_at == datetime(2026, 3, 1, 12, 0, 0, 123_000, UTC)
    assert read.started_at == datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC)
    assert read.completed_at == datetime(2026, 3, 1, 12, 0, 2, 123_456, UTC)
    assert read.deadline == datetime(2026, 3, 1, 13, 0, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize("time", [None, "", "yesterday", 5, [], {}])
def test_a_time_that_cant_be_read_is_none(time: Any) -> None:
    assert prediction("starting", created_at=time).created_at is None


def test_a_time_without_a_zone_is_utc_so_that_it_can_be_compared() -> None:
    read = prediction("starting", created_at="2026-03-01T12:00:00")

    assert read.created_at == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_unknown_fields_are_kept() -> None:
    read = prediction("processing", mood="sleepy", webhook="https://x.test/hook")

    assert read.extra == {"mood": "sleepy", "webhook": "https://x.test/hook"}


@pytest.mark.parametrize("status", ["hibernating", "", None])
def test_an_unknown_status_is_kept_and_has_not_ended(status: Any) -> None:
    if not status:
        with pytest.raises(MalformedResponse):
            prediction(status)
        return

    read = prediction(status)

    assert (read.status, read.is_terminal) == (status, False)
    read.raise_for_status()


@pytest.mark.parametrize(
    "odd",
    [
        {"input": None, "metrics": None, "urls": None, "logs": None},
        {"input": [], "metrics": "x", "urls": 5, "logs": 7, "error": {"code": 1}},
    ],
)
def test_odd_fields_never_break_it(odd: dict[str, Any]) -> None:
    read = prediction("starting", **odd)

    assert (read.input, read.metrics, read.urls, read.stream_url) == ({}, {}, {}, None)
    assert isinstance(read.logs, str)


@pytest.mark.parametrize("body", [None, [], "x", 5, {}, {"id": "a"}, {"status": "starting"}])
def test_what_is_no_prediction_is_malformed(body: Any) -> None:
    with pytest.raises(MalformedResponse):
        Prediction.from_json(body)


@pytest.mark.parametrize(
    ("output", "text"),
    [("ab", "ab"), (["a", "b"], "ab"), ([], ""), (None, None), ([1], None), ({"a": 1}, None)],
)
def test_the_text_of_a_language_model_is_joined(output: Any, text: str | None) -> None:
    assert prediction("succeeded", output=output).text == text


# --- its end


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        ("failed", PredictionFailed, "out of memory"),
        ("canceled", PredictionCanceled, "charged"),
        ("aborted", PredictionAborted, "nothing was charged"),
    ],
)
def test_an_end_without_a_result_is_an_error_with_the_prediction_in_it(
    status: str, kind: type[PredictionError], said: str
) -> None:
    ended = prediction(status, error="out of memory", logs="step 1\n", deadline=None)

    with pytest.raises(kind, match=said) as caught:
        ended.raise_for_status()

    told = caught.value.prediction
    assert (told.id, told.status, told.error, told.logs) == (
        "abc",
        status,
        "out of memory",
        "step 1\n",
    )
    assert ended.is_terminal


def test_a_failed_prediction_is_the_packages_model_error_too() -> None:
    failed = prediction("failed", error="E005")

    with pytest.raises(ModelError) as caught:
        failed.raise_for_status()

    assert caught.value.prediction.error == "E005"
    assert str(caught.value) == "The model failed: E005"


def test_a_failure_without_a_reason_says_so() -> None:
    with pytest.raises(PredictionFailed, match="gave no reason"):
        prediction("failed", error=None).raise_for_status()


def test_one_that_replicate_cancelled_at_its_deadline_was_too_slow() -> None:
    late = prediction(
        "canceled",
        created_at="2026-03-01T12:00:00Z",
        deadline="2026-03-01T12:10:00Z",
        completed_at="2026-03-01T12:10:00.050Z",
    )

    with pytest.raises(PredictionTimeout, match="600 s") as caught:
        late.raise_for_status()

    assert caught.value.prediction is late


@pytest.mark.parametrize("completed_at", ["2026-03-01T12:05:00Z", None])
def test_one_that_was_cancelled_before_its_deadline_was_cancelled(completed_at: Any) -> None:
    early = prediction("canceled", deadline="2026-03-01T12:10:00Z", completed_at=completed_at)

    with pytest.raises(PredictionCanceled):
        early.raise_for_status()


@pytest.mark.parametrize("status", ["starting", "processing", "succeeded"])
def test_what_runs_or_succeeded_is_no_error(status: str) -> None:
    prediction(status).raise_for_status()

    assert prediction(status).is_terminal == (status == "succeeded")


# --- progress


@pytest.mark.parametrize(
    ("logs", "progress"),
    [
        (" 25%|██▌       | 1/4 [00:00<00:01,  2.54it/s]", (1, 4)),
        ("100%|██████████| 50/50 [00:10<00:00]\n", (50, 50)),
        ("  0%|          | 0/28 [00:00<?, ?it/s]", (0, 28)),
        ("  0%| | 0/4\r 25%|█| 1/4\r 50%|██| 2/4 [00:01]", (2, 4)),
        ("100%|██| 8/8\nNow upscaling\n  0%| | 0/3\n 33%|█| 1/3\n", (1, 3)),
        ("Sampling:  10%|█         | 2/20 [00:00]\nUsing seed: 5", (2, 20)),
        ("", None),
        ("Using seed: 1/2", None),
        ("50% done, 1/2", None),
        ("  0%| | 0/0 [00:00]", None),
        (" 10%|█| 1.2k/12k [00:00]", None),
        (" 50%|██| 5.00MB/10.0MB", None),
        (" 50%|███", None),
        (f" 50%|█| {'9' * 5000}/{'9' * 5000}", None),
        ("1%|" * 20_000, None),
        ("\x00\ud800%|", None),
    ],
)
def test_progress_is_what_the_newest_tqdm_bar_says(
    logs: str, progress: tuple[int, int] | None
) -> None:
    found = prediction("processing", logs=logs).progress

    assert found == (None if progress is None else Progress(*progress))


def test_a_fraction_never_passes_one() -> None:
    assert Progress(1, 4).fraction == 0.25
    assert Progress(9, 4).fraction == 1.0
