"""The emulator with models that take no time of their own: `python -m tests.bench.emulated`."""

import argparse
import io
import re
import signal
from collections.abc import AsyncIterator, Mapping
from random import Random
from typing import Any

from PIL import Image

from core.emulator import Emulator, ModelCard, Runner
from core.emulator.models import RUNNERS
from core.emulator.runner import Context, File, Run, Step, Token
from tests.bench.peers import CHAT_MODEL


def _png() -> bytes:
    """Return a picture of 1024 × 1024 pixels, 200 kB."""
    noise = Image.frombytes("RGB", (200, 200), Random(1).randbytes(200 * 200 * 3))
    encoded = io.BytesIO()
    noise.resize((1024, 1024), Image.Resampling.NEAREST).save(encoded, "PNG")
    return encoded.getvalue()


_PICTURE = _png()

_URIS = {"type": "array", "items": {"type": "string", "format": "uri"}}
_TEXT = {
    "type": "array",
    "items": {"type": "string"},
    "x-cog-array-type": "iterator",
    "x-cog-array-display": "concatenate",
}


async def _picture(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
    """A file of 200 kB, after `seconds`."""
    await context.sleep(given["seconds"])
    yield File(_PICTURE, "out-0.png", "image/png")


async def _words(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
    """So many words, so many a second."""
    loop_seconds = 1 / given["rate"]
    for number in range(given["count"]):
        await context.sleep(loop_seconds)
        yield Token(f"word{number} ")


async def _chat(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
    """So many words as the last question asks for: `300 words at 30 a second`."""
    count, rate = re.findall(r"(\d+) words at (\d+) a second", given["prompt"])[-1]
    async for word in _words({"count": int(count), "rate": int(rate)}, context):
        yield word


def _runner(
    name: str,
    run: Run,
    fields: Mapping[str, Any],
    output: dict[str, Any],
    owner: str = "bench",
) -> Runner:
    card = ModelCard(
        owner=owner,
        name=name,
        description=f"Makes {name} without delay",
        input={
            "type": "object",
            "title": "Input",
            "properties": {"prompt": {"type": "string", "default": ""}, **fields},
        },
        output=output,
        version=name.encode().hex().ljust(64, "0"),
        is_official=True,
    )
    return Runner(card, run)


_CHAT_OWNER, _, _CHAT_NAME = CHAT_MODEL.partition("/")
_MODELS = (
    _runner("picture", _picture, {"seconds": {"type": "number", "default": 0}}, _URIS),
    _runner(
        "words",
        _words,
        {
            "count": {"type": "integer", "default": 100},
            "rate": {"type": "number", "default": 1000},
        },
        _TEXT,
    ),
    _runner(_CHAT_NAME, _chat, {}, _TEXT, owner=_CHAT_OWNER),
)


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.emulated", description=__doc__)
    parser.add_argument("--speed", type=float, default=1.0, help="how much faster than life")
    parser.add_argument("--rate-limits", action="store_true", help="with Replicate's rate limits")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    emulator = Emulator(
        port=0,
        speed=arguments.speed,
        rate_limits=arguments.rate_limits,
        faults=True,
        runners=[*RUNNERS, *_MODELS],
    )
    try:
        emulator.start()
        print(emulator.url, flush=True)
        emulator.wait()
    except KeyboardInterrupt:
        pass
    finally:
        emulator.stop()


if __name__ == "__main__":
    main()
