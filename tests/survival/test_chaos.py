"""Random faults over many runs of all kinds; the account must be right after each of them."""

import asyncio
import gc
import os
import random
import threading
from collections import Counter
from pathlib import Path

import pytest
from pydantic import SecretStr

from core import AsyncReplicateClient, Settings
from core.emulator import Emulator
from core.history.archive import Archive
from core.history.media import MediaStore
from core.history.records import Job
from core.jobs.jobs import Jobs
from tests.core.waiting import until
from tests.survival.account import Account, draw_up
from tests.survival.faults import draw_plan
from tests.survival.hurry import HURRIED, ImpatientTransport, sleep
from tests.survival.models import MODELS, runners

RUNS = 30
FAULTS = 40
SHARE_STOPPED = 0.15


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 10))]
)
async def test_whatever_goes_wrong_nothing_is_lost_and_nothing_is_paid_twice(
    seed: int, tmp_path: Path
) -> None:
    with Emulator(port=0, speed=100, rate_limits=False, runners=runners()) as emulator:
        before = _held()
        jobs, account = await _one_session(random.Random(seed), emulator, tmp_path)
        await until(lambda: _held() == before)

        assert len(jobs) == RUNS
        assert not account.mistakes, f"seed {seed}: {account}"
        print(f"\nseed {seed}: {account}")


async def _one_session(
    dice: random.Random, emulator: Emulator, data_dir: Path
) -> tuple[list[Job], Account]:
    """Run jobs while faults happen, and draw the account up after them."""
    settings = Settings(
        base_url=emulator.url, replicate_api_token=SecretStr("any"), data_dir=data_dir
    )
    emulator.inject(*draw_plan(dice, count=FAULTS))
    media = MediaStore(data_dir / "media")
    async with (
        AsyncReplicateClient(settings, transport=ImpatientTransport(), clock=HURRIED) as client,
        Archive.open(settings.database_url_or_default) as archive,
        Jobs(client, archive, media, backend="chaos", max_running=8, sleep=sleep) as jobs,
    ):
        ids = await asyncio.gather(*(_one_run(dice, jobs) for _ in range(RUNS)))
        emulator.clear_faults()
        ended = [await archive.get(job_id) for job_id in ids]
        account = await asyncio.to_thread(draw_up, emulator, ended, media)
    return ended, account


async def _one_run(dice: random.Random, jobs: Jobs) -> str:
    # Of few inputs, so that equal runs are under way at once.
    prompt = f"prompt {dice.randrange(8)}"
    is_stopped = dice.random() < SHARE_STOPPED
    stopped_after = dice.uniform(0, 0.4)
    await asyncio.sleep(dice.uniform(0, 0.3))
    job_id = await jobs.submit(dice.choice(MODELS), {"prompt": prompt}, owner="ann")
    if is_stopped:
        await asyncio.sleep(stopped_after)
        await jobs.cancel(job_id)
    async for _ in jobs.watch(job_id):
        pass
    return job_id


def _held() -> Counter[str]:
    """Return what this process holds: tasks, threads, open files and connections."""
    gc.collect()
    return Counter(
        tasks=len(asyncio.all_tasks()),
        threads=sum(not _is_pooled(thread) for thread in threading.enumerate()),
        files=len(os.listdir("/proc/self/fd")),
    )


def _is_pooled(thread: threading.Thread) -> bool:
    """Tell whether it is one of a loop's own workers, which stay."""
    return thread.name.startswith(("asyncio_", "AnyIO worker"))
