"""Sessions on databases of a server: the same as on SQLite, and nothing is left of them, however they end."""

from __future__ import annotations

import random
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from database_kinds import kinds_of
from inner_session import Project
from server_runs import GivenServers, GivenUrl, available, children_of, processes_of, wait_for_the_end_of
from soak import SOAK

from kailash_testkit.command_line.main import main
from kailash_testkit.databases import storage
from kailash_testkit.databases.urls import server_url

pytestmark = pytest.mark.slow

TESTS = """
    import os
    import time
    import pytest
    from kailash_testkit import Factory
    from shop.models import Item, db

    items = Factory(Item)

    def wait():
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        with open("urls.txt", "a") as file:
            print(worker, os.environ["DATABASE_URL"], file=file)
        if os.environ.get("WAIT"):
            open("waiting", "w").close()
            time.sleep(60)

    def test_by_a_factory():
        assert items.count_sync() == 0
        assert items.create_sync().id == 1
        wait()

    async def test_by_the_api(api):
        assert (await api.get("/items")).json() == []
        await api.expect(201).post("/items", json={"name": "a"})

    async def test_by_express():
        assert await db.express.list("Item") == []
        await db.express.create("Item", {"name": "a"})

    async def test_by_one_that_fails():
        assert await items.count() == 0
        await items.create(name="seen")
        assert not os.environ.get("FAIL")
"""


SETTINGS = {"postgresql": "postgresql", "mysql": "mariadb"}  # by kind of database


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "setting" in metafunc.fixturenames:
        kinds = kinds_of(metafunc, [*SETTINGS])
        metafunc.parametrize("setting", [SETTINGS[kind] for kind in kinds], indirect=True)


@pytest.fixture
def setting(request: pytest.FixtureRequest) -> str:
    return available(request.param)


@pytest.fixture
def given(setting: str, given_servers: GivenServers) -> GivenUrl:
    return given_servers.of(setting)


@pytest.fixture
def given_postgresql(given_servers: GivenServers) -> GivenUrl:
    return given_servers.of("postgresql")


@pytest.fixture
def items(shop: Project) -> Iterator[Project]:
    """The shop with tests; whatever happens to them, no server stays."""
    shop.write({"test_items.py": TESTS})
    yield shop
    for folder in shop.storage.glob("*/*"):
        storage.remove_folder(folder)


def assert_nothing_is_left(shop: Project) -> None:
    assert shop.left_behind() == []
    assert processes_of(shop.storage) == []


def places(shop: Project) -> set[tuple[str, str, str]]:
    """Worker, server and database of what the tests ran on."""
    found = [re.fullmatch(r"(\w+) \w+://.*@([\d.:]+)/(\w+)", line) for line in shop.lines("urls.txt")]
    return {(match[1], match[2], match[3]) for match in found if match}


@pytest.mark.databases
def test_a_private_server_lives_as_long_as_the_session(items: Project, setting: str) -> None:
    logs = ("-o", "log_cli=true", "-o", "log_cli_level=ERROR")
    outcome = items.run(f"--testkit-database={setting}", "--testkit-verify", *logs)
    outcome.assert_outcomes(passed=4)
    assert "CONNECTION POOL" not in outcome.output  # DataFlow's error about a pool for all of the server's connections
    ((_, server, database),) = places(items)
    port = server.rpartition(":")[2]
    assert re.fullmatch(r"testkit_kt\w{10}", database)
    title = {"postgresql": "PostgreSQL", "mariadb": "MariaDB"}[setting]
    header = f"kailash-testkit: {title}, a private server on port {port}, database {database}, in DATABASE_URL"
    assert header in outcome.output
    assert_nothing_is_left(items)


def test_workers_share_one_server_and_have_a_database_each(items: Project) -> None:
    items.configure_more(testkit_database="postgresql")
    items.write({"test_more.py": TESTS})
    items.run("-n", "2", "--dist", "loadfile").assert_outcomes(passed=8)
    first, second = sorted(places(items))
    assert first[1] == second[1]
    assert first[2].removesuffix("_gw0") == second[2].removesuffix("_gw1")
    assert_nothing_is_left(items)


def test_nothing_is_started_for_what_needs_no_database(shop: Project) -> None:
    shop.write(
        {
            "test_1.py": """
                import os
                from pathlib import Path

                def started():
                    return list(Path(os.environ["OWN_STORAGE"]).glob("*/*"))

                def test_that_needs_none():
                    assert started() == []

                def test_that_imports_the_application_by_itself():
                    from shop.models import db
                    assert db.express_sync.create("Item", {"name": "a"})
                    assert started()
            """
        }
    )
    shop.run_anew("--testkit-database=postgresql").assert_outcomes(passed=2)
    assert_nothing_is_left(shop)


def test_collecting_starts_nothing(items: Project) -> None:
    outcome = items.run("--testkit-database=postgresql", "--collect-only", "-q")
    assert "4 tests collected" in outcome.output
    assert [*items.storage.iterdir()] == []


@pytest.mark.databases
def test_a_given_server_is_left_as_it_was(items: Project, given: GivenUrl) -> None:
    before = given.found()
    outcome = items.run(f"--testkit-database={given.url}")
    outcome.assert_outcomes(passed=4)
    assert password(given) not in outcome.everything
    assert given.found() == before
    assert_nothing_is_left(items)


def password(given: GivenUrl) -> str:
    return server_url(given.url, (given.url.partition("://")[0],), 0).password


def test_a_server_that_cannot_be_had_is_told_once_and_tests_that_need_none_run(
    items: Project, given_postgresql: GivenUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TESTKIT_DATABASE", given_postgresql.url.replace(password(given_postgresql), "not-the-secret"))
    items.write({"test_other.py": "def test_that_needs_no_database(): pass"})
    outcome = items.run()
    outcome.assert_outcomes(errors=1, failed=3, passed=1)
    do = "do:  correct what the server refuses: user, password or database"
    assert do in outcome.explanation("test_by_a_factory")
    assert outcome.output.count(do) == 1
    for title in ("ERROR at setup of test_by_the_api", "test_by_express", "test_by_one_that_fails"):
        section = outcome.error(title)
        assert "ServerUnavailable: no connection to" in section
        assert section.endswith("(test_items.py::test_by_a_factory shows the whole error)")
    assert "not-the-secret" not in outcome.everything
    assert_nothing_is_left(items)


def test_an_application_that_ignores_the_variable_is_refused(shop: Project, given_postgresql: GivenUrl) -> None:
    models = (shop.path / "shop/models.py").read_text()
    shop.write(
        {
            "shop/models.py": models.replace('os.environ["DATABASE_URL"]', repr(given_postgresql.url)),
            "test_it.py": "def test_it(kit):\n    pass\n",
        }
    )
    outcome = shop.run("--testkit-database=postgresql")
    outcome.assert_outcomes(errors=1)
    text = outcome.explanation("ERROR at setup of test_it")
    assert "UnsafeDatabase: the application connects to postgresql://testkit:***@127.0.0.1:" in text
    assert password(given_postgresql) not in outcome.everything
    assert given_postgresql.sql("SELECT to_regclass('items')") == [(None,)]
    assert_nothing_is_left(shop)


@contextmanager
def waiting(shop: Project, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A session that has written rows and waits."""
    session = shop.start(*arguments)
    try:
        deadline = time.monotonic() + 60
        while not (shop.path / "waiting").exists():
            assert session.poll() is None, "the session ended by itself"
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield session
    finally:
        session.kill()
        session.wait()


def test_after_a_killed_session_the_next_one_passes_and_leaves_nothing(
    items: Project, setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAIT", "yes")
    with waiting(items, f"--testkit-database={setting}") as session:
        session.kill()
    assert len(items.left_behind()) == 1
    assert processes_of(items.storage) != []
    monkeypatch.delenv("WAIT")
    items.run().assert_outcomes(passed=4)
    assert_nothing_is_left(items)


def test_after_a_killed_session_the_next_one_drops_its_databases_on_a_given_server(
    items: Project, given_postgresql: GivenUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TESTKIT_DATABASE", given_postgresql.url)
    monkeypatch.setenv("WAIT", "yes")
    before = given_postgresql.found().keys()
    with waiting(items) as session:
        assert len(given_postgresql.found().keys() - before) == 1
        session.kill()
    monkeypatch.delenv("WAIT")
    items.run().assert_outcomes(passed=4)
    assert given_postgresql.found().keys() == before
    assert_nothing_is_left(items)


def test_ctrl_c_leaves_nothing(items: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAIT", "yes")
    with waiting(items, "--testkit-database=postgresql") as session:
        session.send_signal(signal.SIGINT)
        assert session.wait(100) == pytest.ExitCode.INTERRUPTED
    assert_nothing_is_left(items)


@pytest.mark.parametrize("number", range(5 if SOAK else 1))
def test_killed_at_any_moment_a_session_leaves_nothing_to_the_next(items: Project, setting: str, number: int) -> None:
    session = items.start(f"--testkit-database={setting}", "-n", "2")
    time.sleep(random.uniform(1, 7))
    workers = children_of(session.pid)
    session.kill()
    session.wait()
    wait_for_the_end_of(workers)  # they notice it within seconds, and until then the run is not over
    items.run(f"--testkit-database={setting}").assert_outcomes(passed=4)
    assert_nothing_is_left(items)


@pytest.mark.databases
def test_a_kept_database_is_opened_by_the_command_that_the_report_gives_until_it_is_cleaned_away(
    items: Project, setting: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAIL", "yes")
    outcome = items.run(f"--testkit-database={setting}", "--testkit-keep")
    outcome.assert_outcomes(passed=3, failed=1)
    command = re.search(r"-+ its database is kept -+\n(.*)\n", outcome.output)
    assert command
    select = {"postgresql": "-Atc", "mariadb": "-Ne"}[setting]
    shown = subprocess.run(
        f"{command[1]} {select} 'SELECT name FROM items'", shell=True, capture_output=True, text=True, check=False
    )
    assert (shown.stdout, shown.stderr) == ("seen\n", "")

    monkeypatch.setattr(storage, "_MEMORY_BACKED", items.storage)
    monkeypatch.chdir(items.path)
    assert main(["clean"]) == 1
    assert items.left_behind()
    assert main(["clean", "--yes"]) == 0
    said = capsys.readouterr().out
    assert said.count(": test_items.py::test_by_one_that_fails\n") == 2
    assert_nothing_is_left(items)


def test_a_kept_file_is_opened_by_the_command_that_the_report_gives(
    items: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIL", "yes")
    outcome = items.run("--testkit-keep")
    outcome.assert_outcomes(passed=3, failed=1)
    command = re.search(r"-+ its database is kept -+\nsqlite3 (.*)\n", outcome.output)
    assert command
    with closing(sqlite3.connect(command[1])) as connection:
        assert connection.execute("SELECT name FROM items").fetchall() == [("seen",)]
    monkeypatch.delenv("FAIL")
    items.run("--testkit-keep").assert_outcomes(passed=4)
    assert len(items.left_behind()) == 1  # the next run leaves it alone


def test_a_database_kept_on_a_given_server_is_cleaned_away_with_its_url(
    items: Project, given_postgresql: GivenUrl, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = given_postgresql.found().keys()
    monkeypatch.setenv("FAIL", "yes")
    items.run(f"--testkit-database={given_postgresql.url}", "--testkit-keep").assert_outcomes(passed=3, failed=1)
    (name,) = given_postgresql.found().keys() - before
    monkeypatch.setattr(storage, "_MEMORY_BACKED", items.storage)
    monkeypatch.chdir(items.path)
    assert main(["clean", "--yes", "--database", given_postgresql.url]) == 0
    said = capsys.readouterr().out
    assert f"database {name}, kept: test_items.py::test_by_one_that_fails" in said
    assert password(given_postgresql) not in said
    assert given_postgresql.found().keys() == before


LEAK = """
    import os
    import psycopg2
    from kailash_testkit import Factory
    from shop.models import Item

    items = Factory(Item)
    left = []

    def test_that_leaves_a_transaction_open():
        items.create_sync()
        left.append(psycopg2.connect(os.environ["DATABASE_URL"], application_name="a worker of the shop"))
        left[0].cursor().execute("UPDATE items SET name = 'changed'")

    def test_next():
        pass
"""


def test_a_transaction_that_stays_open_is_named_with_the_test_that_left_it(shop: Project) -> None:
    shop.write({"test_leak.py": LEAK})
    outcome = shop.run("--testkit-database=postgresql")
    outcome.result.assert_outcomes(passed=2, errors=1)
    text = outcome.explanation("ERROR at teardown of test_that_leaves_a_transaction_open")
    assert "is locked by an open transaction" in text
    assert re.search("of a worker of the shop: idle in transaction.*UPDATE items SET name = 'changed'", text)
    assert "left by test_leak.py::test_that_leaves_a_transaction_open" in text
    assert_nothing_is_left(shop)
