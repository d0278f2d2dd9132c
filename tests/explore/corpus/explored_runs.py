"""Explorations of the corpus's applications."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import explored_faults_at_edges
import explored_faults_elsewhere
import explored_faults_in_changes
import explored_faults_in_orders
import explored_faults_in_reads
import explored_faults_of_access
import explored_healthy
import explored_healthy_later
import explored_healthy_rows
import pytest
from explored_app import FAULTY, App, in_words

from kailash_testkit import ApiClient, Kit

MODULES = (
    explored_faults_elsewhere,
    explored_faults_in_reads,
    explored_faults_at_edges,
    explored_faults_in_orders,
    explored_faults_in_changes,
    explored_faults_of_access,
    explored_healthy,
    explored_healthy_rows,
    explored_healthy_later,
)
"""Importing them fills `FAULTY` and `HEALTHY`."""

WHOLE = bool(os.environ.get("KAILASH_TESTKIT_CORPUS"))
"""All applications are tried, as ``make test-corpus`` asks for; otherwise a sample of them."""

QUICK = ("a_head_that_writes",)
"""Those of the sample that ``make test`` tries, too."""

FAULTY_SAMPLE = (
    *QUICK,
    "looks_at_no_result",
    "forgets_to_commit",
    "a_handler_that_leaves_half",
    "tries_for_ever",
    "conflict_after_the_write",
)
"""With the faults of `orders_app` one for each check; by FastAPI, Litestar and Nexus."""

HEALTHY_SAMPLE = ("notes_with_tokens", "nested_lines", "orders_behind_litestar", "orders_behind_nexus")
MENDED_SAMPLE = ("half_of_an_order", "a_list_that_ships")
WRITTEN_SAMPLE = (*QUICK, "a_handler_that_leaves_half", "shows_what_is_deleted")


def each(apps: Sequence[App], sample: Sequence[str]) -> pytest.MarkDecorator:
    """A test for each, slow but for the quick ones. sample: the names of those that are tried unless all are."""
    chosen = [app for app in apps if WHOLE or app.name in sample]
    slow = [pytest.param(app, id=app.name, marks=[] if app.name in QUICK else pytest.mark.slow) for app in chosen]
    return pytest.mark.parametrize("app", slow)


async def explored(kit: Kit, app: App, *, faulty: bool, **options: Any) -> Any:
    """What `kit.explore` says of an application. options: those that the application needs win."""
    application = app.build(kit.dataflow, faulty)
    try:
        async with ApiClient(application, kit=kit, raise_app_exceptions=False, timeout=20.0) as api:
            return await kit.explore(api, schema=app.schema(), **{**options, **app.options})
    finally:
        close(application)


def close(application: Any) -> None:
    """Closes a Nexus, and what an application left open on purpose."""
    if hasattr(application, "close"):
        application.close()
    close_what_is_open()


def close_what_is_open() -> None:
    """The connections of an application that forgets them."""
    while explored_faults_elsewhere.LEFT_OPEN:
        explored_faults_elsewhere.LEFT_OPEN.pop().close()


def is_found(app: App, exploration: Any) -> bool:
    """Whether the planted fault is among the findings, by its check and operation."""
    return any((each.check, each.operation) == (app.check, app.operation) for each in exploration.findings)


def others(app: App, exploration: Any) -> list[str]:
    """Findings that are not of the planted fault."""
    about = {app.check, *app.also}
    return [in_words(each) for each in exploration.findings if each.check not in about]


def the_finding(app: App, exploration: Any) -> Any:
    """The finding of the planted fault."""
    found = [each for each in exploration.findings if (each.check, each.operation) == (app.check, app.operation)]
    assert found, exploration.report()
    return found[0]


def _mended() -> list[App]:
    """One of each kind of mended application."""
    found: dict[str, App] = {}
    for app in FAULTY:
        found.setdefault(app.mended or app.name, app)
    return [*found.values()]


MENDED = _mended()
