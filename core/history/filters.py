"""What somebody looks for in the history."""

from dataclasses import dataclass
from datetime import datetime

from core.history.records import State
from core.models.catalog import Kind


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which jobs to list: those to which all of this applies.

    Attributes:
        words: parts of words that all have to be in the prompt, the model's name or the answer,
            whatever their case.
        kind: what the jobs make; anything when None.
        model: `owner/name`, whichever version of it was run; any when None.
        states: where they stand; anywhere when empty.
        since, until: when they were asked for, `until` itself not included.
        starred_only: leave out those without a star.
        deleted: those in the bin, in place of those that aren't.
    """

    words: str = ""
    kind: Kind | None = None
    model: str | None = None
    states: tuple[State, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    starred_only: bool = False
    deleted: bool = False


EVERYTHING = Filter()
"""All that isn't deleted."""
