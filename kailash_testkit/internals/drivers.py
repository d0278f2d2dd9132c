"""The database drivers that DataFlow imports, and the extras of the kit that bring them."""

from __future__ import annotations

import re
from typing import Final

_EXTRAS: Final = {
    "psycopg2": "postgresql",
    "psycopg": "postgresql",
    "asyncpg": "postgresql",
    "aiomysql": "mysql",
    "pymysql": "mysql",
}
_OF_THE_KIT: Final = ("aiosqlite",)  # comes with the kit itself
_NAMES: Final = re.compile(rf"\b({'|'.join([*_EXTRAS, *_OF_THE_KIT])})\b", re.IGNORECASE)
_MISSING: Final = re.compile(
    r"no module named|import of \S+ halted|not installed|is required|requires the|pip install", re.IGNORECASE
)


def missing_driver(reason: str) -> str | None:
    """The driver whose absence an error's text tells of, whoever worded it; None for other texts."""
    found = _NAMES.search(reason)
    return found[1].lower() if found and _MISSING.search(reason) else None


def cure_of_missing_driver(driver: str) -> str:
    """What installs the driver."""
    extra = _EXTRAS.get(driver)
    return f"pip install 'kailash-testkit[{extra}]'" if extra else f"pip install {driver}"
