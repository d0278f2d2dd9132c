"""What a project takes for right: checks that are off, routes, tables and columns that are left out.

Some is left out by itself, since it is right nearly everywhere: rows that are added to a log (`LOGS`) by a refusal or a
read, and columns that note it (`NOTES`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from kailash_testkit.changes.net import Change
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.judge.findings import CHECKS
from kailash_testkit.text import closest_match, comma_join, folded

LOGS: Final = frozenset(
    [
        "audit",
        "audits",
        "log",
        "logs",
        "attempt",
        "attempts",
        "throttle",
        "throttles",
        "trace",
        "traces",
        "metric",
        "metrics",
        "cache",
        "caches",
    ]
)
"""Words in the names of models whose rows note what was tried."""
NOTES: Final = re.compile(
    r"last_(seen|active|activity|login|logged|used|access|accessed|attempt|failed|request|visit)(_\w+)?"
    r"|\w*(failed|login|access)_(attempt|login|count)\w*|(login_|failed_)?attempts|locked(_until|_at)?"
    r"|(view|visit|hit|access|read)(s|_count|_at)|viewed_at|seen(_at)?|accessed_at"
)
"""Columns that note that somebody looked, or tried."""

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ADDS_TO_LOGS: Final = frozenset({"refusal-wrote", "read-wrote"})


@dataclass(frozen=True)
class Allowance:
    """One thing that a check leaves out. subject: a route, a model or table, or ``Model.column``; "" for all."""

    check: str
    subject: str = ""


class Allowances:
    """All that is left out."""

    def __init__(self, allowed: Iterable[Allowance] = ()) -> None:
        self._allowed = tuple(allowed)

    def __add__(self, other: Allowances) -> Allowances:
        return Allowances((*self._allowed, *other._allowed))

    def is_off(self, check: str, route: str) -> bool:
        """Whether the check says nothing of a route. route: ``POST /orders/{order_id}``, as it is grouped."""
        return any(subject == "" or ("/" in subject and _is_route(subject, route)) for subject in self._of(check))

    def leave_out(self, check: str, route: str, models: Sequence[str]) -> bool:
        """Whether a finding is left out: by its route, or since all models that it is about are."""
        return self.is_off(check, route) or self._are_allowed(check, models)

    def _are_allowed(self, check: str, models: Sequence[str]) -> bool:
        subjects = [subject for subject in self._of(check) if subject and "/" not in subject]
        return bool(models) and all(any(_names(subject, model) for subject in subjects) for model in models)

    def unallowed(self, check: str, changes: Iterable[Change]) -> list[Change]:
        """The changes that the check is about: without those of tables and columns that are left out."""
        return [change for change in changes if not self._allows(check, change)]

    def _allows(self, check: str, change: Change) -> bool:
        subjects = [subject for subject in self._of(check) if subject and "/" not in subject]
        columns = {column for subject in subjects for column in _column_of(subject, change)}
        if any(_names(subject, change.model) for subject in subjects):
            return True
        if check in _ADDS_TO_LOGS:
            if change.kind == "created" and is_log(change.model):
                return True
            columns |= {name for name in change.reported_columns if NOTES.fullmatch(name)}
        return change.kind == "updated" and set(change.reported_columns) <= columns

    def _of(self, check: str) -> list[str]:
        return [each.subject for each in self._allowed if each.check == check]


def is_log(model: str) -> bool:
    """Whether a model, or table, notes what was tried, by its name: ``AuditEntry``, ``login_attempts``."""
    words = [word.lower() for word in _WORDS.findall(model)]
    return not LOGS.isdisjoint(words) or ("rate" in words and not {"limit", "limits"}.isdisjoint(words))


def parsed(lines: Iterable[str], setting: str) -> Allowances:
    """Allowances in lines ``check: subject, subject``; a check alone is off. Raises `ConfigurationError`.

    setting: where they stand, for messages.
    """
    return Allowances(each for line in lines for each in _parsed(line, setting))


def _parsed(line: str, setting: str) -> Sequence[Allowance]:
    check, _, subjects = (part.strip() for part in line.partition(":"))
    if check not in CHECKS:
        guess = closest_match(check, CHECKS)
        raise ConfigurationError(
            f"{setting}: there is no check {check!r}",
            do=f"did you mean {guess!r}?" if guess else f"the checks are {comma_join(CHECKS)}",
        )
    if ":" in line and not subjects:
        raise ConfigurationError(
            f"{setting} = {line!r}",
            why="nothing stands behind the colon",
            do=f"name routes, tables or columns, as {check}: POST /login, AuditLog, User.last_seen; "
            f"{check} alone switches the check off",
        )
    return [Allowance(check, subject.strip()) for subject in subjects.split(",")] if subjects else [Allowance(check)]


def _is_route(subject: str, route: str) -> bool:
    """Whether a pattern, ``POST /orders/*``, is of the route; the names of parameters do not matter."""
    method, _, path = subject.rpartition(" ")
    of_route, _, route_path = route.partition(" ")
    return (not method or method.upper() == of_route) and fnmatchcase(
        _bare(route_path), _bare(path).replace("[", "[[]")
    )


def _bare(path: str) -> str:
    """A path in which all parameters have the same name."""
    return re.sub(r"\{[^}]*\}", "{}", path).rstrip("/")


def _names(subject: str, model: str) -> bool:
    """Whether a setting names a model: by its own name, or by its table's, in one number or the other."""
    return folded(subject) in {folded(model), folded(model) + "s"} or folded(subject) + "s" == folded(model)


def _column_of(subject: str, change: Change) -> list[str]:
    model, dot, column = subject.rpartition(".")
    return [column] if dot and (model == "*" or _names(model, change.model)) else []
