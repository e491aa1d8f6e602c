"""Opens a database: its engine, SQLite's pragmas, and the migrations that bring it up to date."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, make_url

_BUSY_SECONDS = 10
"""How long a SQLite write waits for another process's."""


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
            _migrate(connection)
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


def _migrate(connection: Connection) -> None:
    config = Config()
    folder = str(Path(__file__).with_name("migrations"))
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    # Left to itself the driver begins transactions late and not at all before DDL.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {_BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",  # an intent is on the disk before its create is sent
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    connection.exec_driver_sql(options.get("sqlite_begin", "BEGIN"))
