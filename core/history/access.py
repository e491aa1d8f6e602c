"""How callers get at a database: opened when it is first needed, and again until that succeeds."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from sqlalchemy import URL, Engine

from core.history import mending
from core.history.engines import (
    bring_up_to_date,
    engine_for,
    prove_writable,
    sqlite_file,
    writing,
)
from core.history.errors import ArchiveError, HistoryDamaged
from core.history.mending import SetAside
from core.history.troubles import DATABASE_ERRORS, archive_error, is_outage
from core.logs import get_logger

T = TypeVar("T")

_ASKED_AGAIN_SECONDS = 1.0


class Verdict:
    """That a database can't be used, found by one caller and told to the others for a second.

    Finding it may take as long as SQLite waits for a lock: ten callers aren't to wait ten times.

    Attributes:
        error: what was found last, or None since it went well again.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.error: ArchiveError | None = None
        self._clock = clock
        self._until = clock()

    def check(self) -> None:
        """Raise what was found a moment ago."""
        if (error := self.error) is not None and self._clock() < self._until:
            raise said_again(error)

    def note(self, error: ArchiveError) -> None:
        """Let the next second's callers know."""
        self._until = self._clock() + _ASKED_AGAIN_SECONDS
        self.error = error

    def clear(self) -> None:
        """Say that it can be used."""
        self.error = None


class Access:
    """One database. Its methods block, so they are called from threads.

    Args:
        database_url: any SQLAlchemy URL.
        now: the time by which a damaged file is named.
        clock: counts seconds, from anywhere; replaceable in tests.

    Attributes:
        engine: use it inside `read` and `write` only.
        writing: the same for transactions that write.
        set_aside: the damaged files that were kept aside and nobody has dismissed yet.

    Raises:
        ArchiveError: that is no URL, or nothing here speaks to such a database.
    """

    def __init__(
        self,
        database_url: str | URL,
        *,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        try:
            self.engine: Engine = engine_for(database_url)
        except (*DATABASE_ERRORS, ValueError, ImportError) as error:
            raise ArchiveError(f"The database's URL can't be used ({error}).") from error
        self.writing: Engine = writing(self.engine)
        self.set_aside: Sequence[SetAside] = ()
        self.file = sqlite_file(self.engine)
        self._place = str(self.file or self.engine.url.host or self.engine.url.database)
        self._now = now
        self._is_open = False
        self._opening = threading.Lock()
        self._closed, self._reads, self._writes = (Verdict(clock) for _ in range(3))
        self._damage: HistoryDamaged | None = None

    @property
    def trouble(self) -> ArchiveError | None:
        """Why the history can't be opened, read or written at present, or None."""
        verdicts = (self._closed, self._reads, self._writes)
        return self._damage or next((one.error for one in verdicts if one.error), None)

    def open(self) -> None:
        """Open the database unless it is open, mending it and bringing it up to date first.

        Raises:
            ArchiveError: it can't be opened.
        """
        if self._is_open:
            return
        # Whoever finds another at it, and knows how that ended before, needn't wait for that.
        known = self._closed.error
        if not self._opening.acquire(blocking=known is None):
            assert known is not None
            raise said_again(known)
        try:
            if not self._is_open:
                self._closed.check()
                self._open()
        finally:
            self._opening.release()

    def read(self, call: Callable[[], T]) -> T:
        """Return what a call that reads returns.

        Raises:
            ArchiveError: the database can't be used.
        """
        return self._attempt(call, self._reads)

    def write(self, call: Callable[[], T]) -> T:
        """Return what a call that writes returns.

        Raises:
            ArchiveError: the database can't be used; nothing was written.
        """

        def proven() -> T:
            # Some that might write have nothing to write, and would prove nothing.
            prove_writable(self.writing)
            return call()

        return self._attempt(call if self._writes.error is None else proven, self._writes)

    def dismiss(self, name: str) -> None:
        """Say no more of the damaged file of that name; it stays where it is.

        Raises:
            OSError: that can't be noted down.
        """
        for one in self.set_aside:
            if one.file.name == name:
                mending.dismiss(one)
        self.set_aside = tuple(one for one in self.set_aside if one.file.name != name)

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def _open(self) -> None:
        try:
            if self.file is not None:
                mending.mend(self.file, now=self._now)
            bring_up_to_date(self.engine)
            if self.file is not None:
                self.set_aside = mending.set_aside_beside(self.file)
        except (*DATABASE_ERRORS, ArchiveError) as error:
            problem = archive_error(error, self._place)
            if self._closed.error is None:
                get_logger().warning("history.not_opened", reason=str(problem))
            self._closed.note(problem)
            raise problem from error
        self._closed.clear()
        self._is_open = True
        with suppress(ArchiveError):  # what is there can be read all the same
            self._attempt(lambda: prove_writable(self.writing), self._writes)

    def _attempt(self, call: Callable[[], T], verdict: Verdict) -> T:
        self.open()
        verdict.check()
        try:
            result = call()
        except DATABASE_ERRORS as error:
            problem = archive_error(error, self._place)
            if isinstance(problem, HistoryDamaged):
                self._note_damage(problem, error)
            if is_outage(error):
                verdict.note(problem)
            raise problem from error
        verdict.clear()
        return result

    def _note_damage(self, problem: HistoryDamaged, error: BaseException) -> None:
        if self._damage is not None:
            return
        self._damage = problem
        get_logger().error("history.damaged", reason=type(error).__name__, cause=str(error)[:200])
        if self.file is not None:
            mending.suspect(self.file)


def said_again(error: ArchiveError) -> ArchiveError:
    """Return an error like this one: raised again and again, one would gather its callers."""
    return type(error)(str(error))
