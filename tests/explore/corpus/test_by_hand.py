"""Each application by a few requests: the faulty one does something else than the mended one, and healthy ones work."""

from __future__ import annotations

import pytest
from explored_app import FAULTY, HEALTHY, App, played
from explored_models import store_rows
from explored_runs import FAULTY_SAMPLE, HEALTHY_SAMPLE, close_what_is_open, each
from orders_app import ACCESS_FAULTS, FAULTS

from kailash_testkit import Kit
from kailash_testkit.explore.checks import CHECKS

pytestmark = pytest.mark.databases("sqlite")

ONLY_WHEN_WRITES_FAIL = ("failpoint-left-rows", "failpoint-ignored", "failpoint-hung")


@each([app for app in FAULTY if app.check not in ONLY_WHEN_WRITES_FAIL], FAULTY_SAMPLE)
async def test_a_fault_shows(kit: Kit, app: App) -> None:
    faulty = await played(kit, app, faulty=True)
    close_what_is_open()
    await kit.reset()
    await store_rows(kit)
    mended = await played(kit, app, faulty=False)
    assert mended[0] == [call.status for call in app.script]
    assert faulty != mended


@each(HEALTHY, HEALTHY_SAMPLE)
async def test_a_healthy_application_works(kit: Kit, app: App) -> None:
    statuses, _ = await played(kit, app, faulty=False)
    assert statuses == [call.status for call in app.script]


def test_there_are_enough() -> None:
    assert len(FAULTY) >= 40
    assert len(HEALTHY) >= 20
    names = [app.name for app in [*FAULTY, *HEALTHY]]
    assert len(set(names)) == len(names)


def test_the_sample_has_a_fault_for_each_check() -> None:
    of_sample = {app.check for app in FAULTY if app.name in FAULTY_SAMPLE}
    elsewhere = {"other-tenant"}  # tests/judge/test_tenants.py
    assert {*CHECKS} - of_sample - {*FAULTS.values(), *ACCESS_FAULTS.values()} == elsewhere
