"""Words → conditions on jobs: by SQLite's full-text index, or by LIKE where there is none.

The index is made of trigrams, so that it finds any part of a word from three characters on,
whatever its case. Its tables are made by the migrations, and triggers keep them in step.
"""

from collections.abc import Sequence
from itertools import product

from sqlalchemy import ColumnElement, Text, column, or_, select, table

from core.history.tables import JobRow

_TRIGRAM = 3
_MAX_WORDS = 64
"""Longer searches are pasted texts, which these find as well; SQLite refuses endless ones."""

_WORDS = table("job_words", column("n"), column("job_id"), column("words", Text))
_INDEX = table("job_words_index", column("rowid"), column("job_words_index"))


def mentions(words: str, *, has_index: bool) -> Sequence[ColumnElement[bool]]:
    """Return the conditions that a job's prompt, model and text hold all of these words.

    Args:
        words: as somebody typed them; signs stand for themselves.
        has_index: the database is SQLite's, with the full-text index.
    """
    # A half of a character and the character zero reach no database.
    typed = words.encode("utf-8", "replace").decode().replace("\0", " ")
    distinct = list(dict.fromkeys(typed.split()))[:_MAX_WORDS]
    if not distinct:
        return ()
    return [_indexed(distinct)] if has_index else [_mentioned(word) for word in distinct]


def _indexed(words: Sequence[str]) -> ColumnElement[bool]:
    long = [word for word in words if len(word) >= _TRIGRAM]
    conditions = [_holds(word) for word in words if len(word) < _TRIGRAM]
    if long:
        quoted = " ".join('"{}"'.format(word.replace('"', '""')) for word in long)
        matches = select(_INDEX.c.rowid).where(_INDEX.c.job_words_index.op("MATCH")(quoted))
        conditions.append(_WORDS.c.n.in_(matches))
    return JobRow.id.in_(select(_WORDS.c.job_id).where(*conditions))


def _holds(word: str) -> ColumnElement[bool]:
    # SQLite's LIKE knows the case of ASCII letters only.
    cases = product(*({letter, letter.lower(), letter.upper()} for letter in word))
    spellings = sorted({"".join(letters) for letters in cases}) if not word.isascii() else [word]
    return or_(*(_WORDS.c.words.contains(spelling, autoescape=True) for spelling in spellings))


def _mentioned(word: str) -> ColumnElement[bool]:
    return or_(
        *(
            words.icontains(word, autoescape=True)
            for words in (JobRow.prompt, JobRow.model, JobRow.text)
        )
    )
