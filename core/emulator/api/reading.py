"""How the API's handlers read requests."""

import json
from collections.abc import Sequence
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
    body = await json_value(request)
    if not isinstance(body, dict):
        raise invalid_input(
            [InvalidField("invalid_type", "(root)", "Invalid type. Expected: object")]
        )
    return body


async def json_value(request: Request) -> Any:
    """Return a request's body, whatever JSON it is.

    Raises:
        Problem: 400, it isn't JSON.
    """
    try:
        text = (await request.body()).decode()
        value = json.loads(text, parse_constant=_refuse)
        if "\\ud" in text.lower():  # half a character, perhaps, which could be sent to nobody
            whole = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass")
            value = json.loads(whole.decode("utf-16", "replace"))
    except (ValueError, RecursionError) as error:
        raise Problem(400, "The request's body is not valid JSON.", "Bad request") from error
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def required(body: dict[str, Any], *names: str) -> None:
    """Check that a body has all of the fields named.

    Raises:
        Problem: 422, with an entry for each one that is missing.
    """
    missing = [InvalidField("required", name, f"{name} is required") for name in names]
    if missing := [item for item in missing if item.field not in body]:
        raise invalid_input(missing)


def one_of(body: dict[str, Any], name: str, values: Sequence[str]) -> None:
    """Check that a field of a body is one of some values.

    Raises:
        Problem: 422, it isn't.
    """
    if body[name] not in values:
        listed = ", ".join(f'"{value}"' for value in values)
        description = f"{name} must be one of the following: {listed}"
        raise invalid_input([InvalidField("enum", name, description)])


def whole_number(body: dict[str, Any], name: str, *, maximum: int) -> None:
    """Check that a field of a body is a whole number, from 0 to a maximum.

    Raises:
        Problem: 422, it isn't.
    """
    value = body[name]
    if isinstance(value, bool) or not isinstance(value, int):
        description = "Invalid type. Expected: integer"
        raise invalid_input([InvalidField("invalid_type", name, description)])
    if value < 0:
        description = "Must be greater than or equal to 0"
        raise invalid_input([InvalidField("number_gte", name, description)])
    if value > maximum:
        description = f"Must be less than or equal to {maximum}"
        raise invalid_input([InvalidField("number_lte", name, description)])
