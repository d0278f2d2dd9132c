"""What is tried beside the kit: plugins of pytest, libraries that change what tests see, and their modes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from recipes import code, options
from shop_project import TESTS

_HEAD: Final = """
import pytest
from kailash_testkit import Factory
from shop.models import Item, db

items = Factory(Item)
"""


@dataclass(frozen=True)
class Case:
    """One session beside the kit.

    package: the distribution under test, whose plugins are loaded; further: others that it needs.
    mode: what of it, for the table.
    tests: a module of tests that use it. files: further files of the project, or None for one that is left out.
    passed: how many tests pass. others: other outcomes that are due, such as ``{"rerun": 1}``.
    runs: the further arguments of each session. before: those of one that is run first, whatever comes of it.
    mark: the decorator of asynchronous tests. asyncio: whether pytest-asyncio is loaded.
    recipe: where ``docs/plugins.md`` has something to say, its heading.
    """

    package: str
    mode: str = ""
    arguments: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    tests: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    passed: int = TESTS
    others: Mapping[str, int] = field(default_factory=dict)
    further: tuple[str, ...] = ()
    runs: tuple[tuple[str, ...], ...] = ((),)
    before: tuple[str, ...] | None = None
    mark: str = ""
    asyncio: bool = True
    recipe: str = ""

    def __str__(self) -> str:
        return f"{self.package}, {self.mode}" if self.mode else self.package


_GROUPED = """
@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("turn", range(2))
async def test_in_a_group(api, turn):
    assert await items.count() == 0
    await items.create(name="left")
"""
_XDIST = [
    Case("pytest-xdist", f"--dist {mode}", ("-n", "2", "--dist", mode), tests=_GROUPED, passed=(TESTS + 2) * times)
    for mode, times in (("load", 1), ("loadscope", 1), ("loadfile", 1), ("loadgroup", 1), ("worksteal", 1), ("each", 2))
]

_RERUN = """
tries = []


async def test_the_second_try_starts_without_the_rows_of_the_first(kit, api):
    assert await items.count() == 0
    await api.expect(201).post("/items", json={"name": "left"})
    tries.append(1)
    assert len(tries) == 2
"""

_TIMED_OUT = """
import asyncio
import time


@pytest.mark.timeout(0.5)
async def test_that_hangs(kit):
    assert await items.count() == 0
    await items.create(name="left")
    await asyncio.sleep(30)


@pytest.mark.timeout(0.5)
def test_that_hangs_without_a_loop(kit, sync_api):
    assert items.count_sync() == 0
    sync_api.expect(201).post("/items", json={"name": "left"})
    time.sleep(30)


async def test_after_them(kit, api):
    assert (await api.expect(200).get("/items")).json() == []
"""

_MOCKED = """
async def test_a_spy_in_the_application(api, mocker):
    create = mocker.spy(db.express, "create")
    await api.expect(201).post("/items", json={"name": "posted"})
    create.assert_called_once_with("Item", {"name": "posted"})


def test_a_failure_in_the_application(sync_api, mocker):
    mocker.patch.object(db.express, "list", side_effect=LookupError("down"))
    with pytest.raises(LookupError, match="down"):
        sync_api.get("/items")
"""

_FEATURE = """
Feature: The shop
  Scenario: An item is posted
    Given an item tea
    When coffee is posted
    Then there are 2 items

  Scenario: Another is posted
    When cocoa is posted
    Then there are 1 items
"""

_CHECKED = """
from pytest_check import check


async def test_checks(api):
    await api.expect(201).post("/items", json={"name": "posted"})
    with check:
        assert await items.count() == 1
    check.equal((await items.find(name="posted")).name, "posted")
    check.equal(await items.count(), 2)
"""

_ENV = """
import os


async def test_the_variables_are_there(kit):
    assert os.environ["CURRENCY"] == "EUR"
    assert os.environ["DATABASE_URL"] != "sqlite:///development.db"
    await items.create()
"""

_NO_SOCKETS = """
import socket
from pytest_socket import SocketBlockedError

pytestmark = pytest.mark.filterwarnings("ignore:A test tried to use:UserWarning")  # that is how it says so, too


def test_sockets_are_refused():
    with pytest.raises(SocketBlockedError):
        socket.socket()


async def test_the_application_gets_nowhere(api):
    with pytest.raises(SocketBlockedError):
        await api.get("/price")
"""
_LOOPBACK_ONLY = """
import socket
from pytest_socket import SocketConnectBlockedError


@pytest.mark.filterwarnings("ignore:A test tried to use:UserWarning")  # that is how it says so, too
def test_other_hosts_are_refused():
    with socket.socket() as made, pytest.raises(SocketConnectBlockedError):
        made.connect(("203.0.113.1", 80))


def test_the_application_is_served(api):
    assert str(api.base_url).startswith("http://127.0.0.1:")
"""

_SYRUPY = """
async def test_a_response(api, snapshot):
    await api.expect(201).post("/items", json={"name": "posted"})
    assert [item["name"] for item in (await api.get("/items")).json()] == snapshot


def test_values_and_changes_are_the_same_each_time(kit, snapshot):
    with kit.changes() as changes:
        row = items.create_sync()
    assert (row.id, row.name) == snapshot
    assert str(changes) == snapshot
"""
_INLINE = """
from inline_snapshot import snapshot


async def test_a_response(api):
    await api.expect(201).post("/items", json={"name": "posted"})
    assert [item["name"] for item in (await api.get("/items")).json()] == snapshot()


def test_a_row(kit):
    row = items.create_sync()
    assert (row.id, row.name) == snapshot()
"""

_FROZEN = """
import datetime
{head}


async def test_time_stands_still(kit, api):
    with {freeze}:
        assert datetime.date.today() == datetime.date(2020, 1, 2)
        with kit.changes() as changes:
            await api.expect(201).post("/items", json={{"name": "posted"}})
            await api.expect(202).post("/orders", json={{"name": "ordered"}})
        assert len(changes.created(Item)) == 2


@pytest.fixture(scope="module")
def frozen():
    with {freeze}:
        yield


def test_for_a_module(frozen, sync_api):
    row = items.create_sync()
    assert items.get_sync(row.id) == row
    assert len(sync_api.expect(200).get("/items").json()) == 1
"""

_PROPERTIES = """
from hypothesis import given, settings, strategies as st

few = settings(max_examples=5, deadline=None, database=None)
names = st.text("abc", min_size=1, max_size=5)


@few
@given(name=names)
async def test_each_example_starts_clean(api, name):
    await api.expect(201).post("/items", json={"name": name})
    assert await items.count() == 1


@few
@given(name=names)
def test_without_a_loop(kit, name):
    items.create_sync(name=name)
    assert items.count_sync() == 1
"""

_DJANGO = """
import asyncio


@pytest.mark.django_db
def test_a_row_of_each(sync_api):
    from django.contrib.auth.models import Group

    assert Group.objects.count() == 0
    Group.objects.create(name="staff")
    items.create_sync(name="tea")
    assert len(sync_api.expect(200).get("/items").json()) == 1


@pytest.mark.django_db(transaction=True)
async def test_a_row_of_each_in_a_loop(api):
    from django.contrib.auth.models import Group

    assert await Group.objects.acount() == 0
    await Group.objects.acreate(name="staff")
    await items.create(name="tea")
    assert len((await api.expect(200).get("/items")).json()) == 1


def test_its_database_is_shut_and_the_kits_is_not(kit):
    from django.contrib.auth.models import Group

    with pytest.raises(RuntimeError, match="Database access not allowed"):
        Group.objects.count()
    assert items.count_sync() == 0
"""
_DJANGO_SETTINGS = """
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
USE_TZ = True
SECRET_KEY = "of a test"
"""

_AIOHTTP = """
from aiohttp import web


async def test_an_application_of_aiohttp(kit, aiohttp_client):
    async def created(request):
        await db.express.create("Item", await request.json())
        return web.json_response({}, status=201)

    app = web.Application()
    app.router.add_post("/items", created)
    client = await aiohttp_client(app)
    with kit.changes() as changes:
        response = await client.post("/items", json={"name": "posted"})
    assert response.status == 201
    changes.assert_only(items.created(name="posted"))
"""

_BACKEND = """
import pytest


@pytest.fixture
def anyio_backend():
    return "asyncio"
"""
_NO_ASYNCIO: Final[dict[str, object]] = {
    "asyncio_mode": None,
    "asyncio_default_fixture_loop_scope": None,
    "asyncio_default_test_loop_scope": None,
}
_FUNCTION_LOOPS: Final[dict[str, object]] = {
    "asyncio_default_fixture_loop_scope": "function",
    "asyncio_default_test_loop_scope": "function",
}

CASES: Final = [
    *(
        Case("pytest-asyncio", f"{mode}, loops of the {name}", settings={"asyncio_mode": mode, **scope}, mark=mark)
        for mode, mark in (("auto", ""), ("strict", "@pytest.mark.asyncio"))
        for name, scope in (("session", {}), ("function", _FUNCTION_LOOPS))
    ),
    Case(
        "anyio",
        "without pytest-asyncio",
        settings=_NO_ASYNCIO,
        mark="@pytest.mark.anyio",
        files={"tests/conftest.py": _BACKEND},
        asyncio=False,
    ),
    Case(
        "anyio",
        "beside pytest-asyncio, strict",
        settings={"asyncio_mode": "strict"},
        mark="@pytest.mark.anyio",
        files={"tests/conftest.py": _BACKEND},
    ),
    *_XDIST,
    Case("pytest-randomly", "three seeds", runs=tuple((f"--randomly-seed={seed}",) for seed in (1, 2, 3))),
    Case("pytest-rerunfailures", "--reruns 1", ("--reruns", "1"), tests=_RERUN, passed=TESTS + 1, others={"rerun": 1}),
    Case(
        "pytest-timeout",
        "signal",
        settings=options("pytest-timeout"),
        tests=_TIMED_OUT,
        passed=TESTS + 1,
        others={"failed": 2},
        recipe="pytest-timeout",
    ),
    Case("pytest-timeout", "thread", ("--timeout=60", "--timeout-method=thread"), recipe="pytest-timeout"),
    Case("pytest-cov", "", ("--cov=shop", "--cov-report=", "--cov-fail-under=80")),
    Case("pytest-mock", tests=_MOCKED, passed=TESTS + 2),
    Case(
        "pytest-bdd",
        tests=code("pytest-bdd"),
        files={"tests/shop.feature": _FEATURE},
        passed=TESTS + 2,
        recipe="pytest-bdd",
    ),
    Case("pytest-check", tests=_CHECKED, others={"failed": 1}),
    Case("pytest-html", "", ("--html=report.html", "--self-contained-html"), further=("pytest-metadata",)),
    Case("pytest-sugar"),
    Case(
        "pytest-env",
        settings=options("pytest-env"),
        tests=_ENV,
        passed=TESTS + 1,
        recipe="pytest-env",
    ),
    Case(
        "pytest-socket",
        "--disable-socket",
        settings=options("pytest-socket"),
        tests=_NO_SOCKETS,
        passed=TESTS + 2,
        recipe="pytest-socket",
    ),
    Case(
        "pytest-socket",
        "--testkit-live",
        ("--allow-hosts=127.0.0.1", "--testkit-live"),
        tests=_LOOPBACK_ONLY,
        passed=TESTS + 2,
        further=("uvicorn",),
        recipe="pytest-socket",
    ),
    *(
        Case(package, mode, (mode,) if mode else (), tests=tests, passed=TESTS + count, further=needs, recipe="mocks")
        for package, tests, count in ((name, code(name, "outgoing_calls.md"), 3) for name in ("pytest-httpx", "respx"))
        for mode, needs in (("", ()), ("--testkit-live", ("uvicorn",)))
    ),
    Case("syrupy", tests=_SYRUPY, passed=TESTS + 2, before=("--snapshot-update",)),
    Case("inline-snapshot", tests=_INLINE, passed=TESTS + 2, before=("--inline-snapshot=create",)),
    Case(
        "freezegun",
        tests=_FROZEN.format(
            head="from freezegun import freeze_time", freeze='freeze_time("2020-01-02", real_asyncio=True)'
        ),
        passed=TESTS + 2,
        recipe="freezegun",
    ),
    Case(
        "time-machine",
        tests=_FROZEN.format(head="import time_machine", freeze='time_machine.travel("2020-01-02 00:00Z", tick=False)'),
        passed=TESTS + 2,
    ),
    Case("hypothesis", tests=_PROPERTIES, passed=TESTS + 2),
    Case(
        "pytest-django",
        settings={"DJANGO_SETTINGS_MODULE": "web_settings"},
        tests=_DJANGO,
        files={"web_settings.py": _DJANGO_SETTINGS},
        passed=TESTS + 3,
        further=("django",),
        recipe="pytest-django",
    ),
    Case("pytest-aiohttp", tests=_AIOHTTP, passed=TESTS + 1),
]


def module_of(case: Case) -> dict[str, str]:
    """The tests of a case, as a file of the project."""
    return {"tests/test_plugin.py": _HEAD + case.tests} if case.tests else {}
