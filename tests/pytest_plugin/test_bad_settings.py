"""Every wrong setting, and every common mistake, is told in a few lines; nothing is left behind."""

from __future__ import annotations

import importlib.util
import re
import sqlite3
from contextlib import closing

import pytest
from inner_session import Project


def explained(project: Project, *fixtures: str) -> list[str]:
    """The errors of tests that request these fixtures, one each."""
    tests = [f"def test_{fixture}({fixture}):\n    pass\n" for fixture in fixtures]
    project.write({"test_it.py": "\n".join(tests)})
    outcome = project.run()
    outcome.assert_outcomes(errors=len(fixtures))
    assert project.left_behind() == []
    return [outcome.explanation(f"ERROR at setup of test_{fixture}") for fixture in fixtures]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (
            "shopp.models:db",
            "{option} = 'shopp.models:db' cannot be imported: No module named 'shopp'\n"
            "do:  set pythonpath in pytest's settings to the folder that it is in, or correct the name",
        ),
        (
            "shop.modells:db",
            "{option} = 'shop.modells:db' cannot be imported: No module named 'shop.modells'\n"
            "do:  set pythonpath in pytest's settings to the folder that it is in, or correct the name",
        ),
        (
            "shop.things:datbase",
            "{option} = 'shop.things:datbase': shop.things has no 'datbase': did you mean 'database'?\n"
            "do:  correct the name after the colon",
        ),
        (
            "shop.broken:db",
            "{option} = 'shop.broken:db': importing shop.broken raised KeyError: 'SHOP_SECRET'\n"
            "why: at {path}/shop/settings.py:3: the environment variable SHOP_SECRET is not set\n"
            "do:  where it is the database's URL: set testkit_url_env = SHOP_SECRET, and the kit gives it a "
            "test database; else set it before pytest starts",
        ),
        (
            "shop.unmet:db",
            "{option} = 'shop.unmet:db' cannot be imported: No module named 'no_such_library'\n"
            "why: shop.unmet itself was found; what it imports was not\n"
            "do:  install the missing module, or correct the import",
        ),
        (
            "shop.things.database",
            "{option} = 'shop.things.database' does not say where to look\n"
            'do:  write it as module:attribute, for example {option} = "shop.models:db"',
        ),
        (
            "shop.things:fails",
            "{option} = 'shop.things:fails': calling it raised ValueError: no way\n"
            "why: at {path}/shop/things.py:6\n"
            "do:  make it work without arguments",
        ),
        (
            "shop.misspelt:db",
            "{option} = 'shop.misspelt:db': importing shop.misspelt raised SyntaxError: expected ':'\n"
            "why: at {path}/shop/misspelt.py:2: def f()\n"
            "do:  correct that line, or the one before it",
        ),
        (
            "shop.things:asks",
            "{option} = 'shop.things:asks': calling it raised KeyError: 'SHOP_URL'\n"
            "why: at {path}/shop/things.py:9: the environment variable SHOP_URL is not set\n"
            "do:  where it is the database's URL: set testkit_url_env = SHOP_URL, and the kit gives it a "
            "test database; else set it before pytest starts",
        ),
    ],
    ids=[
        "no package",
        "no module",
        "no such name",
        "raises",
        "imports a missing library",
        "no colon",
        "a failing function",
        "a syntax error",
        "a function that reads a missing variable",
    ],
)
def test_a_target_that_cannot_be_loaded(project: Project, target: str, expected: str) -> None:
    project.configure(testkit_dataflow=target, testkit_app=target)
    project.write(
        {
            "shop/__init__.py": "",
            "shop/things.py": """
                import os

                database = 1

                def fails():
                    raise ValueError("\\x1b[31mno way\\x1b[0m")

                def asks():
                    return os.environ["SHOP_URL"]
            """,
            "shop/settings.py": """
                import os

                SECRET = os.environ["SHOP_SECRET"]
            """,
            "shop/broken.py": "from shop.settings import SECRET\n",
            "shop/misspelt.py": "x = 1\ndef f()\n    pass\n",
            "shop/unmet.py": "import no_such_library\n",
        }
    )
    texts = explained(project, "kit", "testkit_app")
    for option, text in zip(("testkit_dataflow", "testkit_app"), texts, strict=True):
        wanted = expected.format(option=option, path=project.path)
        assert text == "kailash_testkit.errors.ConfigurationError: " + wanted


def test_a_target_of_the_wrong_kind(project: Project) -> None:
    project.configure(testkit_dataflow="shop:thing", testkit_app="shop:thing")
    project.write({"shop.py": "thing = 1\n"})
    dataflow, app = explained(project, "kit", "testkit_app")
    assert "testkit_dataflow = 'shop:thing' is not a DataFlow instance\nwhy: it is an int\ndo:  name the" in dataflow
    assert "testkit_app = 'shop:thing' is not an ASGI application\nwhy: it is an int\ndo:  name the" in app


def test_an_application_in_the_place_of_the_dataflow_is_not_called(project: Project) -> None:
    project.configure(testkit_dataflow="shop:app")
    application = "class App:\n    async def __call__(self, scope, receive, send):\n        pass\n\napp = App()\n"
    project.write({"shop.py": application})
    (text,) = explained(project, "kit")
    assert "testkit_dataflow = 'shop:app' is not a DataFlow instance\nwhy: it is an App\ndo:  name the" in text


def test_the_one_dataflow_of_the_module_is_proposed(shop: Project) -> None:
    shop.configure(testkit_dataflow="shop.models:database")
    (text,) = explained(shop, "kit")
    assert "testkit_dataflow = 'shop.models:database': shop.models has no 'database': did you mean 'db'?" in text


def test_fixtures_without_settings(project: Project) -> None:
    project.configure()
    texts = explained(project, "kit", "testkit_app")
    for option, text in zip(("testkit_dataflow", "testkit_app"), texts, strict=True):
        assert "ConfigurationError: the kit does not know where the" in text
        assert f'do:  set {option} = "package.module:' in text
        assert text.endswith(f"or define a fixture {option}")


@pytest.mark.parametrize(
    ("ini", "arguments", "expected"),
    [
        (
            {},
            ["--testkit-database=oracle"],
            "ERROR: --testkit-database=oracle: not a kind of database that the kit can provide\n"
            "  do:  use one of sqlite, postgresql, mysql, mariadb, or the URL of a server: "
            "postgresql://user@host:5432/postgres",
        ),
        (
            {"testkit_lifespan": "module"},
            [],
            "ERROR: testkit_lifespan = 'module'\n  do:  use 'session' or 'test'",
        ),
        (
            {},
            ["--testkit-database=postgresql://db.test"],
            "ERROR: --testkit-database=postgresql://db.test: the URL names no user, and DataFlow cannot do without\n"
            "  do:  write it as postgresql://user:password@host:5432",
        ),
        (
            {"testkit_databse": "postgresql"},
            [],
            "ERROR: testkit_databse in {inipath}: there is no such setting: did you mean testkit_database?\n"
            "  do:  correct the name; `pytest --help` lists those that begin with testkit_",
        ),
        (
            {},
            ["-o", "testkit_colour=red"],
            "ERROR: testkit_colour after -o: there is no such setting\n"
            "  do:  correct the name; `pytest --help` lists those that begin with testkit_",
        ),
        (
            {"testkit_database_name": "../shop"},
            [],
            "ERROR: testkit_database_name = '../shop'\n  do:  use letters, digits, '_' and '-' only, at most 30",
        ),
    ],
    ids=["database", "lifespan", "URL without a user", "misspelt name", "unknown name", "database name"],
)
def test_an_option_with_an_impossible_value(
    project: Project, ini: dict[str, str], arguments: list[str], expected: str
) -> None:
    project.configure(testkit_dataflow="shop.models:db", **ini)
    outcome = project.run(*arguments)
    assert outcome.result.ret == pytest.ExitCode.USAGE_ERROR
    assert outcome.everything.strip() == expected.format(inipath=project.path / "pyproject.toml")
    assert project.left_behind() == []


def test_a_setting_of_another_plugin_may_begin_as_the_kits_do(project: Project) -> None:
    project.configure(testkit_colour="red")
    project.write(
        {
            "conftest.py": "def pytest_addoption(parser):\n    parser.addini('testkit_colour', 'of this project')\n",
            "test_it.py": "def test_it(pytestconfig):\n    assert pytestconfig.getini('testkit_colour') == 'red'\n",
        }
    )
    project.run().assert_outcomes(passed=1)


@pytest.mark.slow
def test_an_application_that_ignores_the_variable(shop: Project) -> None:
    database = shop.path / "production.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)")
        connection.execute("INSERT INTO items (name) VALUES ('precious')")
    before = database.read_bytes()
    models = (shop.path / "shop/models.py").read_text()
    shop.write({"shop/models.py": models.replace('os.environ["DATABASE_URL"]', f'"sqlite:///{database}"')})
    shop.write(
        {
            "test_it.py": """
                from kailash_testkit import Factory
                from shop.models import Item

                def test_with_the_kit(kit):
                    pass

                async def test_with_a_factory_by_name():
                    await Factory("Item").create()

                async def test_with_a_factory_by_class():
                    await Factory(Item).create()
            """
        }
    )
    outcome = shop.run()
    outcome.assert_outcomes(errors=1, failed=2)
    what = f"UnsafeDatabase: the application connects to sqlite:///{database}, not to the test database"
    sections = [outcome.error(title) for title in ("test_with_a_factory_by_name", "test_with_a_factory_by_class")]
    text = outcome.explanation("ERROR at setup of test_with_the_kit")
    assert "do:  read the URL from DATABASE_URL, or name the variable that it reads: testkit_url_env" in text
    assert what in text
    for section in sections:
        assert section.endswith(f"{what} (test_it.py::test_with_the_kit shows the whole error)")
        assert len(section.splitlines()) == 1
    assert database.read_bytes() == before
    assert not list(shop.path.glob("production.db-*"))
    assert shop.left_behind() == []


def test_an_in_memory_database(shop: Project) -> None:
    shop.configure(asyncio_mode="auto")
    models = (shop.path / "shop/models.py").read_text()
    shop.write({"shop/models.py": models.replace('os.environ["DATABASE_URL"]', '"sqlite:///:memory:"')})
    shop.write(
        {
            "conftest.py": """
                import pytest
                from shop.models import db

                @pytest.fixture(scope="session")
                def testkit_dataflow():
                    return db
            """
        }
    )
    (text,) = explained(shop, "kit")
    assert "UnsupportedDatabase: an in-memory SQLite database (sqlite:///:memory:) cannot be tested on" in text
    assert "why: DataFlow loses it at close_async(), and no other connection can see it" in text


MISTAKES = """
    from datetime import datetime
    from kailash_testkit import Factory
    from shop.models import Item

    items = Factory(Item)

    async def test_unknown_model(kit):
        await kit.create("Itme")

    async def test_unknown_field():
        await items.create(nmae="a")

    async def test_forgotten_await():
        item = items.create()
        assert item.name == "a"

    async def test_forgotten_await_of_a_truth():
        assert items.exists(name="a")

    async def test_managed_field():
        await items.update(1, id=2)

    async def test_row_not_found():
        await items.create()
        await items.get(7)

    async def test_wrong_type():
        await items.create(name=1)

    def test_nothing_was_stored():
        assert items.count_sync() == 0
"""
EXPLAINED = {
    "test_unknown_model": "UnknownModel: .*'Itme'.*did you mean 'Item'",
    "test_unknown_field": "UnknownField: .*nmae.*did you mean 'name'",
    "test_forgotten_await": r"NotAwaited: Factory.create\(...\) was used without await",
    "test_forgotten_await_of_a_truth": r"NotAwaited: Factory.exists\(...\) was used without await",
    "test_managed_field": "ManagedField: Item.id cannot be changed",
    "test_row_not_found": "RowNotFound: no Item with id 7\nwhy: it was never written; table items has 1 row; closest",
    "test_wrong_type": "FieldTypeError: .*name",
}


def test_common_mistakes_in_a_test(shop: Project) -> None:
    shop.write({"test_mistakes.py": MISTAKES})
    outcome = shop.run()
    outcome.assert_outcomes(failed=7, passed=1)
    for test, pattern in EXPLAINED.items():
        assert re.search(pattern, outcome.explanation(test)), outcome.explanation(test)
    assert shop.left_behind() == []


@pytest.mark.parametrize(
    ("setting", "value"), [("testkit_startup_timeout", "soon"), ("testkit_shutdown_timeout", "-1")]
)
def test_a_time_limit_is_a_number_of_seconds_or_off(shop: Project, setting: str, value: str) -> None:
    shop.shop(**{setting: value})
    shop.write({"test_it.py": "def test_it(): pass\n"})
    output = shop.run().result.stderr.str()
    assert f"{setting} = '{value}'\n  do:  write a number of seconds, such as 60, or 'off'" in output


def test_the_library_of_the_client_is_one_of_two(shop: Project) -> None:
    shop.shop(testkit_httpx="requests")
    shop.write({"test_it.py": "def test_it(): pass\n"})
    output = shop.run().result.stderr.str()
    assert "testkit_httpx = 'requests'\n  do:  use 'httpx' or 'httpx2'" in output


@pytest.mark.slow
def test_the_library_of_the_client_is_the_setting_s(shop: Project) -> None:
    shop.shop(testkit_httpx="httpx")
    shop.write({"test_it.py": "def test_it(api): assert type(api).__mro__[1].__module__ == 'httpx'\n"})
    shop.run_anew().assert_outcomes(passed=1)


def test_a_library_of_the_client_that_is_not_installed(shop: Project) -> None:
    if importlib.util.find_spec("httpx2") is not None:
        pytest.skip("httpx2 is installed")
    shop.shop(testkit_httpx="httpx2")
    shop.write({"test_it.py": "def test_it(): pass\n"})
    output = shop.run().result.stderr.str()
    said = "testkit_httpx = 'httpx2', which is not installed\n  do:  pip install 'kailash-testkit[httpx2]'"
    assert said in output


def test_a_library_of_the_client_that_comes_too_late(shop: Project) -> None:
    shop.shop(testkit_httpx="httpx")
    early = "from kailash_testkit import http_library\nhttp_library._in_use = 'httpx2'\n"
    shop.write({"plugins/early.py": early, "test_it.py": "def test_it(): pass\n"})
    output = shop.run("-p", "early").result.stderr.str()
    assert "testkit_httpx = 'httpx', but the client uses httpx2 already" in output
    assert "do:  set TESTKIT_HTTPX=httpx in the environment" in output


@pytest.mark.slow
def test_without_a_time_limit_a_slow_lifespan_is_waited_for(shop: Project) -> None:
    lifespan = """
        import asyncio
        import contextlib
        from starlette.applications import Starlette

        @contextlib.asynccontextmanager
        async def lifespan(app):
            await asyncio.sleep(0.3)
            yield

        app = Starlette(lifespan=lifespan)
    """
    shop.write({"shop/api.py": lifespan, "test_it.py": "async def test_it(api): await api.get('/')\n"})
    for limit, counts in (("off", {"passed": 1}), ("0.1", {"failed": 1})):
        shop.configure_more(testkit_startup_timeout=limit)
        shop.run().result.assert_outcomes(**counts)


def test_findings_are_accepted_into_a_file_that_is_named(shop: Project) -> None:
    shop.write({"test_it.py": "def test_it(): pass\n"})
    output = shop.run("--testkit-judge-accept").result.stderr.str()
    assert "--testkit-judge-accept: no file to write to\n  do:  name one: testkit_judge_baseline" in output
