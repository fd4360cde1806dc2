"""The role `tocsin_read`: it may read the views of the schema of that name, and nothing else.

Not here: what they show (`migrations/0008_read_views.sql`), when this is done (`migrate.py`).
"""

from __future__ import annotations

import psycopg
from psycopg import errors, sql

ROLE = "tocsin_read"
"""May log in, but has no password until somebody gives it one: PostgreSQL then lets nobody in by password."""
SCHEMA = "tocsin_read"


def grant_reading(connection: psycopg.Connection) -> str:
    """Let the role read, and make it if there is none; safe to repeat.

    Gives what somebody with more rights has to run first, should this user not be allowed to make a role; else an empty text.
    """
    role = sql.Identifier(ROLE)
    if not _is_there(connection):
        try:
            with connection.transaction():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        except errors.InsufficientPrivilege:
            return f"CREATE ROLE {ROLE} LOGIN"
        except (errors.DuplicateObject, errors.UniqueViolation):
            pass  # a migration of another database of this server was quicker
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(SCHEMA), role))
    connection.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}").format(sql.Identifier(SCHEMA), role))
    return ""


def _is_there(connection: psycopg.Connection) -> bool:
    return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone() is not None
