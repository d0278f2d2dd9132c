"""``--testkit-lose-writes`` in whole sessions: tests that prove nothing about a write are named, others are not."""

from __future__ import annotations

import re

import pytest
from inner_session import Outcome, Project
from server_runs import available
from test_write_coverage import API, CREATE, DELETE, MODELS, SEED, TESTS, UPDATE

pytestmark = pytest.mark.slow

CASES: dict[str, list[str]] = {
    "Blind": [CREATE, "assert response.status_code == 201"],
    "Seeing": ["await api.post('/{m}', json=BODY)", "assert await kit.count('{m}') == 1"],
    "BlindUpdate": [SEED, f"assert ({UPDATE}).status_code == 200"],
    "SeeingUpdate": [SEED, UPDATE, "assert (await kit.get('{m}', row.id)).name == 'new'"],
    "BlindDelete": [SEED, f"assert ({DELETE}).status_code == 204"],
    "SeeingDelete": [SEED, DELETE, "assert not await kit.exists('{m}', id=row.id)"],
    "SoftBlind": [SEED, DELETE],
    "SoftSeeing": [SEED, DELETE, "assert await kit.count('{m}') == 0"],
    "SeedsLater": [  # what the kit's verbs write stays
        "await api.post('/{m}', json=BODY)", "await kit.create('{m}', name='seed')",
        "assert await kit.exists('{m}', name='seed')",
    ],
    "Resource": ["await api.resource('/{m}', model='{m}').create(BODY)"],
    "Ledger": ["with kit.changes() as changes:", "    await api.post('/{m}', json=BODY)",
               "changes.assert_only(created('{m}', name='abc'))"],
}  # fmt: skip
SURVIVORS = ["Blind create", "BlindDelete delete", "BlindUpdate update", "SeedsLater create", "SoftBlind delete"]
# A lost row is not in the list that its handler reads: the test application must not fail by that.
TOLERANT = API.replace("(row,) = await db.express.list(name, limit=1)", "row = {**await request.json(), 'id': 1}")


def write(project: Project, **settings: object) -> None:
    tests = TESTS
    for name, lines in CASES.items():
        body = "\n".join(f"        {line.format(m=name)}" for line in lines)
        tests += f"\n    async def test_{name.lower()}(kit, api):\n{body}\n"
    models = MODELS % [*CASES]
    project.configure_more(**settings)
    project.write({"shop/__init__.py": "", "shop/models.py": models, "shop/api.py": TOLERANT, "test_it.py": tests})


def survivors(outcome: Outcome) -> list[str]:
    return sorted(re.findall(r"^survived: (\w+ \w+) \(", outcome.output, re.MULTILINE))


@pytest.mark.databases("sqlite")
def test_tests_that_prove_nothing_are_named(project: Project) -> None:
    write(project)
    for more in ((), ("-n", "2")):
        outcome = project.run("--testkit-lose-writes", "--testkit-verify", *more)
        outcome.result.assert_outcomes(passed=len(CASES))
        assert survivors(outcome) == SURVIVORS
        line = "survived: Blind create (POST /{model}): lost, and 1 test that made it passes: test_it.py::test_blind"
        assert line in outcome.output.splitlines()
        assert f"{len(CASES) - len(SURVIVORS)} noticed, {len(SURVIVORS)} survived" in outcome.output


@pytest.mark.databases("postgresql")
def test_on_postgresql(project: Project) -> None:
    available("postgresql")
    write(project)
    outcome = project.run("--testkit-lose-writes", "--testkit-verify", "--testkit-database=postgresql")
    outcome.result.assert_outcomes(passed=len(CASES))
    assert survivors(outcome) == SURVIVORS


@pytest.mark.parametrize("given", ["soon", "-1", "nan"])
def test_what_is_no_number_of_seconds_is_refused(project: Project, given: str) -> None:
    write(project, testkit_lose_writes_seconds=given)
    said = f"testkit_lose_writes_seconds = {given!r} is no number of seconds"
    assert said in project.run("--testkit-lose-writes").everything


@pytest.mark.databases("sqlite")
def test_when_the_time_is_over(project: Project) -> None:
    write(project, testkit_lose_writes_seconds="0")
    outcome = project.run("--testkit-lose-writes")
    outcome.result.assert_outcomes(passed=len(CASES))
    assert "not tried, the testkit_lose_writes_seconds were over: Blind create, Seeing create," in outcome.output


@pytest.mark.databases("sqlite")
def test_what_cannot_run_twice_proves_nothing(project: Project) -> None:
    write(project)
    project.write(
        {
            "test_it.py": """
                RUNS = []

                async def test_once(api, kit):
                    RUNS.append(1)
                    await api.post("/Blind", json={"name": "a", "size": 1})
                    assert RUNS == [1]
            """
        }
    )
    outcome = project.run("--testkit-lose-writes")
    outcome.result.assert_outcomes(passed=1)
    assert survivors(outcome) == []
    assert "not tried: test_it.py::test_once: it does not pass when it runs again: AssertionError" in outcome.output


@pytest.mark.databases("sqlite")
def test_with_v_those_that_pass_all_the_same_are_named_too(project: Project) -> None:
    write(project)
    tests = """
        import pytest

        BODY = {"name": "abc", "size": 3}

        @pytest.fixture
        async def seeded(api):
            await api.post("/BlindUpdate", json=BODY)

        async def test_blind(api, seeded):
            assert (await api.post("/Blind", json=BODY)).status_code == 201

        async def test_seeing(api, kit):
            await api.post("/Blind", json=BODY)
            assert await kit.count("Blind") == 1
    """
    project.write({"test_it.py": tests})
    outcome = project.run("--testkit-lose-writes", "-v")
    outcome.result.assert_outcomes(passed=2)
    assert survivors(outcome) == []
    line = "noticed by another test: Blind create; these pass all the same: test_it.py::test_blind"
    assert line in outcome.output.splitlines()
    assert "BlindUpdate" not in outcome.output  # what a fixture wrote stays
    assert "noticed by" not in project.run("--testkit-lose-writes").output


@pytest.mark.databases("mysql")
def test_on_mariadb_nothing_is_lost_and_that_is_said_once(project: Project) -> None:
    available("mariadb")
    write(project)
    tests = """
        async def test_one(api):
            await api.post("/Blind", json={"name": "abc", "size": 3})

        async def test_two(api):
            await api.post("/Blind", json={"name": "abc", "size": 3})
    """
    project.write({"test_it.py": tests})
    outcome = project.run("--testkit-lose-writes", "--testkit-database=mariadb")
    outcome.result.assert_outcomes(passed=2)
    said = "not tried: no writes were lost: MariaDB and MySQL cannot; use --testkit-database=sqlite or postgresql"
    assert outcome.output.splitlines().count(said) == 1
