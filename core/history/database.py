"""A database and its threads: SQLAlchemy's calls are synchronous, and never on the event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Self, TypeVar

from sqlalchemy import URL, Engine

from core.history.access import Access
from core.history.errors import ArchiveError
from core.history.mending import SetAside

T = TypeVar("T")

_THREADS = 4


class Database:
    """A database. Safe to use from several tasks, and by several processes at once."""

    def __init__(
        self,
        access: Access,
        readers: ThreadPoolExecutor,
        writers: ThreadPoolExecutor,
        *,
        now: Callable[[], datetime],
    ) -> None:
        """Use `open`."""
        self._access = access
        self._readers = readers
        self._writers = writers
        self._now = now

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        database_url: str | URL,
        *,
        on_demand: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> AsyncIterator[Self]:
        """Open the database, bringing it up to date first.

        A SQLite file that is damaged is kept aside, and a new one is begun with what can be read
        of it (`set_aside`).

        Args:
            database_url: any SQLAlchemy URL.
            on_demand: open it when it is first needed, and, while that fails, again whenever it
                is: what needs it meanwhile gets an ArchiveError that says why.
            now: the clock that leases and deletions are measured by.

        Raises:
            ArchiveError: the database can't be opened; with `on_demand`, its URL can't be used.
        """
        access = Access(database_url, now=now)
        # SQLite has one writer at a time. On threads of their own, those who wait for a lock don't
        # keep the others from reading.
        writers = 1 if access.engine.dialect.name == "sqlite" else _THREADS
        database = cls(
            access,
            ThreadPoolExecutor(_THREADS, thread_name_prefix="archive"),
            ThreadPoolExecutor(writers, thread_name_prefix="archive-writer"),
            now=now,
        )
        try:
            if not on_demand:
                await database._run(lambda: None)
            yield database
        finally:
            await asyncio.to_thread(database._close)

    @property
    def trouble(self) -> ArchiveError | None:
        """Why the history can't be opened, read or written at present, or None."""
        return self._access.trouble

    @property
    def set_aside(self) -> Sequence[SetAside]:
        """The damaged files that were kept aside and nobody has dismissed yet."""
        return self._access.set_aside

    async def dismiss(self, name: str) -> None:
        """Say no more of the damaged file of that name; it stays where it is.

        Raises:
            ArchiveError: that can't be noted down.
        """
        await self._run(lambda: self._access.dismiss(name))

    @property
    def _engine(self) -> Engine:
        return self._access.engine

    @property
    def _writing(self) -> Engine:
        return self._access.writing

    async def _run(self, call: Callable[[], T], *, writes: bool = False) -> T:
        """Return what a call returns that is made on a thread.

        Raises:
            ArchiveError: the database can't be used.
        """
        threads = self._writers if writes else self._readers
        attempt = self._access.write if writes else self._access.read
        return await asyncio.get_running_loop().run_in_executor(threads, lambda: attempt(call))

    def _close(self) -> None:
        for threads in (self._readers, self._writers):
            threads.shutdown()
        self._access.close()
