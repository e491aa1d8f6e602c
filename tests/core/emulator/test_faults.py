"""Faults on purpose: each does what it says to the request it is meant for, and to no other."""

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import pytest

from core.emulator import Emulator, Fault
from tests.core.emulator.clients import client_of, create, until_ended
from tests.core.emulator.runners import ODD, RUNNERS, WORDS

_ACCOUNT = "/v1/account"
_CREATE = "/v1/models/*/predictions"


@pytest.fixture
def scripted() -> Iterator[Emulator]:
    """An emulator whose faults can be scripted over HTTP."""
    with Emulator(port=0, rate_limits=False, faults=True, runners=RUNNERS) as emulator:
        yield emulator


@pytest.fixture
def file(emulator: Emulator) -> str:
    """The URL of a file of 100,000 bytes."""
    return emulator.host_file(bytes(range(250)) * 400, name="a.bin", media_type="a/b")


# What is answered instead


def test_a_status_replaces_the_answer(emulator: Emulator, http: httpx2.Client) -> None:
    emulator.inject(Fault(path=_ACCOUNT, status=503))

    response = http.get("/account")

    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {"detail": "Something went wrong on purpose.", "status": 503}


def test_a_body_replaces_the_answer(emulator: Emulator, http: httpx2.Client) -> None:
    emulator.inject(Fault(path=_ACCOUNT, body='{"type": "us'))

    response = http.get("/account")

    assert (response.status_code, response.text) == (200, '{"type": "us')


@pytest.mark.parametrize("status", [204, 302, 304])
def test_any_final_status_can_be_answered(
    status: int, emulator: Emulator, http: httpx2.Client
) -> None:
    emulator.inject(Fault(path=_ACCOUNT, status=status, headers={"Location": "/elsewhere"}))

    response = http.get("/account")

    assert response.status_code == status
    assert response.headers["location"] == "/elsewhere"
    assert http.get("/account").status_code == 200


def test_headers_are_added_or_stand_in(emulator: Emulator, http: httpx2.Client) -> None:
    headers = {"Retry-After": "2", "Content-Type": "text/html"}
    emulator.inject(Fault(path=_ACCOUNT, headers=headers))

    response = http.get("/account")

    assert response.status_code == 200
    assert response.headers["retry-after"] == "2"
    assert response.headers.get_list("content-type") == ["text/html"]


def test_a_drop_closes_the_connection_without_an_answer(
    emulator: Emulator, http: httpx2.Client
) -> None:
    emulator.inject(Fault(path=_ACCOUNT, drop=True))

    with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
        http.get("/account")

    assert http.get("/account").status_code == 200


def test_a_drop_works_behind_a_proxy_too(emulator: Emulator, http: httpx2.Client) -> None:
    emulator.inject(Fault(path=_ACCOUNT, drop=True))

    with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
        http.get("/account", headers={"X-Forwarded-For": "203.0.113.7"})


def test_a_hang_never_answers(emulator: Emulator, http: httpx2.Client) -> None:
    emulator.inject(Fault(path=_ACCOUNT, hang=True))

    with pytest.raises(httpx2.ReadTimeout):
        http.get("/account", timeout=0.2)

    assert http.get("/account").status_code == 200


# What is altered


def test_a_delay_comes_before_the_request_is_looked_at(
    emulator: Emulator, http: httpx2.Client
) -> None:
    emulator.inject(Fault(path=_CREATE, delay_seconds=0.2))

    began = time.time()
    response = create(http, WORDS.card.id, {})

    assert response.status_code == 201
    assert time.time() - began >= 0.2
    assert emulator.predictions[0]["id"] == response.json()["id"]


@pytest.mark.parametrize("cut", [0, 1, 1000, 70_000, 99_999])
def test_a_cut_sends_exactly_so_many_bytes(
    cut: int, file: str, emulator: Emulator, bare: httpx2.Client
) -> None:
    emulator.inject(Fault(path="/outputs/*", cut_after_bytes=cut))
    received = b""

    with (  # noqa: PT012
        pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)),
        bare.stream("GET", file) as response,
    ):
        for chunk in response.iter_raw():
            received += chunk

    assert response.headers["content-length"] == "100000"
    assert received == (bytes(range(250)) * 400)[:cut]
    assert len(bare.get(file).content) == 100_000


def test_a_stream_can_be_cut_in_the_middle_of_a_character(
    emulator: Emulator, http: httpx2.Client
) -> None:
    created = create(http, ODD.card.id, {"texts": ["🦊"]}).json()
    whole = http.get(created["urls"]["stream"]).content
    middle = whole.index("🦊".encode()) + 2
    emulator.inject(Fault(path="/v1/streams/*", cut_after_bytes=middle))
    received = b""

    with (  # noqa: PT012
        pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)),
        http.stream("GET", created["urls"]["stream"]) as response,
    ):
        for chunk in response.iter_raw():
            received += chunk

    assert received == whole[:middle]


def test_an_answer_can_claim_to_be_longer_than_it_is(
    file: str, emulator: Emulator, bare: httpx2.Client
) -> None:
    emulator.inject(Fault(path="/outputs/*", content_length=100_001))

    with pytest.raises(httpx2.RemoteProtocolError, match="received 100000 bytes, expected 100001"):
        bare.get(file)


def test_an_answer_that_claims_to_be_shorter_is(
    file: str, emulator: Emulator, bare: httpx2.Client
) -> None:
    emulator.inject(Fault(path="/outputs/*", content_length=70_000))

    response = bare.get(file)

    assert response.content == (bytes(range(250)) * 400)[:70_000]


def test_a_stream_can_end_without_done(emulator: Emulator, http: httpx2.Client) -> None:
    created = create(http, WORDS.card.id, {"prompt": "a b c"}).json()
    emulator.inject(*(Fault(path="/v1/streams/*", end_after_events=n) for n in (0, 2)))

    nothing, two, whole = (http.get(created["urls"]["stream"]).text for _ in range(3))

    assert nothing == ""
    assert two.count("event: ") == 2
    assert whole.startswith(two)
    assert whole.count("event: done") == 1


def test_a_streams_events_can_come_twice(emulator: Emulator, http: httpx2.Client) -> None:
    created = create(http, WORDS.card.id, {"prompt": "a b c"}).json()
    until_ended(http, created)
    emulator.inject(Fault(path="/v1/streams/*", duplicate_events=True))

    twice, once = (http.get(created["urls"]["stream"]).text for _ in range(2))

    events = once.split("\n\n")[:-1]
    assert twice.split("\n\n")[:-1] == [event for event in events for _ in range(2)]


def test_the_servers_clock_can_be_wrong(emulator: Emulator, http: httpx2.Client) -> None:
    emulator.inject(Fault(path=_ACCOUNT, clock_seconds=-7200))

    wrong, right = (parsedate_to_datetime(http.get("/account").headers["date"]) for _ in range(2))

    assert 7199 <= (right - wrong).total_seconds() <= 7201
    assert abs(right.timestamp() - time.time()) < 2


# Which requests


def test_a_fault_meets_one_request_unless_it_says_otherwise(
    emulator: Emulator, http: httpx2.Client
) -> None:
    emulator.inject(Fault(path=_ACCOUNT, status=500))

    statuses = [http.get("/account").status_code for _ in range(3)]

    assert statuses == [500, 200, 200]


def test_after_and_times_count_the_requests_it_is_for(
    emulator: Emulator, http: httpx2.Client
) -> None:
    emulator.inject(Fault(path=_ACCOUNT, after=2, times=2, status=500))

    statuses = []
    for _ in range(6):
        assert http.get("/hardware").status_code == 200
        statuses.append(http.get("/account").status_code)

    assert statuses == [200, 200, 500, 500, 200, 200]


def test_without_times_it_goes_on_until_it_is_cleared(
    emulator: Emulator, http: httpx2.Client
) -> None:
    emulator.inject(Fault(path=_ACCOUNT, times=None, status=500))

    before = [http.get("/account").status_code for _ in range(20)]
    emulator.clear_faults()

    assert before == [500] * 20
    assert http.get("/account").status_code == 200


def test_method_and_path_choose_the_requests(emulator: Emulator, http: httpx2.Client) -> None:
    emulator.inject(Fault(method="POST", path="/v1/predictions*", times=None, status=500))

    listed = http.get("/predictions")
    created = http.post("/predictions?x=1", json={})
    by_model = create(http, WORDS.card.id, {})
    canceled = http.post(by_model.json()["urls"]["cancel"])

    assert [r.status_code for r in (listed, created, by_model, canceled)] == [200, 500, 201, 500]


def test_faults_are_met_in_the_order_in_which_they_were_added(
    emulator: Emulator, http: httpx2.Client
) -> None:
    emulator.inject(Fault(path=_ACCOUNT, status=500), Fault(status=502), Fault(status=503))

    assert [http.get("/account").status_code for _ in range(4)] == [500, 502, 503, 200]


def test_a_request_that_a_fault_met_is_not_carried_out(
    emulator: Emulator, http: httpx2.Client
) -> None:
    emulator.inject(Fault(method="POST", path=_CREATE, status=502))

    response = create(http, WORDS.card.id, {})

    assert response.status_code == 502
    assert emulator.predictions == []


@pytest.mark.parametrize("instead", [{"status": 502}, {"drop": True}, {"hang": True}])
def test_a_processed_request_is_carried_out_but_its_answer_lost(
    instead: dict[str, Any], emulator: Emulator, http: httpx2.Client
) -> None:
    emulator.inject(Fault(method="POST", path=_CREATE, processed=True, **instead))

    if "status" in instead:
        assert create(http, WORDS.card.id, {"prompt": "you"}).status_code == 502
    else:
        http.timeout = httpx2.Timeout(0.3)
        with pytest.raises(httpx2.TransportError):
            create(http, WORDS.card.id, {"prompt": "you"})

    assert [item["input"] for item in emulator.predictions] == [{"prompt": "you"}]


def test_requests_are_written_down_with_those_that_faults_met(
    emulator: Emulator, http: httpx2.Client
) -> None:
    emulator.inject(Fault(path=_ACCOUNT, status=500))

    http.get("/account")
    create(http, WORDS.card.id, {}, headers={"Cancel-After": "5m"})

    first, second = emulator.requests
    assert (first.method, first.path) == ("GET", _ACCOUNT)
    assert (second.method, second.path) == ("POST", f"/v1/models/{WORDS.card.id}/predictions")
    assert second.headers["cancel-after"] == "5m"


# From outside


@pytest.mark.parametrize("path", ["/_emulator/faults", "/_emulator/clock"])
def test_nothing_can_be_scripted_from_outside_by_default(
    path: str, emulator: Emulator, bare: httpx2.Client
) -> None:
    statuses = [
        bare.request(method, f"{emulator.url}{path}").status_code
        for method in ("GET", "POST", "DELETE")
    ]

    assert statuses == [404, 404, 404]


def test_faults_can_be_scripted_over_http_if_that_was_asked_for(
    scripted: Emulator, bare: httpx2.Client
) -> None:
    url = f"{scripted.url}/_emulator/faults"
    with client_of(scripted) as http:
        one = bare.post(url, json={"path": _ACCOUNT, "status": 500})
        two = bare.post(url, json=[{"path": _ACCOUNT, "status": 502, "times": 2}])
        statuses = [http.get("/account").status_code for _ in range(2)]
        pending = bare.get(url).json()
        cleared = bare.delete(url)
        after = http.get("/account").status_code

    assert (one.status_code, two.status_code, cleared.status_code) == (201, 201, 204)
    assert statuses == [500, 502]
    assert [(fault["status"], fault["times"]) for fault in pending] == [(502, 1)]
    assert after == 200


def test_what_the_endpoint_tells_of_a_fault_it_takes_too(
    scripted: Emulator, bare: httpx2.Client
) -> None:
    url = f"{scripted.url}/_emulator/faults"
    told = bare.post(url, json={"headers": {"a": "b"}, "delay_seconds": 1, "times": None}).json()
    bare.delete(url)

    again = bare.post(url, json=told)

    assert again.json() == told == bare.get(url).json()


@pytest.mark.parametrize(
    "fault",
    [
        {"status": "500"},
        {"status": 99},
        {"status": 600},
        {"stat": 500},
        {"after": -1},
        {"after": True},
        {"times": 0},
        {"times": 1.5},
        {"headers": ["a"]},
        {"headers": {"a": 1}},
        {"delay_seconds": "1"},
        {"delay_seconds": -1},
        {"cut_after_bytes": -1},
        {"path": 7},
        {"drop": 1},
        [{"status": 500}, {"status": 0}],
        "drop",
        7,
        None,
    ],
)
def test_a_bad_fault_is_refused_and_none_of_its_list_taken(
    fault: Any, scripted: Emulator, bare: httpx2.Client
) -> None:
    url = f"{scripted.url}/_emulator/faults"

    response = bare.post(url, json=fault)

    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert bare.get(url).json() == []


def test_a_bad_fault_is_refused_with_what_is_wrong(scripted: Emulator, bare: httpx2.Client) -> None:
    response = bare.post(f"{scripted.url}/_emulator/faults", json=[{}, {"status": "500"}])

    assert "1.status: Input should be a valid integer" in response.json()["detail"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff"])
@pytest.mark.parametrize("path", ["faults", "clock"])
def test_what_is_no_json_is_refused(
    path: str, body: bytes, scripted: Emulator, bare: httpx2.Client
) -> None:
    assert bare.post(f"{scripted.url}/_emulator/{path}", content=body).status_code == 400


def test_the_clock_can_be_moved_over_http(scripted: Emulator, bare: httpx2.Client) -> None:
    before = bare.get(f"{scripted.url}/v1/account").headers["date"]

    response = bare.post(f"{scripted.url}/_emulator/clock", json={"advance_seconds": 3600})
    after = bare.get(f"{scripted.url}/v1/account").headers["date"]

    moved = parsedate_to_datetime(after) - parsedate_to_datetime(before)
    assert response.status_code == 204
    assert 3600 <= moved.total_seconds() <= 3602


@pytest.mark.parametrize("seconds", ["1", None, 1e300, [1]])
def test_the_clock_is_moved_by_a_number_that_makes_sense(
    seconds: Any, scripted: Emulator, bare: httpx2.Client
) -> None:
    response = bare.post(f"{scripted.url}/_emulator/clock", json={"advance_seconds": seconds})

    assert response.status_code == 400


def test_no_fault_meets_the_endpoint_that_scripts_them(
    scripted: Emulator, bare: httpx2.Client
) -> None:
    scripted.inject(Fault(times=None, status=500))

    response = bare.delete(f"{scripted.url}/_emulator/faults")

    assert response.status_code == 204
    assert bare.get(f"{scripted.url}/v1/account").status_code == 401
