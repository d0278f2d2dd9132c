"""Changes as the code of the expectations that they meet: minimal, and the same in each run.

What varies from run to run is no literal: ids come from variables where one is in scope, a moment of now, a UUID, a
random token and a secret are left out, or are ``ANY`` where an update has to name the column. What is suggested was
tried: it is met by the changes.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final, cast
from unittest.mock import ANY
from uuid import UUID

from kailash_testkit.changes.expectations import ANY_ID, Expectation
from kailash_testkit.changes.matching import matched
from kailash_testkit.changes.net import TENANT, Change, Kind
from kailash_testkit.changes.scope import Scope
from kailash_testkit.models.model import MANAGED, TOMBSTONE
from kailash_testkit.models.rows import Row
from kailash_testkit.redaction import fields

MOST: Final = 10
"""Expectations that are written."""
_LONGEST: Final = 500  # characters of one value
_SOON: Final = timedelta(days=2)
_RANDOM: Final = re.compile(
    r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}"  # a UUID, within a longer text as well
    r"|(?<!\w)(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{20,}(?!\w)"
)
_IMPORTED: Final = "created", "updated", "deleted"


@dataclass(frozen=True)
class Suggestion:
    """Code of an expectation, and the expectation itself. names: what the code has to import."""

    code: str
    expectation: Expectation
    names: frozenset[str]


def suggested(change: Change, scope: Scope, tenant: str | None = None) -> Suggestion:
    """An expectation that the change meets. tenant: the active one, for models whose rows belong to one."""
    row = cast("Row", change.after or change.before)
    kind: Kind = "updated" if change.soft and change.reported_columns else change.kind
    named: dict[str, str] = {}
    owner = row.as_dict().get(TENANT)
    if tenant is not None and owner is not None and owner != tenant:
        named[TENANT] = _quoted(str(owner))
    shown = fields(row.as_dict(), change.model)
    for name in _columns(change, kind, tenant):
        value = row.as_dict().get(name)
        code = _value(name, value, scope) if shown.get(name) == value else None  # a secret is shown as something else
        if kind == "created" and (value is None or code is None):
            continue
        named[name] = code or "ANY"
    row_id = scope.id_of(change.model, change.id, row)
    if kind == "created":
        known = row_id or (_literal(change.id, scope) if isinstance(change.id, str) else None)
        named = {**({"id": known} if known is not None and "id" in row else {}), **named}
    first = [] if kind == "created" else [row_id or _literal(change.id, scope) or repr(change.id)]
    values = {name: ANY if code == "ANY" else row.as_dict()[name] for name, code in named.items()}
    expectation = Expectation(kind, change.model, ANY_ID if kind == "created" else change.id, values)
    head, names = _head(kind, change.model, scope)
    arguments = [*head[1], *first, *(f"{name}={code}" for name, code in named.items() if name.isidentifier())]
    needed = names | ({"ANY"} if "ANY" in named.values() else set[str]())
    return Suggestion(f"{head[0]}({', '.join(arguments)})", expectation, frozenset(needed))


def suggestion(changes: Sequence[Change], scope: Scope, ledger: object, tenant: str | None) -> list[str]:
    """Lines to paste; none where nothing changed, or where no expectation can be written that is met."""
    reported = [change for change in changes if change.is_reported][:MOST]
    found = [suggested(change, scope, tenant) for change in reported]
    if not found or len(matched([each.expectation for each in found], reported)) < len(found):
        return []
    more = sum(change.is_reported for change in changes) - len(found)
    lines = [
        *imports(found, scope),
        f"{scope.name_of(ledger) or 'changes'}.assert_only(",
        *(f"    {each.code}," for each in found),
        *([f"    # ... and {more} more"] if more else []),
        ")",
    ]
    return ["if all of this is right, expect it:", *(f"  {line}" for line in lines)]


def imports(found: Sequence[Suggestion], scope: Scope) -> list[str]:
    """The import statements that the code needs and the module lacks."""
    needed = {name for each in found for name in each.names if not scope.has(name)}
    ours = [name for name in _IMPORTED if name in needed]
    lines = [f"from kailash_testkit import {', '.join(ours)}"] if ours else []
    return [*(["from unittest.mock import ANY"] if "ANY" in needed else []), *lines]


def _columns(change: Change, kind: Kind, tenant: str | None) -> list[str]:
    """Those that an expectation of that kind is to name."""
    if kind == "deleted":
        return []
    quiet = {*MANAGED, *(("id",) if kind == "created" else ()), *((TENANT,) if tenant is not None else ())}
    return [name for name in change.columns if name not in quiet]


def _head(kind: Kind, model: str, scope: Scope) -> tuple[tuple[str, list[str]], set[str]]:
    """What is called, its first arguments, and what that has to import."""
    factory = scope.factory_of(model)
    if factory is not None:
        return (f"{factory}.{kind}", []), set()
    return (kind, [scope.class_of(model) or _quoted(model)]), {kind}


def _value(name: str, value: object, scope: Scope) -> str | None:
    """The value as code; None for what differs in each run."""
    if value is None:
        return "None"
    if name == TOMBSTONE:
        return None
    stem = name.removesuffix("_id")
    if stem != name:
        other = scope.id_of(stem, value)
        if other is not None:
            return other
    return _literal(value, scope)


def _literal(value: object, scope: Scope) -> str | None:
    code = _written(value, scope)
    return code if code is not None and len(code) <= _LONGEST else None


def _written(value: object, scope: Scope) -> str | None:
    if isinstance(value, enum.Enum):
        member = scope.member(value)
        return member or (repr(value.value) if isinstance(value, str | int | float) else None)
    if isinstance(value, str):
        return None if _RANDOM.search(value) or _is_now_in_text(value) else _quoted(value)
    if value is None or isinstance(value, bool | int | bytes):
        return repr(value)
    if isinstance(value, float):
        return repr(value) if value == value and abs(value) != float("inf") else None
    if isinstance(value, datetime | date | Decimal | UUID):
        return _named(value, scope)
    if isinstance(value, Mapping):
        entries = {key: _written(entry, scope) for key, entry in cast("Mapping[object, object]", value).items()}
        if None in entries.values():
            return None
        return "{" + ", ".join(f"{_written(key, scope)}: {code}" for key, code in entries.items()) + "}"
    if isinstance(value, list):
        items = [_written(item, scope) for item in cast("list[object]", value)]
        return None if None in items else f"[{', '.join(cast('list[str]', items))}]"
    return None


def _quoted(text: str) -> str:
    """As ruff and black write it."""
    shown = repr(text)
    return f'"{shown[1:-1]}"' if shown[0] == "'" and '"' not in text else shown


def _named(value: datetime | date | Decimal | UUID, scope: Scope) -> str | None:
    """A value by the name of its class, where that is in scope."""
    if isinstance(value, UUID) or (isinstance(value, date) and _is_now(value)):
        return None
    name = type(value).__name__
    return repr(value).rpartition("datetime.")[2] if scope.has(name) else None


def _is_now_in_text(text: str) -> bool:
    try:
        return _is_now(datetime.fromisoformat(text))
    except ValueError:
        return False


def _is_now(moment: date) -> bool:
    now = datetime.now(UTC).replace(tzinfo=None)
    there = moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day)
    return abs(there.replace(tzinfo=None) - now) < _SOON


class Recorded:
    """A change for a snapshot to be compared with: its ``repr`` is code, and it equals an expectation that it meets."""

    def __init__(self, change: Change, code: str) -> None:
        self.change = change
        self.code = code

    @classmethod
    def of(cls, change: Change, scope: Scope, tenant: str | None) -> Recorded:
        """That of a change."""
        return cls(change, suggested(change, scope, tenant).code)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Recorded):
            return self.change == other.change
        return isinstance(other, Expectation) and not other.problems(self.change)

    def __hash__(self) -> int:
        return hash((self.change.kind, self.change.model))

    def __repr__(self) -> str:
        return self.code
