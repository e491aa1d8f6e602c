"""Models of every kind, quick and repeatable: the same input gives the same output."""

import io
import random
from collections.abc import AsyncIterator, Mapping
from functools import cache
from typing import Any

from PIL import Image

from core.emulator import Runner
from core.emulator.runner import Context, File, Log, ModelError, Progress, Step, Token, Value
from tests.core.cards import official

PAINTER, WRITER, COUNTER, BREAKER = "test/painter", "test/writer", "test/counter", "test/breaker"
MODELS = (PAINTER, WRITER, COUNTER, BREAKER)

_WORDS = (
    "fox ",
    "is ",
    "déjà-vu\n",
    "https://example.com/a ",
    "data: ",
    "🦊",
    "\u2028",
    "\r\n",
    " ",
)
_STEP_SECONDS = 0.1


def runners() -> list[Runner]:
    """Return the models, for an emulator."""
    prompt = {"prompt": {"type": "string", "title": "Prompt"}}
    files = {"type": "array", "items": {"type": "string", "format": "uri"}}
    words = {
        "type": "array",
        "items": {"type": "string"},
        "x-cog-array-type": "iterator",
        "x-cog-array-display": "concatenate",
    }
    return [
        Runner(official(PAINTER, prompt, files), _paint),
        Runner(official(WRITER, prompt, words), _write),
        Runner(official(COUNTER, prompt, {"type": "object"}), _count),
        Runner(official(BREAKER, prompt, files), _break),
    ]


async def _paint(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
    dice = random.Random(given["prompt"])
    for step in range(1, 4):
        await context.sleep(_STEP_SECONDS)
        yield Progress(step, 3)
    for n in range(dice.randint(1, 3)):
        yield File(_noise(dice.randrange(8)), f"out-{n}.png", "image/png")


async def _write(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
    dice = random.Random(given["prompt"])
    for _ in range(dice.randint(1, 40)):
        await context.sleep(_STEP_SECONDS / 10)
        yield Token(dice.choice(_WORDS))


async def _count(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
    await context.sleep(_STEP_SECONDS)
    yield Value({"letters": len(given["prompt"])})


async def _break(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
    yield Log("Loading weights")
    await context.sleep(_STEP_SECONDS)
    raise ModelError("E1001: out of memory")


@cache
def _noise(seed: int) -> bytes:
    """Return a picture of some 120 kB that can't be compressed."""
    encoded = io.BytesIO()
    pixels = random.Random(seed).randbytes(200 * 200 * 3)
    Image.frombytes("RGB", (200, 200), pixels).save(encoded, "PNG")
    return encoded.getvalue()
