"""Killed at any moment, again and again, the history ends up with all that was paid for."""

import asyncio
import json
import random
import sqlite3
import time
import urllib.request
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from core.emulator import Emulator, Fault
from core.history.archive import Archive
from core.history.media import MediaStore
from core.history.records import Job
from core.settings import Settings
from tests.app_process import App
from tests.core.waiting import until_blocking
from tests.survival.account import draw_up
from tests.survival.faults import CREATE, FILE
from tests.survival.lives import OWNER, Nursery, Order, nursery
from tests.survival.models import MODELS, runners
from ui.services import LOCAL_OWNER

RUNS_A_LIFE = 2
APP_RUNS_A_LIFE = 4
LONGEST_LIFE_SECONDS = 0.8
SHIFT_SECONDS = 60.0


@pytest.mark.parametrize("kills", [12, pytest.param(200, marks=pytest.mark.long)])
@pytest.mark.timeout(1800)
def test_whenever_it_is_killed_nothing_is_lost_and_nothing_is_paid_twice(
    kills: int, tmp_path: Path
) -> None:
    dice = random.Random(kills)
    met: Counter[str] = Counter()
    with (
        Emulator(port=0, speed=2, rate_limits=False, runners=runners()) as emulator,
        nursery() as lives,
    ):
        # A killed sender's create is carried out all the same, and its answer reaches nobody.
        emulator.inject(Fault(method="POST", path=CREATE, delay_seconds=0.05, times=None))
        emulator.inject(Fault(method="GET", path=FILE, delay_seconds=0.1, times=None))
        for life in range(kills):
            order = _order(emulator, tmp_path, life, runs=RUNS_A_LIFE)
            _cut_short(lives, order, dice)
            met.update(_left_behind(tmp_path))
        emulator.clear_faults()
        lives.begin(_order(emulator, tmp_path, kills, runs=0))
        lives.news("done")
        lives.news("dead")

        jobs = asyncio.run(_history(tmp_path, owner=OWNER))
        account = draw_up(emulator, jobs, MediaStore(tmp_path / "media"))

    print(f"\n{kills} kills, while jobs were {dict(met)}: {account}")
    assert not account.mistakes, str(account)
    assert account.unclaimed == 0, "whatever reached Replicate can be found there"
    assert lives.asked <= {job.id for job in jobs}
    assert account.predictions > kills / 2
    if kills >= 100:
        assert set(met) == {"queued", "sending", "starting", "processing", "downloading"}


@pytest.mark.parametrize("kills", [1, pytest.param(10, marks=pytest.mark.long)])
@pytest.mark.timeout(900)
def test_when_the_app_is_killed_the_next_one_finishes_what_it_left(
    kills: int, tmp_path: Path
) -> None:
    dice = random.Random(kills)
    with Emulator(port=0, speed=2, rate_limits=False, runners=runners()) as emulator:
        app = App(tmp_path, api_url=emulator.url)
        for _ in range(kills):
            with app.doomed() as url:
                for _ in range(APP_RUNS_A_LIFE):
                    _ask(url, dice.choice(MODELS), f"prompt {dice.randrange(6)}")
                time.sleep(dice.uniform(0, 1.5))
            _left_behind(tmp_path)
            _let_leases_run_out(tmp_path)
        with app.running():
            until_blocking(lambda: not _left_behind(tmp_path), seconds=60)

        jobs = asyncio.run(_history(tmp_path, owner=LOCAL_OWNER))
        account = draw_up(emulator, jobs, MediaStore(tmp_path / "media"))

    print(f"\n{kills} kills of the app: {account}")
    assert not account.mistakes, str(account)
    assert account.unclaimed == 0
    assert len(jobs) <= kills * APP_RUNS_A_LIFE
    assert account.predictions > kills


def _ask(url: str, model: str, prompt: str) -> None:
    """Ask the app for a run, without waiting for its end."""
    body = json.dumps({"data": [model, json.dumps({"prompt": prompt})]}).encode()
    asked = urllib.request.Request(
        f"{url}/gradio_api/call/run_model", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(asked) as answer:
        assert "event_id" in json.load(answer)


def _order(emulator: Emulator, data_dir: Path, life: int, *, runs: int) -> Order:
    return Order(
        data_dir=str(data_dir),
        api_url=emulator.url,
        seed=life,
        shift_seconds=life * SHIFT_SECONDS,
        runs=runs,
    )


def _cut_short(lives: Nursery, order: Order, dice: random.Random) -> None:
    """Let somebody live for a moment, now and then not even to the end of the start."""
    process_id = lives.begin(order)
    if dice.random() < 0.9:
        lives.news("up")
    time.sleep(dice.uniform(0, LONGEST_LIFE_SECONDS))
    lives.kill(process_id)


def _left_behind(data_dir: Path) -> Mapping[str, int]:
    """Return in which states a killed process left jobs; its database must be whole."""
    path = data_dir / "history.db"
    if not path.exists():
        return {}
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'jobs'").fetchall():
            return {}
        states = "queued", "sending", "starting", "processing", "downloading"
        places = ", ".join("?" * len(states))
        return dict(
            connection.execute(
                f"SELECT state, count(*) FROM jobs WHERE state IN ({places}) GROUP BY state", states
            ).fetchall()
        )


def _let_leases_run_out(data_dir: Path) -> None:
    """Do what 20 seconds would."""
    with closing(sqlite3.connect(data_dir / "history.db")) as connection, connection:
        connection.execute("UPDATE jobs SET lease_until = '2000-01-01 00:00:00.000000'")


async def _history(data_dir: Path, owner: str) -> list[Job]:
    url = Settings(data_dir=data_dir).database_url_or_default
    async with Archive.open(url) as archive:
        return list(await archive.list(owner, limit=10_000))
