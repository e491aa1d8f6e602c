"""Whose predictions a token makes: the account it belongs to, asked for once and remembered.

The history keeps each account's jobs apart, so that nothing may run before the account is known.
A start without a network knows it from the start before.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from core.client.client import AsyncReplicateClient
from core.downloads.partfile import PartFile
from core.errors import ConnectionFailed, PlaygroundError
from core.logs import get_logger

_LONGEST_SECONDS = 10.0
"""Whoever wants to run something isn't kept waiting for longer."""

_FIRST_PAUSE_SECONDS = 2.0
_LONGEST_PAUSE_SECONDS = 60.0


class Backend(Protocol):
    """What jobs run on, as the history names it."""

    @property
    def key(self) -> str | None:
        """Its name, or None while that isn't known."""

    async def find(self) -> str:
        """Return the same, finding it out if need be.

        Raises:
            PlaygroundError: it can't be found out; the sentence says why.
        """


@dataclass(frozen=True)
class Named:
    """A backend whose name is known from the start."""

    key: str

    async def find(self) -> str:
        """Return its name."""
        return self.key


class Account:
    """Finds out to which account a client's token belongs. Belongs to one event loop.

    Use it with `async with`: from then on it asks until Replicate has answered.

    Args:
        client: what asks.
        remembered: the file in which accounts are remembered, by a hash of their tokens.
        sleep: replaceable in tests.

    Attributes:
        username: the account's, or None while it isn't known.
        problem: why Replicate couldn't be asked last, or None.
    """

    def __init__(
        self,
        client: AsyncReplicateClient,
        remembered: Path,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.username: str | None = None
        self.problem: PlaygroundError | None = None
        self._client = client
        self._file = remembered
        self._sleep = sleep
        self._asking: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self.username = await asyncio.to_thread(self._recall)
        self._keeping = asyncio.create_task(self._keep_asking())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        tasks = [task for task in (self._keeping, self._asking) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def key(self) -> str | None:
        """The API's base URL and the account, or None while it isn't known."""
        return None if self.username is None else f"{self._client.base_url}#{self.username}"

    async def find(self) -> str:
        """Return the same, asking Replicate if need be.

        Raises:
            PlaygroundError: it can't be had; in the client's words.
        """
        if self.username is None:
            await self._ask()
        if (key := self.key) is None:
            assert self.problem is not None
            raise self.problem
        return key

    async def _keep_asking(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            await self._ask()
            if self.problem is None:
                return
            await self._sleep(pause)
            pause = min(_LONGEST_PAUSE_SECONDS, 2 * pause)

    async def _ask(self) -> None:
        """Ask once; those who want to know at the same time share the answer."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._asked())
        await asyncio.shield(self._asking)

    async def _asked(self) -> None:
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                account = await self._client.get_account()
        except TimeoutError:
            self.problem = ConnectionFailed(
                "Replicate doesn't answer: check your connection, then run it again."
            )
        except PlaygroundError as error:
            self.problem = error
        else:
            self.problem = None
            await self._note(account.username)
            return
        get_logger().warning("account.unknown", reason=type(self.problem).__name__)

    async def _note(self, username: str) -> None:
        try:
            if username != self.username:
                await asyncio.to_thread(self._remember, username)
        except OSError as error:  # it is asked for again at the next start
            get_logger().warning("account.not_remembered", reason=str(error))
        # Renamed meanwhile? What runs already goes on under the name that it was begun by.
        self.username = self.username or username

    def _recall(self) -> str | None:
        username = self._known().get(self._fingerprint())
        return username if isinstance(username, str) else None

    def _remember(self, username: str) -> None:
        known = {**self._known(), self._fingerprint(): username}
        part = PartFile(self._file.parent)
        try:
            part.write(json.dumps(known, indent=2).encode())
            part.publish(self._file)
        finally:
            part.discard()

    def _known(self) -> dict[str, Any]:
        try:
            known = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def _fingerprint(self) -> str:
        """Return what a token is known by: with its 160 random bits, it can't be found from it."""
        token = self._client.settings.replicate_api_token
        assert token is not None
        told = f"{self._client.base_url} {token.get_secret_value()}"
        return hashlib.sha256(told.encode()).hexdigest()
