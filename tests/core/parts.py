"""The parts of core as the tests of its lower half put them together."""

import asyncio
from dataclasses import dataclass, field

from pydantic import SecretStr

from core.backoff import RetryBudget
from core.client.account import AccountMethods
from core.client.create import Creates
from core.client.http import Http
from core.client.models import ModelMethods
from core.client.predictions import Predictions
from core.client.uploads import Uploads
from core.clock import Clock
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

    @property
    def value(self) -> Clock:
        """It, as core takes it."""
        return Clock(sleep=self.sleep, monotonic=self.clock)

    async def sleep(self, seconds: float) -> None:
        """Let time pass, and the emulator do a millisecond's work."""
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0.001)


class Lookups(ModelMethods, AccountMethods):
    """What of the client only looks things up."""

    def __init__(self, http: Http, predictions: Predictions) -> None:
        self._http = http
        self._predictions = predictions


@dataclass
class Parts:
    """What talks to one emulator, over one connection pool and by one clock."""

    emulator: Emulator
    http: Http
    time: FakeTime
    predictions: Predictions
    lookups: Lookups
    uploads: Uploads
    creates: Creates

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


def http_for(
    base_url: str, *, timeout_seconds: float = 30, max_retries: int = 3, clock: Clock | None = None
) -> Http:
    """Return what asks an address; close it."""
    settings = settings_for(base_url).model_copy(update={"max_retries": max_retries})
    return Http(
        settings,
        timeout_seconds=timeout_seconds,
        budget=RetryBudget(),
        clock=clock or Clock(),
    )


def parts_for(emulator: Emulator, *, attempts: int = 3, base_url: str | None = None) -> Parts:
    """Return the parts for an emulator; close their `http`."""
    time = FakeTime()
    http = http_for(
        base_url or emulator.url, timeout_seconds=0.3, max_retries=attempts, clock=time.value
    )
    predictions = Predictions(http)
    return Parts(
        emulator=emulator,
        http=http,
        time=time,
        predictions=predictions,
        lookups=Lookups(http, predictions),
        uploads=Uploads(http),
        creates=Creates(http, predictions, counter=time.clock),
    )
