"""Statements in a session: a test's limit, and N+1 at the end, in a failed test's report, on the page, as an error."""

from __future__ import annotations

import pytest
from inner_session import Project

API = """
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route
    from shop.models import db

    async def one_by_one(request):
        items = [await db.express.read("Item", str(number)) for number in range(1, 6)]
        return JSONResponse(len(items))

    async def at_once(request):
        return JSONResponse(len(await db.express.list("Item", {"id": {"$in": [1, 2, 3, 4, 5]}})))

    app = Starlette(routes=[Route("/loop/{number}", one_by_one), Route("/list", at_once)])
"""
TESTS = """
    import pytest
    from kailash_testkit import Factory

    items = Factory("Item")

    @pytest.fixture(autouse=True)
    async def five(kit):
        await items.create_many(5)

    async def test_loop(api):
        await api.get("/loop/1")

    async def test_loop_again(api):
        await api.get("/loop/2")
        assert "loop" == "list"

    async def test_list(api):
        await api.get("/list")

    @pytest.mark.testkit(n_plus_one="off")
    async def test_off(api):
        await api.get("/loop/3")

    @pytest.mark.testkit(n_plus_one_allow="GET /loop/{number}")
    async def test_allowed_route(api):
        await api.get("/loop/4")

    @pytest.mark.testkit(queries=5)
    async def test_enough(api):
        await api.get("/loop/5")

    @pytest.mark.testkit(queries=4)
    async def test_too_many(api):
        await api.get("/loop/6")
"""
RAN = "ItemReadNode ran 5 times with other values (N+1 of Item), at shop/api.py:7 in one_by_one"


@pytest.fixture
def project(shop: Project) -> Project:
    shop.write({"shop/api.py": API, "tests/test_items.py": TESTS})
    return shop


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [[], ["--testkit-live"]])
def test_what_was_repeated_is_said_once_at_the_end_and_in_the_report_of_a_failed_test(
    project: Project, arguments: list[str]
) -> None:
    outcome = project.run(*arguments)
    outcome.assert_outcomes(passed=5, failed=2)
    output = outcome.output
    end = output.partition("the same statement again and again (N+1)")[2]
    assert f"GET /loop/{{number}}: {RAN}; tests/test_items.py::test_loop and 3 more" in end
    assert output.count(f"GET /loop/{{number}}: {RAN}") == 1
    assert f"observed: {RAN}" in output.replace("\n  ", " ")
    assert "TooManyQueries: the test test_too_many: 5 statements, at most 4 expected" in output


@pytest.mark.parametrize("arguments", [[], ["--testkit-live"]])
def test_as_an_error_it_fails_the_request(project: Project, arguments: list[str]) -> None:
    project.configure_more(testkit_n_plus_one="error")
    outcome = project.run(*arguments)
    outcome.assert_outcomes(passed=3, failed=4)
    assert "NPlusOneQueries: GET http://" in outcome.output
    assert f"/loop/1: {RAN}" in outcome.output
    assert "again and again" not in outcome.output


@pytest.mark.slow
def test_what_the_project_allows_is_left_out(project: Project) -> None:
    project.configure_more(testkit_n_plus_one="error", testkit_n_plus_one_allow="Item")
    project.run("--deselect=tests/test_items.py::test_too_many").assert_outcomes(passed=5, failed=1)
    project.configure_more(testkit_n_plus_one_allow="", testkit_n_plus_one_times="5")
    project.run("--deselect=tests/test_items.py::test_too_many").assert_outcomes(passed=5, failed=1)


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ("querys=4", "takes no querys=\nwhat to do: did you mean queries=?"),
        ("colour=4", "takes no colour="),
        ("4", "takes no value without a name: 4"),
        ("isolation='off'", "isolation = 'off'"),
    ],
)
def test_what_the_marker_does_not_take_is_refused(project: Project, marker: str, said: str) -> None:
    project.write({"tests/test_items.py": f"""
        import pytest

        @pytest.mark.testkit({marker})
        def test_it():
            pass
    """})  # fmt: skip
    outcome = project.run()
    outcome.assert_outcomes(errors=1)
    assert said.partition("\n")[0] in outcome.output
    assert said.rpartition(": ")[2] in outcome.output


@pytest.mark.slow
def test_the_nearest_marker_is_not_the_only_one(project: Project) -> None:
    project.write({"tests/test_items.py": """
        import pytest
        from kailash_testkit import Factory

        items = Factory("Item")

        @pytest.mark.testkit(isolation="none")
        @pytest.mark.testkit(queries=5)
        async def test_first(kit):
            await items.create()

        async def test_second(kit):
            assert await items.count() == 1
    """})  # fmt: skip
    project.run("-p", "no:randomly").assert_outcomes(passed=2)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [[], ["--testkit-live"]])
def test_a_request_s_statements_are_its_own(project: Project, arguments: list[str]) -> None:
    project.write({"tests/test_items.py": """
        import pytest
        from kailash_testkit import Factory, TooManyQueries
        from shop.models import db

        async def test_it(kit, api):
            await Factory("Item").create_many(5)
            events = []

            async def trace(event, _info):
                events.append(event)

            with kit.queries() as queries:
                await api.expect(200, queries=5).get("/loop/1", extensions={"trace": trace})
                await db.express.list("Item")
            assert [each.request and each.request.path for each in queries] == ["/loop/1"] * 5 + [None]
            assert queries.statements[0].where == ["shop/api.py:7 in one_by_one"]
            with pytest.raises(TooManyQueries, match="5 statements, at most 4 expected"):
                await api.expect(200, queries=4).get("/loop/2")
    """})  # fmt: skip
    project.run(*arguments).assert_outcomes(passed=1)


def test_a_test_begins_with_what_the_last_one_wrapped(project: Project) -> None:
    project.write({"tests/test_items.py": """
        from aiosqlite import Connection

        def test_first(kit):
            assert hasattr(Connection._execute, "__wrapped__")
            Connection.known = Connection._execute

        def test_second(kit):
            assert Connection._execute is Connection.known
    """})  # fmt: skip
    project.run("-p", "no:randomly").assert_outcomes(passed=2)


@pytest.mark.slow
def test_the_page_shows_it(project: Project) -> None:
    pytest.importorskip("jinja2")
    project.run("--testkit-html=page.html", "-k", "test_loop and not again")
    assert RAN.partition(", at")[0] in (project.path / "page.html").read_text()


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("testkit_n_plus_one", "on", "testkit_n_plus_one = 'on'"),
        ("testkit_n_plus_one_times", "0", "testkit_n_plus_one_times = '0'"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused(project: Project, setting: str, value: str, said: str) -> None:
    project.configure_more(**{setting: value})
    assert said in project.run().everything
