"""What goes wrong with a database → one sentence that says what to do about it."""

import errno
import shutil
import sqlite3
from json import JSONDecodeError
from pathlib import Path

from alembic.util import CommandError
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from core.history.errors import ArchiveError, HistoryDamaged

DATABASE_ERRORS = (
    SQLAlchemyError,
    sqlite3.Error,
    OSError,
    CommandError,
    JSONDecodeError,
    UnicodeDecodeError,
)
"""What a database that can't be used, or that holds garbage, makes its callers see."""

_FULL_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_UNWRITABLE_ERRNOS = {errno.EACCES, errno.EPERM, errno.EROFS}
_IN_THE_WAY_ERRNOS = {errno.EEXIST, errno.ENOTDIR}

_LEAST_ROOM_BYTES = 64 * 1024

_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_UNWRITABLE = {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
}


def is_damage(error: BaseException) -> bool:
    """Tell whether an error means that what is in the database's file can't be right."""
    if isinstance(error, JSONDecodeError | UnicodeDecodeError):
        return True
    # The driver gives bytes that are no text no code.
    return _sqlite_code(error) in _DAMAGE or "Could not decode to UTF-8" in str(error)


def is_outage(error: BaseException) -> bool:
    """Tell whether an error means that the database can't be used, whatever was asked of it."""
    outages = (OperationalError, sqlite3.OperationalError, OSError, CommandError)
    return isinstance(error, outages) and not is_damage(error)


def archive_error(error: BaseException, place: str) -> ArchiveError:
    """Return what to raise for an error of a database.

    Args:
        error: one of `DATABASE_ERRORS`; what says it all already is returned as it is.
        place: where the database is, as a person knows it.
    """
    if isinstance(error, ArchiveError):
        return error
    code = _sqlite_code(error)
    number = error.errno if isinstance(error, OSError) else None
    cause = _first_line(getattr(error, "orig", None) or error)
    if is_damage(error):
        return HistoryDamaged(
            f"The history in {place} is damaged: start the playground again, and it keeps that "
            "file aside and goes on with what can be read of it."
        )
    if code in _LOCKED:
        return ArchiveError(f"Another program keeps the history in {place} locked: close it.")
    no_room = code == sqlite3.SQLITE_IOERR and _is_full(Path(place).parent)
    if code == sqlite3.SQLITE_FULL or number in _FULL_ERRNOS or no_room:
        return ArchiveError(
            f"The disk is full, so the history in {place} can't be written: free some room."
        )
    if code in _UNWRITABLE or number in _UNWRITABLE_ERRNOS:
        return ArchiveError(
            f"The history in {place} can't be written ({cause}): allow writing to it and to its "
            "folder."
        )
    if number in _IN_THE_WAY_ERRNOS:
        return ArchiveError(
            f"The history can't be kept in {place}, because a file is where a folder should be: "
            "move it away, or choose another folder."
        )
    if isinstance(error, CommandError):
        return ArchiveError(
            f"The history in {place} was written by a newer playground: update this one."
        )
    return ArchiveError(
        f"The history's database can't be used ({cause}): check that {place} can be "
        "reached and written to."
    )


def _sqlite_code(error: BaseException) -> int | None:
    """Return SQLite's primary result code, or None."""
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None


def _is_full(folder: Path) -> bool:
    """Tell whether there isn't even room for what SQLite puts beside a file that it opens."""
    try:
        return shutil.disk_usage(folder).free < _LEAST_ROOM_BYTES
    except OSError:
        return False


def _first_line(error: BaseException) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return (text.strip().splitlines() or [type(error).__name__])[0].rstrip(".")
