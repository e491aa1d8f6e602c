"""A result's files are whole or not there at all, and come from nowhere else than they should."""

import gzip
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from core import AsyncReplicateClient, DiskFull
from core.emulator import Fault
from core.history.records import State
from core.jobs.events import Downloading
from tests.core.downloads.file_server import FileServer, serving
from tests.core.downloads.test_disk import largest_file
from tests.core.jobs.world import Process
from tests.core.parts import settings_for
from tests.faults.models import GIVER, noise
from tests.faults.world import (
    OUTPUT,
    POLL,
    Account,
    World,
    account,
    succeeded,
    told,
    until,
)
from ui.views.cards import view_of

PICTURE = noise(1)
CUT = len(PICTURE) * 4 // 10
SMALL = noise(2, (16, 16))


@pytest.fixture
async def trap() -> AsyncIterator[FileServer]:
    """A server on this machine that is not the API's: it notes who comes."""
    async with serving() as server:
        server.file = SMALL
        yield server


def paid_in_vain(state: State = State.FAILED) -> Account:
    """Return the account of a prediction that succeeded, and whose file can't be had."""
    return Account(creates=1, predictions=1, state=state, charged=True)


async def give(app: Process, *urls: str) -> str:
    """Run a model that gives these URLs out, and return the job's id."""
    return await app.submit(GIVER, urls=list(urls))


def host(world: World, content: bytes = PICTURE, name: str = "fox.png") -> str:
    """Let Replicate serve a picture, and return its URL."""
    return world.emulator.host_file(content, name=name, media_type="image/png")


async def test_a_picture_that_was_cut_at_40_percent_is_whole_and_not_fetched_twice(
    world: World,
) -> None:
    """The connection breaks at 40 %: it is resumed by Range, at most 1.02 times the bytes."""
    url = host(world)
    world.emulator.inject(Fault(method="GET", path=OUTPUT, cut_after_bytes=CUT))

    async with world.process() as app:
        job_id = await give(app, url)
        await app.watched(job_id)

        first, *others = world.ranges()
        assert await account(app, job_id) == succeeded(world)
    assert (first, len(others)) == (0, 1)
    assert CUT + sum(len(PICTURE) - start for start in others) <= 1.02 * len(PICTURE)


@pytest.mark.parametrize("changed_in", [1, 2], ids=["answered with 200", "another ETag"])
async def test_a_picture_that_changed_halfway_is_the_new_one_and_no_mixture(
    world: World, changed_in: int
) -> None:
    """The rest is answered with the whole, or is another file's by its ETag: it starts over."""
    url = host(world)
    other_tag = {"ETag": '"another"'}
    world.emulator.inject(
        Fault(
            method="GET",
            path=OUTPUT,
            cut_after_bytes=CUT,
            headers=other_tag if changed_in == 1 else {},
        ),
        Fault(method="GET", path=OUTPUT, headers=other_tag if changed_in == 2 else {}),
    )

    async with world.process() as app:
        job_id = await give(app, url)
        await app.watched(job_id)

        asked = world.ranges()
        assert await account(app, job_id) == succeeded(world)
    assert asked == ([0, CUT] if changed_in == 1 else [0, CUT, 0])


async def test_a_picture_that_is_shorter_than_announced_is_an_error_and_no_file(
    world: World,
) -> None:
    """The body ends too early each time, for an hour: an error, and no final file."""
    url = host(world, SMALL)
    world.emulator.inject(
        Fault(method="GET", path=OUTPUT, content_length=len(SMALL) + 9, times=None)
    )

    async with world.process() as app:
        job_id = await give(app, url)
        read = await told(app, job_id)

        assert await account(app, job_id) == paid_in_vain()
    assert "could not be downloaded" in read[-1]
    assert 3600 <= sum(world.time.slept) < 3 * 3600


@pytest.mark.parametrize("is_bomb", [True, False])
async def test_a_file_that_is_too_large_is_stopped_at_the_cap(world: World, is_bomb: bool) -> None:
    """A file that is larger than the cap, or a few kilobytes that inflate to such a one."""
    huge = SMALL + bytes(8_000_000)
    url = host(world, gzip.compress(huge) if is_bomb else huge)
    coded = {"Content-Encoding": "gzip"} if is_bomb else {}
    world.emulator.inject(Fault(method="GET", path=OUTPUT, headers=coded, times=None))

    async with world.process(max_download_bytes=1024**2) as app:
        job_id = await give(app, url)
        events = await app.watched(job_id)
        [job] = await app.archive.list("ann")

        assert await account(app, job_id) == paid_in_vain()
    assert (job.error or "").startswith("The output is larger than 1 MB")
    most = max(event.done for event in events if isinstance(event, Downloading))
    assert most <= (1024**2 if is_bomb else 0)  # a length that is announced isn't waited for
    assert len(world.ranges()) == 1


async def test_a_full_disk_is_said_clearly_and_keeps_no_part(world: World, tmp_path: Path) -> None:
    """There is no room for the file: one sentence, no partial file."""
    url = host(world)

    async with AsyncReplicateClient(settings_for(world.emulator.url)) as client:
        with largest_file(CUT), pytest.raises(DiskFull) as full:
            await client.download_file(url, tmp_path / "out" / "0")

    assert str(full.value).startswith("There is no room for the output: free some space")
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


@pytest.mark.parametrize("status", [403, 404])
async def test_a_picture_whose_address_expired_is_asked_for_again(
    world: World, status: int
) -> None:
    """The URL is no longer good: the prediction is asked for its output again."""
    url = host(world)
    world.emulator.inject(Fault(method="GET", path=OUTPUT, status=status))

    async with world.process() as app:
        job_id = await give(app, url)
        await app.watched(job_id)

        paths = [one.path for one in world.emulator.requests if one.method == "GET"]
        assert await account(app, job_id) == succeeded(world)
    first = paths.index("/outputs/hosted/fox.png")
    assert paths[first + 1].startswith("/v1/predictions/")
    assert paths[first + 2] == "/outputs/hosted/fox.png"


@pytest.mark.parametrize("status", [403, 404])
async def test_a_picture_that_replicate_has_deleted_says_so(world: World, status: int) -> None:
    """The URL is no longer good, and by now the prediction has no other: expired."""
    url = host(world)
    world.emulator.inject(Fault(method="GET", path=OUTPUT, status=status, times=None))

    async with world.process() as app:
        job_id = await give(app, url)
        await until(app, job_id, Downloading)
        world.emulator.advance(3700)
        read = await told(app, job_id)

        assert await account(app, job_id) == paid_in_vain(State.EXPIRED)
    assert read[-1] == "Replicate has deleted this result: it keeps them for one hour."


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{port}/fox.png",
        "https://127.0.0.1:{port}/fox.png",
        "https://localhost:{port}/fox.png",
        "https://[::1]:{port}/fox.png",
        "https://[::ffff:127.0.0.1]:{port}/fox.png",
        "https://10.0.0.1/fox.png",
        "https://192.168.1.1/fox.png",
        "https://100.64.0.1/fox.png",
        "https://169.254.169.254/latest/meta-data",
    ],
)
async def test_a_result_inside_somebodys_network_is_refused_unasked(
    world: World, trap: FileServer, address: str
) -> None:
    """An output's URL at loopback, at private or shared addresses: nobody is asked."""
    async with world.process() as app:
        job_id = await give(app, address.format(port=trap.origin.rpartition(":")[2]))
        read = await told(app, job_id)

        assert await account(app, job_id) == paid_in_vain()
    assert "it was not followed." in read[-1]
    assert read[-1].endswith("The run itself is charged.")
    assert trap.connections == len(trap.requests) == 0


async def test_a_result_that_leads_inside_by_a_redirect_is_refused_unasked(
    world: World, trap: FileServer
) -> None:
    """An output's own URL is fine, and redirects to another port of this machine."""
    url = host(world)
    away = {"Location": trap.url("fox.png")}
    world.emulator.inject(Fault(method="GET", path=OUTPUT, status=302, headers=away))

    async with world.process() as app:
        job_id = await give(app, url)
        read = await told(app, job_id)

        assert await account(app, job_id) == paid_in_vain()
    assert "it was not followed." in read[-1]
    assert read[-1].endswith("The run itself is charged.")
    assert trap.requests == []


async def test_the_token_goes_to_no_host_but_the_apis(world: World, trap: FileServer) -> None:
    """Not with a download, and not where the API itself redirects to."""
    url = host(world)
    away = {"Location": trap.url("predictions")}

    async with world.process() as app:
        job_id = await give(app, url)
        await app.watched(job_id)
        world.emulator.inject(Fault(method="GET", path=POLL, status=302, headers=away))
        with pytest.raises(Exception, match="redirects"):
            await app.client.get_prediction("any")

        assert await account(app, job_id) == succeeded(world)
    with_token = {one.path for one in world.emulator.requests if "authorization" in one.headers}
    assert with_token
    assert all(path.startswith("/v1/") for path in with_token)
    assert trap.requests == []


async def test_a_page_in_the_place_of_a_picture_is_refused(world: World) -> None:
    """HTML is served as a .png, and called image/png: its first bytes tell."""
    url = host(world, b"<!DOCTYPE html><html><body>Sign in to go on</body></html>")

    async with world.process() as app:
        job_id = await give(app, url)
        read = await told(app, job_id)

        assert await account(app, job_id) == paid_in_vain()
    assert "was to be image/png, but the server sent something else" in read[-1]


@pytest.mark.parametrize(
    "name",
    ["../../../evil.png", "..\\..\\evil.png", "a\0b.png", "x" * 300 + ".png", "CON.png", ".png"],
    ids=["dots", "backslashes", "NUL", "300 characters", "a device", "hidden"],
)
async def test_a_result_with_a_dangerous_name_is_kept_under_a_harmless_one(
    world: World, name: str
) -> None:
    """`../`, NUL, 300 characters, Windows devices: safe here, and where a person saves it."""
    url = host(world, SMALL, name)
    assert quote(name, safe="") in url

    async with world.process() as app:
        job_id = await give(app, url)
        await app.watched(job_id)
        job = await app.archive.get(job_id)
        [file] = job.files
        [view] = view_of(job, app.media).files.values()

        assert await account(app, job_id) == succeeded(world)
    assert file.key == f"ann/{job.created_at:%Y-%m}/{job_id}/0.png"
    for shown in (file.name, view.name):
        assert re.fullmatch(r"(?!CON\b)[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}", shown)
