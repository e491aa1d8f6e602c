"""SQLAlchemy's engines for histories: SQLite's pragmas, transactions that write, migrations."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

BUSY_SECONDS = 10.0
"""How long SQLite waits for a lock that another connection has."""


def engine_for(database_url: str | URL) -> Engine:
    """Return an engine that hasn't connected to anything yet.

    Args:
        database_url: any SQLAlchemy URL.

    Raises:
        sqlalchemy.exc.ArgumentError, ValueError, ImportError: it isn't one, or nothing here speaks
            to such a database.
    """
    url = make_url(database_url)
    is_sqlite = url.get_backend_name() == "sqlite"
    engine = create_engine(url, pool_pre_ping=not is_sqlite)
    if is_sqlite:
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def sqlite_file(engine: Engine) -> Path | None:
    """Return the file that an engine's database is, or None if it isn't one."""
    database = engine.url.database
    if engine.dialect.name != "sqlite" or not database:
        return None
    return None if database.startswith((":memory:", "file:")) else Path(database)


def writing(engine: Engine) -> Engine:
    """Return the engine for transactions that write.

    In SQLite they take the write lock when they begin: one that began as a reader and then
    writes fails at once when another has written meanwhile, without waiting its turn.
    """
    return engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")


def bring_up_to_date(engine: Engine) -> None:
    """Apply every migration; a SQLite file and its folder are made if they aren't there.

    Raises:
        sqlalchemy.exc.SQLAlchemyError, OSError, alembic.util.CommandError: that can't be done.
    """
    if (file := sqlite_file(engine)) is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with writing(engine).begin() as connection:
            migrate(connection)
    except BaseException:
        engine.dispose()
        raise


def prove_writable(engine: Engine) -> None:
    """Write something to a SQLite database that changes nothing.

    A transaction of a file that may only be read begins without a word.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: it can't be written to.
    """
    if engine.dialect.name == "sqlite":
        with writing(engine).begin() as connection:
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            connection.exec_driver_sql(f"PRAGMA user_version = {version}")


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
        f"busy_timeout = {BUSY_SECONDS * 1000:.0f}",
        "journal_mode = WAL",
        "synchronous = FULL",  # an intent is on the disk before its create is sent
        "foreign_keys = ON",
        "temp_store = MEMORY",  # the ids that a search found, of which there may be 100,000
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    connection.exec_driver_sql(options.get("sqlite_begin", "BEGIN"))
