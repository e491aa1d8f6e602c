"""Pages of the history, newest first: filters → queries.

The rarest of a filter's conditions has to lead, or a page costs a walk through the whole history.
SQLite doesn't know how rare a word or a state is, so it is looked at here.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    literal,
    literal_column,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session

from core.history import searching
from core.history.filters import Filter
from core.history.records import Cursor, State
from core.history.rows import NEWEST_FIRST
from core.history.tables import JobRow, UtcDateTime

KEPT = JobRow.deleted_at.is_(None)
PLACE = tuple_(JobRow.created_at, JobRow.id)
"""A job's place in the history: that of `Job.cursor`."""

_VERY_FEW, _FEW = 20, 500
"""So many jobs are looked up in the index one by one: at once, or where it has too many hits."""

_UNSUCCESSFUL = JobRow.state != literal_column("'succeeded'")
"""The words of its index, else that isn't used."""


def page(
    session: Session, owner: str, wanted: Filter, *, limit: int, before: Cursor | None
) -> Sequence[JobRow]:
    """Return an owner's newest jobs that meet a filter, from a place on."""
    conditions = [JobRow.owner == owner, *_conditions(wanted), *after(before)]
    words = searching.distinct_words(wanted.words)
    if not words:
        query = _newest(conditions, wanted.states, limit)
    elif session.get_bind().dialect.name == "sqlite":
        query = _found(session, words, conditions, wanted, limit, before)
    else:
        query = _newest([*conditions, searching.mentioned(words)], wanted.states, limit)
    return session.scalars(query).all()


def after(place: Cursor | None) -> Sequence[ColumnElement[bool]]:
    """Return the condition that a job comes after a place, if there is one: it is older."""
    if place is None:
        return ()
    return [tuple_(literal(place.created_at, UtcDateTime), literal(place.id)) > PLACE]


def _found(
    session: Session,
    words: Sequence[str],
    conditions: Sequence[ColumnElement[bool]],
    wanted: Filter,
    limit: int,
    before: Cursor | None,
) -> Select[Any]:
    """Return the query for a page of a search, led by whatever there is little of."""

    def is_at_most(count: int) -> bool:
        more = _newest(conditions, wanted.states, count + 1, JobRow.id).offset(count)
        return session.scalar(more) is None

    if is_at_most(_VERY_FEW):
        return _newest([*conditions, searching.looked_up(words)], wanted.states, limit)
    hits = searching.newest_hits(
        session.connection(),
        words,
        and_(*conditions, _is_one_of(wanted.states)),
        limit,
        since=wanted.since,
        until=wanted.until if before is None else before.created_at,
    )
    if hits is not None:
        return _newest([JobRow.id.in_(hits)], (), limit)
    # There is much of both, and seldom together.
    holds = searching.looked_up if is_at_most(_FEW) else searching.listed
    return _newest([*conditions, holds(words)], wanted.states, limit)


def _newest(
    conditions: Sequence[ColumnElement[bool]],
    states: Sequence[State],
    limit: int,
    selected: Any = JobRow,
) -> Select[Any]:
    """Return the query for the newest jobs that meet conditions and are in one of some states."""
    query = select(selected).order_by(*NEWEST_FIRST).limit(limit)
    if not states or State.SUCCEEDED in states:
        return query.where(*conditions, _is_one_of(states))
    # State by state, each in its order by the index, and merged: together they would be sorted.
    places = [
        select(JobRow.created_at, JobRow.id).where(
            *conditions, JobRow.state == state.value, _UNSUCCESSFUL
        )
        for state in states
    ]
    merged = union_all(*places)
    newest = merged.order_by(*(one.desc() for one in merged.selected_columns)).limit(limit)
    return query.where(JobRow.id.in_(select(newest.subquery().c.id)))


def _is_one_of(states: Sequence[State]) -> ColumnElement[bool]:
    return JobRow.state.in_([state.value for state in states]) if states else true()


def _conditions(wanted: Filter) -> Sequence[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        JobRow.deleted_at.is_not(None) if wanted.deleted else KEPT
    ]
    if wanted.kind is not None:
        conditions.append(JobRow.kind == wanted.kind)
    if wanted.model is not None:
        conditions.append(JobRow.model_name == wanted.model)
    if wanted.since is not None:
        conditions.append(JobRow.created_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(JobRow.created_at < wanted.until)
    if wanted.starred_only:
        conditions.append(JobRow.starred == true())
    return conditions
