"""When somebody asked to stop a job, for whoever has it then."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("jobs", sa.Column("stop_asked_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Take it away again."""
    op.drop_column("jobs", "stop_asked_at")
