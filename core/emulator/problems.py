"""The errors that the API answers with, as `application/problem+json`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from starlette.responses import Response


@dataclass(frozen=True)
class InvalidField:
    """One entry of a 422's `invalid_fields`; the types and wordings are gojsonschema's."""

    type: str
    field: str
    description: str


@dataclass
class Problem(Exception):
    """An answer with an error status, raised by whatever finds the request wanting."""

    status: int
    detail: str
    title: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """Return it as an answer; a problem without a title has none, as Replicate's 404."""
        title = {"title": self.title} if self.title else {}
        body = {**title, "detail": self.detail, "status": self.status, **self.extra}
        return Response(
            json.dumps(body),
            status_code=self.status,
            headers=dict(self.headers),
            media_type="application/problem+json",
        )


def unauthenticated() -> Problem:
    """Return what a request without a token gets."""
    return Problem(401, "You did not pass a valid authentication token", "Unauthenticated")


def not_found(what: str = "The requested resource could not be found.") -> Problem:
    """Return what a request for something that isn't there gets."""
    return Problem(404, what)


def invalid_input(fields: Sequence[InvalidField]) -> Problem:
    """Return what a create with a wrong body or input gets."""
    detail = "".join(f"- {item.field}: {item.description}\n" for item in fields)
    return Problem(
        422,
        detail,
        "Input validation failed",
        extra={"invalid_fields": [asdict(item) for item in fields]},
    )


def invalid_version() -> Problem:
    """Return what a create with a version that doesn't exist gets."""
    return Problem(
        422,
        "The specified version does not exist (or perhaps you don't have permission to use it?)",
        "Invalid version or not permitted",
    )


def throttled(seconds: int, headers: Mapping[str, str]) -> Problem:
    """Return what a request over the rate limit gets; the delay stands in the body."""
    return Problem(
        429,
        f"Request was throttled. Your rate limit resets in ~{seconds}s.",
        extra={"retry_after": seconds},
        headers=headers,
    )
