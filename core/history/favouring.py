"""The models that people keep at hand: those they used last, and those they favour."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from core.history.database import Database
from core.history.recency import models_by_recency
from core.history.tables import FavouriteRow, JobRow
from core.models.names import ModelName


class Favouring(Database):
    """The part of the archive that knows people's models; each sees their own of each backend.

    Models are `owner/name`, whichever version was run: the next run may be of another one.
    """

    async def recent_models(self, owner: str, *, backend: str, limit: int = 20) -> Sequence[str]:
        """Return the models of an owner's jobs, each once, most recently used first.

        Jobs in the bin don't count.

        Args:
            owner: whose.
            backend: where the jobs ran.
            limit: how many at most.
        """
        query = models_by_recency(
            JobRow.owner == owner, JobRow.backend == backend, JobRow.deleted_at.is_(None)
        ).limit(limit)

        def read() -> Sequence[str]:
            with self._engine.connect() as connection:
                return connection.scalars(query).all()

        return await self._run(read)

    async def favourites(self, owner: str, *, backend: str) -> Sequence[str]:
        """Return the models that an owner favours, the newest favourite first."""
        query = (
            select(FavouriteRow.model)
            .where(FavouriteRow.owner == owner, FavouriteRow.backend == backend)
            .order_by(FavouriteRow.created_at.desc(), FavouriteRow.model)
        )

        def read() -> Sequence[str]:
            with self._engine.connect() as connection:
                return connection.scalars(query).all()

        return await self._run(read)

    async def set_favourite(
        self, owner: str, model: str, is_favourite: bool, *, backend: str
    ) -> None:
        """Make a model one of an owner's favourites, or one no longer; either may be so already.

        Args:
            owner: whose.
            model: `owner/name`; a version behind it doesn't matter.
            is_favourite: whether it is one from now on.
            backend: where the model is.

        Raises:
            InvalidInput: that is no model.
        """
        key = {"backend": backend, "owner": owner, "model": _named(model)}
        is_it = [getattr(FavouriteRow, name) == value for name, value in key.items()]
        added = {**key, "created_at": self._now()}

        def write() -> None:
            with self._writing.begin() as connection:
                if not is_favourite:
                    connection.execute(delete(FavouriteRow).where(*is_it))
                elif connection.scalar(select(FavouriteRow.model).where(*is_it)) is None:
                    connection.execute(insert(FavouriteRow).values(added))

        await self._run(write, writes=True)


def _named(model: str) -> str:
    name = ModelName.parse(model)
    return str(name) if not name.name else str(name).partition(":")[0]
