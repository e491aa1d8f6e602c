"""An answer with an error status is one typed error, whatever its body is."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx2
import pytest

from core.emulator.faults import Fault
from core.errors import (
    ApiError,
    Forbidden,
    InputRejected,
    NotFound,
    PaymentRequired,
    RateLimited,
    ServerError,
    Unauthenticated,
)
from core.problems import error_for, http_date, seconds_in_words
from tests.core.parts import Parts

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def error_of(status: int, body: Any = b"", headers: dict[str, str] | None = None) -> ApiError:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    # Names of headers in any case, as an answer has them.
    return error_for(status, httpx2.Headers(headers), content, now=NOW)


# --- each status


@pytest.mark.parametrize(
    ("status", "kind", "advice"),
    [
        (400, ApiError, "refused"),
        (401, Unauthenticated, "REPLICATE_API_TOKEN"),
        (402, PaymentRequired, "credit"),
        (403, Forbidden, "may not"),
        (404, NotFound, "check the name"),
        (408, ServerError, "later"),
        (422, InputRejected, "input"),
        (429, RateLimited, "slow down"),
        (500, ServerError, "later"),
        (502, ServerError, "later"),
        (503, ServerError, "later"),
        (504, ServerError, "later"),
        (599, ServerError, "later"),
    ],
)
async def test_each_status_has_its_error_and_each_says_what_to_do(
    parts: Parts, status: int, kind: type[ApiError], advice: str
) -> None:
    parts.emulator.inject(Fault(status=status))

    with pytest.raises(ApiError) as caught:
        await parts.http.get_once("/account")

    assert type(caught.value) is kind
    assert caught.value.status == status
    assert caught.value.detail == "Something went wrong on purpose."
    assert advice in str(caught.value)


def test_an_error_keeps_what_replicate_said_and_its_headers() -> None:
    body = {"title": "Insufficient credit", "detail": "You have none.", "status": 402}

    error = error_of(402, body, {"X-Request": "7"})

    assert (error.title, error.detail) == ("Insufficient credit", "You have none.")
    assert error.headers["x-request"] == "7"


async def test_a_422_names_the_fields_that_were_wrong(parts: Parts) -> None:
    with pytest.raises(InputRejected) as caught:
        await parts.creates.create("acme/pictures", {"strength": 2})

    assert [field.field for field in caught.value.invalid_fields] == ["input.strength"]
    assert caught.value.invalid_fields[0].description
    assert "strength: " in str(caught.value)


def test_a_redirect_says_where_it_leads_and_which_setting_to_check() -> None:
    error = error_of(301, headers={"Location": "https://elsewhere.test/"})

    assert "redirects to https://elsewhere.test/; check REPLICATE_BASE_URL" in str(error)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[1, 2]",
        b'"text"',
        b"null",
        b"7",
        b"{",
        b"<html><body>502 Bad Gateway</body></html>",
        b"\xff\xfe\x00",
        b'{"detail": ["a"], "title": {"b": 1}, "invalid_fields": {"c": 2}, "retry_after": []}',
        b'{"invalid_fields": [1, null, {"field": 3}]}',
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("status", [404, 422, 429, 503])
def test_an_errors_body_may_be_anything(body: bytes, status: int) -> None:
    error = error_of(status, body)

    assert error.status == status
    assert error.detail == ""
    assert error.retry_after_seconds is None


def test_a_huge_error_gives_a_short_sentence() -> None:
    fields = [{"field": f"input.{n}", "description": "x" * 5_000} for n in range(1_000)]

    error = error_of(
        422, {"detail": "y" * 1_000_000, "title": "z" * 1_000_000, "invalid_fields": fields}
    )

    assert len(error.detail) == 1_000
    assert len(str(error)) < 60_000


# --- when to come back


@pytest.mark.parametrize(
    ("header", "body", "seconds"),
    [
        ("7", {}, 7.0),
        ("1.5", {}, 1.5),
        (" 3 ", {}, 3.0),
        ("0", {}, 0.0),
        ("-4", {}, 0.0),
        ("86400", {}, 86_400.0),
        (None, {"retry_after": 5}, 5.0),
        (None, {"retry_after": 2.5}, 2.5),
        (None, {"retry_after": "4"}, 4.0),
        ("9", {"retry_after": 5}, 9.0),
        ("soon", {"retry_after": 5}, 5.0),
        ("nan", {}, None),
        ("inf", {"retry_after": None}, None),
        (None, {}, None),
        (None, {"retry_after": 5, "detail": "It resets in ~30s."}, 5.0),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_read_from_the_header_or_the_body(
    status: int, header: str | None, body: dict[str, Any], seconds: float | None
) -> None:
    headers = {} if header is None else {"Retry-After": header}

    assert error_of(status, body, headers).retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("sentence", "seconds"),
    [
        ("Request was throttled. Your rate limit resets in ~30s.", 30.0),
        ("Request was throttled. Expected available in 5 seconds.", 5.0),
        ("Expected available in 1 second.", 1.0),
        ("Try again in 1 minute", 60.0),
        ("Try again in about 2 minutes.", 120.0),
        ("Try again after 3 mins", 180.0),
        ("You are blocked for 2 hours.", 7_200.0),
        ("Slow down: come back in 500ms.", 0.5),
        ("in 250 milliseconds", 0.25),
        ("in 1.5 secs", 1.5),
        ("IN 7 S", 7.0),
        ("in ~ 9s", 9.0),
    ],
)
def test_a_refusal_may_say_only_in_words_when_to_come_back(sentence: str, seconds: float) -> None:
    assert seconds_in_words(sentence) == seconds
    assert error_of(429, {"detail": sentence}).retry_after_seconds == seconds


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "Request was throttled.",
        "3 models in 2 regions",
        "You ran 600 predictions in a minute",
        "Only 6 requests per minute are allowed",
        "5 seconds",
        "within 3 slots",
        "in 3 streams",
        "in 12345678 s",
        "begin 5 s",
        "in -5 seconds",
        "in seconds",
    ],
)
def test_no_time_is_read_out_of_a_sentence_that_tells_none(sentence: str) -> None:
    assert seconds_in_words(sentence) is None


def test_words_and_resets_count_for_a_refusal_alone() -> None:
    detail = {"detail": "Our database is back in 30 seconds"}

    assert error_of(503, detail, {"ratelimit-reset": "9"}).retry_after_seconds is None


@pytest.mark.parametrize(
    ("reset", "seconds"), [("9", 9.0), ("0", 0.0), ("soon", None), ("-1", None), ("1" * 10, None)]
)
def test_a_refusal_that_says_nothing_else_comes_back_at_the_limits_reset(
    reset: str, seconds: float | None
) -> None:
    headers = {"RateLimit-Reset": reset}

    assert error_of(429, {}, headers).retry_after_seconds == seconds
    assert error_of(429, {"detail": "in 3s"}, headers).retry_after_seconds == 3


def test_a_date_counts_from_the_servers_own_time() -> None:
    at = format_datetime(NOW + timedelta(seconds=30), usegmt=True)

    assert error_of(503, headers={"Retry-After": at}).retry_after_seconds == 30


def test_a_date_that_has_passed_means_now() -> None:
    at = format_datetime(NOW - timedelta(days=1), usegmt=True)

    assert error_of(429, headers={"Retry-After": at}).retry_after_seconds == 0


async def test_retry_after_as_a_date_counts_by_the_servers_clock_not_ours(parts: Parts) -> None:
    parts.emulator.advance(3600)
    at = datetime.now(UTC) + timedelta(seconds=3600 + 30)
    parts.emulator.inject(Fault(status=503, headers={"Retry-After": format_datetime(at)}))

    with pytest.raises(ServerError) as caught:
        await parts.http.get_once("/account")

    assert caught.value.retry_after_seconds == pytest.approx(30, abs=2)


def test_a_time_without_a_zone_is_the_worlds() -> None:
    assert http_date("Thu, 01 Jan 2026 00:00:00") == NOW
    assert http_date("yesterday") is None
