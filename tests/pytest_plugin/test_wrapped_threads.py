"""Tools for monitoring and debugging put code of their own around every thread: nobody's thread is blamed for that."""

from __future__ import annotations

import pytest
from inner_session import Project

pytestmark = pytest.mark.slow

WRAPPED = {
    "around Thread.run": """
        import threading
        inner = threading.Thread.run
        def run(self):
            inner(self)
        threading.Thread.run = run
    """,
    "in the thread's own run, at its start": """
        import threading
        start = threading.Thread.start
        def starting(self):
            inner = self.run
            def run():
                return inner()
            self.run = run
            start(self)
        threading.Thread.start = starting
    """,
    "around the bootstrap": """
        import threading
        inner = threading.Thread._bootstrap_inner
        def bootstrap(self):
            inner(self)
        threading.Thread._bootstrap_inner = bootstrap
    """,
    "around the target": """
        import functools, threading
        made = threading.Thread.__init__
        def make(self, *args, **kwargs):
            made(self, *args, **kwargs)
            target = self._target
            if target is not None:
                def called(*args, **kwargs):
                    return target(*args, **kwargs)
                self._target = functools.wraps(target)(called)
        threading.Thread.__init__ = make
    """,
}
TESTS = """
    import threading
    import pytest
    from kailash_testkit import Factory
    from shop.models import Item, db

    items = Factory(Item)
    go = threading.Event()

    def wait():
        go.wait()

    def test_sync(kit):
        items.create_sync()

    async def test_async(kit, api):
        await items.create()
        await db.express.create("Item", {"name": "express"})
        await api.get("/items")

    def test_express_sync(kit):
        db.express_sync.create("Item", {"name": "sync"})

    def test_that_leaves_a_thread():
        threading.Thread(target=wait, name="importer").start()

    def test_after():
        go.set()
"""


@pytest.mark.parametrize("how", WRAPPED)
def test_only_the_thread_of_the_test_is_blamed(shop: Project, how: str) -> None:
    shop.write({"conftest.py": WRAPPED[how], "test_threads.py": TESTS})
    outcome = shop.run()
    outcome.result.assert_outcomes(passed=5, errors=1)
    assert "the test left a thread running: 'importer'" in outcome.error(
        "ERROR at teardown of test_that_leaves_a_thread"
    )
