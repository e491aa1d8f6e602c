"""The parts of core as the tests of its lower half put them together."""

import asyncio
import functools
import ssl
from dataclasses import dataclass, field

import httpx
from pydantic import SecretStr

from core.api.creating import Creates
from core.api.directory import Directory
from core.api.finding import Finding
from core.api.polling import Polling
from core.api.predictions import Predictions
from core.api.retries import Retries, RetryBudget
from core.api.transport import Api
from core.api.uploads import Uploads
from core.emulator import Emulator
from core.settings import Settings

TOKEN = "r8_0123456789abcdefghijklmnopqrstuvwxyzA"


@dataclass
class FakeTime:
    """A clock that moves when somebody sleeps, and by nothing else."""

    now: float = 1_000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        """Return seconds from anywhere."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let time pass, and the emulator do a millisecond's work."""
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0.001)


@dataclass
class Parts:
    """What talks to one emulator, over one connection pool and by one clock."""

    emulator: Emulator
    api: Api
    time: FakeTime
    retries: Retries
    predictions: Predictions
    directory: Directory
    finding: Finding
    uploads: Uploads
    creates: Creates
    polling: Polling

    @property
    def posts(self) -> int:
        """How many creates reached the emulator."""
        return self.count("POST", "/predictions")

    @property
    def lists(self) -> int:
        """How many times the list of predictions was asked for."""
        return self.count("GET", "/v1/predictions")

    def count(self, method: str, path_end: str) -> int:
        """Return how many requests came by a method for a path that ends so."""
        return sum(
            request.method == method and request.path.endswith(path_end)
            for request in self.emulator.requests
        )


def settings_for(base_url: str) -> Settings:
    """Return settings with a token, for the API at an address."""
    return Settings(base_url=base_url, replicate_api_token=SecretStr(TOKEN))


def api_for(base_url: str, *, timeout_seconds: float = 30) -> Api:
    """Return an API client of an address; close it."""
    inner = httpx.AsyncHTTPTransport(verify=_certificates())
    return Api(settings_for(base_url), inner=inner, timeout_seconds=timeout_seconds)


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Return what a client trusts: read once, for it takes longer than most tests."""
    return ssl.create_default_context()


def parts_for(emulator: Emulator, *, attempts: int = 3, base_url: str | None = None) -> Parts:
    """Return the parts for an emulator; close their `api`."""
    time = FakeTime()
    api = api_for(base_url or emulator.url, timeout_seconds=0.3)
    retries = Retries(attempts=attempts, budget=RetryBudget(), sleep=time.sleep)
    predictions = Predictions(api, retries)
    directory = Directory(api, retries)
    return Parts(
        emulator=emulator,
        api=api,
        time=time,
        retries=retries,
        predictions=predictions,
        directory=directory,
        finding=Finding(api, retries),
        uploads=Uploads(api, retries),
        creates=Creates(
            api,
            predictions,
            retries,
            latest_version=directory.latest_version,
            sleep=time.sleep,
            clock=time.clock,
        ),
        polling=Polling(predictions, sleep=time.sleep, clock=time.clock),
    )
