"""Keeps what lives on one event loop from being used on another one."""

import asyncio
import os

from core.errors import WrongEventLoop


class OneLoop:
    """The event loop that something belongs to: the one that it is first used on."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process_id = 0

    def check(self) -> None:
        """Return if this is its loop, or becomes it.

        Raises:
            WrongEventLoop: it belongs to another one.
        """
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
            self._process_id = os.getpid()
        elif self._loop is not loop:
            raise WrongEventLoop(
                "An asynchronous client belongs to one event loop, the first it is used on: make "
                "one in each asyncio.run(), or use ReplicateClient."
            )

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop; None before the first use, and in a process forked since."""
        return self._loop if self._process_id == os.getpid() else None
