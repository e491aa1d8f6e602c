"""A run's moments and measures are told in order, in people's units."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.history.records import Job, MediaFile, State
from ui.views.timeline import Moment, duration, metrics_of, timeline

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PICTURE = MediaFile(
    n=0,
    key="local/2026-03/job1/0.webp",
    name="fox.webp",
    media_type="image/webp",
    bytes=1200,
    sha256="ab" * 32,
    width=1024,
    height=768,
)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def a_job(**changes: Any) -> Job:
    values: dict[str, Any] = {
        "id": "job1",
        "backend": "emulator",
        "owner": "local",
        "kind": "image",
        "model": "black-forest-labs/flux-schnell",
        "input": {"prompt": "a fox"},
        "created_at": NOON,
    }
    return Job(**(values | changes))


def names(job: Job) -> list[str]:
    return [moment.name for moment in timeline(job)]


def test_a_picture_was_queued_sent_started_seen_completed_and_downloaded() -> None:
    job = a_job(
        state=State.SUCCEEDED,
        files=(PICTURE,),
        sent_at=after(0.5),
        started_at=after(1.5),
        first_output_at=after(2),
        ended_at=after(4),
        completed_at=after(5),
    )

    assert timeline(job) == (
        Moment("Queued", NOON),
        Moment("Sent", after(0.5), 0.5),
        Moment("Started", after(1.5), 1),
        Moment("First output", after(2), 0.5),
        Moment("Completed", after(4), 2),
        Moment("Downloaded", after(5), 1),
    )


def test_a_text_is_complete_without_a_download() -> None:
    job = a_job(state=State.SUCCEEDED, text="Hi.", ended_at=after(4), completed_at=after(4.5))

    assert timeline(job)[1:] == (Moment("Completed", after(4), 4),)


def test_a_run_of_an_earlier_release_tells_what_it_knows() -> None:
    job = a_job(
        state=State.SUCCEEDED, files=(PICTURE,), started_at=after(1.5), completed_at=after(4)
    )

    assert timeline(job) == (
        Moment("Queued", NOON),
        Moment("Started", after(1.5), 1.5),
        Moment("Completed", after(4), 2.5),
    )


def test_a_run_whose_files_are_on_their_way_is_complete() -> None:
    job = a_job(state=State.DOWNLOADING, started_at=after(1), ended_at=after(4))

    assert names(job) == ["Queued", "Started", "Completed"]


@pytest.mark.parametrize(
    ("state", "name"),
    [
        (State.FAILED, "Failed"),
        (State.CANCELED, "Stopped"),
        (State.ABORTED, "Ended before it could start"),
        (State.UNCERTAIN, "Lost sight of"),
        (State.EXPIRED, "Deleted by Replicate"),
    ],
)
def test_each_end_has_its_name(state: State, name: str) -> None:
    [_, end] = timeline(a_job(state=state, completed_at=after(9)))

    assert end == Moment(name, after(9), 9)


@pytest.mark.parametrize("state", [State.FAILED, State.EXPIRED])
def test_what_was_made_and_is_lost_was_complete_before(state: State) -> None:
    times = {"ended_at": after(2), "completed_at": after(9)}

    assert names(a_job(state=state, charged=True, **times))[1] == "Completed"
    assert "Completed" not in names(a_job(state=state, charged=None, **times))


def test_every_settled_state_ends_the_timeline_and_no_other_does() -> None:
    ending = {state for state in State if len(timeline(a_job(state=state, completed_at=NOON))) == 2}

    assert ending == {state for state in State if state.is_settled}


@pytest.mark.parametrize("state", [State.QUEUED, State.SENDING, State.STARTING])
def test_a_run_that_waits_is_only_queued(state: State) -> None:
    assert timeline(a_job(state=state)) == (Moment("Queued", NOON),)


@pytest.mark.parametrize("seconds", [-3600, -3, 0, 0.25, 3, 3600])
def test_a_clock_that_is_wrong_moves_no_moment_out_of_its_order(seconds: float) -> None:
    """Replicate's, against this machine's: how long the model worked stays as it was."""
    job = a_job(
        state=State.SUCCEEDED,
        files=(PICTURE,),
        sent_at=after(1),
        started_at=after(2 + seconds),
        first_output_at=after(5),
        ended_at=after(5 + seconds),
        completed_at=after(6),
    )

    moments = timeline(job)

    at = {moment.name: moment.at for moment in moments}
    assert [moment.name for moment in moments] == sorted(at, key=lambda name: at[name])
    assert after(1) <= at["Started"] <= at["First output"] <= at["Completed"] <= after(6)
    assert at["Completed"] - at["Started"] == timedelta(seconds=3)
    assert sum(moment.seconds or 0 for moment in moments) == 6


def test_an_output_that_is_seen_late_was_there_when_the_run_ended() -> None:
    job = a_job(
        state=State.SUCCEEDED,
        files=(PICTURE,),
        sent_at=after(0),
        started_at=after(1),
        ended_at=after(3),
        first_output_at=after(4.5),
        completed_at=after(5),
    )

    assert timeline(job)[-3:] == (
        Moment("First output", after(3), 2),
        Moment("Completed", after(3), 0),
        Moment("Downloaded", after(5), 2),
    )


def test_times_that_fit_nowhere_are_still_no_negative_ones() -> None:
    job = a_job(state=State.SUCCEEDED, started_at=after(9), ended_at=after(-9), completed_at=NOON)

    assert all((moment.seconds or 0) >= 0 for moment in timeline(job))


def test_the_metrics_of_a_picture_with_its_file() -> None:
    metrics = {"image_count": 1, "total_time": 3.25, "predict_time": 0.5}

    assert metrics_of(a_job(metrics=metrics, files=(PICTURE,))) == [
        ("Prediction time", "0.50 s"),
        ("Total time", "3.2 s"),
        ("Images", "1"),
        ("Size", "1024 × 768"),
        ("File", "1.2 kB"),
    ]


def test_the_metrics_of_a_text() -> None:
    metrics = {
        "output_token_count": 12345,
        "input_token_count": 40,
        "tokens_per_second": 52.345,
        "time_to_first_token": 0.123,
    }

    assert metrics_of(a_job(metrics=metrics)) == [
        ("Time to first token", "0.12 s"),
        ("Tokens per second", "52.3"),
        ("Tokens in", "40"),
        ("Tokens out", "12,345"),
    ]


def test_a_metric_that_comes_by_two_names_is_told_once() -> None:
    metrics = {"token_input_count": 7, "input_token_count": 7}

    assert metrics_of(a_job(metrics=metrics)) == [("Tokens in", "7")]


def test_the_metrics_of_a_clip_with_its_file() -> None:
    clip = replace(PICTURE, seconds=5.04, bytes=2_500_000)
    metrics = {"video_output_duration_seconds": 5, "video_output_count": 1.0}

    assert metrics_of(a_job(metrics=metrics, files=(clip,))) == [
        ("Clips", "1"),
        ("Clip length", "5.0 s"),
        ("Size", "1024 × 768"),
        ("Length", "5.0 s"),
        ("File", "2.5 MB"),
    ]


def test_several_files_are_told_together() -> None:
    files = (PICTURE, replace(PICTURE, n=1), replace(PICTURE, n=2, width=768, height=1024))

    assert metrics_of(a_job(files=files)) == [
        ("Size", "1024 × 768, 768 × 1024"),
        ("3 files", "3.6 kB"),
    ]


def test_files_that_could_not_be_measured_still_have_bytes() -> None:
    file = replace(PICTURE, width=None, height=None, bytes=0)

    assert metrics_of(a_job(files=(file,))) == [("File", "0 B")]


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("megapixels", 1.5, "1.5"),
        ("resolution_target", "<720p>", "<720p>"),
        ("with_audio", True, "true"),
        ("per_step", {"é": [1, 2]}, '{"é": [1, 2]}'),
        ("predict_time", "soon", "soon"),
        ("predict_time", True, "true"),
        ("image_count", -1, "-1"),
        ("total_time", float("inf"), "Infinity"),
    ],
)
def test_what_is_not_known_is_shown_as_it_is(name: str, value: Any, shown: str) -> None:
    assert metrics_of(a_job(metrics={name: value})) == [(name, shown)]


def test_a_metric_without_a_value_is_left_out() -> None:
    assert metrics_of(a_job(metrics={"total_time": None, "other": None})) == []


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.00 s"),
        (0.347, "0.35 s"),
        (1, "1.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (125, "2 min 5 s"),
        (3599.7, "1 h 0 min"),
        (7380, "2 h 3 min"),
    ],
)
def test_durations_are_in_units_that_fit(seconds: float, text: str) -> None:
    assert duration(seconds) == text
