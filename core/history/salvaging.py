"""What can still be read of a damaged SQLite file, read around what can't, into a new file.

Rows that make no sense are left behind. And a job that was written down and not sent counts as one
that was being sent: its later steps may be among what was lost, and it mustn't be paid for twice.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, URL, Column, Table

from core.history import pages
from core.history.engines import bring_up_to_date, engine_for
from core.history.records import State
from core.history.tables import Base, UtcDateTime
from core.logs import get_logger

_TABLES: dict[str, Table] = {
    name: Base.metadata.tables[name] for name in ("jobs", "files", "favourites")
}
_FIRST_WIDTHS = {"jobs": 21, "files": 11}
"""How many columns a row had in the first release; later ones were added behind.

A row of a page that SQLite can't read is known by its width: that of a favourite tells too little.
"""

_ORDER = {state.value: n for n, state in enumerate(State)}

Row = dict[str, Any]


def salvage(damaged: Path, fresh: Path) -> int:
    """Make a new history of what can be read of a damaged one.

    Args:
        damaged: a copy, which may be changed; its `-wal` lies beside it if it had one.
        fresh: where the new one goes; there is none yet.

    Returns:
        How many jobs it holds.

    Raises:
        sqlalchemy.exc.SQLAlchemyError, sqlite3.Error, OSError: there is no room for it, or so.
    """
    engine = engine_for(URL.create("sqlite", database=str(fresh)))
    bring_up_to_date(engine)
    engine.dispose()
    with closing(sqlite3.connect(fresh, isolation_level=None)) as connection:
        history = _Fresh(connection)
        by_sqlite = {table: _by_sqlite(damaged, table, history) for table in _TABLES}
        if not all(by_sqlite[table] for table in _FIRST_WIDTHS):
            for table, values in pages.rows(damaged, _widths(history)):
                history.add(table, dict(zip(history.columns[table], values, strict=False)))
        return history.finish()


def _widths(history: "_Fresh") -> dict[int, str]:
    return {
        width: table
        for table, first in _FIRST_WIDTHS.items()
        for width in range(first, len(history.columns[table]) + 1)
    }


def _by_sqlite(damaged: Path, table: str, history: "_Fresh") -> bool:
    """Read a table as far as SQLite can, from its beginning; tell whether that was all of it."""
    try:
        with closing(sqlite3.connect(damaged)) as connection:
            known = [name for name in _columns(connection, table) if name in history.columns[table]]
            if not known:
                return False
            select = f"SELECT {', '.join(known)} FROM {table} NOT INDEXED ORDER BY rowid"
            for values in connection.execute(select):
                history.add(table, dict(zip(known, values, strict=True)))
    except sqlite3.Error as error:
        get_logger().warning("history.unreadable", table=table, reason=str(error))
        return False
    return True


class _Fresh:
    """A new history that is being filled.

    Its indexes are made at the end: for 100,000 jobs that takes seconds instead of half a minute.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.columns = {table: _columns(connection, table) for table in _TABLES}
        self._connection = connection
        self._order: dict[tuple[Any, ...], int] = {}
        # The file is synced as a whole when it is complete, and thrown away if it isn't.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -65536"):
            connection.execute(f"PRAGMA {pragma}").close()
        connection.execute("BEGIN IMMEDIATE")
        self._later = list(self._taken_away())

    def add(self, table: str, row: Row) -> None:
        """Put a row in if it makes sense; of two versions of one, the one that is further on."""
        if table == "jobs":
            row = _up_to_date(row)
        if not _makes_sense(table, row):
            return
        key = tuple(row[column.name] for column in _TABLES[table].primary_key)
        order = _ORDER[row["state"]] if table == "jobs" else 0
        if order <= (before := self._order.get(key, -1)):
            return
        if before >= 0:
            self._connection.execute("DELETE FROM jobs WHERE id = ?", key)
        self._order[key] = order
        # What isn't there gets its column's default.
        names = [name for name in self.columns[table] if row.get(name) is not None]
        places = ", ".join(f":{name}" for name in names)
        insert = f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES ({places})"
        self._connection.execute(insert, row)

    def finish(self) -> int:
        """Complete it, and return how many jobs it holds."""
        execute = self._connection.execute
        execute("DELETE FROM files WHERE job_id NOT IN (SELECT id FROM jobs)")
        execute("UPDATE jobs SET state = ? WHERE state = ?", (State.SENDING, State.QUEUED))
        for statement in self._later:
            execute(statement)
        execute("INSERT INTO job_words_index (job_words_index) VALUES ('rebuild')")
        execute("COMMIT")
        count: int = execute("SELECT count(*) FROM jobs").fetchone()[0]
        return count

    def _taken_away(self) -> Iterator[str]:
        """Drop what costs time at each row, and yield the statements that bring it back."""
        made = self._connection.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND "
            "(type = 'index' OR type = 'trigger' AND tbl_name = 'job_words')"
        ).fetchall()
        for kind, name, statement in made:
            self._connection.execute(f"DROP {kind} {name}")
            yield statement


def _columns(connection: sqlite3.Connection, table: str) -> Sequence[str]:
    return [str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")]


def _up_to_date(row: Row) -> Row:
    """Return a job's row with what an earlier release didn't write yet."""
    return {**row, "model_name": row.get("model_name") or str(row.get("model")).partition(":")[0]}


def _makes_sense(table: str, row: Row) -> bool:
    """Tell whether a row can be read back as what it was."""
    try:
        for name, optional, check in _CHECKS[table]:
            value = row.get(name)
            if value is None:
                if not optional:
                    return False
            elif check(value) is False:
                return False
        return table != "jobs" or row["state"] in _ORDER
    except (ValueError, TypeError):
        return False


def _check(column: Column[Any]) -> Callable[[Any], Any]:
    """Return what says no to a value that isn't a column's, by False or by an error."""
    if isinstance(column.type, JSON):
        return json.loads
    if isinstance(column.type, UtcDateTime):
        return datetime.fromisoformat
    is_text = column.type.python_type is str
    return lambda value: isinstance(value, str) is is_text


_CHECKS = {
    name: [
        (column.name, column.nullable or column.server_default is not None, _check(column))
        for column in table.columns
    ]
    for name, table in _TABLES.items()
}
