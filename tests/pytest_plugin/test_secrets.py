"""No secret leaves the kit: failing tests with a secret planted in each of many places, and all that pytest writes.

The test's own source lines and locals are its author's; so the planted values stand in neither.
"""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import pytest
from inner_session import Project

pytestmark = pytest.mark.slow

SECRET = "pl4ntedS3cret"  # followed by the number of its place

PLANTED = """
    def planted(number):
        return f"{'pl4nted'}{'S3cret'}{number:02}"
"""
MODELS = """
    import os
    from dataflow import DataClassification, DataFlow, classify

    db = DataFlow(os.environ["DATABASE_URL"], cache_enabled=False)

    @db.model
    @classify("national_number", DataClassification.PII)
    class Account:
        id: int
        email: str
        token: str = ""
        password: str = ""
        settings: dict = {}
        national_number: str = ""
        motto: str = ""
        __dataflow__ = {"indexes": [{"name": "unique_token", "fields": ["token"], "unique": True}]}
"""
API = """
    import asyncio
    from planted import planted
    from starlette.applications import Starlette
    from starlette.background import BackgroundTask
    from starlette.responses import JSONResponse, PlainTextResponse
    from starlette.routing import Route
    from shop.models import db

    async def echo(request):
        sent = [(await request.body()).decode(), str(request.url.query), *map(str, request.headers.values())]
        return PlainTextResponse(" ".join(sent), 400)

    async def repeat(request):
        raise RuntimeError(f"cannot take {await request.json()}")

    async def issue(request):
        return JSONResponse({"access_token": planted(24), "nested": {"client_secret": planted(25)}}, 201)

    async def shaped(request):
        return PlainTextResponse(f"here: eyJhbGciOi.{planted(26)}.c2ln and sk_live_{planted(27)}", 201)

    async def create(request):
        await db.express.create("Account", await request.json())
        return JSONResponse({"id": 1, **(await request.json()), "password": planted(28)}, 201)

    async def update(request):
        await db.express.update("Account", 1, {"email": "b", "token": planted(29)})
        return JSONResponse({"id": 1, "email": "b"})

    async def slow(request):
        await asyncio.sleep(9)

    async def worked(request):
        async def work():
            raise ValueError(request.query_params["key"])
        return JSONResponse({}, background=BackgroundTask(work))

    app = Starlette(routes=[
        Route("/echo", echo, methods=["POST"]),
        Route("/repeat", repeat, methods=["POST"]),
        Route("/issue", issue),
        Route("/shaped", shaped),
        Route("/accounts", create, methods=["POST"]),
        Route("/accounts/{id}", update, methods=["PATCH"]),
        Route("/slow", slow),
        Route("/worked", worked),
    ])
"""
TESTS = """
    import pytest
    from dataflow import DataFlow
    from kailash_testkit import ApiClient, Factory, updated
    from planted import planted

    accounts = Factory("Account")

    async def test_row_of_the_report(kit):
        await accounts.create(email="a", password=planted(1))
        assert False

    async def test_rows_that_match(kit):
        await accounts.create(email="a", token="1", password=planted(2))
        await accounts.create(email="a", token="2", password=planted(2))
        await accounts.find(password=planted(2))

    async def test_printed_row(kit):
        print(await accounts.create(email="a", password=planted(3)))
        assert False

    async def test_changes_that_nobody_expected(kit):
        await accounts.create(email="a", password=planted(4))
        with kit.changes() as changes:
            await accounts.update(1, password=planted(5))
        print(changes)
        changes.assert_none()

    async def test_other_changes(kit):
        await accounts.create(email="a", password=planted(6))
        with kit.changes() as changes:
            await accounts.update(1, password=planted(7))
        expected = updated("Account", 1, password=planted(8))
        changes.assert_only(expected)

    async def test_not_unique(kit):
        await accounts.create(email="a", token=planted(9))
        await accounts.create(email="b", token=planted(9))

    async def test_wrong_type(kit):
        await accounts.create(email="a", password=[planted(10)])

    async def test_rewritten(kit):
        await accounts.create(email="a", password=planted(11) + "'; DROP TABLE accounts; --")

    async def test_json_column(kit):
        await accounts.create(email="a", settings={"mail": {"api_key": planted(12)}})
        assert False

    async def test_classified(kit):
        await accounts.create(email="a", national_number=planted(13))
        assert False

    async def test_field_of_the_settings(kit):
        await accounts.create(email="a", motto=planted(14))
        assert False

    async def test_same_under_another_name(kit):
        await accounts.create(email=f"me: {planted(15)}", password=planted(15))
        assert False

    async def test_body(api):
        await api.expect(200).post("/echo", json={"user": {"passphrase": planted(16)}, "pin": planted(17)})

    async def test_form(api):
        await api.expect(200).post("/echo", data={"otp": planted(18)})

    async def test_query(api):
        await api.expect(200).post("/echo", params={"state": "1", "code": planted(19)})

    async def test_bearer(api):
        await api.authenticated(planted(20)).expect(200).post("/echo")

    async def test_basic(api):
        await api.expect(200).post("/echo", auth=("ada", planted(21)))

    async def test_cookie(api):
        await api.with_cookies({"preferences": planted(22)}).expect(200).post("/echo")

    async def test_header(api):
        await api.with_headers({"X-Signature": planted(23)}).expect(200).post("/echo")

    async def test_response(api):
        await api.expect(200).get("/issue")

    async def test_shapes(api):
        await api.expect(200).get("/shaped")

    async def test_resource_shows_another(api):
        await api.resource("/accounts", model="Account").create({"email": "a", "password": planted(30)})

    async def test_resource_changes_more(api):
        await accounts.create(email="a")
        await api.resource("/accounts", model="Account").patch(1, {"email": "b"})

    async def test_server_traceback(api):
        await api.expect(200).post("/repeat", json={"password": planted(31), "note": planted(31)})

    async def test_url(api):
        await api.expect(200).get(f"http://ada:{planted(32)}@testserver/nowhere")

    async def test_timeline(kit, api):
        await api.get("/nowhere", params={"session_id": planted(33)})
        print(*kit.timeline)
        assert False

    async def test_timeout(api):
        await api.get("/slow", params={"token": planted(34)}, headers={"X-Api-Key": planted(35)}, timeout=0.1)

    async def test_repr_of_a_factory(kit):
        admins = accounts.using(password=planted(36))
        assert not admins

    async def test_log(kit, testkit_app):
        async with ApiClient(testkit_app, kit=kit, raise_app_exceptions=False) as client:
            await client.get("/worked", params={"key": planted(37)})
        assert False

    async def test_explanation(kit):
        await accounts.create(email="a", password=planted(38))
        print(await kit.explain("Account", 1))
        assert False

    @pytest.fixture
    async def account(kit):
        await accounts.create(email="a", token="1", password=planted(39))
        await accounts.create(email="b", token="1", password=planted(39))

    async def test_fixture(account):
        pass

    async def test_broken_node(kit):
        await kit.execute("Account", "Create", {"email": None, "password": planted(40)})

    async def test_multipart(api):
        await api.expect(200).post("/echo", data={"password": planted(41)}, files={"file": ("a.txt", b"text")})

    async def test_list_in_a_body(api):
        await api.expect(200).post("/echo", json={"users": [{"name": "a", "passwords": [planted(42), "x"]}]})

    async def test_bytes_in_a_body(api):
        await api.expect(200).post("/echo", content=b'{"password": "' + planted(43).encode() + b'"}')

    async def test_batch(kit):
        await accounts.create_many([{"token": "a", "password": planted(44)}, {"token": "a", "password": planted(44)}])

    async def test_assertion_on_a_row(kit):
        assert (await accounts.create(email="a", password=planted(45))).email == "b"

    async def test_exception_with_a_row(kit):
        raise ValueError(await accounts.create(email="a", password=planted(46)))

    async def test_url_of_another_database(kit):
        DataFlow(f"postgresql://ada:my p@ss {planted(47)}@127.0.0.1:1/shop").create_tables_sync()

    async def test_rows_that_differ(kit):
        one = await accounts.create(email="a", token="1", password=planted(48))
        assert one == await accounts.create(email="a", token="2", password=planted(48))

    async def test_caplog_has_what_was_logged(api, caplog):
        caplog.set_level("INFO")
        await api.get("/nowhere", params={"session_id": planted(49)})
        assert planted(49) in caplog.text
        assert False
"""
LOUD = [
    *("-vv", "-l", "--full-trace", "-rA", "--log-level=DEBUG", "--testkit-report=report.json"),
    *("--junitxml=junit.xml", "-o", "junit_logging=all", "-p", "pytest_html", "--html=report.html"),
    *("--log-file=tests.log", "--log-file-level=DEBUG", "--testkit-html=kit.html"),
]
WRITTEN = ("report.json", "junit.xml", "report.html", "kit.html", "tests.log")


@pytest.fixture
def planted(project: Project) -> Project:
    project.write(
        {"shop/__init__.py": "", "shop/models.py": MODELS, "shop/api.py": API, "planted.py": PLANTED}
        | {"test_planted.py": TESTS}
    )
    project.configure_more(testkit_redact="motto, other_field")
    return project


def everything(project: Project, *options: str) -> dict[str, str]:
    """All that a run writes, by where it stands."""
    outcome = project.run(*LOUD, *options)
    written = {name: (project.path / name).read_text() for name in WRITTEN}
    return {"terminal": outcome.everything, **written}


def numbers(text: str) -> list[int]:
    return sorted({int(number) for number in re.findall(rf"{SECRET}(\d\d)", text)})


def test_no_planted_secret_is_in_any_output(planted: Project) -> None:
    written = everything(planted)
    counted = re.search(r"(\d+) failed, (\d+) error", written["terminal"])
    assert counted
    assert (int(counted[1]), int(counted[2])) == (40, 1)
    assert {where: numbers(text) for where, text in written.items()} == {where: [] for where in ("terminal", *WRITTEN)}


def test_without_the_rule_all_are_shown(planted: Project) -> None:
    """So that the test above looks where the values would stand."""
    planted.configure_more(testkit_redact="off")
    written = everything(planted)
    assert numbers(written["terminal"]) == list(range(1, 50))
    assert all(numbers(written[name]) for name in WRITTEN)


def test_two_secrets_that_differ_are_shown_to_differ(planted: Project) -> None:
    outcome = planted.run("test_planted.py::test_changes_that_nobody_expected")
    marks = re.search(r"password: \*\*\*\((\w{4})\) -> \*\*\*\((\w{4})\)", outcome.output)
    assert marks
    assert marks[1] != marks[2]


def test_only_the_owner_can_read_the_report(planted: Project) -> None:
    paths = [Path(planted.path / name) for name in ("report.json", "kit.html")]
    for path in paths:
        path.write_text("{}")
        path.chmod(0o644)
    planted.run("--testkit-report=report.json", "--testkit-html=kit.html", "test_planted.py::test_printed_row")
    assert [stat.S_IMODE(path.stat().st_mode) for path in paths] == [0o600, 0o600]
    assert json.loads(paths[0].read_text())["failures"]


@pytest.mark.parametrize("setting", ["off, motto", "pass word!"])
def test_a_setting_that_says_nothing_clear_is_refused(planted: Project, setting: str) -> None:
    planted.configure_more(testkit_redact=setting)
    outcome = planted.run()
    assert outcome.result.ret == pytest.ExitCode.USAGE_ERROR
    assert "testkit_redact" in outcome.stderr


CAUSES = """
    from kailash_testkit.errors import KitError

    URL = "postgresql://ada:" + "pl4ntedS3cret" + "@db.test/shop"

    def test_raised():
        try:
            raise ValueError(f"no connection to {URL}")
        except ValueError as error:
            raise KitError("the first") from error

    def test_never_raised():
        raise KitError("the second") from ValueError(f"no way to {URL}")
"""


@pytest.mark.parametrize("options", [("--full-trace",), ("--tb=native",), ("--full-trace", "--tb=native")])
def test_the_causes_of_an_error_of_the_kit_show_no_password(shop: Project, options: tuple[str, ...]) -> None:
    shop.write({"test_it.py": CAUSES.replace('"pl4ntedS3cret"', '"pl4nted" + "S3cret"')})
    outcome = shop.run(*options)
    outcome.assert_outcomes(failed=2)
    assert "no connection to postgresql://ada:***@db.test/shop" in outcome.output
    assert "no way to postgresql://ada:***@db.test/shop" in outcome.output
    assert SECRET not in outcome.everything
