import asyncio
import json
import math
import socket
from pathlib import Path
from typing import Any

import pytest

from core.client.create import IsKnown
from core.client.http import Answer
from core.emulator import Emulator
from core.emulator.faults import Fault
from core.errors import (
    ConnectionFailed,
    CreateUncertain,
    CreateWithdrawn,
    InputRejected,
    InvalidInput,
    NotFound,
    PaymentRequired,
    RateLimited,
    Unauthenticated,
)
from core.prediction import Prediction
from tests.core.parts import Parts, parts_for
from tests.core.runners import COMMUNITY_VERSION, PINNED_VERSION, RUNNERS
from tests.logs import capture_logs

PICTURES = "acme/pictures"
CREATE = {"method": "POST", "path": "*/predictions"}
LIST = {"method": "GET", "path": "/v1/predictions"}
FOX = {"prompt": "a fox", "seed": 7}
NOTHING_LISTED = json.dumps({"results": [], "next": None, "previous": None})
LOST_AFTER_PROCESSING = [
    pytest.param(Fault(**CREATE, processed=True, drop=True), id="dropped"),
    pytest.param(Fault(**CREATE, processed=True, status=500), id="500"),
    pytest.param(Fault(**CREATE, processed=True, status=502, body="<html>"), id="502"),
    pytest.param(Fault(**CREATE, processed=True, status=503), id="503"),
    pytest.param(Fault(**CREATE, processed=True, body="<html>Hello</html>"), id="not JSON"),
    pytest.param(Fault(**CREATE, processed=True, body="[]"), id="no prediction"),
    pytest.param(Fault(**CREATE, cut_after_bytes=0), id="cut before its head"),
    pytest.param(Fault(**CREATE, cut_after_bytes=40), id="cut in its body"),
    pytest.param(Fault(**CREATE, processed=True, hang=True), id="hung"),
]


async def create(parts: Parts, model: str = PICTURES, given: Any = None, **more: Any) -> Prediction:
    return await parts.creates.create(
        model, FOX if given is None else given, deadline_seconds=60, **more
    )


def ids(parts: Parts) -> list[str]:
    """Return the ids of all predictions that were made, oldest first."""
    return [prediction["id"] for prediction in reversed(parts.emulator.predictions)]


def paths(parts: Parts) -> list[str]:
    return [request.path for request in parts.emulator.requests if request.method == "POST"]


def knowing(*known: str) -> IsKnown:
    async def is_known(prediction_id: str) -> bool:
        return prediction_id in known

    return is_known


# --- what can be run


async def test_an_official_model_runs_by_its_name(parts: Parts) -> None:
    prediction = await create(parts)

    assert paths(parts) == ["/v1/models/acme/pictures/predictions"]
    assert ids(parts) == [prediction.id]
    assert (prediction.model, prediction.input) == ("acme/pictures", FOX)


async def test_a_community_model_runs_by_its_latest_version(parts: Parts) -> None:
    prediction = await create(parts, "acme/community")

    assert prediction.version == COMMUNITY_VERSION
    assert paths(parts) == ["/v1/models/acme/community/predictions", "/v1/predictions"]


async def test_a_community_models_version_is_remembered(parts: Parts) -> None:
    await create(parts, "acme/community")
    before = len(parts.emulator.requests)

    await create(parts, "acme/community")

    assert paths(parts)[2:] == ["/v1/predictions"]
    assert len(parts.emulator.requests) == before + 1


GONE = "0" * 64


async def remember_a_version_that_is_deleted_since(parts: Parts) -> None:
    model = {"owner": "acme", "name": "community", "latest_version": {"id": GONE}}
    made = {"id": "p0", "status": "starting", "version": GONE}
    parts.emulator.inject(
        Fault(method="GET", path="*/community", status=200, body=json.dumps(model)),
        Fault(method="POST", path="/v1/predictions", status=201, body=json.dumps(made)),
    )
    await create(parts, "acme/community")


@pytest.mark.parametrize("status", [404, 422])
async def test_a_remembered_version_that_is_refused_is_resolved_again_once(
    parts: Parts, status: int
) -> None:
    await remember_a_version_that_is_deleted_since(parts)
    parts.emulator.inject(Fault(method="POST", path="/v1/predictions", status=status))
    before = len(parts.emulator.requests)

    prediction = await create(parts, "acme/community")
    again = await create(parts, "acme/community")

    assert prediction.version == again.version == COMMUNITY_VERSION
    sent = [(one.method, one.path) for one in parts.emulator.requests[before:]]
    assert sent == [
        ("POST", "/v1/predictions"),
        ("GET", "/v1/models/acme/community"),
        ("POST", "/v1/predictions"),
        ("POST", "/v1/predictions"),
    ]


async def test_an_input_that_is_refused_is_not_sent_again_to_the_same_version(
    parts: Parts,
) -> None:
    await create(parts, "acme/community")
    before = parts.posts

    with pytest.raises(InputRejected, match="strength"):
        await create(parts, "acme/community", {"strength": 2})

    assert parts.posts == before + 1


async def test_one_that_the_newer_version_refuses_too_is_sent_no_third_time(
    parts: Parts,
) -> None:
    await remember_a_version_that_is_deleted_since(parts)
    before = parts.posts

    with pytest.raises(InputRejected, match="strength"):
        await create(parts, "acme/community", {"strength": 2})

    assert parts.posts == before + 2


async def test_a_model_without_a_version_cant_be_run(parts: Parts) -> None:
    body = json.dumps({"owner": "acme", "name": "new", "latest_version": None})
    parts.emulator.inject(Fault(method="GET", path="/v1/models/acme/new", status=200, body=body))

    with pytest.raises(NotFound, match="no version to run"):
        await create(parts, "acme/new")

    assert paths(parts) == ["/v1/models/acme/new/predictions"]


@pytest.mark.parametrize("name", [f"acme/pinned:{PINNED_VERSION}", PINNED_VERSION])
async def test_a_version_runs_by_its_id(parts: Parts, name: str) -> None:
    prediction = await create(parts, name)

    assert prediction.version == PINNED_VERSION
    assert paths(parts) == ["/v1/predictions"]


async def deploy(parts: Parts) -> None:
    release = {
        "name": "mine",
        "model": "acme/pinned",
        "version": PINNED_VERSION,
        "hardware": "cpu",
        "min_instances": 0,
        "max_instances": 1,
    }
    await parts.http.request(
        "POST", "/deployments", Answer.json, name="deployments.create", json=release
    )


async def test_a_deployment_runs_by_its_name(parts: Parts) -> None:
    await deploy(parts)

    prediction = await create(parts, "deployments/emulator/mine")

    assert prediction.deployment == "emulator/mine"
    assert paths(parts)[1:] == ["/v1/deployments/emulator/mine/predictions"]


@pytest.mark.parametrize(
    "name", ["acme/none", "deployments/emulator/none", f"acme/pictures:{'0' * 64}"]
)
async def test_what_isnt_there_is_not_found_and_nothing_runs(parts: Parts, name: str) -> None:
    with pytest.raises((NotFound, InputRejected)):
        await create(parts, name)

    assert parts.emulator.predictions == []


@pytest.mark.parametrize(
    "name",
    [
        "",
        "flux",
        "acme/",
        "/pictures",
        "acme/pictures/extra",
        "acme/pictures:",
        "acme/pictures:latest",
        "https://replicate.com/acme/pictures",
        "../account",
        "acme/..",
        "./pictures",
        "acme/pic tures",
        "acme/pictures\n",
        "acme/bücher",
        "a?b/c",
        "deployments/acme/",
        "A" * 64,
    ],
)
async def test_what_is_no_models_name_is_refused_and_nothing_is_sent(
    parts: Parts, name: str
) -> None:
    with pytest.raises(InvalidInput, match="owner/name") as caught:
        await create(parts, name)

    assert caught.value.field == "model"
    assert parts.emulator.requests == []


# --- what is sent


@pytest.mark.parametrize(("seconds", "sent"), [(600, "600s"), (1, "5s"), (61.7, "62s")])
async def test_cancel_after_is_sent_in_whole_seconds_five_at_least(
    parts: Parts, seconds: float, sent: str
) -> None:
    prediction = await parts.creates.create("acme/pictures", FOX, deadline_seconds=seconds)

    assert parts.emulator.requests[0].headers["cancel-after"] == sent
    assert prediction.deadline is not None


async def test_cancel_after_is_sent_on_every_way(parts: Parts) -> None:
    await deploy(parts)

    for name in ("acme/community", PINNED_VERSION, "deployments/emulator/mine"):
        await create(parts, name)

    creates = [request for request in parts.emulator.requests if "predictions" in request.path]
    assert [request.headers.get("cancel-after") for request in creates] == ["60s"] * 4


async def test_without_a_deadline_no_cancel_after_is_sent(parts: Parts) -> None:
    prediction = await parts.creates.create("acme/pictures", FOX, deadline_seconds=math.inf)

    assert "cancel-after" not in parts.emulator.requests[0].headers
    assert prediction.deadline is None


@pytest.mark.parametrize(
    ("status", "state", "output", "wait", "is_whole"),
    [
        (201, "processing", ["a.png"], 5, True),
        (202, "processing", ["a.png"], 5, False),
        (201, "processing", None, 5, False),
        (201, "starting", None, 5, False),
        (201, "processing", ["a.png"], None, False),
    ],
)
async def test_a_create_that_waited_and_is_answered_201_has_all_its_output(
    parts: Parts, status: int, state: str, output: Any, wait: int | None, is_whole: bool
) -> None:
    body = json.dumps({"id": "p1", "status": state, "output": output})
    parts.emulator.inject(Fault(**CREATE, status=status, body=body))

    prediction = await create(parts, wait_seconds=wait)

    assert (prediction.output, prediction.has_all_output) == (output, is_whole)


async def test_a_wait_is_asked_for_only_if_it_is_wanted(parts: Parts) -> None:
    await create(parts)
    await create(parts, wait_seconds=5)

    preferred = [request.headers.get("prefer") for request in parts.emulator.requests]
    assert preferred == [None, "wait=5"]


async def test_a_webhook_and_its_filter_are_sent(parts: Parts) -> None:
    prediction = await create(
        parts,
        "acme/endless",
        webhook="https://example.com/hook",
        webhook_events_filter=["completed"],
    )

    assert prediction.extra["webhook"] == "https://example.com/hook"
    assert prediction.extra["webhook_events_filter"] == ["completed"]


async def test_the_event_failed_is_sent_as_completed_and_logged(parts: Parts) -> None:
    with capture_logs() as logs:
        prediction = await create(
            parts,
            "acme/endless",
            webhook="https://example.com/hook",
            webhook_events_filter=["failed", "completed"],
        )

    assert prediction.extra["webhook_events_filter"] == ["completed"]
    assert [e for e in logs if e["event"] == "webhook.event_translated"] == [
        {
            "event": "webhook.event_translated",
            "asked": "failed",
            "sent": "completed",
            "log_level": "info",
        }
    ]


async def test_an_unknown_webhook_event_is_refused_and_nothing_is_sent(parts: Parts) -> None:
    with pytest.raises(InvalidInput, match="start, output, logs, completed") as caught:
        await create(parts, webhook_events_filter=["finished"])

    assert caught.value.field == "webhook_events_filter"
    assert parts.emulator.requests == []


async def test_a_create_is_logged_and_its_prompt_at_debug_only(parts: Parts) -> None:
    with capture_logs() as logs:
        prediction = await create(parts)

    told = {event["event"]: event for event in logs}
    assert told["prediction.created"]["prediction_id"] == prediction.id
    assert told["prediction.created"]["adopted"] is False
    assert [event["log_level"] for event in logs if "a fox" in str(event)] == ["debug"]


# --- refused: nothing is sent again


@pytest.mark.parametrize(
    ("status", "kind"), [(401, Unauthenticated), (402, PaymentRequired), (422, InputRejected)]
)
async def test_a_refusal_is_raised_and_nothing_is_sent_again(
    parts: Parts, status: int, kind: type[Exception]
) -> None:
    parts.emulator.inject(Fault(**CREATE, status=status, times=None))

    with pytest.raises(kind):
        await create(parts)

    assert (parts.posts, parts.lists, parts.time.slept) == (1, 0, [])


async def test_a_422_tells_which_field_was_wrong(parts: Parts) -> None:
    with pytest.raises(InputRejected) as caught:
        await create(parts, given={"prompt": "a fox", "strength": 2})

    assert [field.field for field in caught.value.invalid_fields] == ["input.strength"]
    assert parts.posts == 1


# --- certainly not carried out: sent again


async def test_after_connection_refused_it_is_sent_again_and_one_prediction_is_made() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    emulator = Emulator(port=port, speed=100.0, rate_limits=False, runners=RUNNERS)
    parts = parts_for(emulator, base_url=f"http://127.0.0.1:{port}")
    reasons = []

    def begin(reason: str, seconds: float) -> None:
        reasons.append(reason)
        emulator.start()

    try:
        prediction = await create(parts, on_wait=begin)

        assert ids(parts) == [prediction.id]
        assert len(reasons) == 1
        assert "Can't reach" in reasons[0]
    finally:
        await parts.http.aclose()
        emulator.stop()


async def test_connection_refused_to_the_end_means_nothing_was_started(parts: Parts) -> None:
    parts.emulator.stop()

    with pytest.raises(ConnectionFailed):
        await create(parts)

    assert len(parts.time.slept) == 2


@pytest.mark.parametrize(
    "fault",
    [
        Fault(**CREATE, status=429, headers={"Retry-After": "2"}),
        Fault(**CREATE, status=429, body='{"detail": "throttled", "retry_after": 2}'),
    ],
    ids=["header", "body"],
)
async def test_a_429_is_waited_for_and_sent_again(parts: Parts, fault: Fault) -> None:
    parts.emulator.inject(fault)
    told: list[tuple[str, float]] = []

    prediction = await create(parts, on_wait=lambda *wait: told.append(wait))

    assert ids(parts) == [prediction.id]
    assert (parts.posts, parts.lists, parts.time.slept) == (2, 0, [2.0])
    assert told == [("Replicate asks to slow down: try again in 2 s.", 2.0)]


async def test_a_429_for_a_day_is_raised_at_once(parts: Parts) -> None:
    parts.emulator.inject(Fault(**CREATE, status=429, headers={"Retry-After": "86400"}))

    with pytest.raises(RateLimited, match="86400 s"):
        await create(parts)

    assert (parts.posts, parts.time.slept) == (1, [])


async def test_what_is_withdrawn_while_it_waits_is_not_sent(parts: Parts) -> None:
    parts.emulator.inject(Fault(**CREATE, status=429, headers={"Retry-After": "60"}))
    withdrawn = asyncio.Event()

    with pytest.raises(CreateWithdrawn):
        await create(parts, withdrawn=withdrawn, on_wait=lambda *_: withdrawn.set())

    assert (parts.posts, parts.emulator.predictions) == (1, [])


# --- lost: looked up, never doubled


@pytest.mark.parametrize("fault", LOST_AFTER_PROCESSING)
async def test_a_create_whose_answer_is_lost_is_found_and_adopted_and_never_sent_again(
    parts: Parts, fault: Fault
) -> None:
    parts.emulator.inject(fault)

    with capture_logs() as logs:
        prediction = await create(parts)

    assert [prediction.id] == ids(parts)
    assert parts.posts == 1
    assert [e["event"] for e in logs if e["event"].startswith("create.")] == [
        "create.ambiguous",
        "create.adopted",
    ]


@pytest.mark.parametrize(
    "name", ["acme/community", PINNED_VERSION, f"acme/pinned:{PINNED_VERSION}"]
)
async def test_a_lost_create_of_a_version_is_adopted(parts: Parts, name: str) -> None:
    parts.emulator.inject(Fault(method="POST", path="/v1/predictions", processed=True, drop=True))

    prediction = await create(parts, name)

    assert [prediction.id] == ids(parts)


async def test_a_lost_create_of_a_deployment_is_adopted(parts: Parts) -> None:
    await deploy(parts)
    await create(parts, PINNED_VERSION)
    parts.emulator.inject(Fault(**CREATE, processed=True, drop=True))

    prediction = await create(parts, "deployments/emulator/mine")

    assert ids(parts)[1] == prediction.id


@pytest.mark.parametrize(
    ("times_missing", "slept"), [(0, [1.0]), (1, [1.0, 2.0]), (2, [1.0, 2.0, 5.0])]
)
async def test_it_is_looked_up_after_1_3_and_8_seconds(
    parts: Parts, times_missing: int, slept: list[float]
) -> None:
    parts.emulator.inject(Fault(**CREATE, processed=True, drop=True))
    if times_missing:
        parts.emulator.inject(Fault(**LIST, status=200, body=NOTHING_LISTED, times=times_missing))
    told: list[float] = []

    prediction = await create(parts, on_wait=lambda _, seconds: told.append(seconds))

    assert [prediction.id] == ids(parts)
    assert parts.lists == times_missing + 1
    assert parts.time.slept == told == pytest.approx(slept)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(**CREATE, drop=True),
        Fault(**CREATE, status=500),
        Fault(**CREATE, hang=True),
        Fault(**CREATE, body="<html>"),
    ],
    ids=["dropped", "500", "hung", "not JSON"],
)
async def test_a_lost_create_that_isnt_found_is_uncertain_and_nothing_is_sent_again(
    parts: Parts, fault: Fault
) -> None:
    parts.emulator.inject(fault)

    with pytest.raises(CreateUncertain, match="may have been charged") as caught:
        await create(parts)

    assert (parts.posts, parts.lists, parts.emulator.predictions) == (1, 3, [])
    assert (caught.value.model, caught.value.input) == (PICTURES, FOX)
    assert caught.value.is_unlisted
    assert "lists no prediction" in str(caught.value)


async def test_if_the_list_cant_be_had_it_is_uncertain_and_says_so(parts: Parts) -> None:
    parts.emulator.inject(
        Fault(**CREATE, processed=True, drop=True), Fault(**LIST, status=503, times=None)
    )

    with pytest.raises(CreateUncertain, match="can't be asked") as caught:
        await create(parts)

    assert parts.posts == 1
    assert (caught.value.since, caught.value.is_unlisted) == (None, False)


async def test_an_early_answer_without_it_is_no_word_on_it_if_later_ones_are_lost(
    parts: Parts,
) -> None:
    parts.emulator.inject(
        Fault(**CREATE, drop=True), Fault(**LIST, after=1, status=503, times=None)
    )

    with pytest.raises(CreateUncertain, match="can't be asked") as caught:
        await create(parts)

    assert caught.value.since is not None
    assert not caught.value.is_unlisted


async def test_a_look_up_that_fails_is_made_again(parts: Parts) -> None:
    parts.emulator.inject(
        Fault(**CREATE, processed=True, drop=True),
        Fault(**LIST, status=401),
        Fault(**LIST, body="<html>"),
        Fault(**LIST, body='{"results": [{"no": "id"}]}'),
    )

    prediction = await create(parts)

    assert [prediction.id] == ids(parts)


# --- lost: never another's


async def test_two_equal_creates_that_are_both_lost_adopt_two_predictions(parts: Parts) -> None:
    parts.emulator.inject(Fault(**CREATE, processed=True, drop=True, times=2))

    first, second = await asyncio.gather(create(parts), create(parts))

    assert {first.id, second.id} == set(ids(parts))
    assert (first.id != second.id, parts.posts) == (True, 2)


async def test_a_lost_create_leaves_alone_what_an_equal_one_has_not_yet_been_told_of(
    parts: Parts,
) -> None:
    parts.emulator.inject(Fault(**CREATE, drop=True))

    lost, other = await asyncio.gather(
        create(parts, "acme/steady"),
        create(parts, "acme/steady", wait_seconds=5),  # is there at once, its answer later
        return_exceptions=True,
    )

    assert isinstance(lost, CreateUncertain)
    assert isinstance(other, Prediction)
    assert ids(parts) == [other.id]
    assert (parts.posts, parts.lists) == (2, 3)


async def test_of_many_equal_creates_each_has_its_own_prediction(parts: Parts) -> None:
    parts.emulator.inject(
        Fault(**CREATE, processed=True, drop=True, times=2),
        Fault(**CREATE, processed=True, status=500),
        Fault(**CREATE, cut_after_bytes=30),
    )

    made = await asyncio.gather(*[create(parts) for _ in range(8)])

    assert {prediction.id for prediction in made} == set(ids(parts))
    assert (len(ids(parts)), parts.posts) == (8, 8)


async def test_what_this_process_made_before_is_never_adopted(parts: Parts) -> None:
    await create(parts)
    parts.emulator.inject(Fault(**CREATE, drop=True))

    with pytest.raises(CreateUncertain):
        await create(parts)


async def test_what_belongs_to_something_else_is_never_adopted(parts: Parts, other: Parts) -> None:
    others = await create(other)
    parts.emulator.inject(Fault(**CREATE, processed=True, drop=True))

    prediction = await create(parts, known=knowing(others.id))

    assert ids(parts) == [others.id, prediction.id]


@pytest.mark.parametrize("hours_off", [-1, 0, 1])
async def test_an_equal_prediction_of_before_is_never_adopted_whatever_our_clock_says(
    parts: Parts, other: Parts, hours_off: int
) -> None:
    parts.emulator.advance(3600 * hours_off)
    await create(other)
    parts.emulator.advance(60)
    parts.emulator.inject(Fault(**CREATE, drop=True))

    with pytest.raises(CreateUncertain):
        await create(parts)


@pytest.mark.parametrize("hours_off", [-1, 0, 1])
async def test_the_newer_of_two_is_adopted_whatever_our_clock_says(
    parts: Parts, other: Parts, hours_off: int
) -> None:
    parts.emulator.advance(3600 * hours_off)
    older = await create(other)
    parts.emulator.advance(60)
    parts.emulator.inject(Fault(**CREATE, processed=True, drop=True))

    prediction = await create(parts)

    assert ids(parts) == [older.id, prediction.id]


@pytest.mark.parametrize(
    ("model", "given"),
    [
        (PICTURES, {"prompt": "a fox", "seed": 8}),
        (PICTURES, {"prompt": "a Fox", "seed": 7}),
        (PICTURES, {"prompt": "a fox"}),
        ("acme/words", FOX),
        (PINNED_VERSION, FOX),
    ],
)
async def test_a_prediction_of_another_input_or_model_is_never_adopted(
    parts: Parts, other: Parts, model: str, given: dict[str, Any]
) -> None:
    await create(other, model, given)
    parts.emulator.inject(Fault(**CREATE, drop=True))

    with pytest.raises(CreateUncertain):
        await create(parts)


async def test_two_lost_creates_with_different_files_dont_get_each_others(parts: Parts) -> None:
    one, other = ({"image": f"data:image/png;base64,{name}AAA"} for name in "AB")
    parts.emulator.inject(Fault(**CREATE, drop=True), Fault(**CREATE, processed=True, drop=True))

    lost, found = await asyncio.gather(
        create(parts, given=one), create(parts, given=other), return_exceptions=True
    )

    assert isinstance(lost, CreateUncertain)
    assert isinstance(found, Prediction)
    assert found.input == other


async def test_an_uploaded_file_is_found_at_whatever_address_the_api_has(parts: Parts) -> None:
    url = f"{parts.emulator.url}/v1/files/abc"
    parts.emulator.inject(Fault(**CREATE, processed=True, drop=True))

    prediction = await create(parts, given={"image": url})

    assert [prediction.id] == ids(parts)


# --- found after a crash


async def test_a_create_whose_sender_crashed_is_found(parts: Parts, other: Parts) -> None:
    sent = await create(other, given={**FOX, "image": "data:image/png;base64,AAAA"})

    found = await parts.creates.find(
        PICTURES, {**FOX, "image": Path("/kept/input-0.png")}, age_seconds=30
    )

    assert found.id == sent.id


async def test_a_find_ignores_fields_whose_values_arent_known(parts: Parts, other: Parts) -> None:
    sent = await create(other)

    found = await parts.creates.find(
        PICTURES, {"prompt": "[hidden]", "seed": 7}, age_seconds=30, unknown=["prompt"]
    )

    assert found.id == sent.id


async def test_a_find_looks_no_further_back_than_it_was_sent(parts: Parts, other: Parts) -> None:
    await create(other)
    parts.emulator.advance(120)

    with pytest.raises(CreateUncertain):
        await parts.creates.find(PICTURES, FOX, age_seconds=60)
    found = await parts.creates.find(PICTURES, FOX, age_seconds=180)

    assert ids(parts) == [found.id]
    assert parts.posts == 1


async def test_a_find_of_what_was_never_sent_sends_nothing(parts: Parts) -> None:
    with pytest.raises(CreateUncertain):
        await parts.creates.find(PICTURES, FOX, age_seconds=30)

    assert parts.posts == 0
