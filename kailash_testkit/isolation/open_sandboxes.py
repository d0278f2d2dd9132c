"""Which databases are open: one sandbox for each, shared by the kits of several DataFlow instances on it."""

from __future__ import annotations

from typing import Any, Final

from kailash_testkit.databases import open_database
from kailash_testkit.internals.dataflow import url_of
from kailash_testkit.internals.dataflow_instances import choose
from kailash_testkit.isolation.sandbox import Claim, Sandbox

_by_database: Final[dict[str, Sandbox]] = {}


def enter(dataflow: Any, claim: Claim, *, verify: bool) -> Sandbox:
    """The sandbox of the instance's database, opened if no other kit has it open.

    Raises `UnsafeDatabase` for one that the kit may not change.
    """
    database = open_database(url_of(dataflow))
    choose(dataflow)  # whoever enters has chosen the instance, and the claim judges its database
    sandbox = _by_database.get(database.identity)
    if sandbox is None:
        sandbox = Sandbox(database, verify=verify)
        try:
            sandbox.open(dataflow, claim)
        except BaseException:
            sandbox.close()
            raise
        _by_database[database.identity] = sandbox
    else:
        database.close()
        sandbox.add_tables(dataflow)
    sandbox.instances.join(dataflow)
    return sandbox


def leave(sandbox: Sandbox, dataflow: Any) -> None:
    """A kit is done; with the last one the kit's connections to the database are closed."""
    if sandbox.instances.part(dataflow):
        _by_database.pop(sandbox.database.identity, None)
        sandbox.close()
