"""The models that a person keeps at hand: what the page asks of them, whatever is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.history.archive import ArchiveError
from ui.services import LOCAL_OWNER, Services

_RECENT = 8


@dataclass(frozen=True)
class Shelf:
    """A person's recently used models and favourites, of the account that is known now.

    While the history can't be read, or it isn't known whose account it is, there are none: the
    page's head says what is wrong.
    """

    services: Services

    async def recent(self) -> Sequence[str]:
        """Return the models that were used last, the newest first."""
        if (backend := self.services.jobs.backend_key) is None:
            return ()
        archive = self.services.archive
        try:
            return await archive.recent_models(LOCAL_OWNER, backend=backend, limit=_RECENT)
        except ArchiveError:
            return ()

    async def favourites(self) -> Sequence[str]:
        """Return the favourites, the newest first."""
        if (backend := self.services.jobs.backend_key) is None:
            return ()
        try:
            return await self.services.archive.favourites(LOCAL_OWNER, backend=backend)
        except ArchiveError:
            return ()

    async def toggle(self, model: str) -> None:
        """Make a model a favourite, or no favourite any more.

        Raises:
            ArchiveError: the history can't be written.
        """
        if (backend := self.services.jobs.backend_key) is None:
            return
        archive = self.services.archive
        is_favourite = model in await archive.favourites(LOCAL_OWNER, backend=backend)
        await archive.set_favourite(LOCAL_OWNER, model, not is_favourite, backend=backend)
