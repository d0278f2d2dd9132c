"""The checks by name, and which of them are switched on for which operation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from kailash_testkit.errors import ConfigurationError
from kailash_testkit.judge.findings import CHECKS as OF_THE_JUDGE
from kailash_testkit.text import closest_match, comma_join

_NOT_EXPLORED: Final = frozenset({"failpoint-broke"})

CHECKS: Final[Mapping[str, str]] = {
    **{name: text for name, text in OF_THE_JUDGE.items() if name not in _NOT_EXPLORED},
    "server-error": "a 5xx, or an exception of the application",
    "response-schema": "the body of a success does not fit its schema",
    "sent-not-stored": "a success, and a column holds something else than what was sent for it",
    "edge-not-kept": "the same for a value at the edge of what the database keeps",
    "not-found-after-create": "a row was created, and a GET of it says that it is not there",
    "not-listed-after-create": "a row was created, and the list does not show it, which shows it otherwise",
    "found-after-delete": "a row is gone, and a GET or the list still shows it",
    "changed-another-row": "an update or delete of one row did the same to others",
    "changed-unsent-column": "a PATCH reset a column that was not sent",
    "repeat-changed-more": "the same PUT or DELETE again changed more",
    "works-without-login": "rows are shown or changed without the credentials that others are asked for",
    "other-user": "a row of one user is shown to another, or changed by another",
}
"""The checks by name, and what each finds."""

EVERY_OPERATION: Final = "*"


@dataclass(frozen=True)
class Switches:
    """Which checks say something. skipped: by a pattern of operations, ``POST /orders``, ``GET /orders/*`` or ``*``."""

    on: frozenset[str]
    skipped: Sequence[tuple[str, frozenset[str]]] = ()

    def is_on(self, check: str, operation: str) -> bool:
        """Whether a check says something of an operation."""
        if check not in self.on:
            return False
        return not any(check in checks and matches(pattern, operation) for pattern, checks in self.skipped)


def switches(checks: Collection[str] | None, skip: Mapping[str, Collection[str]] | None) -> Switches:
    """What is on. checks: by name; None for all. Raises `ConfigurationError` for a name that is none."""
    skipped = [(pattern, frozenset(_each(names, f"skip[{pattern!r}]"))) for pattern, names in (skip or {}).items()]
    return Switches(frozenset(CHECKS if checks is None else _each(checks, "checks")), skipped)


def matches(pattern: str, operation: str) -> bool:
    """Whether an operation, ``GET /orders/{order_id}``, is of a pattern; without a method, of any."""
    if pattern == EVERY_OPERATION:
        return True
    method, _, path = pattern.strip().rpartition(" ")
    of_operation, _, own = operation.partition(" ")
    if method and not fnmatchcase(of_operation, method.strip().upper()):
        return False
    return own == path or fnmatchcase(own, path.replace("[", "[[]"))


def _each(names: Collection[str], where: str) -> Collection[str]:
    given = [names] if isinstance(names, str) else [*names]
    for name in given:
        if name not in CHECKS:
            guess = closest_match(name, CHECKS)
            raise ConfigurationError(
                f"{where}: there is no check {name!r}",
                do=f"did you mean {guess!r}?" if guess else f"the checks are {comma_join(CHECKS)}",
            )
    return given
