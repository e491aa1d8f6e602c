"""A database: its engine and threads, SQLite's pragmas, and the migrations to the latest tables.

SQLAlchemy's calls are synchronous and run on the database's own threads, never on the event loop.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError

from core.history.errors import ArchiveError

T = TypeVar("T")

_THREADS = 4
_BUSY_SECONDS = 10
"""How long a SQLite write waits for another process's."""


class Database:
    """An open database. Safe to use from several tasks, and by several processes at once."""

    def __init__(
        self, engine: Engine, threads: ThreadPoolExecutor, *, now: Callable[[], datetime]
    ) -> None:
        """Use `open`."""
        self._engine = engine
        self._writing = writing(engine)
        self._threads = threads
        self._now = now

    @classmethod
    @asynccontextmanager
    async def open(
        cls, database_url: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> AsyncIterator[Self]:
        """Open the database, bringing it up to date first.

        Args:
            database_url: any SQLAlchemy URL.
            now: the clock that leases and deletions are measured by.

        Raises:
            ArchiveError: the database can't be opened.
        """
        threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="archive")
        try:
            engine = await _on(threads, lambda: open_engine(database_url))
            try:
                yield cls(engine, threads, now=now)
            finally:
                await _on(threads, engine.dispose)
        finally:
            threads.shutdown()

    async def _run(self, call: Callable[[], T]) -> T:
        return await _on(self._threads, call)


async def _on(threads: ThreadPoolExecutor, call: Callable[[], T]) -> T:
    try:
        return await asyncio.get_running_loop().run_in_executor(threads, call)
    except (SQLAlchemyError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        raise ArchiveError(
            f"The history's database can't be used ({cause}): check that its folder can be "
            "written to and that the disk isn't full."
        ) from error


def open_engine(database_url: str) -> Engine:
    """Return an engine whose database has every migration applied.

    Args:
        database_url: any SQLAlchemy URL; a SQLite file's folder is made.

    Raises:
        sqlalchemy.exc.SQLAlchemyError, OSError: it can't be opened.
    """
    url = make_url(database_url)
    is_sqlite = url.get_backend_name() == "sqlite"
    if is_sqlite and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, pool_pre_ping=not is_sqlite)
    if is_sqlite:
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    try:
        with writing(engine).begin() as connection:
            migrate(connection)
    except BaseException:
        engine.dispose()
        raise
    return engine


def writing(engine: Engine) -> Engine:
    """Return the engine for transactions that write.

    In SQLite they take the write lock when they begin: one that began as a reader and then
    writes fails at once when another has written meanwhile, without waiting its turn.
    """
    return engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")


def migrate(connection: Connection, to: str = "head") -> None:
    """Bring a database's tables up to a revision."""
    config = Config()
    folder = str(Path(__file__).with_name("migrations"))
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    # Left to itself the driver begins transactions late and not at all before DDL.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {_BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",  # an intent is on the disk before its create is sent
        "foreign_keys = ON",
        "temp_store = MEMORY",  # the ids that a search found, of which there may be 100,000
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    connection.exec_driver_sql(options.get("sqlite_begin", "BEGIN"))
