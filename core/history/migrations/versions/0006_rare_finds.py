"""What it takes to find rare words and rare states without a walk through the whole history."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_UNSUCCESSFUL = "deleted_at IS NULL AND state != 'succeeded'"

_WORDS = "new.prompt || char(10) || new.model || char(10) || coalesce(new.text, '')"

_PER_SECOND = 1 << 20
_SECOND = f"coalesce(strftime('%s', {{}}), 0) * {_PER_SECOND}"
"""The first number of a job's second. So the full-text index, read backwards, begins with the
newest; a job of an earlier moment that is written later gets its place all the same."""

_FOLLOWING = f"""(
    SELECT n + 1 FROM job_words WHERE n >= second AND n < second + {_PER_SECOND}
    ORDER BY n DESC LIMIT 1
)"""

_CHANGED = """
CREATE TRIGGER job_words_changed AFTER UPDATE ON job_words BEGIN
    INSERT INTO job_words_index (job_words_index, rowid, words)
        VALUES ('delete', old.n, old.words);
    INSERT INTO job_words_index (rowid, words) VALUES (new.n, new.words);
END
"""

_RENUMBERED = (
    "DROP TRIGGER job_words_changed",  # the index is made anew, which takes half the time
    "UPDATE job_words SET n = -n",  # out of the way of the new numbers
    f"""
    UPDATE job_words SET n = numbered.n FROM (
        SELECT id, second + row_number() OVER (PARTITION BY second ORDER BY id) - 1 AS n
        FROM (SELECT id, {_SECOND.format("created_at")} AS second FROM jobs)
    ) AS numbered
    WHERE numbered.id = job_words.job_id
    """,
    "INSERT INTO job_words_index (job_words_index) VALUES ('rebuild')",
    _CHANGED,
    "DROP TRIGGER jobs_words_added",
    f"""
    CREATE TRIGGER jobs_words_added AFTER INSERT ON jobs BEGIN
        INSERT INTO job_words (n, job_id, words)
            SELECT coalesce({_FOLLOWING}, second), new.id, {_WORDS}
            FROM (SELECT {_SECOND.format("new.created_at")} AS second);
    END
    """,
)

_NUMBERED_AS_ADDED = (
    "DROP TRIGGER jobs_words_added",
    f"""
    CREATE TRIGGER jobs_words_added AFTER INSERT ON jobs BEGIN
        INSERT INTO job_words (job_id, words) VALUES (new.id, {_WORDS});
    END
    """,
)


def upgrade() -> None:
    """Add the index and, in SQLite, number what is searched by its time."""
    op.create_index(
        "ix_jobs_unsuccessful",
        "jobs",
        ["owner", "state", "created_at", "id"],
        sqlite_where=sa.text(_UNSUCCESSFUL),
        postgresql_where=sa.text(_UNSUCCESSFUL),
    )
    _execute_in_sqlite(*_RENUMBERED)


def downgrade() -> None:
    """Take the index away again; the numbers may stay."""
    _execute_in_sqlite(*_NUMBERED_AS_ADDED)
    op.drop_index("ix_jobs_unsuccessful", "jobs")


def _execute_in_sqlite(*statements: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in statements:
            op.execute(statement)
