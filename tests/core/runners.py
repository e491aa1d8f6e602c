"""Models for the tests of core: small, and done in milliseconds."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from core.emulator.runner import (
    Context,
    File,
    Log,
    ModelCard,
    ModelError,
    Progress,
    Run,
    Runner,
    Step,
    Token,
)

COMMUNITY_VERSION = "c" * 64
PINNED_VERSION = "d" * 64

_INPUT = {
    "type": "object",
    "title": "Input",
    "properties": {
        "prompt": {"type": "string", "default": ""},
        "seed": {"type": "integer"},
        "strength": {"type": "number", "maximum": 1},
        "image": {"type": "string", "format": "uri"},
        "images": {"type": "array", "items": {"type": "string", "format": "uri"}},
        "options": {"type": "object"},
    },
}
_URIS = {"type": "array", "items": {"type": "string", "format": "uri"}}
_TEXT = {
    "type": "array",
    "items": {"type": "string"},
    "x-cog-array-type": "iterator",
    "x-cog-array-display": "concatenate",
}


async def _pictures(_: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
    for done in range(1, 5):
        await context.sleep(0.1)
        yield Progress(done, 4)
    yield File(b"\x89PNG\r\n\x1a\n", "out-0.png", "image/png")


async def _words(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
    for word in f"You said {given['prompt']}".split():
        await context.sleep(0.01)
        yield Token(f"{word} ")


async def _endless(_: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
    yield Log("Warming up")
    await context.sleep(1e6)


async def _steady(_: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
    await context.sleep(20)  # a fifth of a second at the speed of the tests
    yield File(b"\x89PNG\r\n\x1a\n", "out-0.png", "image/png")


async def _broken(_: Mapping[str, Any], __: Context) -> AsyncIterator[Step]:
    yield Log("Loading weights")
    raise ModelError("E1001: out of memory")


def _runner(
    name: str, run: Run, output: dict[str, Any], *, version: str, official: bool = True
) -> Runner:
    card = ModelCard(
        owner="acme",
        name=name,
        description=f"Makes {name} for tests",
        input=_INPUT,
        output=output,
        version=version,
        is_official=official,
        run_count=12,
        collections=("text-to-image",),
        example_input={"prompt": "a fox"} if name == "pictures" else {},
    )
    return Runner(card, run)


RUNNERS = (
    _runner("pictures", _pictures, _URIS, version="a" * 64),
    _runner("words", _words, _TEXT, version="b" * 64),
    _runner("community", _pictures, _URIS, version=COMMUNITY_VERSION, official=False),
    _runner("pinned", _pictures, _URIS, version=PINNED_VERSION, official=False),
    _runner("endless", _endless, _URIS, version="e" * 64),
    _runner("steady", _steady, _URIS, version="9" * 64),
    _runner("broken", _broken, _URIS, version="f" * 64),
)
