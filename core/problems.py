"""An HTTP answer with an error status → the error that it stands for.

Replicate's bodies are `application/problem+json` (RFC 9457), but proxies answer with anything, so
nothing in them is relied upon.
"""

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from core.errors import (
    ApiError,
    Forbidden,
    InputRejected,
    InvalidField,
    NotFound,
    PaymentRequired,
    RateLimited,
    ServerError,
    Unauthenticated,
)

_LONGEST_TEXT = 1_000
_MOST_FIELDS = 50
"""What is kept of an error's body, which may be anything of any size."""

_ERRORS: dict[int, type[ApiError]] = {
    401: Unauthenticated,
    402: PaymentRequired,
    403: Forbidden,
    404: NotFound,
    408: ServerError,  # a gateway's: it gave up waiting, and may have passed the request on
    422: InputRejected,
    429: RateLimited,
}

# Such as "Request was throttled. Your rate limit resets in ~30s."
_IN_WORDS = re.compile(
    r"\b(?:in|after|for)\s+(?:about\s+)?~?\s*(\d{1,6}(?:\.\d{1,6})?)\s*"
    r"(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b",
    re.IGNORECASE,
)
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def error_for(
    status: int, headers: Mapping[str, str], content: bytes = b"", *, now: datetime
) -> ApiError:
    """Return the error that an answer stands for.

    Args:
        headers: the answer's; they are found by names in any case.
        now: the server's time, for a Retry-After that is a date.
    """
    problem = _problem(content)
    kind = ServerError if status >= 500 else _ERRORS.get(status, ApiError)
    detail = _text(problem.get("detail"))
    if status < 400:
        detail = f"it redirects to {headers.get('Location')}; check REPLICATE_BASE_URL"
    described: dict[str, Any] = {
        "status": status,
        "title": _text(problem.get("title")),
        "detail": detail,
        "headers": headers,
        "retry_after_seconds": _retry_after(headers, problem, now),
    }
    if kind is InputRejected:
        described["invalid_fields"] = _invalid_fields(problem)
    if kind is RateLimited and described["retry_after_seconds"] is None:
        in_words = seconds_in_words(detail)
        described["retry_after_seconds"] = _reset(headers) if in_words is None else in_words
    return kind(**described)


def http_date(text: str) -> datetime | None:
    """Return the time that a `Date` or `Retry-After` header names, or None if it names none."""
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def seconds_in_words(text: str) -> float | None:
    """Return the time that a refusal tells only in its sentence, or None if there is none in it."""
    found = _IN_WORDS.search(text)
    if found is None:
        return None
    unit = found[2].lower()
    known = "ms" if unit == "ms" or unit.startswith("milli") else unit[0]
    return float(found[1]) * _UNIT_SECONDS[known]


def _reset(headers: Mapping[str, str]) -> float | None:
    text = headers.get("ratelimit-reset", "")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _problem(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _text(value: Any) -> str:
    return value[:_LONGEST_TEXT] if isinstance(value, str) else ""


def _invalid_fields(problem: Mapping[str, Any]) -> tuple[InvalidField, ...]:
    fields = problem.get("invalid_fields")
    if not isinstance(fields, list):
        return ()
    return tuple(
        InvalidField(
            _text(item.get("field")), _text(item.get("type")), _text(item.get("description"))
        )
        for item in fields[:_MOST_FIELDS]
        if isinstance(item, dict)
    )


def _retry_after(
    headers: Mapping[str, str], problem: Mapping[str, Any], now: datetime
) -> float | None:
    header = headers.get("Retry-After", "").strip()
    for candidate in (header, problem.get("retry_after")):
        try:
            seconds = float(candidate)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    date = http_date(header)
    return None if date is None else max(0.0, (date - now).total_seconds())
