"""Counts the requests that an emulator gets, by a fault which each of them uses up."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import Request, urlopen

_MANY = 1_000_000


@contextmanager
def counted(url: str, **fault: Any) -> Iterator[Callable[[], int]]:
    """Give what returns how many requests came since; `fault` is what all of them meet, if any."""
    _ask("POST", url, {**fault, "times": _MANY})
    try:
        yield lambda: _MANY - _ask("GET", url)[0]["times"]
    finally:
        _ask("DELETE", url)


def _ask(method: str, url: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(f"{url}/_emulator/faults", data, method=method)) as answer:
        return json.loads(answer.read() or b"null")
