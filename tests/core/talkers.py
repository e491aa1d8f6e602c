"""Models for the tests of the client and its streams: they say and make what the input asks for."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

from core.emulator.clips import film
from core.emulator.models import RUNNERS
from core.emulator.runner import Context, File, Log, ModelCard, ModelError, Run, Runner, Step, Token

SAYS = "acme/says"
DRAWS = "acme/draws"
SLEEPS = "acme/sleeps"

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)

_TEXT = {
    "type": "array",
    "items": {"type": "string"},
    "x-cog-array-type": "iterator",
    "x-cog-array-display": "concatenate",
}
_FILES = {"type": "array", "items": {"type": "string", "format": "uri"}}


async def _say(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
    yield Log("Thinking")
    for token in given["tokens"]:
        await context.sleep(given["pause"])
        yield Token(token)
    if given.get("error"):
        raise ModelError(given["error"])
    await context.sleep(given["rest"])


async def _draw(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
    if given.get("image"):
        yield Log(f"Looked at {len(await context.fetch(given['image']))} bytes")
    for number in range(given["count"]):
        await context.sleep(given["pause"])
        yield File(PNG + bytes([number]), f"out-{number}.png", "image/png")
    if given.get("error"):
        raise ModelError(given["error"])


async def _sleep(_: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
    yield Log("Good night")
    await context.sleep(1e6)


def _runner(name: str, run: Run, output: dict[str, Any], **fields: Any) -> Runner:
    properties = {
        "pause": {"type": "number", "default": 0},
        "rest": {"type": "number", "default": 0},
        "error": {"type": "string"},
        **fields,
    }
    return Runner(
        ModelCard(
            owner="acme",
            name=name,
            description=f"It {name}, for tests",
            input={"type": "object", "title": "Input", "properties": properties},
            output=output,
            version=name.encode().hex().ljust(64, "0"),
            is_official=True,
            collections=("text-to-image",),
        ),
        run,
    )


TALKERS = (
    _runner(
        "says", _say, _TEXT, tokens={"type": "array", "items": {"type": "string"}, "default": []}
    ),
    _runner(
        "draws",
        _draw,
        _FILES,
        count={"type": "integer", "default": 1},
        image={"type": "string", "format": "uri"},
    ),
    _runner("sleeps", _sleep, _TEXT),
)


async def _film_a_little(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
    clip = await asyncio.to_thread(
        film, given["prompt"], width=64, height=36, seconds=0.2, seed=context.seed
    )
    yield File(clip, "out-0.mp4", "video/mp4")


def _is_video(runner: Runner) -> bool:
    return any("video" in slug for slug in runner.card.collections)


QUICK_MODELS = tuple(
    replace(runner, run=_film_a_little) if _is_video(runner) else runner for runner in RUNNERS
)
"""The emulator's own models, but for clips the size of a stamp: films take seconds to draw."""
