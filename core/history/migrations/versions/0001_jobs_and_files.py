"""Jobs and their files."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("backend", sa.String(255), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("model", sa.String(255), nullable=False),
        sa.Column("version", sa.String(128)),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("input", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("prediction_id", sa.String(64)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        sa.Column("error", sa.Text()),
        sa.Column("text", sa.Text()),
        sa.Column("output", sa.JSON()),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("logs", sa.Text(), nullable=False),
        sa.Column("charged", sa.Boolean()),
        sa.Column("lease_holder", sa.String(64)),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("backend", "prediction_id", name="uq_jobs_prediction"),
    )
    op.create_index("ix_jobs_history", "jobs", ["owner", "created_at", "id"])
    op.create_index("ix_jobs_unsettled", "jobs", ["backend", "state"])
    op.create_table(
        "files",
        sa.Column("job_id", sa.String(64), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("thumbnail_key", sa.String(255)),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("media_type", sa.String(127), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("seconds", sa.Double()),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_files_job", ondelete="CASCADE"),
        sa.UniqueConstraint("key", name="uq_files_key"),
    )


def downgrade() -> None:
    """Drop both tables."""
    op.drop_table("files")
    op.drop_table("jobs")
