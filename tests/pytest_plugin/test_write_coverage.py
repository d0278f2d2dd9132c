"""``--testkit-coverage`` in whole sessions: planted writes that no test looks at are named, and no others."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from inner_session import Outcome, Project
from server_runs import available

pytestmark = [pytest.mark.databases("sqlite"), pytest.mark.slow]

MODELS = """
    import os
    from typing import Optional
    from dataflow import DataFlow

    db = DataFlow(os.environ["DATABASE_URL"], cache_enabled=False)

    def register(name):
        fields = {"id": int, "name": str, "size": int, "updated_by": str}
        body = {"__annotations__": fields, "updated_by": ""}
        if name.startswith("Soft"):
            body["__dataflow__"] = {"soft_delete": True}
        db.model(type(name, (), body))

    NAMES = %r
    for name in NAMES:
        register(name)
"""
API = """
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route
    from shop.models import db

    async def created(request):
        name = request.path_params["model"]
        await db.express.create(name, {**await request.json(), "updated_by": "the system"})
        (row,) = await db.express.list(name, limit=1)
        return JSONResponse(row, 201)

    async def one(request):
        row = await db.express.read(request.path_params["model"], request.path_params["id"])
        return JSONResponse(row, 200 if row else 404)

    async def listed(request):
        return JSONResponse({"items": await db.express.list(request.path_params["model"], limit=100)})

    async def updated(request):
        name, row_id = request.path_params["model"], request.path_params["id"]
        await db.express.update(name, row_id, {**await request.json(), "updated_by": "the system"})
        return JSONResponse({})

    async def deleted(request):
        await db.express.delete(request.path_params["model"], request.path_params["id"])
        return Response(status_code=204)

    app = Starlette(routes=[
        Route("/{model}", created, methods=["POST"]),
        Route("/{model}", listed),
        Route("/{model}/{id:int}", one),
        Route("/{model}/{id:int}", updated, methods=["PUT"]),
        Route("/{model}/{id:int}", deleted, methods=["DELETE"]),
    ])
"""
TESTS = """
    import pytest
    from unittest.mock import ANY
    from kailash_testkit import Factory, RowNotFound, created, updated
    from shop.models import db

    BODY = {"name": "abc", "size": 3}
"""
CREATE = 'response = await api.post("/{m}", json=BODY)'
SEED = 'row = await kit.create("{m}", name="old", size=1, updated_by="nobody")'
UPDATE = 'await api.put(f"/{m}/{{row.id}}", json={{"name": "new"}})'
DELETE = 'await api.delete(f"/{m}/{{row.id}}")'
GET = 'row = await kit.get("{m}", 1)'
SHOWN = 'shown = (await api.get("/{m}/1")).json()'

# name -> (what the test does, line by line; what nobody looks at, as kind and column)
ALL: Final = {("created", "name"), ("created", "size"), ("created", "updated_by")}
PLANTED: Final[dict[str, tuple[list[str], set[tuple[str, str]]]]] = {
    "StatusOnly": ([CREATE, "assert response.status_code == 201"], ALL),
    "Counted": ([CREATE, 'assert await kit.count("{m}") == 1'], ALL),
    "OneField": ([CREATE, GET, 'assert row.name == "abc"'], ALL - {("created", "name")}),
    "Expected": (
        ["with kit.changes() as changes:", f"    {CREATE}", 'changes.assert_only(created("{m}", name="abc", size=3))'],
        {("created", "updated_by")},
    ),
    "Resource": (['await api.resource("/{m}", model="{m}").create(BODY)'], {("created", "updated_by")}),
    "OldRow": ([SEED, UPDATE, 'assert row.name == "old"'], {("updated", "name"), ("updated", "updated_by")}),
    "CountedBefore": (['assert await kit.count("{m}", name="abc") == 0', CREATE], ALL),
    "Updated": ([SEED, UPDATE, 'assert (await kit.get("{m}", row.id)).name == "new"'], {("updated", "updated_by")}),
    "Deleted": ([SEED, DELETE], {("deleted", "")}),
    "SoftDeleted": ([SEED, DELETE], {("deleted", "")}),
    "Answered": ([CREATE, SHOWN, 'assert shown["name"] == "abc"'], ALL - {("created", "name")}),
    "Listed": (
        [CREATE, 'shown = (await api.get("/{m}")).json()', 'assert shown["items"][0]["size"] == 3'],
        ALL - {("created", "size")},
    ),
    "FilteredBy": ([CREATE, 'assert await kit.exists("{m}", size={{"$gt": 2}})'], ALL - {("created", "size")}),
    "Printed": ([CREATE, GET, "print(row)"], ALL),
}
CLEAN: Final[dict[str, list[str]]] = {
    "EachField": [CREATE, GET, 'assert (row.name, row["size"], row.updated_by) == ("abc", 3, "the system")'],
    "Matches": [CREATE, GET, 'assert row.matches(name="abc", size=3, updated_by="the system")'],
    "WholeRow": [CREATE, GET, "assert row == {{**BODY, 'id': 1, 'updated_by': 'the system', 'created_at': ANY, "
                 "'updated_at': ANY}}"],
    "AsDict": [CREATE, GET, 'assert row.as_dict(exclude={{"id"}})'],
    "AllExpected": [
        "with kit.changes() as changes:", f"    {CREATE}",
        'changes.assert_only(created("{m}", name="abc", size=3, updated_by="the system"))',
    ],
    "ExactUpdate": [
        SEED, "with kit.changes() as changes:", f"    {UPDATE}",
        'changes.assert_only(updated("{m}", row.id, name="new", updated_by="the system"))',
    ],
    "Ledger": [
        "with kit.changes() as changes:", f"    {CREATE}", '(change,) = changes.created("{m}")',
        'assert change.after.as_json(exclude={{"id"}})',
    ],
    "Conditions": [CREATE, 'assert await kit.count("{m}", name="abc", size=3, updated_by="the system") == 1'],
    "Sql": [CREATE, 'assert await kit.sql("SELECT name, size, updated_by FROM %(table)s")'],
    "SqlStar": [CREATE, 'assert await kit.sql("SELECT * FROM %(table)s")'],
    "Express": [CREATE, 'assert (await db.express.read("{m}", "1"))["name"] == "abc"'],
    "WholeAnswer": [CREATE, SHOWN, 'assert shown == {{**shown}}'],
    "PydanticLike": [CREATE, SHOWN, "import _json", "assert _json and dict.get(shown, 'name')"],
    "Text": [CREATE, 'assert "abc" in (await api.get("/{m}/1")).text'],
    "GoneByNode": [SEED, DELETE, "with pytest.raises(RowNotFound):", '    await kit.get("{m}", row.id)'],
    "GoneByCount": [SEED, DELETE, 'assert await kit.count("{m}") == 0'],
    "GoneByAnswer": [SEED, DELETE, 'await api.expect(404).get(f"/{m}/{{row.id}}")'],
    "GoneByList": [SEED, DELETE, 'assert (await api.get("/{m}")).json() == {{"items": []}}'],
    "SoftGone": [SEED, DELETE, '(row,) = await kit.rows("{m}", include_deleted=True)', "assert row.deleted_at"],
    "DeleteResource": [SEED, 'await api.resource("/{m}", model="{m}").delete(row.id)'],
    "SyncHandle": [CREATE, "row = await kit.get('{m}', 1)", "name, size, by = row.name, row.size, row.updated_by"],
}  # fmt: skip


def table(model: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in model).strip("_")


def write(project: Project, cases: dict[str, list[str]], **settings: Any) -> None:
    """The application with a model for each case, and a test for each."""
    tests = ""
    for name, lines in cases.items():
        body = "\n".join(f"        {line.replace('%(table)s', TABLES[name]).format(m=name)}" for line in lines)
        tests += f"\n    async def test_{name.lower()}(kit, api):\n{body}\n"
    project.configure_more(**settings)
    project.write(
        {"shop/__init__.py": "", "shop/models.py": MODELS % [*cases], "shop/api.py": API, "test_it.py": TESTS + tests}
    )


TABLES: Final = {name: f"{table(name)}s" for name in (*PLANTED, *CLEAN)} | {"Sql": "sqls", "SqlStar": "sql_stars"}


def unseen(project: Project) -> dict[str, set[tuple[str, str]]]:
    """What nobody looked at, by model, as the JSON file says."""
    told = json.loads((project.path / "coverage.json").read_text())
    found: dict[str, set[tuple[str, str]]] = {}
    for each in told["columns"]:
        if not each["looked_at"] and (each["column"] or each["kind"] == "deleted"):
            found.setdefault(each["model"], set()).add((each["kind"], each["column"] or ""))
    return found


KINDS: Final = pytest.mark.parametrize("database", ["sqlite", "postgresql", "mysql"])


def covered(project: Project, database: str, tests: int) -> Outcome:
    """A session with write coverage on one kind of database, in which all tests pass."""
    if database != "sqlite":
        available(database)
    outcome = project.run("--testkit-coverage=json:coverage.json", f"--testkit-database={database}")
    outcome.result.assert_outcomes(passed=tests)
    return outcome


@KINDS
def test_planted_writes_are_named(project: Project, database: str) -> None:
    cases = {name: lines for name, (lines, _) in PLANTED.items()}
    write(project, cases)
    covered(project, database, len(cases))
    assert unseen(project) == {name: expected for name, (_, expected) in PLANTED.items()}


@KINDS
def test_what_tests_look_at_is_not_named(project: Project, database: str) -> None:
    write(project, CLEAN)
    outcome = covered(project, database, len(CLEAN))
    assert unseen(project) == {}
    assert "write coverage: 100 %" in outcome.output


FEW: Final = {"Counted": PLANTED["Counted"][0], "Conditions": CLEAN["Conditions"], "GoneByCount": CLEAN["GoneByCount"]}


def test_the_lines_and_files_of_a_run(project: Project) -> None:
    """With pytest-xdist, too: what the tests of all workers looked at is one sum."""
    write(project, FEW, testkit_coverage_fail_under="70", testkit_coverage_omit=["Nothing", "Counted.size"])
    for more in ((), ("-n", "2")):
        forms = ("--testkit-coverage=html", "--testkit-coverage=json:x/y.json")
        outcome = project.run("--testkit-coverage", *forms, *more)
        assert outcome.result.ret == pytest.ExitCode.TESTS_FAILED
        lines = [*filter(None, outcome.output.partition("kailash-testkit: write coverage")[2].splitlines())]
        assert lines[1:3] == [
            "Counted.name  written 1 time in 1 test, never looked at; test_it.py::test_counted",
            "Counted.updated_by  written 1 time in 1 test, never looked at; test_it.py::test_counted",
        ]
        assert "write coverage: 67 % (4 of 6 written columns looked at)" in lines
        assert "FAIL: 66.67 % is less than testkit_coverage_fail_under = 70" in lines
        assert "testkit_coverage_omit: Nothing left nothing out of this run" in lines
        assert "testkit_coverage_omit: Counted.size" not in outcome.output
    assert json.loads((project.path / "x" / "y.json").read_text())["percent"] == 66.67
    assert "<td>updated_by</td><td>created</td>" in (project.path / "testkit-coverage.html").read_text()


def test_a_file_in_place_of_a_form_is_refused(project: Project) -> None:
    write(project, FEW)
    outcome = project.run("--testkit-coverage", "test_it.py")
    assert "--testkit-coverage=test_it.py: use term, html or json; before a file" in outcome.stderr


def test_a_percentage_that_is_none_is_refused(project: Project) -> None:
    write(project, FEW, testkit_coverage_fail_under="80 %")
    assert "testkit_coverage_fail_under = '80 %' is no percentage" in project.run("--testkit-coverage").stderr
