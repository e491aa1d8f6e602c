"""The history and the journal: every job that was asked for, in one database.

What comes out are frozen jobs; rows stay inside.
"""

from core.history.browsing import Browsing
from core.history.curating import Curating
from core.history.errors import ArchiveError, LeaseLost, UnknownJob
from core.history.favouring import Favouring
from core.history.filters import Filter
from core.history.journal import Changes, Journal
from core.history.records import Cursor, Job, MediaFile

__all__ = [
    "Archive",
    "ArchiveError",
    "Changes",
    "Cursor",
    "Filter",
    "Job",
    "LeaseLost",
    "MediaFile",
    "UnknownJob",
]


class Archive(Browsing, Curating, Favouring, Journal):
    """Keeps jobs: what people read, tidy up and favour, and what the jobs themselves write.

    Opened by `async with Archive.open(database_url) as archive:`.
    """
