"""Runs a video model: films in a thread that ends with its prediction, and takes its time."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from PIL import Image

from core.emulator.clips import film
from core.emulator.models.sizes import Size, at_most
from core.emulator.models.threads import Check, in_thread
from core.emulator.runner import (
    Context,
    File,
    Log,
    Metric,
    ModelCard,
    OnStep,
    Progress,
    Runner,
    Step,
)

MAX_FRAME: Size = (1366, 768)
"""About how many pixels a frame has at most: more would only keep the processor busy."""

_STEPS = 10


@dataclass(frozen=True)
class Shot:
    """What to film; `size` is what was asked for, which `MAX_FRAME` may reduce."""

    size: Size
    seconds: float
    first_frame: Image.Image | None = None
    last_frame: Image.Image | None = None


Director: TypeAlias = Callable[[Mapping[str, Any], Context], Awaitable[Shot]]


def video_model(card: ModelCard, direct: Director) -> Runner:
    """Return a video model.

    Args:
        direct: the input → what to film; raises `ModelError` for what can't be filmed.
    """

    async def run(model_input: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
        shot = await direct(model_input, context)
        if "seed" in card.input["properties"]:
            yield Log(f"Using seed: {context.seed}")
        if model_input.get("generate_audio") or model_input.get("audio"):
            yield Log("The emulator's clips are silent.")
        async with aclosing(_filmed(model_input["prompt"], shot, context)) as steps:
            async for step in steps:
                yield step

    return Runner(card, run)


async def _filmed(prompt: str, asked: Shot, context: Context) -> AsyncGenerator[Step, None]:
    """Film a shot; it takes as long as its frames need, and at least 8 to 25 believable seconds."""
    shot = replace(asked, size=at_most(asked.size, pixels=MAX_FRAME[0] * MAX_FRAME[1]))
    if shot.size != asked.size:
        was, became = (f"{width}x{height}" for width, height in (asked.size, shot.size))
        yield Log(f"Frames are kept to about a megapixel: {became} instead of {was}.")
    pause = min(8 + shot.seconds, 25) / _STEPS
    steps: asyncio.Queue[int | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def work(check: Check) -> bytes:
        def on_frame(done: int, total: int) -> None:
            check()
            for step in range((done - 1) * _STEPS // total + 1, done * _STEPS // total + 1):
                loop.call_soon_threadsafe(steps.put_nowait, step)

        return _clip(prompt, shot, context.seed, on_frame)

    async with in_thread(work) as task:
        task.add_done_callback(lambda _: steps.put_nowait(None))
        while (step := await steps.get()) is not None:
            await context.sleep(pause)
            yield Progress(step, _STEPS)
        yield File(await task, "out-0.mp4", "video/mp4")
    yield Metric("video_output_count", 1)
    yield Metric("video_output_duration_seconds", shot.seconds)


def _clip(prompt: str, shot: Shot, seed: int, on_frame: OnStep) -> bytes:
    width, height = shot.size
    return film(
        prompt,
        width=width,
        height=height,
        seconds=shot.seconds,
        seed=seed,
        first_frame=shot.first_frame,
        last_frame=shot.last_frame,
        on_frame=on_frame,
    )
