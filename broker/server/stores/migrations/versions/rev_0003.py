"""Telling people: what is on its way to webhooks, and which absences they know of."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Absences that last already are no news."""
    op.create_table(
        "absences",
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_absences"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_absences_session_id_sessions"
        ),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("webhook", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("next", sa.Float()),
        sa.Column("done", sa.Float()),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_deliveries_session_id_sessions"
        ),
    )
    op.create_index("ix_deliveries_webhook", "deliveries", ["webhook", "next"])
    op.create_index("ix_deliveries_created", "deliveries", ["created"])
    op.execute(
        "INSERT INTO absences (session_id, state, since) SELECT id, state, state_since"
        " FROM sessions WHERE completed IS NULL"
        " AND state IN ('away', 'disconnected', 'link-lost', 'recorder-lost')"
    )
