"""What every test gets: no token, no network beyond loopback, an emulator to talk to."""

from collections.abc import Iterator

import pytest

from core.emulator import Emulator

_TOKEN_VARIABLES = ("REPLICATE_API_TOKEN", "REPLICATE_API_KEY", "REPLICATE_BASE_URL")


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own token never reaches a test, nor the `.env` beside the checkout."""
    for name in _TOKEN_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A fresh embedded Replicate, a hundred times faster than the real one."""
    with Emulator(port=0, speed=100.0, rate_limits=False, faults=True) as emulator:
        yield emulator
