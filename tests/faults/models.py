"""Models that say and give what their input asks for, and wait for a test's word in the middle."""

import hashlib
import io
import random
import threading
from collections.abc import AsyncIterator, Mapping
from typing import Any

from PIL import Image

from core.emulator import ModelCard, Runner
from core.emulator.runner import Context, Log, ModelError, Step, Token, Value

SPEAKER, GIVER = "test/speaker", "test/giver"

_STRINGS = {"type": "array", "items": {"type": "string"}}


def models(go_on: threading.Event) -> list[Runner]:
    """Return `SPEAKER`, which says `tokens`, and `GIVER`, whose output is `urls`.

    The speaker waits before the second half of its tokens until `go_on` is set, the giver before
    its output.
    """

    async def gate(context: Context) -> None:
        while not go_on.is_set():
            await context.sleep(1)

    async def speak(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
        for n, token in enumerate(given["tokens"]):
            if n == len(given["tokens"]) // 2:
                await gate(context)
            yield Token(token)

    async def give(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
        yield Log(given["log"])
        await gate(context)
        if given.get("error"):
            raise ModelError(given["error"])
        yield Value(given["urls"])

    text = {**_STRINGS, "x-cog-array-type": "iterator", "x-cog-array-display": "concatenate"}
    files = {"type": "array", "items": {"type": "string", "format": "uri"}}
    words = {"type": "string", "default": ""}
    return [
        Runner(_card(SPEAKER, {"tokens": {**_STRINGS, "default": ["one ", "two"]}}, text), speak),
        Runner(
            _card(
                GIVER,
                {"urls": {**_STRINGS, "default": []}, "log": words, "error": {"type": "string"}},
                files,
            ),
            give,
        ),
    ]


def version_of(model: str) -> str:
    """Return the version of one of these models."""
    return hashlib.sha256(model.encode()).hexdigest()


def noise(seed: int, size: tuple[int, int] = (320, 320)) -> bytes:
    """Return a picture whose file is as large as its pixels: 300 kB by default."""
    pixels = random.Random(seed).randbytes(size[0] * size[1] * 3)
    encoded = io.BytesIO()
    Image.frombytes("RGB", size, pixels).save(encoded, "PNG", compress_level=1)
    return encoded.getvalue()


def _card(model: str, inputs: dict[str, Any], output: dict[str, Any]) -> ModelCard:
    owner, _, name = model.partition("/")
    properties = {"prompt": {"type": "string", "title": "Prompt"}, **inputs}
    return ModelCard(
        owner=owner,
        name=name,
        description=name,
        input={"type": "object", "title": "Input", "properties": properties},
        output={"title": "Output", **output},
        version=version_of(model),
        is_official=True,
    )
