"""Searches by words: through SQLite's full-text index, or by LIKE where there is none.

The index is made of trigrams, so that it finds any part of a word from three characters on,
whatever its case. Its tables are made by the migrations, and triggers keep them in step. A job's
number in them begins with the second in which it was asked for, so that the index, read backwards,
gives the newest first.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import product
from math import floor

from sqlalchemy import ColumnElement, Connection, FromClause, Text, and_, column, or_, select, table

from core.history.tables import JobRow

_TRIGRAM = 3
_MAX_WORDS = 64
"""Longer searches are pasted texts, which these find as well; SQLite refuses endless ones."""

_SECOND = 1 << 20
"""How many numbers each second since 1970 has (migration 0006)."""

_HITS_PER_JOB = 20
_HITS_IN_ADVANCE = 500
"""So many hits are read, 3 µs each, for each job that is wanted, before it is given up."""

_BLOCK = 64

_WORDS = table("job_words", column("n"), column("job_id"), column("words", Text))
_INDEX = table("job_words_index", column("rowid"), column("job_words_index"))


def distinct_words(typed: str) -> Sequence[str]:
    """Return the words of what somebody typed; signs stand for themselves."""
    # A half of a character and the character zero reach no database.
    sound = typed.encode("utf-8", "replace").decode().replace("\0", " ")
    return list(dict.fromkeys(sound.split()))[:_MAX_WORDS]


def mentioned(words: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a job's prompt, model and text hold all words, by LIKE."""
    texts = (JobRow.prompt, JobRow.model, JobRow.text)
    return and_(
        *(or_(*(each.icontains(word, autoescape=True) for each in texts)) for word in words)
    )


def listed(words: Sequence[str]) -> ColumnElement[bool]:
    """Return the same condition by a list of all hits, which SQLite makes when it is first asked.

    That takes 0.7 µs for each hit of the index, and no time for each job.
    """
    conditions = _short(words)
    if query := _match(words):
        matches = select(_INDEX.c.rowid).where(_INDEX.c.job_words_index.op("MATCH")(query))
        conditions.append(_WORDS.c.n.in_(matches))
    return JobRow.id.in_(select(_WORDS.c.job_id).where(*conditions))


def looked_up(words: Sequence[str]) -> ColumnElement[bool]:
    """Return the same condition by a look into the index for each job, which takes 20 µs."""
    source, conditions = _hits(words)
    return select(1).select_from(source).where(_WORDS.c.job_id == JobRow.id, *conditions).exists()


def newest_hits(
    connection: Connection,
    words: Sequence[str],
    wanted: ColumnElement[bool],
    limit: int,
    *,
    since: datetime | None,
    until: datetime | None,
) -> Sequence[str] | None:
    """Return the ids of the newest jobs that hold the words, from the index.

    Args:
        connection: to a SQLite database.
        words: at least one.
        wanted: what else they have to meet.
        limit: how many are needed.
        since, until: between which moments they were asked for, as far as that is known.

    Returns:
        At least `limit` jobs, or all there are, with all that could be among the first `limit` of
        them; or None where too many other hits lie between.
    """
    source, conditions = _hits(words)
    number = _INDEX.c.rowid if _match(words) else _WORDS.c.n
    if since is not None:
        conditions.append(number >= floor(since.timestamp()) * _SECOND)
    if until is not None:
        conditions.append(number < (floor(until.timestamp()) + 1) * _SECOND)
    hits = (
        select(number, JobRow.id, wanted)
        .select_from(source.join(JobRow, JobRow.id == _WORDS.c.job_id))
        .where(*conditions)
        .order_by(number.desc())
        .execution_options(yield_per=_BLOCK)
    )
    found: list[str] = []
    second = 0  # of the last that was needed
    with connection.execute(hits) as result:
        for count, (n, job_id, is_wanted) in enumerate(result, 1):
            # Within a second the hits are in no order.
            if len(found) >= limit and n // _SECOND < second:
                break
            if count > _HITS_IN_ADVANCE + _HITS_PER_JOB * len(found):
                return None
            if is_wanted:
                found.append(job_id)
                if len(found) <= limit:
                    second = n // _SECOND
    return found


def _hits(words: Sequence[str]) -> tuple[FromClause, list[ColumnElement[bool]]]:
    """Return where the hits are found, and the conditions that are theirs."""
    if query := _match(words):
        is_match = _INDEX.c.job_words_index.op("MATCH")(query)
        return _INDEX.join(_WORDS, _WORDS.c.n == _INDEX.c.rowid), [is_match, *_short(words)]
    return _WORDS, _short(words)


def _match(words: Sequence[str]) -> str:
    """Return what the index is asked for, or "" if it knows none of the words."""
    long = [word for word in words if len(word) >= _TRIGRAM]
    return " ".join('"{}"'.format(word.replace('"', '""')) for word in long)


def _short(words: Sequence[str]) -> list[ColumnElement[bool]]:
    return [_holds(word) for word in words if len(word) < _TRIGRAM]


def _holds(word: str) -> ColumnElement[bool]:
    # SQLite's LIKE knows the case of ASCII letters only.
    cases = product(*({letter, letter.lower(), letter.upper()} for letter in word))
    spellings = sorted({"".join(letters) for letters in cases}) if not word.isascii() else [word]
    return or_(*(_WORDS.c.words.contains(spelling, autoescape=True) for spelling in spellings))
