"""A job's files are fetched once, however often the app is closed, and leave no scraps."""

import asyncio
import hashlib

import pytest

from core.emulator import Fault
from core.history.records import Job, State
from core.jobs.collecting import Fetch, collect
from core.jobs.events import Downloading, Waiting
from core.jobs.intents import job_folder
from core.prediction import Prediction
from tests.core.downloads.material import files
from tests.core.jobs.test_resuming import NOBODYS_LEASE_SECONDS, write_down
from tests.core.jobs.world import PAINTER, Process, World, a_png
from tests.core.waiting import until

SIZE = len(a_png())
CUT = SIZE * 4 // 10
OUTPUTS = "/outputs/*"


def asked(world: World, name: str) -> list[int]:
    """Return from which bytes on an output was asked for."""
    return [
        int(request.headers.get("range", "bytes=0-")[6:-1])
        for request in world.emulator.requests
        if request.path.startswith("/outputs/") and request.path.endswith(f"/{name}")
    ]


def cut_off(name: str) -> list[Fault]:
    """Return the faults that let an output come so far and no further."""
    path = f"/outputs/*/{name}"
    return [
        Fault(method="GET", path=path, cut_after_bytes=CUT),
        Fault(method="GET", path=path, hang=True, times=None),
    ]


def is_right(app: Process, job: Job) -> bool:
    return all(
        app.media.path(file.key).read_bytes() == a_png()
        and file.sha256 == hashlib.sha256(a_png()).hexdigest()
        for file in job.files
    )


async def painted(app: Process, **model_input: int) -> Prediction:
    prediction = await app.client.create_prediction(PAINTER, {"prompt": "a fox", **model_input})
    return await app.client.wait_for_prediction(prediction)


async def fetch_and_forget(app: Process, prediction: Prediction, folder: str) -> None:
    """Fetch a prediction's files as a process does that is killed before it records them."""

    async def once(download: Fetch) -> object:
        return await download()

    await collect(
        prediction,
        prediction.output,
        folder=folder,
        client=app.client,
        media=app.media,
        fetch=once,  # type: ignore[arg-type]
        on_bytes=lambda done, total: None,
    )


async def left_downloading(app: Process, prediction: Prediction) -> str:
    return await write_down(
        app, state=State.DOWNLOADING, prediction_id=prediction.id, output=prediction.output
    )


async def test_a_download_goes_on_after_the_app_was_closed_and_opened(world: World) -> None:
    world.emulator.inject(*cut_off("out-0.png"))
    async with world.process() as app:
        job_id = await app.submit()
        await app.until(job_id, lambda event: isinstance(event, Downloading) and event.done == CUT)

    world.emulator.clear_faults()
    async with world.process() as app:
        await app.jobs.resume()
        job = await app.ended(job_id)

    assert job.state is State.SUCCEEDED
    assert set(asked(world, "out-0.png")[1:]) == {CUT}
    assert is_right(app, job)
    assert files(world.data_dir / "media") == ["0.png", "0.thumb.webp"]


async def test_of_several_files_those_that_were_whole_are_not_fetched_again(world: World) -> None:
    world.emulator.inject(*cut_off("out-1.png"))
    async with world.process() as app:
        job_id = await app.submit(num_outputs=3)
        await app.until(
            job_id,
            lambda event: isinstance(event, Downloading) and event.done == 2 * SIZE + CUT,
        )

    world.emulator.clear_faults()
    async with world.process() as app:
        await app.jobs.resume()
        job = await app.ended(job_id)

    assert (job.state, [file.n for file in job.files]) == (State.SUCCEEDED, [0, 1, 2])
    assert [asked(world, f"out-{n}.png") for n in (0, 2)] == [[0], [0]]
    assert set(asked(world, "out-1.png")[1:]) == {CUT}
    assert is_right(app, job)


async def test_files_that_were_there_and_not_recorded_are_found_once_and_tidied_up(
    world: World,
) -> None:
    folder = f"ann/{world.now:%Y-%m}/left"
    async with world.process() as killed:
        prediction = await painted(killed, num_outputs=2)
        await fetch_and_forget(killed, prediction, folder)
        job_id = await left_downloading(killed, prediction)
        # Half a thumbnail, and what another name for the same file would have left.
        (killed.media.path(folder) / ".0123456789abcdef.part").write_bytes(b"RIFF")
        (killed.media.path(folder) / "1.jpg").write_bytes(b"another")

    world.pass_time(NOBODYS_LEASE_SECONDS + 1)
    async with world.process() as app:
        await app.jobs.resume()
        job = await app.ended(job_id)

    assert (job.state, len(job.files)) == (State.SUCCEEDED, 2)
    assert is_right(app, job)
    assert [len(asked(world, f"out-{n}.png")) for n in range(2)] == [1, 1]
    assert files(world.data_dir / "media") == ["0.png", "0.thumb.webp", "1.png", "1.thumb.webp"]


async def test_files_that_were_there_outlive_the_hour_that_replicate_keeps_them(
    world: World,
) -> None:
    folder = f"ann/{world.now:%Y-%m}/left"
    async with world.process() as killed:
        prediction = await painted(killed)
        await fetch_and_forget(killed, prediction, folder)
        job_id = await left_downloading(killed, prediction)

    world.emulator.advance(3700)
    world.pass_time(3700)
    async with world.process() as app:
        await app.jobs.resume()
        job = await app.ended(job_id)

    assert (job.state, job.error, job.charged) == (State.SUCCEEDED, None, True)
    assert is_right(app, job)
    assert job.output == prediction.output


async def test_of_outputs_that_are_deleted_what_was_there_is_kept(world: World) -> None:
    folder = f"ann/{world.now:%Y-%m}/left"
    async with world.process() as killed:
        prediction = await painted(killed, num_outputs=2)
        first = Prediction.from_json(
            {"id": prediction.id, "status": "succeeded", "output": prediction.output[:1]}
        )
        await fetch_and_forget(killed, first, folder)
        job_id = await left_downloading(killed, prediction)

    world.emulator.advance(3700)
    world.pass_time(3700)
    async with world.process() as app:
        await app.jobs.resume()
        job = await app.ended(job_id)

    assert (job.state, [file.n for file in job.files]) == (State.EXPIRED, [0])
    assert "has deleted" in (job.error or "")
    assert is_right(app, job)
    assert files(world.data_dir / "media") == ["0.png", "0.thumb.webp"]


async def test_a_job_that_ends_badly_leaves_no_partial_file(world: World) -> None:
    world.emulator.inject(
        Fault(method="GET", path=OUTPUTS, cut_after_bytes=CUT),
        Fault(method="GET", path=OUTPUTS, status=400, times=None),
    )
    async with world.process() as app:
        job = await app.ended(await app.submit())

    assert job.state is State.FAILED
    assert set(asked(world, "out-0.png")[1:]) == {CUT}
    assert files(world.data_dir / "media") == []


@pytest.mark.parametrize("status", [404, 429])
async def test_a_download_that_is_given_up_after_an_hour_leaves_no_partial_file(
    status: int, world: World
) -> None:
    seconds = [0.0]

    async def sleep(pause: float) -> None:
        seconds[0] += pause
        await asyncio.sleep(0)

    world.emulator.inject(
        Fault(method="GET", path=OUTPUTS, cut_after_bytes=CUT),
        Fault(
            method="GET", path=OUTPUTS, status=status, headers={"Retry-After": "999"}, times=None
        ),
    )
    async with world.process(clock=lambda: seconds[0], sleep=sleep) as app:
        job = await app.ended(await app.submit())

    assert job.state is State.FAILED
    assert files(world.data_dir / "media") == []


async def test_the_demos_jobs_that_die_with_it_leave_no_files(world: World) -> None:
    world.emulator.inject(*cut_off("out-1.png"))
    async with world.process(backend_is_embedded=True) as app:
        job_id = await app.submit(num_outputs=2)
        await app.until(
            job_id, lambda event: isinstance(event, Downloading) and event.done == SIZE + CUT
        )
    left = files(world.data_dir / "media")

    async with world.process(backend_is_embedded=True) as app:
        await app.jobs.resume()
        await app.watched(job_id)

    assert any(name.endswith(".part") for name in left)
    assert files(world.data_dir / "media") == []


async def test_an_api_that_is_out_when_a_url_has_expired_is_waited_for(world: World) -> None:
    async def sleep(seconds: float) -> None:
        await asyncio.sleep(0.001)

    async with world.process(sleep=sleep, max_retries=1) as app:
        prediction = await painted(app)
        job_id = await left_downloading(app, prediction)
        world.pass_time(NOBODYS_LEASE_SECONDS + 1)
        world.emulator.inject(
            Fault(method="GET", path=OUTPUTS, cut_after_bytes=CUT),
            Fault(method="GET", path=OUTPUTS, status=403),
            Fault(method="GET", path="/v1/predictions/*", status=503, after=1, times=2),
        )
        await app.jobs.resume()
        events = await app.watched(job_id)
        job = await app.archive.get(job_id)

    assert job.state is State.SUCCEEDED
    assert any(isinstance(event, Waiting) for event in events)
    assert asked(world, "out-0.png") == [0, CUT, CUT]
    assert is_right(app, job)


async def test_what_a_process_left_behind_a_settled_job_is_tidied_up_at_the_next_start(
    world: World,
) -> None:
    async with world.process() as app:
        job = await app.ended(await app.submit())
        partials = app.media.partials(job_folder(job))
    partials.mkdir()
    (partials / "0.part").write_bytes(b"half")

    async with world.process() as app:
        await app.jobs.resume()
        await until(lambda: not partials.exists())

        assert is_right(app, job)
