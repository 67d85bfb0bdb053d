"""Sessions that were carried here by hand."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """None was so far."""
    op.add_column("sessions", sa.Column("imported", sa.Float()))
