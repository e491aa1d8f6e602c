"""The life of a prediction, as a client of the API sees it."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from core.emulator import Emulator
from core.emulator.clock import Clock
from core.emulator.predictions import Order, Prediction, Predictions
from core.emulator.storage import Storage
from tests.core.emulator.clients import client_of, create, get, run, until, until_ended
from tests.core.emulator.runners import (
    BROKEN,
    GREETER,
    ODD,
    PICTURES,
    RUNNERS,
    SLOW,
    WORDS,
    picture,
)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


# Life


def test_a_prediction_starts_processes_and_succeeds(http: httpx2.Client) -> None:
    created = create(http, SLOW.card.id, {"seconds": 3}).json()
    running = until(http, created, lambda now: now["status"] != "starting")
    ended = until_ended(http, running)

    assert [created["status"], running["status"], ended["status"]] == [
        "starting",
        "processing",
        "succeeded",
    ]
    assert [created["output"], ended["output"]] == [None, ["0 ", "1 ", "2 "]]
    assert "started_at" not in created
    assert "completed_at" not in running


def test_its_times_and_metrics_agree(http: httpx2.Client) -> None:
    prediction = run(http, SLOW.card.id, {"seconds": 5})

    created, started, completed = (
        moment(prediction[name]) for name in ("created_at", "started_at", "completed_at")
    )
    metrics = prediction["metrics"]
    assert created < started < completed
    assert metrics["predict_time"] == pytest.approx(
        (completed - started).total_seconds(), abs=0.002
    )
    assert metrics["total_time"] == pytest.approx((completed - created).total_seconds(), abs=0.002)


def test_text_comes_in_pieces_with_logs_and_metrics_of_the_model(http: httpx2.Client) -> None:
    prediction = run(http, WORDS.card.id, {"prompt": "a b", "seed": 7})

    assert prediction["output"] == ["Hello ", "a ", "b "]
    assert prediction["logs"] == "Using seed: 7\n"
    assert prediction["metrics"]["token_output_count"] == 3


def test_a_seed_is_drawn_anew_for_each_run_that_has_none(http: httpx2.Client) -> None:
    first, second = (run(http, WORDS.card.id, {"seed": None}) for _ in range(2))

    assert first["logs"].startswith("Using seed: ")
    assert first["logs"] != second["logs"]


def test_progress_is_logged_as_tqdm_does(http: httpx2.Client) -> None:
    prediction = run(http, PICTURES.card.id, {"prompt": "a fox"})

    assert prediction["logs"].splitlines() == [
        " 25%|██        | 1/4",
        " 50%|█████     | 2/4",
        " 75%|████████  | 3/4",
        "100%|██████████| 4/4",
    ]


def test_files_are_urls_without_a_token(http: httpx2.Client, bare: httpx2.Client) -> None:
    prediction = run(http, PICTURES.card.id, {"prompt": "a fox", "num_outputs": 2})

    files = [bare.get(url).content for url in prediction["output"]]

    assert files == [picture(0, 1000), picture(1, 1000)]
    assert prediction["metrics"]["image_count"] == 2


def test_the_input_is_shown_as_it_was_sent(http: httpx2.Client) -> None:
    given = {"prompt": "hi", "unknown": [1, None], "temperature": 2}

    assert run(http, WORDS.card.id, given)["input"] == given


@pytest.mark.parametrize("text", ["é 漢字 🦊", "\u2028\x00\x0b", "<b>&amp;</b>", "a" * 100_000])
def test_any_text_goes_in_and_comes_out(text: str, http: httpx2.Client) -> None:
    prediction = run(http, ODD.card.id, {"texts": [text]})

    assert prediction["input"] == {"texts": [text]}
    assert prediction["output"] == [text]


def test_half_a_character_is_replaced_as_it_could_be_sent_to_nobody(http: httpx2.Client) -> None:
    body = b'{"input": {"texts": ["a\\ud83d", "\\ud83e\\udd8a"]}}'
    headers = {"Prefer": "wait", "Content-Type": "application/json"}

    response = http.post(f"/models/{ODD.card.id}/predictions", content=body, headers=headers)

    assert response.json()["output"] == ["a\ufffd", "🦊"]
    assert http.get("/predictions").status_code == 200


def test_a_model_that_fails_says_why(http: httpx2.Client) -> None:
    prediction = run(http, BROKEN.card.id, {"how": "fails"})

    assert prediction["status"] == "failed"
    assert prediction["error"] == "Out of memory (E1001)"
    assert prediction["logs"] == "Getting ready\n"
    assert prediction["output"] == ["so far "]
    assert prediction["completed_at"]


def test_a_model_that_crashes_fails_with_its_traceback_in_the_logs(http: httpx2.Client) -> None:
    prediction = run(http, BROKEN.card.id, {"how": "crashes"})

    assert prediction["status"] == "failed"
    assert prediction["error"] == "The model crashed; its logs tell where."
    assert prediction["logs"].startswith("Getting ready\nTraceback")
    assert "ZeroDivisionError: a mistake of the model" in prediction["logs"]


def test_a_hundred_predictions_at_once_all_succeed(emulator: Emulator, http: httpx2.Client) -> None:
    created = [create(http, WORDS.card.id, {"prompt": str(n)}).json() for n in range(100)]

    ended = [until_ended(http, item) for item in created]

    assert [item["output"] for item in ended] == [["Hello ", f"{n} "] for n in range(100)]
    assert len(emulator.predictions) == 100


# Waiting


def test_a_wait_that_sees_the_end_answers_201(http: httpx2.Client) -> None:
    response = create(http, WORDS.card.id, {}, headers={"Prefer": "wait=5"})

    assert response.status_code == 201
    assert response.headers["preference-applied"] == "wait=5"
    assert response.json()["status"] == "succeeded"


def test_a_wait_that_runs_out_answers_202_with_what_there_is(http: httpx2.Client) -> None:
    began = time.monotonic()
    response = create(http, SLOW.card.id, {}, headers={"Prefer": "wait=1"})
    seconds = time.monotonic() - began

    assert response.status_code == 202
    assert response.headers["preference-applied"] == "wait=1"
    assert response.json()["status"] == "processing"
    assert 0.95 < seconds < 3


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [("wait", "wait=60"), ("respond-async, wait=60", "wait=60"), ("wait = 5", None)],
)
def test_a_wait_is_as_long_as_preferred(
    prefer: str, applied: str | None, http: httpx2.Client
) -> None:
    response = create(http, WORDS.card.id, {}, headers={"Prefer": prefer})

    assert response.status_code == 201
    assert response.headers.get("preference-applied") == applied


@pytest.mark.parametrize("prefer", [None, "wait=0", "wait=61", "wait=-1", "respond-async"])
def test_without_a_preference_that_it_knows_it_does_not_wait(
    prefer: str | None, http: httpx2.Client
) -> None:
    response = create(http, SLOW.card.id, {}, headers={"Prefer": prefer} if prefer else None)

    assert response.status_code == 201
    assert response.json()["status"] == "starting"
    assert "preference-applied" not in response.headers


# Cancelling


def test_a_cancel_takes_effect_within_a_tenth_of_a_second(http: httpx2.Client) -> None:
    seconds = []
    for _ in range(3):
        created = create(http, SLOW.card.id, {}).json()
        running = until(http, created, lambda now: bool(now["output"]))
        began = time.monotonic()
        canceled = http.post(running["urls"]["cancel"])
        seconds.append(time.monotonic() - began)

    assert min(seconds) < 0.1
    assert canceled.status_code == 200
    assert canceled.json()["status"] == "canceled"
    assert canceled.json()["output"][:1] == ["0 "]
    assert canceled.json()["metrics"]["predict_time"] > 0
    time.sleep(0.05)
    assert get(http, running) == canceled.json()


def test_a_cancel_before_the_start_leaves_it_without_output(http: httpx2.Client) -> None:
    with Emulator(port=0, runners=[SLOW]) as unhurried:
        http.base_url = f"{unhurried.url}/v1"
        created = create(http, SLOW.card.id, {}).json()
        canceled = http.post(created["urls"]["cancel"]).json()

    assert created["status"] == "starting"
    assert canceled["status"] == "canceled"
    assert canceled["output"] is None
    assert "started_at" not in canceled
    assert "predict_time" not in canceled["metrics"]


@pytest.mark.parametrize(
    ("model", "model_input"),
    [(WORDS.card.id, {}), (BROKEN.card.id, {"how": "fails"}), (SLOW.card.id, {})],
)
def test_a_cancel_changes_nothing_of_one_that_has_ended(
    model: str, model_input: dict[str, Any], http: httpx2.Client
) -> None:
    created = create(http, model, model_input).json()
    if model == SLOW.card.id:
        http.post(created["urls"]["cancel"])
    ended = until_ended(http, created)

    again = http.post(ended["urls"]["cancel"])

    assert again.status_code == 200
    assert again.json() == ended
    assert get(http, ended) == ended


@pytest.mark.parametrize("how", ["when stopped", "never stops"])
def test_a_model_that_behaves_badly_when_stopped_changes_nothing_of_a_canceled_one(
    how: str, http: httpx2.Client
) -> None:
    created = create(http, BROKEN.card.id, {"how": how}).json()
    running = until(http, created, lambda now: bool(now["output"]))

    canceled = http.post(running["urls"]["cancel"]).json()

    time.sleep(0.05)
    assert canceled["status"] == "canceled"
    assert canceled["error"] is None
    assert get(http, canceled) == canceled


# Deadlines


@pytest.mark.parametrize(
    ("text", "lifetime"),
    [
        ("5", timedelta(seconds=5)),
        ("30", timedelta(seconds=30)),
        ("30s", timedelta(seconds=30)),
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        ("1h", timedelta(hours=1)),
        ("2h30m", timedelta(hours=2, minutes=30)),
        ("1h30m45s", timedelta(hours=1, minutes=30, seconds=45)),
    ],
)
def test_cancel_after_sets_a_deadline(text: str, lifetime: timedelta, http: httpx2.Client) -> None:
    created = create(http, SLOW.card.id, {}, headers={"Cancel-After": text}).json()

    assert moment(created["deadline"]) - moment(created["created_at"]) == lifetime


def test_without_cancel_after_it_shows_no_deadline(http: httpx2.Client) -> None:
    assert "deadline" not in create(http, SLOW.card.id, {}).json()


@pytest.mark.parametrize(
    "text", ["", "4", "4s", "0", "-30", "1.5m", "30 s", "30m1h", "1d", "soon", "9" * 5000 + "h"]
)
def test_cancel_after_refuses_what_is_too_short_or_no_duration(
    text: str, emulator: Emulator, http: httpx2.Client
) -> None:
    response = create(http, SLOW.card.id, {}, headers={"Cancel-After": text})

    assert response.status_code == 422
    assert response.json()["invalid_fields"][0]["field"] == "Cancel-After"
    assert emulator.predictions == []


def test_a_deadline_before_the_start_aborts(http: httpx2.Client) -> None:
    with Emulator(port=0, runners=[SLOW]) as unhurried:
        http.base_url = f"{unhurried.url}/v1"
        created = create(http, SLOW.card.id, {}, headers={"Cancel-After": "5s"}).json()
        unhurried.advance(5)
        ended = until_ended(http, created)

    assert ended["status"] == "aborted"
    assert ended["output"] is None
    assert "started_at" not in ended


def test_a_deadline_after_the_start_cancels(emulator: Emulator, http: httpx2.Client) -> None:
    created = create(http, SLOW.card.id, {}, headers={"Cancel-After": "5m"}).json()
    running = until(http, created, lambda now: bool(now["output"]))

    emulator.advance(299)
    still = get(http, running)
    emulator.advance(1)
    ended = until_ended(http, running)

    assert still["status"] == "processing"
    assert ended["status"] == "canceled"
    assert ended["output"]


def test_no_run_takes_longer_than_half_an_hour(emulator: Emulator, http: httpx2.Client) -> None:
    created = create(http, SLOW.card.id, {}, headers={"Cancel-After": "2h"}).json()
    until(http, created, lambda now: now["status"] == "processing")

    emulator.advance(30 * 60)

    assert until_ended(http, created)["status"] == "canceled"


async def test_a_deadline_is_met_by_time_that_passes_too() -> None:
    clock = Clock()
    storage = Storage(clock)
    predictions = Predictions(storage, clock, speed=100.0, on_happening=lambda *_: None)
    order = Order(
        runner=SLOW,
        version="hidden",
        given={},
        full={"seconds": 100_000},
        origin="http://emulator",
        lifetime=timedelta(seconds=0.1),
    )

    prediction: Prediction = predictions.create(order)
    began = time.monotonic()
    await prediction.ended()
    seconds = time.monotonic() - began
    await predictions.close()
    storage.close()

    assert prediction.status == "canceled"
    assert 0.09 < seconds < 2


# Retention


def test_after_an_hour_the_data_are_removed(
    emulator: Emulator, http: httpx2.Client, bare: httpx2.Client
) -> None:
    before = run(http, PICTURES.card.id, {"prompt": "a fox"})

    emulator.advance(3599)
    still = get(http, before)
    still_there = bare.get(before["output"][0]).status_code
    emulator.advance(1)
    after = get(http, before)

    assert (still, still_there) == (before, 200)
    assert bare.get(before["output"][0]).status_code == 404
    assert http.get(before["urls"]["stream"]).status_code == 404
    removed = {"output": None, "input": {}, "logs": "", "data_removed": True}
    assert after == before | removed
    assert http.get("/predictions").json()["results"] == [after]


def test_what_still_runs_keeps_its_data(emulator: Emulator, http: httpx2.Client) -> None:
    old = run(http, WORDS.card.id, {})
    emulator.advance(3000)
    young = run(http, WORDS.card.id, {})

    emulator.advance(700)

    assert get(http, old)["data_removed"] is True
    assert get(http, young) == young


# Doors


def test_an_official_model_runs_by_its_name_and_hides_its_version(http: httpx2.Client) -> None:
    by_model = create(http, WORDS.card.id, {}).json()
    by_version = http.post("/predictions", json={"version": WORDS.card.id, "input": {}}).json()

    for prediction in (by_model, by_version):
        assert (prediction["model"], prediction["version"]) == (WORDS.card.id, "hidden")


@pytest.mark.parametrize(
    "version", [GREETER.card.version, f"{GREETER.card.id}:{GREETER.card.version}"]
)
def test_a_community_model_runs_by_its_version(version: str, http: httpx2.Client) -> None:
    body = {"version": version, "input": {"text": "you"}}

    prediction = http.post("/predictions", json=body, headers={"Prefer": "wait"}).json()

    assert prediction["output"] == "hello you"
    assert prediction["model"] == GREETER.card.id
    assert prediction["version"] == GREETER.card.version


def test_a_community_model_does_not_run_by_its_name(http: httpx2.Client) -> None:
    by_model = create(http, GREETER.card.id, {"text": "you"})
    by_version = http.post(
        "/predictions", json={"version": GREETER.card.id, "input": {"text": "you"}}
    )

    assert by_model.status_code == 404
    assert by_version.status_code == 422


def test_a_deployment_runs_its_release(http: httpx2.Client) -> None:
    deployment = {
        "name": "greetings",
        "model": GREETER.card.id,
        "version": GREETER.card.version,
        "hardware": "cpu",
        "min_instances": 0,
        "max_instances": 1,
    }
    http.post("/deployments", json=deployment).raise_for_status()

    prediction = http.post(
        "/deployments/emulator/greetings/predictions",
        json={"input": {"text": "you"}},
        headers={"Prefer": "wait"},
    ).json()

    assert prediction["output"] == "hello you"
    assert prediction["deployment"] == "emulator/greetings"
    assert prediction["version"].startswith("dp-")


@pytest.mark.parametrize(
    "path",
    [
        "/models/nobody/nothing/predictions",
        "/deployments/emulator/nothing/predictions",
        "/predictions/aaaaaaaaaaaaaaaaaaaaaaaaaa/cancel",
    ],
)
def test_what_is_not_there_is_a_404_without_a_title(path: str, http: httpx2.Client) -> None:
    response = http.post(path, json={"input": {}})

    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "detail": "The requested resource could not be found.",
        "status": 404,
    }


@pytest.mark.parametrize(
    "version", ["0" * 64, f"{WORDS.card.id}:{'0' * 64}", "nobody/nothing", "", 7]
)
def test_a_version_that_is_not_there_is_a_422(version: Any, http: httpx2.Client) -> None:
    response = http.post("/predictions", json={"version": version, "input": {}})

    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["title"] == "Invalid version or not permitted"


def test_urls_follow_the_host_by_which_a_client_came(
    emulator: Emulator, http: httpx2.Client
) -> None:
    prediction = run(http, PICTURES.card.id, {"prompt": "a fox"})

    headers = {"Host": "playground.example:8080"}
    seen = http.get(prediction["urls"]["get"], headers=headers).json()
    page = http.get("/predictions", headers=headers).json()

    origin = "http://playground.example:8080/"
    assert seen["urls"]["get"].startswith(origin)
    assert seen["urls"]["stream"].startswith(origin)
    assert seen["output"][0].startswith(f"{origin}outputs/")
    assert page["results"] == [seen]
    assert prediction["urls"]["get"].startswith(emulator.url)


def test_urls_have_the_scheme_of_a_proxy(http: httpx2.Client) -> None:
    headers = {"Host": "playground.example", "X-Forwarded-Proto": "https"}

    created = create(http, WORDS.card.id, {}, headers=headers).json()

    assert created["urls"]["get"].startswith("https://playground.example/v1/predictions/")


# Refusals


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Basic dXNlcjpwYXNz", "r8_token"])
def test_without_a_token_there_is_nothing(
    authorization: str | None, emulator: Emulator, bare: httpx2.Client
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}

    response = bare.get(f"{emulator.url}/v1/account", headers=headers)

    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "title": "Unauthenticated",
        "detail": "You did not pass a valid authentication token",
        "status": 401,
    }


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Token"])
def test_any_token_will_do(scheme: str, emulator: Emulator, bare: httpx2.Client) -> None:
    headers = {"Authorization": f"{scheme} anything"}

    assert bare.get(f"{emulator.url}/v1/account", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("model_input", "invalid"),
    [
        ({}, ("required", "input", "prompt is required")),
        (
            {"prompt": "x", "aspect_ratio": "7:1"},
            (
                "enum",
                "input.aspect_ratio",
                'input.aspect_ratio must be one of the following: "1:1", "2:1"',
            ),
        ),
        (
            {"prompt": 7},
            ("invalid_type", "input.prompt", "Invalid type. Expected: string, given: integer"),
        ),
        (
            {"prompt": None},
            ("invalid_type", "input.prompt", "Invalid type. Expected: string, given: null"),
        ),
        (
            {"prompt": "x", "num_outputs": 5},
            ("number_lte", "input.num_outputs", "Must be less than or equal to 4"),
        ),
        (
            {"prompt": "x", "num_outputs": 0},
            ("number_gte", "input.num_outputs", "Must be greater than or equal to 1"),
        ),
        (
            {"prompt": "x", "image": "a.png"},
            ("format", "input.image", "Does not match format 'uri'"),
        ),
    ],
)
def test_a_wrong_input_is_a_422_that_names_the_field(
    model_input: dict[str, Any],
    invalid: tuple[str, str, str],
    emulator: Emulator,
    http: httpx2.Client,
) -> None:
    response = create(http, PICTURES.card.id, model_input)

    kind, field, description = invalid
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "title": "Input validation failed",
        "detail": f"- {field}: {description}\n",
        "status": 422,
        "invalid_fields": [{"type": kind, "field": field, "description": description}],
    }
    assert emulator.predictions == []


def test_all_wrong_fields_are_named_at_once(http: httpx2.Client) -> None:
    response = create(http, PICTURES.card.id, {"prompt": 7, "num_outputs": 9})

    fields = [item["field"] for item in response.json()["invalid_fields"]]
    assert fields == ["input.num_outputs", "input.prompt"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"model": WORDS.card.id}, "model"),
        ({"input": []}, "input"),
        ({"webhook": "ftp://example.com"}, "webhook"),
        ({"webhook": "http://["}, "webhook"),
        ({"webhook": "https://"}, "webhook"),
        ({"webhook": 7}, "webhook"),
        ({"webhook_events_filter": ["end"]}, "webhook_events_filter"),
        ({"webhook_events_filter": "completed"}, "webhook_events_filter"),
    ],
)
def test_a_body_that_the_document_does_not_allow_is_a_422(
    change: dict[str, Any], field: str, emulator: Emulator, http: httpx2.Client
) -> None:
    body = {"version": WORDS.card.id, "input": {}} | change

    response = http.post("/predictions", json=body)

    assert response.status_code == 422
    assert [item["field"] for item in response.json()["invalid_fields"]] == [field]
    assert emulator.predictions == []


@pytest.mark.parametrize("missing", ["version", "input"])
def test_a_body_without_what_is_needed_is_a_422(missing: str, http: httpx2.Client) -> None:
    body = {"version": WORDS.card.id, "input": {}}
    del body[missing]

    response = http.post("/predictions", json=body)

    assert response.status_code == 422
    assert response.json()["invalid_fields"] == [
        {"type": "required", "field": missing, "description": f"{missing} is required"}
    ]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b'{"input": {"temperature": NaN}}', b"[" * 100_000]
)
def test_a_body_that_is_no_json_is_a_400(body: bytes, http: httpx2.Client) -> None:
    response = http.post(f"/models/{WORDS.card.id}/predictions", content=body)

    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"


def test_a_method_that_a_path_lacks_is_a_405_that_tells_which_it_has(http: httpx2.Client) -> None:
    response = http.delete("/predictions")

    assert response.status_code == 405
    assert response.headers["content-type"] == "application/problem+json"
    assert "GET" in response.headers["allow"] or "POST" in response.headers["allow"]


# Listings


@pytest.fixture(scope="module")
def many() -> Iterator[httpx2.Client]:
    """A client of an emulator with 250 predictions."""
    with (
        Emulator(port=0, speed=1e6, rate_limits=False, runners=RUNNERS) as emulator,
        client_of(emulator) as http,
    ):
        for number in range(250):
            create(http, WORDS.card.id, {"prompt": str(number)}).raise_for_status()
        until_ended(http, http.get("/predictions").json()["results"][0])
        yield http


def _prompts(page: dict[str, Any]) -> list[int]:
    return [int(prediction["input"]["prompt"]) for prediction in page["results"]]


def test_a_listing_is_paged_newest_first(many: httpx2.Client) -> None:
    pages = [many.get("/predictions").json()]
    while pages[-1]["next"]:
        pages.append(many.get(pages[-1]["next"]).json())

    assert [len(page["results"]) for page in pages] == [100, 100, 50]
    assert [n for page in pages for n in _prompts(page)] == list(range(249, -1, -1))
    assert pages[0]["previous"] is None
    assert all("cursor=" in page["next"] for page in pages[:-1])


def test_a_listing_can_be_walked_back(many: httpx2.Client) -> None:
    first = many.get("/predictions").json()
    second = many.get(first["next"]).json()
    third = many.get(second["next"]).json()

    back_to_second = many.get(third["previous"]).json()
    back_to_first = many.get(back_to_second["previous"]).json()

    assert _prompts(back_to_second) == _prompts(second)
    assert _prompts(back_to_first) == _prompts(first)
    assert back_to_first["previous"] is None


def test_pages_stay_when_new_predictions_come(http: httpx2.Client) -> None:
    for number in range(101):
        create(http, WORDS.card.id, {"prompt": str(number)}).raise_for_status()
    first = http.get("/predictions").json()

    create(http, WORDS.card.id, {"prompt": "101"}).raise_for_status()
    second = http.get(first["next"]).json()
    newest = http.get(second["previous"]).json()

    assert _prompts(second) == [0]
    assert _prompts(newest) == _prompts(first)
    assert _prompts(http.get(newest["previous"]).json()) == [101]


def test_a_listing_is_cut_to_a_time(many: httpx2.Client) -> None:
    everything = many.get("/predictions").json()
    everything = everything["results"] + many.get(everything["next"]).json()["results"]
    edge = everything[120]["created_at"]

    after = many.get("/predictions", params={"created_after": edge}).json()
    rest = many.get(after["next"]).json()
    before = many.get("/predictions", params={"created_before": edge}).json()

    at_or_after = [item["id"] for item in everything if item["created_at"] >= edge]
    assert [item["id"] for item in after["results"] + rest["results"]] == at_or_after
    assert rest["next"] is None
    assert all(item["created_at"] < edge for item in before["results"])
    assert not {item["id"] for item in before["results"]} & set(at_or_after)


def test_nothing_was_made_on_the_web_page(many: httpx2.Client) -> None:
    assert many.get("/predictions?source=web").json()["results"] == []


@pytest.mark.parametrize(
    "query", ["cursor=nonsense", "cursor=%C3%A9", "created_after=yesterday", "created_before=2025"]
)
def test_a_listing_refuses_what_it_cannot_read(query: str, many: httpx2.Client) -> None:
    response = many.get(f"/predictions?{query}")

    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"


# Rate limits


@pytest.fixture
def limited() -> Iterator[tuple[Emulator, httpx2.Client]]:
    """An emulator with Replicate's rate limits, and a client with a token."""
    with Emulator(port=0, speed=1e6, runners=[WORDS]) as emulator, client_of(emulator) as http:
        yield emulator, http


def test_rate_limits_are_told_for_creates_and_others_apart(
    limited: tuple[Emulator, httpx2.Client],
) -> None:
    _, http = limited

    create_headers = create(http, WORDS.card.id, {}).headers
    other_headers = http.get("/account").headers

    assert create_headers["ratelimit-remaining"] == "599"
    assert other_headers["ratelimit-remaining"] == "2999"
    assert 1 <= int(create_headers["ratelimit-reset"]) <= 60


def test_the_601st_create_of_a_minute_is_a_429_that_says_when_to_come_again(
    limited: tuple[Emulator, httpx2.Client],
) -> None:
    emulator, http = limited
    # A refused create counts as one, and is answered sooner.
    for _ in range(600):
        assert create(http, WORDS.card.id, None).status_code == 422

    refused = create(http, WORDS.card.id, {})
    other = http.get("/account")
    stranger = create(http, WORDS.card.id, {}, headers={"Authorization": "Bearer another"})
    emulator.advance(60)
    later = create(http, WORDS.card.id, {})

    seconds = refused.json()["retry_after"]
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert 1 <= seconds <= 60
    assert refused.json() == {
        "detail": f"Request was throttled. Your rate limit resets in ~{seconds}s.",
        "status": 429,
        "retry_after": seconds,
    }
    assert refused.headers["ratelimit-remaining"] == "0"
    assert refused.headers["ratelimit-reset"] == str(seconds)
    assert (other.status_code, stranger.status_code, later.status_code) == (200, 201, 201)


def test_without_rate_limits_none_are_told(http: httpx2.Client) -> None:
    assert "ratelimit-remaining" not in http.get("/account").headers
