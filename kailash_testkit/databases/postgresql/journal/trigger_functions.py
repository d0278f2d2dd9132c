"""The functions that the journal's triggers call, each for tables whose columns follow the same settings.

PostgreSQL writes some types as text by settings of the session, which are the application's here. A function asks only
for those that its table's columns follow, and sets them only where they differ from the journal's.
"""

from __future__ import annotations

from typing import Final

from kailash_testkit.databases.postgresql.connection import OWN_SCHEMA, TEXT_SETTINGS
from kailash_testkit.databases.postgresql.journal.catalog import Table

JOURNAL: Final = f"{OWN_SCHEMA}.journal"
RECORD_TRUNCATE: Final = f"{OWN_SCHEMA}.record_truncate"
#: While this is on in a session, nothing is recorded: an undo by `quick_undo` checks itself what it does.
QUIET: Final = f"{OWN_SCHEMA}.quiet"
_RECORD: Final = f"{OWN_SCHEMA}.record"
_EXACT_TEXT: Final = f"{OWN_SCHEMA}.exact_text"

_FIXED: Final = frozenset((16, 18, 19, 20, 21, 23, 25, 26, 114, 1042, 1043, 1700, 2950, 3802))
_FIXED_ARRAYS: Final = frozenset((199, 1000, 1005, 1007, 1009, 1014, 1015, 1016, 1028, 1231, 2951, 3807))
_REALS: Final = frozenset((700, 701, 1021, 1022))
_TIMES: Final = frozenset((1082, 1083, 1114, 1184, 1266, 1115, 1182, 1183, 1185, 1270))
# Which values of a setting write the same text as the journal's own.
_SAME: Final = {
    "DateStyle": ("ISO, MDY", "ISO, DMY", "ISO, YMD"),
    "TimeZone": ("UTC", "Etc/UTC", "GMT"),
    "extra_float_digits": ("1", "2", "3"),
}
_OF_REALS: Final = ("extra_float_digits",)
_OF_TIMES: Final = ("DateStyle", "TimeZone")
# The functions, by how their names end, with the settings that the columns' types follow.
_KINDS: Final[dict[str, tuple[str, ...]]] = {
    "": tuple(TEXT_SETTINGS),
    "_fixed": (),
    "_reals": _OF_REALS,
    "_times": _OF_TIMES,
    "_reals_times": (*_OF_REALS, *_OF_TIMES),
}


def _is_same(setting: str) -> str:
    values = ", ".join(f"'{value}'" for value in _SAME.get(setting, (TEXT_SETTINGS[setting],)))
    return f"pg_catalog.current_setting('{setting}') IN ({values})"


def _function(ending: str, settings: tuple[str, ...]) -> str:
    usual = " AND ".join(
        [f"pg_catalog.current_setting('{QUIET}', true) IS DISTINCT FROM 'on'", *map(_is_same, settings)]
    )
    return f"""
    CREATE OR REPLACE FUNCTION {_RECORD}{ending}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
      IF {usual} THEN
        INSERT INTO {JOURNAL} (source, old, new) VALUES (TG_ARGV[0]::int, OLD::text, NEW::text);
      ELSIF pg_catalog.current_setting('{QUIET}', true) IS DISTINCT FROM 'on' THEN
        INSERT INTO {JOURNAL} (source, old, new)
        VALUES (TG_ARGV[0]::int, {_EXACT_TEXT}(OLD), {_EXACT_TEXT}(NEW));
      END IF;
      RETURN NULL;
    END$$;"""


_SET: Final = " ".join(f"SET {name} = '{value}'" for name, value in TEXT_SETTINGS.items())
#: Makes the functions again, whatever was done to them.
FUNCTIONS: Final = f"""
    CREATE EXTENSION IF NOT EXISTS plpgsql;
    CREATE OR REPLACE FUNCTION {_EXACT_TEXT}(row_written record) RETURNS text LANGUAGE plpgsql {_SET} AS $$BEGIN
      RETURN row_written::text;
    END$$;
    GRANT EXECUTE ON FUNCTION {_EXACT_TEXT} TO PUBLIC;
    {"".join(_function(ending, settings) for ending, settings in _KINDS.items())}
    CREATE OR REPLACE FUNCTION {RECORD_TRUNCATE}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {_SET} AS $$BEGIN
      IF row_security_active(TG_RELID) THEN
        INSERT INTO {JOURNAL} (source) VALUES (TG_ARGV[0]::int);
        RETURN NULL;
      END IF;
      EXECUTE format('INSERT INTO {JOURNAL} (source, old) SELECT %s, (t.*)::text FROM ONLY %I.%I t',
                     TG_ARGV[0], TG_TABLE_SCHEMA, TG_TABLE_NAME);
      RETURN NULL;
    END$$;
"""
#: Drops them with the triggers that call them.
DROP_FUNCTIONS: Final = "".join(
    f"DROP FUNCTION IF EXISTS {name} CASCADE; "
    for name in (*(f"{_RECORD}{ending}" for ending in _KINDS), RECORD_TRUNCATE, _EXACT_TEXT)
)


def recording_function(table: Table) -> str:
    """The function that records the table's rows."""
    types = {column.type for column in table.columns} - _FIXED - _FIXED_ARRAYS
    if types - _REALS - _TIMES:
        return _RECORD
    ending = "_reals" * bool(types & _REALS) + "_times" * bool(types & _TIMES)
    return f"{_RECORD}{ending or '_fixed'}"
