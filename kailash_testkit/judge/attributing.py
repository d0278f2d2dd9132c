"""Whose changes are whose: those of each request, those of the test's own verbs, and others.

Decided by the journal's positions before and after each request, and by what the kit's verbs noted. Where positions
are not known nothing is alleged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kailash_testkit.asgi.timeline import TimedRequest
    from kailash_testkit.changes.net import Change
    from kailash_testkit.databases.journal import RecordedChange
    from kailash_testkit.models import Model
    from kailash_testkit.store.write_log import Write

Numbered = list[tuple[int, "Change"]]
"""Net changes, each with the number of the last request that had begun before it."""


@dataclass
class Attributed:
    """The changes of one database. by_request: None for a request whose changes are not known.

    recorded: each single one, of the requests where they are known.
    """

    seeded: Numbered = field(default_factory=list[tuple[int, "Change"]])
    outside: Numbered = field(default_factory=list[tuple[int, "Change"]])
    by_request: dict[TimedRequest, list[Change] | None] = field(default_factory=dict[Any, Any])
    recorded: dict[TimedRequest, list[RecordedChange]] = field(default_factory=dict[Any, Any])


def attributed(
    recorded: Sequence[RecordedChange],
    requests: Sequence[TimedRequest],
    writes: Counter[Write],
    models: Mapping[str, Model],
) -> Attributed:
    """Divides what was recorded in one database. requests: those of clients of its kits; writes: of these kits."""
    own: dict[int, list[RecordedChange]] = {}
    others: dict[int, list[RecordedChange]] = {}
    of_requests: dict[TimedRequest, list[RecordedChange]] = {each: [] for each in requests if is_known(each)}
    covering = {change.seq: [each for each in of_requests if each.covers(change.seq)] for change in recorded}
    # Those outside of requests first: of two updates of a row, the one within a request is the application's.
    verbs = {
        change.seq for change in sorted(recorded, key=lambda each: bool(covering[each.seq])) if _take(change, writes)
    }
    for change in recorded:
        began = [each.number for each in requests if each.first is not None and each.first < change.seq]
        if change.seq in verbs:
            own.setdefault(max(began, default=0), []).append(change)
        elif not covering[change.seq]:
            others.setdefault(max(began, default=0), []).append(change)
        else:
            for request in covering[change.seq]:
                of_requests[request].append(change)
    result = Attributed(_numbered(own, models), _numbered(others, models), recorded=of_requests)
    for request in requests:
        result.by_request[request] = _net(of_requests[request], models) if request in of_requests else None
    return result


def is_known(request: TimedRequest) -> bool:
    """Whether the journal's positions around a request are known, as far as it has come."""
    return request.first is not None and (request.last is not None or request.seconds is None)


def _take(change: RecordedChange, writes: Counter[Write]) -> bool:
    """Whether a verb of the kit made the change; it is taken off the count."""
    from kailash_testkit.store.write_log import write_of

    if len(change.key) != 1:
        return False
    write = write_of(change.kind, change.table, change.key[0])
    writes[write] -= 1
    return writes[write] >= 0


def _numbered(groups: Mapping[int, list[RecordedChange]], models: Mapping[str, Model]) -> Numbered:
    return [(number, change) for number, group in groups.items() for change in _net(group, models)]


def _net(recorded: Iterable[RecordedChange], models: Mapping[str, Model]) -> list[Change]:
    from kailash_testkit.changes.net import net_changes

    return [change for change in net_changes(recorded, models) if change.is_reported]
