"""The history's tables."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC also by databases that know no time zones (SQLite)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time, which could mean any moment."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Say that what was kept is UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables, for Alembic."""

    type_annotation_map = {  # noqa: RUF012 # read by SQLAlchemy, declared by its base class
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
    }


def _index(name: str, *columns: str, where: str, sqlite_where: str | None = None) -> Index:
    return Index(
        name, *columns, sqlite_where=text(sqlite_where or where), postgresql_where=text(where)
    )


_KEPT = "deleted_at IS NULL"
_TALK = f"conversation_id IS NOT NULL AND {_KEPT}"
_UNSUCCESSFUL = f"{_KEPT} AND state != 'succeeded'"
_BINNED = "deleted_at IS NOT NULL"


class JobRow(Base):
    """A job; `core.history.records.Job` says what each column means."""

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("backend", "prediction_id", name="uq_jobs_prediction"),
        Index("ix_jobs_unsettled", "backend", "state"),
        # `state` comes last in these so that a rare one is found without reading the rows.
        _index("ix_jobs_history", "owner", "created_at", "id", "state", where=_KEPT),
        _index("ix_jobs_kind", "owner", "kind", "created_at", "id", "state", where=_KEPT),
        _index("ix_jobs_model", "owner", "model_name", "created_at", "id", "state", where=_KEPT),
        _index(
            *("ix_jobs_starred", "owner", "created_at", "id"),
            where=f"starred AND {_KEPT}",
            sqlite_where=f"starred = 1 AND {_KEPT}",  # the words of the query, else it isn't used
        ),
        _index("ix_jobs_unsuccessful", "owner", "state", "created_at", "id", where=_UNSUCCESSFUL),
        _index("ix_jobs_used", "owner", "backend", "model_name", "created_at", where=_KEPT),
        _index("ix_jobs_talks", "owner", "created_at", "id", where=_TALK),
        _index("ix_jobs_conversation", "owner", "conversation_id", "created_at", "id", where=_TALK),
        _index("ix_jobs_bin", "owner", "created_at", "id", where=_BINNED),
        _index("ix_jobs_deleted", "deleted_at", "id", where=_BINNED),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    backend: Mapped[str] = mapped_column(String(255))
    owner: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    model: Mapped[str] = mapped_column(String(255))
    model_name: Mapped[str] = mapped_column(String(255), server_default=text("''"))
    version: Mapped[str | None] = mapped_column(String(128))
    prompt: Mapped[str] = mapped_column(Text)
    input: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(16))
    prediction_id: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    first_output_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str | None] = mapped_column(Text)
    output: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    metrics: Mapped[dict[str, Any]]
    logs: Mapped[str] = mapped_column(Text)
    charged: Mapped[bool | None]
    stop_asked_at: Mapped[datetime | None]
    starred: Mapped[bool] = mapped_column(server_default=false())
    deleted_at: Mapped[datetime | None]
    conversation_id: Mapped[str | None] = mapped_column(String(64))
    turns: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    lease_holder: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]
    files: Mapped[list["FileRow"]] = relationship(
        order_by="FileRow.n", lazy="selectin", cascade="all, delete-orphan", passive_deletes=True
    )


class FileRow(Base):
    """One output file of a job."""

    __tablename__ = "files"
    __table_args__ = (UniqueConstraint("key", name="uq_files_key"),)

    job_id: Mapped[str] = mapped_column(
        ForeignKey("jobs.id", ondelete="CASCADE", name="fk_files_job"), primary_key=True
    )
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    place: Mapped[list[str | int] | None] = mapped_column(JSON(none_as_null=True))
    key: Mapped[str] = mapped_column(String(255))
    thumbnail_key: Mapped[str | None] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(127))
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    width: Mapped[int | None]
    height: Mapped[int | None]
    seconds: Mapped[float | None]


class FavouriteRow(Base):
    """A model that an owner favours."""

    __tablename__ = "favourites"

    backend: Mapped[str] = mapped_column(String(255), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    model: Mapped[str] = mapped_column(String(255), primary_key=True)
    created_at: Mapped[datetime]
