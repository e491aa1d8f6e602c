"""A model's description is asked for once in some minutes, and outlives the network."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import (
    ConnectionFailed,
    ConnectionLost,
    InputRejected,
    InvalidInput,
    MalformedResponse,
    NotFound,
    PlaygroundError,
    RateLimited,
    ServerError,
    Unauthenticated,
)
from core.jobs.account import Named
from core.jobs.schemas import Schemas
from core.models.cache import DescriptionCache
from core.models.descriptions import Model, Version

FOX = "acme/fox"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DOCUMENT = {
    "components": {"schemas": {"Input": {"properties": {"prompt": {"type": "string"}}}}},
}
A_FOX = Model("acme", "fox", "Foxes", version=Version("0a", openapi_schema=DOCUMENT))

OFFLINE = ConnectionFailed("Replicate can't be reached.")
GONE = NotFound(status=404)


class Client:
    """Answers `get_model` as a test says."""

    def __init__(self) -> None:
        self.answer: Model | PlaygroundError = A_FOX
        self.asked: list[str] = []

    async def get_model(self, model: str) -> Model:
        self.asked.append(model)
        await asyncio.sleep(0)
        if isinstance(self.answer, PlaygroundError):
            raise self.answer
        return self.answer


@dataclass
class World:
    """A client, a clock, and what processes one after the other keep on disk."""

    folder: Path
    client: Client
    seconds: float = 0.0
    backend: str | None = "https://api.example#ann"

    def process(self) -> Schemas:
        """Return what a process of the app has."""
        return Schemas(
            self.client,  # type: ignore[arg-type]
            cache=DescriptionCache(self.folder),
            backend=Named(self.backend),  # type: ignore[arg-type]
            clock=lambda: self.seconds,
            now=lambda: NOW + timedelta(seconds=self.seconds),
        )


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "cache", Client())


async def test_a_model_is_described_with_its_schema_and_the_moment(world: World) -> None:
    described = await world.process().describe(FOX)

    assert (described.model, described.fetched_at, described.is_stale) == (A_FOX, NOW, False)
    assert described.schema is not None
    assert described.schema.field("prompt") is not None


async def test_for_five_minutes_nobody_is_asked_again(world: World) -> None:
    schemas = world.process()
    await schemas.describe(FOX)
    world.client.answer = replace(A_FOX, description="Better foxes")

    world.seconds = 299
    before = await schemas.describe(FOX)
    world.seconds = 301
    after = await schemas.describe(FOX)

    assert (before.model.description, after.model.description) == ("Foxes", "Better foxes")
    assert after.fetched_at == NOW + timedelta(seconds=301)
    assert len(world.client.asked) == 2


async def test_two_who_ask_at_once_share_one_request(world: World) -> None:
    schemas = world.process()

    first, second, other = await asyncio.gather(
        schemas.describe(FOX), schemas.describe(FOX), schemas.describe(f"{FOX}:0a")
    )

    assert first is second
    assert other is not first
    assert sorted(world.client.asked) == [FOX, f"{FOX}:0a"]


@pytest.mark.parametrize(
    "error",
    [
        OFFLINE,
        ConnectionLost("cut"),
        MalformedResponse("html"),
        ServerError(status=502),
        RateLimited(status=429),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_without_a_network_the_next_process_knows_it_from_the_disk(
    world: World, error: PlaygroundError
) -> None:
    await world.process().describe(FOX)
    world.client.answer = error
    world.seconds = 86_400

    described = await world.process().describe(FOX)

    assert (described.model, described.fetched_at, described.is_stale) == (A_FOX, NOW, True)
    assert described.schema is not None


async def test_what_is_stale_is_asked_for_again_soon_but_not_at_once(world: World) -> None:
    schemas = world.process()
    await schemas.describe(FOX)
    world.client.answer = OFFLINE
    world.seconds = 301
    await schemas.describe(FOX)
    world.seconds = 310
    still = await schemas.describe(FOX)
    asked = len(world.client.asked)

    world.client.answer = A_FOX
    world.seconds = 320
    again = await schemas.describe(FOX)

    assert (still.is_stale, asked) == (True, 2)
    assert (again.is_stale, again.fetched_at) == (False, NOW + timedelta(seconds=320))


async def test_a_process_that_keeps_nothing_on_disk_still_knows_its_own(world: World) -> None:
    schemas = Schemas(world.client, clock=lambda: world.seconds, now=lambda: NOW)  # type: ignore[arg-type]
    await schemas.describe(FOX)
    world.client.answer = OFFLINE
    world.seconds = 301

    assert (await schemas.describe(FOX)).is_stale


async def test_an_answer_that_never_comes_is_one_that_is_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.jobs.schemas._LONGEST_SECONDS", 0.01)
    await world.process().describe(FOX)
    monkeypatch.setattr(world.client, "get_model", lambda _: asyncio.Event().wait())

    described = await world.process().describe(FOX)
    with pytest.raises(ConnectionLost, match="doesn't say what acme/cat is"):
        await world.process().describe("acme/cat")

    assert described.is_stale


async def test_what_was_never_known_is_the_error(world: World) -> None:
    world.client.answer = OFFLINE

    with pytest.raises(ConnectionFailed):
        await world.process().describe(FOX)


@pytest.mark.parametrize("error", [Unauthenticated(status=401), InputRejected(status=422)])
async def test_what_wont_pass_is_raised_and_nothing_is_forgotten(
    world: World, error: PlaygroundError
) -> None:
    await world.process().describe(FOX)
    world.client.answer = error

    with pytest.raises(type(error)):
        await world.process().describe(FOX)

    world.client.answer = OFFLINE
    assert (await world.process().describe(FOX)).is_stale


async def test_a_model_that_is_gone_is_forgotten(world: World) -> None:
    schemas = world.process()
    await schemas.describe(FOX)
    world.client.answer = GONE
    world.seconds = 301

    with pytest.raises(NotFound):
        await schemas.describe(FOX)

    world.client.answer = OFFLINE
    for process in (schemas, world.process()):
        with pytest.raises(ConnectionFailed):
            await process.describe(FOX)


@pytest.mark.parametrize("backend", ["https://api.example#bob", None])
async def test_another_account_or_one_that_is_unknown_gets_nothing_of_it(
    world: World, backend: str | None
) -> None:
    await world.process().describe(FOX)
    world.client.answer = OFFLINE
    world.backend = backend

    with pytest.raises(ConnectionFailed):
        await world.process().describe(FOX)


async def test_while_the_account_is_unknown_nothing_is_kept(world: World) -> None:
    world.backend = None

    await world.process().describe(FOX)

    assert not world.folder.exists()


async def test_a_model_that_is_kept_without_a_version_has_no_schema(world: World) -> None:
    world.client.answer = Model("acme", "fox")

    described = await world.process().describe(FOX)

    assert described.schema is None
    assert await world.process().find(FOX) is None


@pytest.mark.parametrize("model", ["0123456789abcdef" * 4, "deployments/acme/foxes"])
async def test_what_names_no_model_has_no_description_and_nothing_is_asked(
    world: World, model: str
) -> None:
    schemas = world.process()

    with pytest.raises(InvalidInput, match="write the model as owner/name"):
        await schemas.describe(model)

    assert await schemas.find(model) is None
    assert world.client.asked == []


@pytest.mark.parametrize("ask", [Schemas.describe, Schemas.find])
async def test_what_is_no_name_is_refused(world: World, ask: Callable[..., object]) -> None:
    with pytest.raises(InvalidInput, match="isn't a model"):
        await ask(world.process(), "no model")  # type: ignore[misc]


@pytest.mark.parametrize("error", [OFFLINE, InputRejected(status=422)])
async def test_a_schema_that_cant_be_had_is_none(world: World, error: PlaygroundError) -> None:
    world.client.answer = error

    assert await world.process().find(FOX) is None


@pytest.mark.parametrize("error", [GONE, Unauthenticated(status=401)])
async def test_a_run_that_would_come_to_nothing_is_told(
    world: World, error: PlaygroundError
) -> None:
    world.client.answer = error

    with pytest.raises(type(error)):
        await world.process().find(FOX)


async def test_only_so_many_are_remembered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.jobs.schemas._MOST_KNOWN", 2)
    schemas = world.process()

    for model in ("a/one", "a/two", "a/three", "a/three", "a/two", "a/one"):
        await schemas.describe(model)

    assert world.client.asked == ["a/one", "a/two", "a/three", "a/one"]
