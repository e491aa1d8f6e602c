"""How the API's handlers read requests."""

from typing import Any

from starlette.requests import Request

from core.emulator.problems import InvalidField, Problem, invalid_input


def origin_of(request: Request) -> str:
    """Return the address by which a client reached us: URLs that it gets begin with it."""
    return f"{request.url.scheme}://{request.url.netloc}"


async def json_object(request: Request) -> dict[str, Any]:
    """Return a request's body.

    Raises:
        Problem: 400 or 422, it isn't a JSON object.
    """
    try:
        body = await request.json()
    except ValueError as error:
        raise Problem(400, "The request's body is not valid JSON.", "Bad request") from error
    if not isinstance(body, dict):
        raise invalid_input(
            [InvalidField("invalid_type", "(root)", "Invalid type. Expected: object")]
        )
    return body


def required(body: dict[str, Any], *names: str) -> None:
    """Check that a body has all of the fields named.

    Raises:
        Problem: 422, with an entry for each one that is missing.
    """
    missing = [InvalidField("required", name, f"{name} is required") for name in names]
    if missing := [item for item in missing if item.field not in body]:
        raise invalid_input(missing)
