"""Each inner test tries to leak into the next in another way: none of them succeeds, or it fails and says why."""

from __future__ import annotations

import re

import pytest
from inner_session import Outcome, Project
from soak import SOAK

pytestmark = pytest.mark.slow

MODELS = """
    import os
    from dataflow import DataFlow

    db = DataFlow(os.environ["DATABASE_URL"])  # with its cache, and its migrations
    other = DataFlow(os.environ["DATABASE_URL"], cache_enabled=False)

    @db.model
    class Item:
        id: int
        name: str

    @db.model
    class Audit:
        id: int
        entry: str

    @other.model
    class Tag:
        id: int
        name: str
"""
API = """
    import asyncio
    import os
    import sqlite3
    from contextlib import closing
    from starlette.applications import Starlette
    from starlette.background import BackgroundTask
    from starlette.responses import JSONResponse
    from starlette.routing import Route
    from shop.models import db

    async def write(name, after=0.0):
        await asyncio.sleep(after)
        await db.express.create("Item", {"name": name})

    tasks = set()

    def in_background(coroutine):
        task = asyncio.create_task(coroutine)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return task

    async def respawning():
        await asyncio.sleep(0.2)
        in_background(write("a child's", after=0.2))

    async def endless():
        while True:  # past DataFlow, which leaks a connection when it is cancelled in the midst of a write
            with closing(sqlite3.connect(os.environ["DATABASE_URL"].removeprefix("sqlite:///"))) as connection:
                with connection:
                    connection.execute("INSERT INTO items (name) VALUES ('again and again')")
            await asyncio.sleep(0.05)

    async def post(request):
        how = request.path_params["how"]
        background = None
        if how == "slowly":
            await write("slow", after=0.3)
        elif how == "background":
            background = BackgroundTask(write, "background", after=0.1)
        elif how == "task":
            in_background(write("task", after=0.3))
        elif how == "respawning":
            in_background(respawning())
        elif how == "endless":
            in_background(endless())
        elif how == "express":
            in_background(db.express.create("Item", {"name": "not awaited"}))
        return JSONResponse({}, 201, background=background)

    app = Starlette(routes=[Route("/{how}", post, methods=["POST"])])
"""
CONFTEST = """
    import os
    import sqlite3
    from contextlib import closing
    import pytest
    from kailash_testkit import Factory
    from kailash_testkit.pytest_plugin import leftovers
    from shop.models import Item, Tag, db, other

    PATH = os.environ["DATABASE_URL"].removeprefix("sqlite:///")
    state = {}
    after_the_test = []

    def snapshot():
        '''Schema, rows and counters, read by nothing but sqlite3.'''
        with closing(sqlite3.connect(PATH)) as connection:
            schema = connection.execute(
                "SELECT type, name, sql FROM sqlite_master "
                "WHERE name NOT LIKE 'dataflow_%' AND tbl_name NOT LIKE 'dataflow_%' ORDER BY type, name"
            ).fetchall()
            tables = [name for kind, name, _ in schema if kind == "table" and name != "sqlite_sequence"]
            rows = {table: connection.execute(f"SELECT rowid, * FROM {table}").fetchall() for table in tables}
            counters = connection.execute(
                "SELECT * FROM sqlite_sequence WHERE name NOT LIKE 'dataflow_%' ORDER BY name"
            ).fetchall()
            return [row for row in schema if row[1] != "sqlite_sequence"], rows, [row for row in counters if row[1]]

    @pytest.fixture(scope="session", autouse=True)
    def reference(kit):
        Factory(Item).create_sync(name="reference")
        Factory(Tag).create_sync(name="reference")

    @pytest.fixture(autouse=True)
    async def clean(reference):
        if "clean" not in state:
            state["clean"] = snapshot()
        assert snapshot() == state["clean"]
        assert [row["name"] for row in await db.express.list("Item")] == ["reference"]
        assert await db.express.count("Item") == 1
        assert [row["name"] for row in await other.express.list("Tag")] == ["reference"]

    def pytest_runtest_logfinish():
        '''What was held beyond the end of a test is let go between the tests.'''
        while after_the_test:
            after_the_test.pop()()
"""
LEAKS = """
    import asyncio
    import os
    import sqlite3
    import subprocess
    import sys
    import threading
    import time
    from concurrent.futures import ThreadPoolExecutor
    from contextlib import closing
    import aiosqlite
    import pytest
    from dataflow import DataFlow
    from kailash_testkit import Factory
    from conftest import PATH, after_the_test, snapshot
    from shop import api as shop_api
    from shop.models import Item, Tag, db, other

    items = Factory(Item)
    pool = ThreadPoolExecutor(1, thread_name_prefix="own-pool")

    def sql(*statements):
        with closing(sqlite3.connect(PATH, timeout=10)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    def insert(name="leaked", after=0.0):
        time.sleep(after)
        sql(f"INSERT INTO items (name) VALUES ('{name}')")

    SCRIPT = f'''
    import sqlite3, sys, time
    if sys.argv[1] == "stdin": sys.stdin.read()
    else: time.sleep(float(sys.argv[1]))
    connection = sqlite3.connect({PATH!r}, timeout=10)
    connection.execute("INSERT INTO items (name) VALUES ('by a process')")
    connection.commit()
    '''.replace("\\n    ", "\\n")

    # --- statements

    async def test_rows_of_the_kit():
        assert (await items.create()).id == 2

    def test_raw_sql():
        insert()

    def test_a_transaction():
        sql("INSERT INTO items (name) VALUES ('a')", "UPDATE items SET name = 'b'", "DELETE FROM tags")

    def test_delete_without_where():
        sql("DELETE FROM items", "INSERT INTO items (id, name) VALUES (1, 'another')")

    def test_replace():
        sql("REPLACE INTO items (id, name) VALUES (1, 'replaced')", "UPDATE OR REPLACE tags SET id = 7")

    def test_counters():
        sql("INSERT INTO items (id, name) VALUES (1000, 'a')", "DELETE FROM items WHERE id = 1000")
        sql("UPDATE sqlite_sequence SET seq = 5000")

    def test_rowids():
        sql("UPDATE items SET id = 99")

    async def test_nodes(kit):
        await kit.execute("Item", "BulkCreate", {"data": [{"name": "a"}, {"name": "b"}]})
        await kit.execute("Item", "BulkDelete", {"filter": {"name": "a"}, "confirmed": True})

    # --- tests that do not pass

    @pytest.fixture
    def failing_set_up():
        insert("in set-up")
        raise RuntimeError("on purpose")

    def test_a_failing_set_up(failing_set_up):
        pass

    @pytest.fixture
    def failing_tear_down():
        yield
        insert("in tear-down")
        raise RuntimeError("on purpose")

    def test_a_failing_tear_down(failing_tear_down):
        pass

    def test_a_failing_test():
        insert()
        pytest.fail("on purpose")

    def test_a_test_that_is_skipped_halfway():
        insert()
        pytest.skip("on purpose")

    @pytest.mark.xfail(strict=True)
    def test_an_expected_failure():
        insert()
        raise RuntimeError("on purpose")
"""
MORE = """
    # --- the schema

    def test_a_new_table():
        sql("CREATE TABLE fresh (v)", "INSERT INTO fresh VALUES (1)", "INSERT INTO items (name) VALUES ('a')")

    def test_a_new_column():
        sql("ALTER TABLE items ADD COLUMN extra TEXT", "UPDATE items SET extra = 'x'")

    def test_a_new_index_and_view():
        sql("CREATE INDEX by_name ON items (name)", "CREATE VIEW names AS SELECT name FROM items")

    def test_a_dropped_table():
        sql("DROP TABLE items")

    def test_a_table_made_anew():
        sql("ALTER TABLE tags RENAME TO old", "CREATE TABLE tags AS SELECT * FROM old", "DROP TABLE old")

    def test_a_trigger_of_the_users_own():
        sql(
            "CREATE TRIGGER own AFTER DELETE ON items BEGIN INSERT INTO audits (entry) VALUES (OLD.name); END",
            "INSERT INTO items (name) VALUES ('a')",
            "DELETE FROM items",
        )

    def test_vacuum():
        with closing(sqlite3.connect(PATH, isolation_level=None)) as connection:
            connection.execute("DELETE FROM items")
            connection.execute("VACUUM")

    # --- caches

    async def test_a_cached_list(kit):
        insert("cached")
        found = await kit.execute("Item", "List", {"filter": {"id": 2}})
        assert [row["name"] for row in found["records"]] == ["cached"]

    async def test_the_same_cached_list(kit):
        assert (await kit.execute("Item", "List", {"filter": {"id": 2}}))["records"] == []

    async def test_a_cached_read_of_express():
        insert("cached")
        await db.express.read("Item", "2")
        await db.express.list("Item", {"name": "cached"})

    async def test_the_same_cached_read_of_express():
        assert await db.express.list("Item", {"name": "cached"}) == []

    # --- other instances, loops, threads and processes

    async def test_a_second_dataflow_instance():
        await other.express.create("Tag", {"name": "a"})

    async def test_an_instance_of_the_tests_own():
        own = DataFlow(os.environ["DATABASE_URL"], cache_enabled=False)
        class Item:
            id: int
            name: str
        own.model(Item)
        await own.express.create("Item", {"name": "a"})
        await own.close_async()

    def test_a_process():
        subprocess.run([sys.executable, "-c", SCRIPT, "0"], check=True)
"""
# What ends by itself, soon after the test.
LATE = """
    # --- threads and processes

    running = []

    def test_a_thread_that_ends_late():
        threading.Thread(target=insert, args=("late", 0.3)).start()

    def test_another_loop_in_a_thread():
        async def write():  # past DataFlow, whose insert fails when another loop's connections close meanwhile
            async with aiosqlite.connect(PATH, timeout=10) as connection:
                await connection.execute("INSERT INTO tags (name) VALUES ('from another loop')")
                await connection.commit()

        threading.Thread(target=lambda: asyncio.run(write())).start()

    async def test_a_pools_thread():
        pool.submit(insert, "pooled", 0.3)

    async def test_the_loops_own_pool():
        asyncio.get_running_loop().run_in_executor(None, insert, "pooled", 0.3)

    def test_a_process_that_ends_late():
        running.append(subprocess.Popen([sys.executable, "-c", SCRIPT, "0.2"]))
        after_the_test.append(running[-1].wait)

    # --- what the application leaves running

    @pytest.mark.parametrize("how", ["background", "task", "respawning", "express", "slowly"])
    async def test_a_handler(api, how):
        await api.post(f"/{how}")

    async def test_a_request_that_is_not_awaited(api):
        shop_api.in_background(api.post("/slowly"))
        await asyncio.sleep(0.05)
"""
# Ends as soon as it is cancelled, after its time.
ENDLESS = """
    async def test_an_endless_handler(api):
        await api.post("/endless")
"""
# Each fails the test that left it. What it holds is let go between the tests, and writes then.
CULPRITS = """
    # --- what cannot be ended from outside

    def test_an_open_transaction():
        connection = sqlite3.connect(PATH)
        connection.execute("INSERT INTO items (name) VALUES ('uncommitted')")
        after_the_test.append(connection.close)  # the kit has done so, and rolled back

    def test_a_thread_that_does_not_end():
        go = threading.Event()
        thread = threading.Thread(target=lambda: (go.wait(), insert("late")), name="importer")
        thread.start()
        after_the_test.append(lambda: (go.set(), thread.join()))

    def test_a_pools_thread_that_does_not_end():
        go = threading.Event()
        def work():
            go.wait()
            insert("late")
        future = pool.submit(work)
        after_the_test.append(lambda: (go.set(), future.result()))

    def test_a_process_that_does_not_end():
        process = subprocess.Popen([sys.executable, "-c", SCRIPT, "stdin"], stdin=subprocess.PIPE)
        after_the_test.append(lambda: (process.stdin.close(), process.wait()))
"""
OBSTINATE = """
    async def test_a_task_that_cannot_be_cancelled():
        stop = []
        end = time.monotonic() + 10  # no test comes after the last one, and asyncio waits for it at the end
        async def obstinate():
            while not stop and time.monotonic() < end:
                try:
                    await asyncio.sleep(0.05)
                except asyncio.CancelledError:
                    pass
        shop_api.in_background(obstinate())
        after_the_test.append(lambda: stop.append(1))
"""
SUMMARY = re.compile(r"^(?:FAILED|ERROR) test_leaks\.py::(\S+)", re.MULTILINE)
ON_PURPOSE = {"test_a_failing_set_up", "test_a_failing_tear_down", "test_a_failing_test"}
BLAMED = {
    "test_an_open_transaction": r"is locked by an open transaction\s+sqlite3\.Connection at 0x\w+, in a transaction",
    "test_a_thread_that_does_not_end": r"the test left a thread running: 'importer'",
    "test_a_pools_thread_that_does_not_end": r"the test left a thread running: 'own-pool_0'",
    "test_a_process_that_does_not_end": r"the test left a process running: \d+ \(.*python\S* -c",
    "test_a_task_that_cannot_be_cancelled": r"the test left a task running that cannot be cancelled: .*obstinate",
}
# DataFlow warns when two loops use it by turns, as here; see test_loops.
TWO_LOOPS = ("-W", "ignore:AsyncSQLDatabaseNode GC'd:ResourceWarning")


def leak(shop: Project, loops: str, tests: str, *, grace: float) -> Outcome:
    """Runs leaks in random order. grace: seconds that what a test left running gets to finish."""
    shop.shop(asyncio_default_fixture_loop_scope=loops, asyncio_default_test_loop_scope=loops)
    conftest = f"{CONFTEST}    leftovers.GRACE = {grace}\n"
    shop.write({"shop/models.py": MODELS, "shop/api.py": API, "conftest.py": conftest, "test_leaks.py": LEAKS + tests})
    outcome = shop.run(*TWO_LOOPS, "-p", "randomly", "--testkit-verify")
    assert shop.left_behind() == []
    return outcome


def assert_blamed(outcome: Outcome, culprits: set[str]) -> None:
    assert set(SUMMARY.findall(outcome.output)) == ON_PURPOSE | culprits, outcome.everything
    for culprit in culprits:
        text = outcome.explanation(f"ERROR at teardown of {culprit}")
        assert re.search(BLAMED[culprit], text), text


@pytest.mark.parametrize("loops", ["session", "function"])
@pytest.mark.parametrize("turn", range(10 if SOAK else 1))
def test_what_ends_by_itself_is_waited_for(shop: Project, loops: str, turn: int) -> None:
    assert_blamed(leak(shop, loops, MORE + LATE, grace=30), set())


@pytest.mark.parametrize(("loops", "tests"), [("session", CULPRITS + OBSTINATE), ("function", CULPRITS)])
@pytest.mark.parametrize("turn", range(10 if SOAK else 1))
def test_what_does_not_end_is_cancelled_or_fails_its_test(shop: Project, loops: str, tests: str, turn: int) -> None:
    culprits = {culprit for culprit in BLAMED if f"def {culprit}(" in tests}
    beside, grace = (MORE + LATE, 1.0) if SOAK else ("", 0.3)
    assert_blamed(leak(shop, loops, ENDLESS + tests + beside, grace=grace), culprits)


FORGOTTEN = """
    import asyncio
    import aiosqlite
    import os

    forgotten = []

    async def test_that_forgets_a_connection(kit):
        connection = await aiosqlite.connect(os.environ["DATABASE_URL"].removeprefix("sqlite:///"))
        forgotten.append(connection)
        connection.stop = connection.__class__.__del__ = lambda *_: None
"""


def test_a_forgotten_connection_does_not_keep_the_process_alive(shop: Project) -> None:
    """aiosqlite's thread would: DataFlow forgets connections, and where warnings are errors nothing ends them."""
    shop.write({"test_forgotten.py": FORGOTTEN})
    shop.run().assert_outcomes(passed=1)


NOT_IN_USE = """
    import threading

    def test_that_leaves_a_thread():
        threading.Thread(target=threading.Event().wait, daemon=True).start()
"""


def test_a_project_that_does_not_use_the_kit_may_leave_what_it_likes(project: Project) -> None:
    project.configure()
    project.write({"test_thread.py": NOT_IN_USE})
    project.run().assert_outcomes(passed=1)


@pytest.mark.parametrize("culprit", sorted(BLAMED))
def test_every_culprit_is_planted(culprit: str) -> None:
    assert f"def {culprit}(" in CULPRITS + OBSTINATE
