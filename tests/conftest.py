"""What every test gets: no token, no network beyond loopback, an emulator to talk to."""

import os
from collections.abc import Iterator

import pytest

from core.emulator import Emulator
from core.settings import Settings


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--take-screenshots",
        action="store_true",
        help="take README's pictures of the page anew",
    )


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own settings never reach a test, nor the `.env` beside the checkout."""
    for name in list(os.environ):
        if name.upper().startswith(("REPLICATE_", "PLAYGROUND_")):
            monkeypatch.delenv(name)
    monkeypatch.setitem(Settings.model_config, "env_file", None)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A fresh embedded Replicate, a hundred times faster than the real one."""
    with Emulator(port=0, speed=100.0, rate_limits=False, faults=True) as emulator:
        yield emulator
