"""What others may do to a database that the kit left on a PostgreSQL server: it is no longer provably the kit's then.

Each changes what is there and returns the name that the database has then.
"""

from __future__ import annotations

import json

from postgresql_role import Role


def renamed(role: Role, left: str) -> str:
    name = role.new_name("renamed")
    role.sql(f'ALTER DATABASE "{left}" RENAME TO "{name}"')
    return name


def copied(role: Role, left: str) -> str:
    name = role.new_name("copied")
    role.sql(f'CREATE DATABASE "{name}" TEMPLATE "{left}"')
    role.drop(left)
    return name


def copied_with_comment(role: Role, left: str) -> str:
    comment = role.comment(left)
    name = copied(role, left)
    role.sql(f"COMMENT ON DATABASE \"{name}\" IS '{comment}'")
    return name


def restored(role: Role, left: str) -> str:
    """As pg_restore --create does it: the same name, the same comment, another database."""
    comment = role.comment(left)
    role.drop(left)
    role.sql(f'CREATE DATABASE "{left}"', f"COMMENT ON DATABASE \"{left}\" IS '{comment}'")
    return left


def uncommented(role: Role, left: str) -> str:
    role.sql(f'COMMENT ON DATABASE "{left}" IS NULL')
    return left


def recommented(role: Role, left: str) -> str:
    role.sql(f"COMMENT ON DATABASE \"{left}\" IS 'made by kailash-testkit originally; now our data'")
    return left


def commented_further(role: Role, left: str) -> str:
    role.sql(f"COMMENT ON DATABASE \"{left}\" IS '{role.comment(left)} and now ours'")
    return left


def of_another_run(role: Role, left: str) -> str:
    return altered(role, left, run="kt0123456789")


def of_another_server(role: Role, left: str) -> str:
    return altered(role, left, server="7000000000000000000")


def altered(role: Role, left: str, **values: object) -> str:
    head, _, text = (role.comment(left) or "").partition(": ")
    role.sql(f"COMMENT ON DATABASE \"{left}\" IS '{head}: {json.dumps({**json.loads(text), **values})}'")
    return left


def made_a_template(role: Role, left: str) -> str:
    role.sql(f'ALTER DATABASE "{left}" IS_TEMPLATE true')
    return left


def closed(role: Role, left: str) -> str:
    role.sql(f'ALTER DATABASE "{left}" ALLOW_CONNECTIONS false')
    return left


CONTRADICTIONS = [
    (renamed, "renamed, from killed_kt"),
    (copied, "no marker"),
    (copied_with_comment, "written for another database; this is a copy"),
    (restored, "written for another database; this is a copy, or was made again from a dump"),
    (uncommented, "no marker"),
    (recommented, "its comment is none that the kit writes"),
    (commented_further, "its comment is none that the kit writes"),
    (of_another_run, "its marker is that of run kt0123456789"),
    (of_another_server, "written on another server"),
    (made_a_template, "it was made a template"),
    (closed, "closed to connections"),
]
"""Each, and what the kit says of it."""
