"""A damaged SQLite file: noticed when it is opened, kept aside, and replaced by what can be read.

`history.db` becomes `history.damaged-20261124T161100Z.db`, with its `-wal` and `-shm`, and is never
written to again. What was done is noted in a small file beside it, until somebody dismisses that.
"""

import glob
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from errno import ENOSPC
from pathlib import Path
from typing import BinaryIO

from core.history.engines import BUSY_SECONDS
from core.history.errors import ArchiveError
from core.history.salvaging import salvage
from core.history.troubles import is_damage
from core.logs import get_logger

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

_LOG = "-wal"
_COMPANIONS = (_LOG, "-shm")
_MARK = ".damaged-"
_LOCKED_BYTES = (512, 0x40000000)
"""How many bytes from where on SQLite locks (its own os.h, `PENDING_BYTE`)."""

_COPIES = 2
"""How many times a damaged file takes its room again meanwhile: a copy to read, and a new one."""


@dataclass(frozen=True)
class SetAside:
    """A damaged file that was kept aside.

    Attributes:
        file: where it lies now.
        carried_over: how many jobs could be read of it and are in the new one.
    """

    file: Path
    carried_over: int


def mend(file: Path, *, now: Callable[[], datetime]) -> None:
    """Keep a damaged SQLite file aside and put a new one with what can be read into its place.

    One that isn't there, is empty or is sound stays as it is. Until the new one is complete the
    damaged one stays where it is, so that a crash meanwhile costs nothing.

    Raises:
        sqlite3.Error, OSError: it can't be looked at, or there is no room for a new one.
        ArchiveError: another process has it open.
    """
    while file.exists() and file.stat().st_size:
        looked_at = file.stat().st_ino
        if not _is_damaged(file):
            return
        with _alone(file) as damaged:
            # Unless another process has just mended it.
            if os.fstat(damaged.fileno()).st_ino == looked_at:
                _replace(file, damaged, now().astimezone(UTC))
                return


def _replace(file: Path, damaged: BinaryIO, now: datetime) -> None:
    needed = _COPIES * sum(one.stat().st_size for one in _with_companions(file))
    if shutil.disk_usage(file.parent).free < needed:
        raise OSError(ENOSPC, os.strerror(ENOSPC))
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.stem}-") as folder:
        copy = Path(folder, "copy.db")
        with copy.open("wb") as opened:
            # Not by its name: to close a file is to unlock it.
            shutil.copyfileobj(damaged, opened)
        if (log := Path(f"{file}{_LOG}")).exists():
            shutil.copyfile(log, f"{copy}{_LOG}")
        fresh = Path(folder, "fresh.db")
        carried_over = salvage(copy, fresh)
        _sync(fresh)
        aside = _free_name(file, now)
        _note_path(aside).write_text(json.dumps({"carried_over": carried_over}), encoding="utf-8")
        try:
            os.link(file, aside)  # so that at each moment there is a file in its place
        except OSError:  # not every file system can
            file.rename(aside)
        # Before the new one is there: SQLite would play an old log into it.
        for ending in _COMPANIONS:
            with suppress(FileNotFoundError):
                Path(f"{file}{ending}").rename(f"{aside}{ending}")
        fresh.replace(file)
    _suspicion(file).unlink(missing_ok=True)
    get_logger().error("history.set_aside", file=str(aside), carried_over=carried_over)


def suspect(file: Path) -> None:
    """Have a file mended when it is opened next: damage may show that no check finds."""
    with suppress(OSError):
        _suspicion(file).touch()


def set_aside_beside(file: Path) -> Sequence[SetAside]:
    """Return the damaged files beside this one that nobody has dismissed yet, oldest first."""
    found = []
    for note in sorted(file.parent.glob(f"{glob.escape(file.stem)}{_MARK}*.json")):
        with suppress(OSError, ValueError, TypeError, KeyError):
            told = json.loads(note.read_text(encoding="utf-8"))
            found.append(SetAside(note.with_suffix(file.suffix), int(told["carried_over"])))
    return tuple(found)


def dismiss(one: SetAside) -> None:
    """Forget that a file was kept aside; the file itself stays."""
    _note_path(one.file).unlink(missing_ok=True)


def _is_damaged(file: Path) -> bool:
    if _suspicion(file).exists():
        return True
    # Read-only, so that looking changes nothing: the last to close a file writes its log into it.
    uri = f"{file.resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)) as connection:
            # 0.15 s for 100,000 jobs.
            found: tuple[str] = connection.execute("PRAGMA quick_check(1)").fetchone()
            return found != ("ok",)
    except sqlite3.Error as error:
        if is_damage(error):
            return True
        raise


@contextmanager
def _alone(file: Path) -> Iterator[BinaryIO]:
    """Open a SQLite file while nobody else has it open: what is renamed would still be theirs.

    Raises:
        ArchiveError: another process has it open.
    """
    with file.open("r+b") as opened:
        if fcntl is not None:  # Windows renames no file that is open
            try:
                fcntl.lockf(opened, fcntl.LOCK_EX | fcntl.LOCK_NB, *_LOCKED_BYTES)
            except (BlockingIOError, PermissionError) as error:
                raise ArchiveError(
                    f"The history in {file} is damaged, and another program has it open: close "
                    "that, so that what can be read of it goes on."
                ) from error
        yield opened


def _with_companions(file: Path) -> list[Path]:
    """Return a SQLite file and what there is beside it that belongs to it."""
    companions = (Path(f"{file}{ending}") for ending in _COMPANIONS)
    return [file, *(one for one in companions if one.exists())]


def _free_name(file: Path, now: datetime) -> Path:
    name = f"{file.stem}{_MARK}{now:%Y%m%dT%H%M%SZ}"
    number = 1
    while True:
        aside = file.with_name(f"{name}{f'-{number}' if number > 1 else ''}{file.suffix}")
        taken = (aside, _note_path(aside), *(Path(f"{aside}{ending}") for ending in _COMPANIONS))
        if not any(one.exists() for one in taken):
            return aside
        number += 1


def _note_path(aside: Path) -> Path:
    return aside.with_suffix(".json")


def _suspicion(file: Path) -> Path:
    return file.with_name(f"{file.name}-suspect")


def _sync(file: Path) -> None:
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())
