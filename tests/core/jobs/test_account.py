"""Jobs belong to the token's account, also when Replicate can't be asked which one that is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from replicate.account import Account as ReplicatesAccount

from core import (
    AsyncReplicateClient,
    ConnectionFailed,
    PlaygroundError,
    ServerError,
    Settings,
    Unauthenticated,
)
from core.emulator import Fault
from core.history.records import State
from core.jobs.account import Account
from tests.core.jobs.test_resuming import NOBODYS_LEASE_SECONDS, write_down
from tests.core.jobs.world import World
from tests.core.waiting import until

TOKEN = "r8_0123456789abcdefghijklmnopqrstuvwxyzA"
URL = "https://replicate.test"
KEY = f"{URL}#ann"


class Client:
    """Answers `get_account` as a test says."""

    def __init__(self, token: str = TOKEN, answer: str | PlaygroundError = "ann") -> None:
        self.settings = Settings(base_url=URL, replicate_api_token=token)  # type: ignore[arg-type]
        self.base_url = URL
        self.answer = answer
        self.asked = 0

    async def get_account(self) -> ReplicatesAccount:
        self.asked += 1
        await asyncio.sleep(0)
        if isinstance(self.answer, PlaygroundError):
            raise self.answer
        return ReplicatesAccount(type="user", username=self.answer, name="", github_url=None)


OFFLINE = ConnectionFailed("Replicate can't be reached: check your connection.")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "accounts.json"


@asynccontextmanager
async def known_by(client: Client, file: Path) -> AsyncIterator[Account]:
    """Open the account, and wait until it has asked once."""

    async def sleep(_: float) -> None:
        await asyncio.Event().wait()

    async with Account(client, file, sleep=sleep) as account:  # type: ignore[arg-type]
        await until(lambda: client.asked > 0)
        await asyncio.sleep(0.05)
        yield account


async def test_a_start_without_a_network_knows_the_account_from_the_start_before(
    file: Path,
) -> None:
    async with known_by(Client(), file) as account:
        first = await account.find()

    async with known_by(Client(answer=OFFLINE), file) as account:
        second = await account.find()

    assert (first, second) == (KEY, KEY)
    assert account.problem is OFFLINE


async def test_the_token_is_not_in_what_is_remembered(file: Path) -> None:
    async with known_by(Client(), file) as account:
        await account.find()

    text = file.read_text()
    assert "ann" in text
    assert not [TOKEN[n : n + 8] for n in range(len(TOKEN) - 8) if TOKEN[n : n + 8] in text]


async def test_another_token_is_another_account_until_it_is_known(file: Path) -> None:
    async with known_by(Client(), file) as account:
        await account.find()
    async with known_by(Client(token="r8_another", answer=OFFLINE), file) as account:
        unknown = account.key
        with pytest.raises(ConnectionFailed, match="can't be reached"):
            await account.find()
    async with known_by(Client(token="r8_another", answer="bob"), file) as account:
        another = await account.find()
    async with known_by(Client(answer=OFFLINE), file) as account:
        first = await account.find()

    assert (unknown, another, first) == (None, f"{URL}#bob", KEY)


async def test_it_goes_on_asking_until_replicate_answers(file: Path) -> None:
    client = Client(answer=OFFLINE)
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 8:
            client.answer = "ann"
        await asyncio.sleep(0)

    async with Account(client, file, sleep=sleep) as account:  # type: ignore[arg-type]
        await until(lambda: account.key is not None)

    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]
    assert (account.key, account.problem) == (KEY, None)


async def test_who_wants_to_run_asks_at_once_and_together(file: Path) -> None:
    client = Client(answer=OFFLINE)
    async with known_by(client, file) as account:
        client.answer = "ann"
        found = await asyncio.gather(*(account.find() for _ in range(10)))

    assert found == [KEY] * 10
    assert client.asked == 2


async def test_a_wrong_token_says_so(file: Path) -> None:
    async with known_by(Client(answer=Unauthenticated(status=401)), file) as account:
        with pytest.raises(Unauthenticated, match="check REPLICATE_API_TOKEN"):
            await account.find()


async def test_an_account_that_was_renamed_goes_on_under_its_name_until_the_next_start(
    file: Path,
) -> None:
    async with known_by(Client(), file) as account:
        await account.find()
    async with known_by(Client(answer="anna"), file) as account:
        meanwhile = account.key
    async with known_by(Client(answer=OFFLINE), file) as account:
        later = account.key

    assert (meanwhile, later) == (KEY, f"{URL}#anna")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"x": 1}'])
async def test_what_is_remembered_may_be_garbage_and_the_folder_a_file(
    file: Path, content: str
) -> None:
    file.parent.mkdir()
    file.write_text(content)
    async with known_by(Client(), file) as account:
        found = await account.find()
    file.unlink()
    file.parent.rmdir()
    file.parent.write_text("a file where the folder should be")
    async with known_by(Client(), file) as account:
        unkept = await account.find()

    assert (found, unkept) == (KEY, KEY)


async def test_replicate_that_does_not_answer_is_waited_for_ten_seconds(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent(Client):
        async def get_account(self) -> Any:
            await asyncio.Event().wait()

    monkeypatch.setattr("core.jobs.account._LONGEST_SECONDS", 0.05)
    async with Account(Silent(), file) as account:  # type: ignore[arg-type]
        with pytest.raises(ConnectionFailed, match="doesn't answer"):
            await account.find()


async def test_nothing_runs_before_the_account_is_known_and_then_all_that_waited_does(
    world: World,
) -> None:
    world.emulator.inject(Fault(method="GET", path="/v1/account", status=503, times=None))
    key = f"{world.emulator.url}#emulator"
    async with world.process() as app:
        left = await write_down(app, backend=key)
    world.pass_time(NOBODYS_LEASE_SECONDS + 1)
    settings = Settings(base_url=world.emulator.url, replicate_api_token="any", max_retries=1)  # type: ignore[arg-type]

    async with (
        AsyncReplicateClient(settings) as client,
        Account(client, world.data_dir / "accounts.json", sleep=_soon) as account,
        world.process(backend=account, sleep=_soon) as app,
    ):
        await app.jobs.resume()
        with pytest.raises(ServerError, match="a problem of its own"):
            await app.submit()
        before = await app.archive.list("ann")
        running = await app.jobs.running("ann")
        world.emulator.clear_faults()
        await until(lambda: account.key is not None)  # who asks meanwhile hears what was heard last
        jobs = [await app.ended(job_id) for job_id in (await app.submit(), left)]

    assert [job.state for job in before] == [State.QUEUED]
    assert running == ()
    assert [(job.state, job.backend) for job in jobs] == [(State.SUCCEEDED, key)] * 2


async def _soon(seconds: float) -> None:
    await asyncio.sleep(0.02)
