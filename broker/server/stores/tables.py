"""The schema of the metadata: one for SQLite and, when there are many nodes, PostgreSQL.

Times are Unix seconds. Codes and tokens are kept as hashes only. A change here wants a migration.
"""

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, MetaData, String, Table, Text

schema = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

settings = Table(
    "settings",
    schema,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)

engineers = Table(
    "engineers",
    schema,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("created", Float, nullable=False),
)

sign_in_links = Table(
    "sign_in_links",
    schema,
    Column("token_hash", String, primary_key=True),
    Column("engineer_id", ForeignKey("engineers.id"), nullable=False),
    Column("expires", Float, nullable=False),
    Column("used", Float),
)

sign_ins = Table(
    "sign_ins",
    schema,
    Column("token_hash", String, primary_key=True),
    Column("engineer_id", ForeignKey("engineers.id"), nullable=False),
    Column("created", Float, nullable=False),
    Column("seen", Float, nullable=False),
)

cases = Table(
    "cases",
    schema,
    Column("id", String, primary_key=True),
    Column("title", String, nullable=False),
    Column("created", Float, nullable=False),
)

invitations = Table(
    "invitations",
    schema,
    Column("id", String, primary_key=True),
    Column("code_hash", String, nullable=False, unique=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False),
    Column("engineer_id", ForeignKey("engineers.id"), nullable=False),
    Column("created", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("used", Float),
)

sessions = Table(
    "sessions",
    schema,
    Column("id", String, primary_key=True),
    Column("invitation_id", ForeignKey("invitations.id"), nullable=False, unique=True),
    Column("token_hash", String, nullable=False),
    Column("mode", String, nullable=False),
    Column("away", String, nullable=False),
    Column("until", Float, nullable=False),
    Column("host_name", String, nullable=False),
    Column("host_user", String, nullable=False),
    Column("created", Float, nullable=False),
    Column("page_hash", String, nullable=False, server_default=""),  # of the page's view token
    Column("completed", Float),  # the host said that it ended and everything is held
    Column("imported", Float),  # when it was first taken in from a bundle
    # Presence as the broker last saw it, for commands that run beside it.
    Column("state", String, nullable=False),
    Column("state_since", Float, nullable=False),
    Column("state_detail", String, nullable=False),
    Index(None, "created"),
)

page_sign_ins = Table(
    "page_sign_ins",
    schema,
    Column("token_hash", String, primary_key=True),
    Column("session_id", ForeignKey("sessions.id"), nullable=False),
    Column("created", Float, nullable=False),
)

absences = Table(  # those that last, and that people were told of
    "absences",
    schema,
    Column("session_id", ForeignKey("sessions.id"), primary_key=True),
    Column("state", String, nullable=False),
    Column("since", Float, nullable=False),
)

deliveries = Table(
    "deliveries",
    schema,
    Column("id", String, primary_key=True),
    Column("webhook", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("session_id", ForeignKey("sessions.id"), nullable=False),
    Column("body", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("status", Integer),  # of the latest answer
    Column("error", String, nullable=False),
    Column("next", Float),  # when it is tried next; none: it is done
    Column("done", Float),
    Index(None, "webhook", "next"),
    Index(None, "created"),
)

keeps = Table(  # what is not to be deleted, and what was not
    "keeps",
    schema,
    Column("id", String, primary_key=True),
    Column("session_id", ForeignKey("sessions.id")),  # one of these two
    Column("case_title", String),
    Column("by", String, nullable=False),
    Column("why", Text, nullable=False),
    Column("since", Float, nullable=False),
    Column("released", Float),
    Column("released_by", String, nullable=False, server_default=""),
)
