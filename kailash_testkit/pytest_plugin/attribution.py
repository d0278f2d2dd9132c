"""What was recorded in a database since a test began, and whose it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kailash_testkit.judge.attributing import Attributed, attributed

if TYPE_CHECKING:
    from kailash_testkit.asgi.timeline import TimedRequest
    from kailash_testkit.databases.journal import RecordedChange
    from kailash_testkit.kit import Kit
    from kailash_testkit.models import Model
    from kailash_testkit.store.write_log import Write


@dataclass(frozen=True)
class Attribution:
    """Of one database. requests: those of clients of its kits. models: by table."""

    requests: Sequence[TimedRequest]
    models: Mapping[str, Model]
    recorded: Sequence[RecordedChange]
    divided: Attributed


def on_each_database(kits: Sequence[Kit]) -> list[list[Kit]]:
    """The kits by the database that they are on."""
    groups = {id(kit.sandbox): [other for other in kits if other.sandbox is kit.sandbox] for kit in kits}
    return [*groups.values()]


def attribution(kits: Sequence[Kit]) -> Attribution:
    """Of the database that all of these kits are on."""
    models = {table: model for kit in reversed(kits) for table, model in kit.store.models_by_table().items()}
    writes: Counter[Write] = Counter()
    for kit in kits:
        writes += kit.store.own_writes.counted()
    requests = [request for kit in kits for request in kit.timeline]
    recorded = kits[0].sandbox.written()
    return Attribution(requests, models, recorded, attributed(recorded, requests, writes, models))
