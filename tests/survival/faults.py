"""Random trouble with the network and the API, the same for the same seed."""

import random
from collections.abc import Callable

from core.emulator.faults import Fault

CREATE = "/v1/models/*/predictions"
CANCEL = "/v1/predictions/*/cancel"
GET = "/v1/predictions/*"
LIST = "/v1/predictions"
STREAM = "/v1/streams/*"
FILE = "/outputs/*"
SCHEMA = "/v1/models/*"

_HTML = "<html><h1>502 Bad Gateway</h1>"


def draw_plan(dice: random.Random, *, count: int) -> list[Fault]:
    """Return faults that between them meet every kind of request."""
    return [dice.choice(_KINDS)(dice) for _ in range(count)]


def _create(dice: random.Random) -> Fault:
    processed = dice.random() < 0.5
    kinds: list[dict[str, object]] = [
        {"drop": True},
        {"hang": True},
        {"status": dice.choice((500, 502, 503, 504))},
        {"status": 200, "body": _HTML},
    ]
    return _placed(dice, "POST", CREATE, processed=processed, **dice.choice(kinds))


def _create_altered(dice: random.Random) -> Fault:
    """It is carried out, and the answer doesn't arrive whole or in time."""
    kinds: list[dict[str, object]] = [
        {"cut_after_bytes": dice.randrange(300)},
        {"delay_seconds": dice.uniform(0.1, 0.6)},
    ]
    return _placed(dice, "POST", CREATE, **dice.choice(kinds))


def _create_limited(dice: random.Random) -> Fault:
    return _placed(dice, "POST", CREATE, status=429, headers={"Retry-After": "1"})


def _get(dice: random.Random) -> Fault:
    return _placed(dice, "GET", dice.choice((GET, GET, LIST, SCHEMA)), **_broken(dice))


def _stream(dice: random.Random) -> Fault:
    kinds: list[dict[str, object]] = [
        {"cut_after_bytes": dice.randrange(2_000)},
        {"end_after_events": dice.randrange(12)},
        {"duplicate_events": True},
        _broken(dice),
    ]
    return _placed(dice, "GET", STREAM, **dice.choice(kinds))


def _file(dice: random.Random) -> Fault:
    kinds: list[dict[str, object]] = [
        {"cut_after_bytes": dice.randrange(200_000)},
        {"content_length": dice.randrange(200_000, 400_000)},
        {"headers": {"ETag": f'"{dice.randrange(10**9)}"'}, "cut_after_bytes": 70_000},
        {"status": 404},
        _broken(dice),
    ]
    chosen = dice.choice(kinds)
    return _placed(dice, "GET", FILE, **({**chosen, "hang": False} if "hang" in chosen else chosen))


def _cancel(dice: random.Random) -> Fault:
    return _placed(dice, "POST", CANCEL, processed=dice.random() < 0.5, **_broken(dice))


def _broken(dice: random.Random) -> dict[str, object]:
    return dice.choice(
        (
            {"drop": True},
            {"hang": True},
            {"status": dice.choice((500, 502, 503, 504))},
            {"body": '{"id": "half'},
            {"body": _HTML},
            {"cut_after_bytes": dice.randrange(500)},
            {"delay_seconds": dice.uniform(0.05, 0.3)},
        )
    )


def _placed(dice: random.Random, method: str, path: str, **what: object) -> Fault:
    times = dice.choice((1, 1, 1, 2, 5))
    return Fault(method=method, path=path, after=dice.randrange(6), times=times, **what)  # type: ignore[arg-type]


_KINDS: tuple[Callable[[random.Random], Fault], ...] = (
    _create,
    _create,
    _create_altered,
    _create_limited,
    _get,
    _get,
    _stream,
    _file,
    _file,
    _cancel,
)
