"""Each model's example prediction and cover, made when somebody first asks for them."""

import asyncio
import base64
import hashlib
from collections.abc import Iterable
from itertools import count
from typing import Any
from urllib.parse import quote

from core.emulator.clock import Clock, timestamp
from core.emulator.pictures import draw, encode
from core.emulator.runner import (
    Draft,
    File,
    ModelCard,
    ModelError,
    Runner,
    Token,
    parts_of,
    replaced,
)
from core.emulator.storage import Storage, StoredFile

_COVER_SIZE = (768, 512)
_EXAMPLE_SEED = 7
_LONGEST_EXAMPLE_TOKENS = 2_000


class Examples:
    """Runs each model that has an example input once with it, on demand."""

    def __init__(self, runners: Iterable[Runner], storage: Storage, clock: Clock) -> None:
        self._runners = {
            _id_of(runner.card.id): runner
            for runner in runners
            if runner.example or runner.card.example_input
        }
        self._storage = storage
        self._started_at = clock.now()
        self._texts: dict[str, list[str]] = {}
        self._drafts: dict[str, Any] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def write_texts(self) -> None:
        """Let the language models write their examples; files wait until they are asked for."""
        for runner in self._runners.values():
            if not runner.card.makes_files and runner.example is None:
                self._texts[runner.card.id] = await _written(runner)

    def find(self, prediction_id: str, origin: str) -> dict[str, Any] | None:
        """Return the example that has an id, if one has."""
        runner = self._runners.get(prediction_id)
        return None if runner is None else self.to_json(runner, origin)

    def to_json(self, runner: Runner, origin: str) -> dict[str, Any] | None:
        """Return a model's example as a prediction, if it has one."""
        card = runner.card
        prediction_id = _id_of(card.id)
        if prediction_id not in self._runners:
            return None
        output = self._output(runner, f"{origin}/examples/{card.id}")
        if output is None:
            return None
        at = timestamp(self._started_at)
        get = f"{origin}/v1/predictions/{prediction_id}"
        return {
            "id": prediction_id,
            "model": card.id,
            "version": "hidden" if card.is_official else card.version,
            "input": dict(card.example_input),
            "logs": "",
            "output": output,
            "data_removed": False,
            "error": None,
            "source": "web",
            "status": "succeeded",
            "created_at": at,
            "started_at": at,
            "completed_at": at,
            "metrics": {},
            "urls": {
                "get": get,
                "cancel": f"{get}/cancel",
                "web": f"https://replicate.com/p/{prediction_id}",
            },
        }

    async def file(self, runner: Runner, index: int) -> StoredFile:
        """Return a file of a model's example.

        Raises:
            Problem: 404, the example has no such file.
        """
        group = f"example-{runner.card.id}"
        async with self._locks.setdefault(group, asyncio.Lock()):
            if not self._storage.has(group, "0" if runner.example is None else str(index)):
                for place, file in await self._made(runner, index):
                    await asyncio.to_thread(
                        self._storage.add_output, group, str(place), file.media_type, file.data
                    )
        return self._storage.output(group, str(index))

    async def cover(self, runner: Runner) -> StoredFile:
        """Return a model's cover: a picture of its example prompt."""
        group = f"cover-{runner.card.id}"
        async with self._locks.setdefault(group, asyncio.Lock()):
            if not self._storage.has(group, "cover.webp"):
                data = await asyncio.to_thread(_draw_cover, runner)
                await asyncio.to_thread(
                    self._storage.add_output, group, "cover.webp", "image/webp", data
                )
        return self._storage.output(group, "cover.webp")

    def _output(self, runner: Runner, url: str) -> Any:
        """Return an example's output, None if there can't be one.

        Its files are `<url>/<place>/<name>`.
        """
        if runner.example is not None:
            places = count()

            def placed(draft: Draft) -> str:
                return f"{url}/{next(places)}/{quote(draft.name)}"

            return replaced(self._drafted(runner), Draft, placed)
        is_list = runner.card.output.get("type") == "array"
        if runner.card.makes_files:
            file = f"{url}/0/{_file_name(runner.card)}"
            return [file] if is_list else file
        tokens = self._texts[runner.card.id]
        return tokens if is_list else "".join(tokens)

    def _drafted(self, runner: Runner) -> Any:
        """Return the output of an example that needs no run, with drafts of its files."""
        assert runner.example is not None
        if runner.card.id not in self._drafts:
            self._drafts[runner.card.id] = runner.example()
        return self._drafts[runner.card.id]

    async def _made(self, runner: Runner, index: int) -> list[tuple[int, File]]:
        """Make an example's files, with their places; of drafts only the one that is asked for."""
        if runner.example is None:
            run = runner.run(_full_input(runner), _ExampleContext())
            return list(enumerate([step async for step in run if isinstance(step, File)]))
        for draft in parts_of(self._drafted(runner), Draft)[index : index + 1]:
            data = await asyncio.to_thread(draft.make, _ignore)
            return [(index, File(data, draft.name, draft.media_type))]
        return []


class _ExampleContext:
    """Time doesn't pass while an example is made; see `core.emulator.runner.Context`."""

    seed = _EXAMPLE_SEED

    async def sleep(self, seconds: float) -> None:
        """Take no time, but let others work."""
        await asyncio.sleep(0)

    async def fetch(self, uri: str) -> bytes:
        """Refuse: an example brings no files along."""
        raise ModelError(f"An example can't read {uri}.")


async def _written(runner: Runner) -> list[str]:
    """Return a text model's tokens; one that never ends is left after the longest example."""
    tokens: list[str] = []
    async for step in runner.run(_full_input(runner), _ExampleContext()):
        if isinstance(step, Token):
            tokens.append(step.text)
        if len(tokens) == _LONGEST_EXAMPLE_TOKENS:
            break
    return tokens


def _ignore(done: int, total: int) -> None:
    """Take no notice of how far a file is."""


def _full_input(runner: Runner) -> dict[str, Any]:
    defaults = {
        name: declared["default"]
        for name, declared in runner.card.input.get("properties", {}).items()
        if declared.get("default") is not None
    }
    return {**defaults, **runner.card.example_input}


def _draw_cover(runner: Runner) -> bytes:
    prompt = str(runner.card.example_input.get("prompt") or runner.card.name)
    width, height = _COVER_SIZE
    return encode(draw(prompt, width=width, height=height, seed=_EXAMPLE_SEED), "webp")


def _file_name(card: ModelCard) -> str:
    """Return the name of an example's file, which is made only when it is asked for."""
    for kind, name in (("video", "out-0.mp4"), ("image", "out-0.webp")):
        if any(kind in slug for slug in card.collections):
            return name
    return "out-0"


def _id_of(model: str) -> str:
    digest = hashlib.sha256(model.encode()).digest()
    return base64.b32encode(digest).decode().lower()[:26]
