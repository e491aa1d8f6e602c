"""What a runner may ask for while it runs: its seed, time, and the files of its input."""

import asyncio
import base64
import binascii
import contextlib
import random
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from core.emulator.problems import Problem
from core.emulator.runner import ModelError
from core.emulator.storage import Storage


class RunContext:
    """One run's; see `core.emulator.runner.Context`.

    Args:
        model_input: with its defaults.
        origin: by which address the client reached the emulator.
        speed: how much faster than life models work.
    """

    def __init__(
        self, model_input: Mapping[str, Any], origin: str, storage: Storage, speed: float
    ) -> None:
        self._model_input = model_input
        self._origin = origin
        self._storage = storage
        self._speed = speed
        self._seed: int | None = None

    @property
    def seed(self) -> int:
        """The input's seed, or one that is drawn now."""
        if self._seed is None:
            given = self._model_input.get("seed")
            self._seed = given if isinstance(given, int) else random.randrange(2**31)
        return self._seed

    async def sleep(self, seconds: float) -> None:
        """Take believable time."""
        await asyncio.sleep(seconds / self._speed)

    async def fetch(self, uri: str) -> bytes:
        """Read an input file."""
        if uri.startswith("data:"):
            return _data_of(uri)
        parts = urlsplit(uri)
        if f"{parts.scheme}://{parts.netloc}" == self._origin:
            match parts.path.strip("/").split("/"):
                case ["v1", "files", file_id, *_]:
                    return await self._read(lambda: self._storage.uploaded(file_id).path)
                case ["outputs", group, name]:
                    return await self._read(
                        lambda: self._storage.output(group, _unquoted(name)).path
                    )
        raise ModelError(f"Can't read {uri}: this emulator reads its own files and data URLs only.")

    async def _read(self, find: Callable[[], Any]) -> bytes:
        try:
            data: bytes = await asyncio.to_thread(find().read_bytes)
        except (Problem, OSError) as error:
            raise ModelError("The input file is no longer there.") from error
        return data


def _unquoted(name: str) -> str:
    """Return a path's part as it was before it was quoted."""
    return unquote_to_bytes(name).decode("utf-8", errors="replace")


def _data_of(uri: str) -> bytes:
    head, _, body = uri.partition(",")
    if not head.endswith(";base64"):
        return unquote_to_bytes(body)
    with contextlib.suppress(binascii.Error, ValueError):
        return base64.b64decode(body, validate=True)
    raise ModelError("An input's data URL can't be read.")
