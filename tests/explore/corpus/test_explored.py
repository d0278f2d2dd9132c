"""Each planted fault is found, made small, and shown by the test that is written; healthy ones are left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from explored_app import FAULTY, HEALTHY, App
from explored_runs import (
    FAULTY_SAMPLE,
    HEALTHY_SAMPLE,
    MENDED,
    MENDED_SAMPLE,
    WRITTEN_SAMPLE,
    each,
    explored,
    is_found,
    others,
    the_finding,
)
from inner_session import Outcome, Project

from kailash_testkit import Kit

pytestmark = [
    pytest.mark.databases("sqlite"),
    # DataFlow forgets a connection on which a write was refused.
    pytest.mark.filterwarnings("ignore:.*was deleted before being closed:ResourceWarning"),
]

LIMITS = {"seconds": 300.0, "requests": 700}
"""By requests, so that a busy machine changes nothing; `compare_schemathesis.py` tells how long each takes."""
UNREACHED = {"projects_behind_a_login": ["POST /login"], "uploads": ["POST /papers/upload"]}
"""A password cannot be guessed, and no file is made up."""
HERE = Path(__file__).resolve().parent


@each(FAULTY, FAULTY_SAMPLE)
async def test_a_fault_is_found(kit: Kit, app: App) -> None:
    exploration = await explored(kit, app, faulty=True, **LIMITS)
    assert is_found(app, exploration), exploration.report()
    assert others(app, exploration) == []
    if app.small is not None:
        body = the_finding(app, exploration).script[-1]["body"]
        assert app.small(body), body


@each(HEALTHY, HEALTHY_SAMPLE)
async def test_nothing_is_said_of_a_healthy_application(kit: Kit, app: App) -> None:
    exploration = await explored(kit, app, faulty=False, **LIMITS)
    assert exploration.findings == [], exploration.report()
    assert [facts.operation for facts in exploration.unreached()] == UNREACHED.get(app.name, [])


@each(MENDED, MENDED_SAMPLE)
async def test_nothing_is_said_of_a_mended_application(kit: Kit, app: App) -> None:
    exploration = await explored(kit, app, faulty=False, **LIMITS)
    assert exploration.findings == [], exploration.report()


# --- the test that is written -----------------------------------------------------------------------------

LOGIN = """
async def {name}(api):
    return {headers!r}
"""


@pytest.mark.slow
@each(FAULTY, WRITTEN_SAMPLE)
async def test_the_test_fails_until_the_fault_is_mended(kit: Kit, project: Project, app: App) -> None:
    exploration = await explored(kit, app, faulty=True, **LIMITS, checks=[app.check])
    fault = the_finding(app, exploration)
    await kit.store.workflows.close()
    faulty = session(project, app, fault, is_faulty=True)
    assert faulty.result.ret == pytest.ExitCode.TESTS_FAILED
    mended = session(project, app, fault, is_faulty=False)
    assert mended.result.ret == pytest.ExitCode.OK


def session(project: Project, app: App, fault: Any, *, is_faulty: bool) -> Outcome:
    """A session with the test that was written, on the application with the fault or without."""
    from kailash_testkit.explore.reproducing import module_of

    logins = {name: LOGIN.format(name=name, headers=app.options.get(name)) for name in ("login", "as_other")}
    folders = [str(HERE), *(str(HERE.parents[1] / name) for name in ("judge", ""))]
    project.shop()
    project.write(
        {
            "shop/__init__.py": f"import sys\nsys.path += {json.dumps(folders)}\n",
            "shop/models.py": _MODELS,
            "shop/api.py": _API.format(name=app.name, is_faulty=is_faulty),
            "conftest.py": _CONFTEST,
            "tests/test_found.py": module_of([fault], logins),
        }
    )
    return project.run("tests")


_MODELS = """
    import os
    from dataflow import DataFlow
    from explored_models import register_models

    db = DataFlow(os.environ["DATABASE_URL"], cache_enabled=False)
    register_models(db)
"""
_API = """
    import explored_runs
    from explored_app import FAULTY
    from shop.models import db

    app = next(app for app in FAULTY if app.name == {name!r}).build(db, {is_faulty})
"""
_CONFTEST = """
    import pytest

    @pytest.fixture(autouse=True)
    async def _rows(kit):
        from explored_models import store_rows
        await store_rows(kit)
"""
