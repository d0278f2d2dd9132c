"""The names of private databases: they say which run made them, and look like nobody else's."""

from __future__ import annotations

import re
import secrets
from typing import Final

from kailash_testkit.errors import ConfigurationError

LONGEST_STEM: Final = 30  # characters; names have at most 63 bytes on PostgreSQL
_OURS: Final = re.compile(r"[\w-]{1,30}_(?P<run>kt[0-9a-f]{10})(_[\w-]+)?")


def checked_stem(name: str) -> str:
    """The setting ``testkit_database_name``. Raises `ConfigurationError` when no name can begin with it."""
    if not name.replace("_", "").replace("-", "").isalnum() or len(name) > LONGEST_STEM:
        raise ConfigurationError(
            f"testkit_database_name = {name!r}",
            do=f"use letters, digits, '_' and '-' only, at most {LONGEST_STEM}",
        )
    return name


def new_run() -> str:
    """A name for a run that no other run has, on any machine."""
    return f"kt{secrets.token_hex(5)}"


def database_name(stem: str, run: str, worker: str | None) -> str:
    """The name of one process's database.

    >>> database_name("shop", "kt0a1b2c3d4e", "gw1")
    'shop_kt0a1b2c3d4e_gw1'
    """
    return "_".join(part for part in (stem, run, worker) if part)


def may_be_ours(name: str) -> bool:
    """Whether a database's name has the form of those that the kit gives.

    >>> may_be_ours("shop_kt0a1b2c3d4e_gw1"), may_be_ours("shop")
    (True, False)
    """
    return _OURS.fullmatch(name) is not None


def run_of(name: str) -> str | None:
    """The run that a database of that name belongs to; None for a name that the kit does not give.

    >>> run_of("shop_kt0a1b2c3d4e_gw1"), run_of("shop")
    ('kt0a1b2c3d4e', None)
    """
    found = _OURS.fullmatch(name)
    return None if found is None else found["run"]
