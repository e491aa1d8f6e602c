"""Runs the migrations on the connection that the archive opened."""

from alembic import context

from core.history.tables import Base


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    # SQLite's search is the migrations' alone: other databases have no such tables.
    return not (kind == "table" and (name or "").startswith("job_words"))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_name=_is_ours,
    render_as_batch=True,  # SQLite can't alter most things in place
)
with context.begin_transaction():
    context.run_migrations()
