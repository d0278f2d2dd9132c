"""The application's lifespan: once per session where the loop lasts that long, else once per test."""

from __future__ import annotations

import pytest
from inner_session import Project
from lifespan_app import API, TESTS

SHUTDOWN = "shutdown, 0 items"
ONCE = ["startup", "request", "request", "request", SHUTDOWN]
PER_TEST = ["startup", "request", "request", SHUTDOWN, "startup", "request", SHUTDOWN]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loops", "lifespan", "events"),
    [
        pytest.param("session", "session", ONCE, id="session loop"),
        pytest.param("function", "session", PER_TEST, id="function loops"),
        pytest.param("session", "test", PER_TEST, id="session loop, but a lifespan per test"),
    ],
)
def test_startup_and_shutdown(shop: Project, loops: str, lifespan: str, events: list[str]) -> None:
    shop.shop(
        asyncio_default_fixture_loop_scope=loops,
        asyncio_default_test_loop_scope=loops,
        testkit_lifespan=lifespan,
    )
    shop.write({"shop/api.py": API, "test_hello.py": TESTS})
    shop.run().assert_outcomes(passed=2, failed=1)
    assert shop.lines("events.txt") == events


@pytest.mark.slow
def test_a_startup_that_fails_shows_the_applications_own_exception(shop: Project) -> None:
    shop.write(
        {
            "shop/api.py": API.replace('log("startup")', 'raise RuntimeError("no broker at localhost:5672")'),
            "test_hello.py": """
                async def test_first(api):
                    await api.get("/")

                async def test_second(api):
                    await api.get("/")

                async def test_that_needs_no_application():
                    pass
            """,
        }
    )
    outcome = shop.run()
    outcome.assert_outcomes(passed=1, failed=2)
    for test in ("test_first", "test_second"):
        text = outcome.explanation(test)
        assert "RuntimeError: no broker at localhost:5672" in text
        assert "shop/api.py:14 in lifespan" in text
    assert shop.left_behind() == []


@pytest.mark.slow
def test_a_startup_without_end_is_waited_for_once(shop: Project) -> None:
    shop.shop(testkit_startup_timeout="0.3")
    shop.write(
        {
            "shop/api.py": API.replace("await db.initialize()", "import asyncio; await asyncio.Event().wait()"),
            "test_hello.py": """
                async def test_first(api):
                    await api.get("/")

                def test_second(sync_api):
                    sync_api.get("/")
            """,
        }
    )
    outcome = shop.run("-p", "no:randomly")
    outcome.assert_outcomes(failed=2)
    for test in ("test_first", "test_second"):
        text = outcome.explanation(test)
        assert "startup failed: it took longer than 0.3 s and was cancelled" in text
        assert "shop/api.py:13 in lifespan: import asyncio; await asyncio.Event().wait()" in text
        assert ("not tried again in this session" in text) == (test == "test_second")
