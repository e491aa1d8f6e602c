"""What a run's timeline lacked, and where in an output a file stands."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOMENTS = ("sent_at", "first_output_at", "ended_at")


def upgrade() -> None:
    """Add the columns; of earlier runs they stay empty."""
    for name in _MOMENTS:
        op.add_column("jobs", sa.Column(name, sa.DateTime(timezone=True)))
    op.add_column("files", sa.Column("place", sa.JSON()))


def downgrade() -> None:
    """Take them away again."""
    op.drop_column("files", "place")
    for name in _MOMENTS:
        op.drop_column("jobs", name)
