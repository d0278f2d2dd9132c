"""What the application sets in the context when it is imported is there in requests; what tests set is not."""

from __future__ import annotations

import pytest
from inner_session import Project

API = """
    import contextvars, decimal
    from contextlib import asynccontextmanager
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    decimal.getcontext().prec = 6
    region = contextvars.ContextVar("region", default="unset")
    region.set("eu")

    @asynccontextmanager
    async def lifespan(app):
        at_startup = region.get()
        region.set("startup")
        yield {"seen": at_startup}
        assert region.get() == "startup"

    async def show(request):
        before = region.get()
        region.set("request")
        return JSONResponse([str(decimal.Decimal(1) / 3), before, request.state.seen])

    def show_in_a_thread(request):
        return JSONResponse([str(decimal.Decimal(1) / 3), region.get(), request.state.seen])

    app = Starlette(routes=[Route("/", show), Route("/sync", show_in_a_thread)], lifespan=lifespan)
"""

SUITE = """
    import decimal
    import pytest
    from kailash_testkit import ApiClient

    @pytest.fixture
    def set_by_a_fixture():
        decimal.getcontext().prec = 9
        {region}.set("fixture")

    def test_sync():
        decimal.getcontext().prec = 12
        {region}.set("sync test")

    @pytest.mark.parametrize("turn", range(2))
    async def test_requests(set_by_a_fixture, api, turn):
        decimal.getcontext().prec = 15
        {region}.set("test")
        for path in ("/", "/", "/sync"):
            assert (await api.expect(200).get(path)).json() == ["0.333333", "eu", "eu"]

    async def test_a_client_of_the_test(testkit_app):
        {region}.set("test")
        async with ApiClient(testkit_app) as api:
            assert (await api.expect(200).get("/")).json() == ["0.333333", "eu", "eu"]
"""
IMPORTED_BY_THE_TESTS = SUITE.format(region="shop.api.region").replace("import decimal", "import decimal, shop.api", 1)
IMPORTED_BY_THE_FIXTURE = SUITE.format(region='__import__("sys").modules["shop.api"].region')
CONFTEST = """
    import pytest

    @pytest.fixture(scope="session")
    def testkit_app():
        from shop.api import app
        return app
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suite", "conftest", "arguments"),
    [
        pytest.param(IMPORTED_BY_THE_TESTS, "", [], id="by the test module"),
        pytest.param(IMPORTED_BY_THE_FIXTURE, "", [], id="by the setting"),
        pytest.param(IMPORTED_BY_THE_FIXTURE, CONFTEST, [], id="by the user's own fixture"),
        pytest.param(IMPORTED_BY_THE_FIXTURE, "", ["--testkit-live"], id="live", marks=pytest.mark.slow),
    ],
)
def test_requests_start_from_what_the_import_set(
    shop: Project, suite: str, conftest: str, arguments: list[str]
) -> None:
    if suite is IMPORTED_BY_THE_FIXTURE:  # nothing has imported the application when the first test runs
        suite = suite.replace("def test_sync():", "def test_sync(testkit_app):")
    shop.write({"shop/api.py": API, "tests/conftest.py": conftest, "tests/test_it.py": suite})
    shop.run("-p", "no:randomly", *arguments).assert_outcomes(passed=4)
