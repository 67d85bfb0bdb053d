"""What is kept: sessions and cases that nobody deletes, who said so, when and why."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing is kept so far."""
    op.create_table(
        "keeps",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String()),
        sa.Column("case_title", sa.String()),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("since", sa.Float(), nullable=False),
        sa.Column("released", sa.Float()),
        sa.Column("released_by", sa.String(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_keeps"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_keeps_session_id_sessions"
        ),
    )
