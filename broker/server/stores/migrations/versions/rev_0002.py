"""The customer's page: what opens it, and who has opened it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Sessions that were granted before have no page."""
    op.create_table(
        "page_sign_ins",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_page_sign_ins"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_page_sign_ins_session_id_sessions"
        ),
    )
    op.add_column(
        "sessions", sa.Column("page_hash", sa.String(), nullable=False, server_default="")
    )
