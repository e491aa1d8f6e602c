"""Favourite models, and what it takes to find the ones that were used last."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the index."""
    op.create_table(
        "favourites",
        sa.Column("backend", sa.String(255), primary_key=True),
        sa.Column("owner", sa.String(64), primary_key=True),
        sa.Column("model", sa.String(255), primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index(
        "ix_jobs_used",
        "jobs",
        ["owner", "backend", "model_name", "created_at"],
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_index("ix_jobs_used", "jobs")
    op.drop_table("favourites")
