"""Stars, the bin, conversations, and what it takes to find one job among many."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_KEPT = "deleted_at IS NULL"

# Name → columns, and the rows it holds: in SQLite, and as the others put it.
_INDEXES: dict[str, tuple[list[str], str, str]] = {
    "ix_jobs_history": (["owner", "created_at", "id", "state"], _KEPT, _KEPT),
    "ix_jobs_kind": (["owner", "kind", "created_at", "id", "state"], _KEPT, _KEPT),
    "ix_jobs_model": (["owner", "model_name", "created_at", "id", "state"], _KEPT, _KEPT),
    "ix_jobs_starred": (
        ["owner", "created_at", "id"],
        f"starred = 1 AND {_KEPT}",
        f"starred AND {_KEPT}",
    ),
    "ix_jobs_talks": (
        ["owner", "created_at", "id"],
        f"conversation_id IS NOT NULL AND {_KEPT}",
        f"conversation_id IS NOT NULL AND {_KEPT}",
    ),
    "ix_jobs_conversation": (
        ["owner", "conversation_id", "created_at", "id"],
        f"conversation_id IS NOT NULL AND {_KEPT}",
        f"conversation_id IS NOT NULL AND {_KEPT}",
    ),
    "ix_jobs_bin": (
        ["owner", "created_at", "id"],
        "deleted_at IS NOT NULL",
        "deleted_at IS NOT NULL",
    ),
    "ix_jobs_deleted": (["deleted_at", "id"], "deleted_at IS NOT NULL", "deleted_at IS NOT NULL"),
}

_NEW_WORDS = "new.prompt || char(10) || new.model || char(10) || coalesce(new.text, '')"

# The implicit rowid of `jobs` changes under VACUUM, so the index goes by `job_words.n`.
_SEARCH = (
    """
    CREATE TABLE job_words (
        n INTEGER PRIMARY KEY,
        job_id VARCHAR(64) NOT NULL UNIQUE,
        words TEXT NOT NULL
    )
    """,
    """
    CREATE VIRTUAL TABLE job_words_index USING fts5(
        words, content='job_words', content_rowid='n', tokenize='trigram'
    )
    """,
    f"""
    INSERT INTO job_words (job_id, words)
        SELECT id, {_NEW_WORDS.replace("new.", "")} FROM jobs ORDER BY created_at, id
    """,
    # In one go, where triggers would take twice the time.
    "INSERT INTO job_words_index (job_words_index) VALUES ('rebuild')",
    """
    CREATE TRIGGER job_words_added AFTER INSERT ON job_words BEGIN
        INSERT INTO job_words_index (rowid, words) VALUES (new.n, new.words);
    END
    """,
    """
    CREATE TRIGGER job_words_changed AFTER UPDATE ON job_words BEGIN
        INSERT INTO job_words_index (job_words_index, rowid, words)
            VALUES ('delete', old.n, old.words);
        INSERT INTO job_words_index (rowid, words) VALUES (new.n, new.words);
    END
    """,
    """
    CREATE TRIGGER job_words_removed AFTER DELETE ON job_words BEGIN
        INSERT INTO job_words_index (job_words_index, rowid, words)
            VALUES ('delete', old.n, old.words);
    END
    """,
    f"""
    CREATE TRIGGER jobs_words_added AFTER INSERT ON jobs BEGIN
        INSERT INTO job_words (job_id, words) VALUES (new.id, {_NEW_WORDS});
    END
    """,
    f"""
    CREATE TRIGGER jobs_words_changed AFTER UPDATE OF prompt, model, text ON jobs
    WHEN old.prompt IS NOT new.prompt OR old.model IS NOT new.model OR old.text IS NOT new.text
    BEGIN
        UPDATE job_words SET words = {_NEW_WORDS} WHERE job_id = new.id;
    END
    """,
    """
    CREATE TRIGGER jobs_words_removed AFTER DELETE ON jobs BEGIN
        DELETE FROM job_words WHERE job_id = old.id;
    END
    """,
)


def upgrade() -> None:
    """Add the columns, the indexes and, in SQLite, the search."""
    op.add_column(
        "jobs",
        sa.Column("model_name", sa.String(255), nullable=False, server_default=sa.text("''")),
    )
    op.add_column(
        "jobs", sa.Column("starred", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("jobs", sa.Column("deleted_at", sa.DateTime(timezone=True)))
    op.add_column("jobs", sa.Column("conversation_id", sa.String(64)))
    op.add_column("jobs", sa.Column("turns", sa.JSON()))
    _name_models()
    op.drop_index("ix_jobs_history", "jobs")
    for name, (columns, sqlite, postgresql) in _INDEXES.items():
        op.create_index(
            name,
            "jobs",
            columns,
            sqlite_where=sa.text(sqlite),
            postgresql_where=sa.text(postgresql),
        )
    if op.get_bind().dialect.name == "sqlite":
        for statement in _SEARCH:
            op.execute(statement)


def downgrade() -> None:
    """Take them away again."""
    if op.get_bind().dialect.name == "sqlite":
        for name in ("added", "changed", "removed"):
            op.execute(f"DROP TRIGGER jobs_words_{name}")
        op.execute("DROP TABLE job_words_index")
        op.execute("DROP TABLE job_words")
    for name in _INDEXES:
        op.drop_index(name, "jobs")
    op.create_index("ix_jobs_history", "jobs", ["owner", "created_at", "id"])
    for name in ("turns", "conversation_id", "deleted_at", "starred", "model_name"):
        op.drop_column("jobs", name)


def _name_models() -> None:
    """Fill `model_name`: `owner/name`, without the version that may follow it."""
    jobs = sa.table("jobs", sa.column("model"), sa.column("model_name"))
    op.execute(jobs.update().values(model_name=jobs.c.model))
    pinned = sa.select(jobs.c.model).where(jobs.c.model.contains(":")).distinct()
    for model in op.get_bind().scalars(pinned).all():
        op.execute(
            jobs.update().where(jobs.c.model == model).values(model_name=model.partition(":")[0])
        )
