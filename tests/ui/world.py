"""What the tests of the page's handlers stand on: small models that wait for a test's word."""

import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
from pydantic import SecretStr

from core import AsyncReplicateClient, Settings
from core.emulator import Emulator, Fault, Runner
from core.emulator.runner import Context, File, Step
from core.history.archive import Archive
from core.history.media import MediaStore
from core.history.records import Job
from core.jobs.events import Event
from core.jobs.jobs import Jobs
from core.models.catalog import Kind, find
from tests.core.jobs.world import CREATE, a_png, runners
from tests.core.talkers import QUICK_MODELS
from tests.gating import gated
from ui.services import LOCAL_OWNER, Services

LLAMA = "meta/meta-llama-3-70b-instruct"
CLAUDE = "anthropic/claude-4.5-sonnet"
GPT = "openai/gpt-5.2"
SCHNELL = "black-forest-labs/flux-schnell"
FLEX = "black-forest-labs/flux-2-flex"
KLING = "kwaivgi/kling-v2.5-turbo-pro"
WAN = "wan-video/wan-2.7-t2v"

LOST = (
    Fault(method="POST", path=CREATE, drop=True, processed=True),
    Fault(
        method="GET",
        path="/v1/predictions",
        body='{"results": [], "next": null, "previous": null}',
        times=3,
    ),
)
"""A create whose answer is lost, and whose prediction isn't listed yet when it is looked up."""


def small_models(go_on: threading.Event) -> list[Runner]:
    """Return the emulator's models with outputs the size of a stamp, and those of the jobs' tests.

    Until `go_on` is set they stop before their first file, or after their first words.
    """
    return [*(gated(_small(runner), go_on) for runner in QUICK_MODELS), *runners(go_on)]


@asynccontextmanager
async def open_services(
    emulator: Emulator, folder: Path, *, on_demand: bool = False
) -> AsyncIterator[Services]:
    """Open what a running app opens, with its data in `folder`."""
    settings = Settings(base_url=emulator.url, replicate_api_token=SecretStr("any"))
    media = MediaStore(folder / "media")
    async with (
        AsyncReplicateClient(settings) as client,
        Archive.open(f"sqlite:///{folder / 'history.db'}", on_demand=on_demand) as archive,
        Jobs(client, archive, media, backend="emulator", max_running=4) as jobs,
    ):
        yield Services(None, client, archive, media, jobs)


def event(job: str = "", **data: str) -> gr.EventData:
    """Return what a browser sends when a button of a card is pressed."""
    return gr.EventData(None, {"job": job, **data})


def shown_choice(model: str) -> str:
    """Return how a picker's HTML says which model is chosen."""
    curated = find(model)
    return f"Model: {model if curated is None else curated.title}."


async def ran(services: Services, model: str = SCHNELL, **options: Any) -> Job:
    """Run a model to its end; `kind` apart, `options` are its input."""
    return await ended(services, await begun(services, model, **options))


async def begun(
    services: Services, model: str = SCHNELL, *, kind: Kind | None = None, **given: Any
) -> str:
    """Ask for a run and return its job's id."""
    return await services.jobs.submit(
        model, {"prompt": "a fox", **given}, owner=LOCAL_OWNER, kind=kind
    )


async def ended(services: Services, job_id: str) -> Job:
    """Return a job after its end."""
    async for _ in services.jobs.watch(job_id):
        pass
    return await services.archive.get(job_id)


async def seen(services: Services, job_id: str, wanted: type[Event]) -> None:
    """Return when an event of that kind has happened to a job."""
    async with aclosing(services.jobs.watch(job_id)) as events:
        async for one in events:
            if isinstance(one, wanted):
                return
    raise AssertionError("it never came")


async def only_job(services: Services) -> Job:
    """Return the one job that there is, after its end."""
    [job] = await services.archive.list(LOCAL_OWNER)
    return await ended(services, job.id)


async def newest_job(services: Services) -> Job:
    """Return the job that was asked for last, after its end."""
    [job] = await services.archive.list(LOCAL_OWNER, limit=1)
    return await ended(services, job.id)


def _small(runner: Runner) -> Runner:
    async def paint(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
        for n in range(given.get("num_outputs", 1)):
            yield File(a_png(), f"out-{n}.png", "image/png")

    curated = find(runner.card.id)
    is_painter = curated is not None and curated.kind == "image"
    return replace(runner, run=paint) if is_painter else runner
