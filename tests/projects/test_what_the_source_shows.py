"""What is found in projects of many shapes, by reading alone."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kailash_testkit.projects.candidates import applications, dataflows
from kailash_testkit.projects.cleanups import clean_ups
from kailash_testkit.projects.sources import Project, read_project
from kailash_testkit.projects.variables import url_variables

Written = Callable[[Mapping[str, str]], Project]

DB = "import os\nfrom dataflow import DataFlow\ndb = DataFlow(os.environ['SHOP_URL'])\n"


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(files: Mapping[str, str]) -> Project:
        for name, text in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(textwrap.dedent(text))
        return read_project(tmp_path)

    return write


@pytest.mark.parametrize(
    ("files", "target", "root"),
    [
        ({"app.py": DB}, "app:db", "."),
        ({"shop/__init__.py": "", "shop/models.py": DB}, "shop.models:db", "."),
        ({"shop/models.py": DB, "shop/api.py": "from shop.models import db\n"}, "shop.models:db", "."),
        ({"src/shop/__init__.py": "", "src/shop/models.py": DB}, "shop.models:db", "src"),
        ({"src/shop/models.py": DB}, "shop.models:db", "src"),
        ({"src/app.py": DB}, "app:db", "src"),
        ({"src/__init__.py": "", "src/db.py": DB, "main.py": "from src.db import db\n"}, "src.db:db", "."),
        ({"backend/app/__init__.py": "", "backend/app/db.py": DB}, "app.db:db", "backend"),
        ({"backend/app/db.py": DB, "backend/app/api.py": "from app.db import db\n"}, "app.db:db", "backend"),
        ({"shop/__init__.py": DB}, "shop:db", "."),
    ],
)
def test_a_module_is_named_as_the_project_imports_it(
    written: Written, files: Mapping[str, str], target: str, root: str
) -> None:
    project = written({**files, ".venv/lib/other.py": DB, "node_modules/x.py": DB, "tests/db.py": DB})
    (found,) = dataflows(project)
    assert (found.target, found.source.root) == (target, project.folder / root if root != "." else project.folder)


@pytest.mark.parametrize(
    "code",
    [
        "import dataflow\ndb = dataflow.DataFlow('x')",
        "from dataflow import DataFlow as Flow\ndb: Flow = Flow('x')",
        "from dataflow import DataFlow\ntry:\n    db = DataFlow('x')\nexcept ValueError:\n    raise",
        "from dataflow import DataFlow\nclass Own(DataFlow): ...\ndb = Own('x')",
        "from dataflow import DataFlow\ndef make(url):\n    flow = DataFlow(url)\n    return flow\ndb = make('x')",
        "from dataflow import DataFlow\ndef db(url='x') -> DataFlow: ...",
    ],
)
def test_an_instance_is_known_by_what_makes_it(written: Written, code: str) -> None:
    assert [found.target for found in dataflows(written({"app.py": code}))] == ["app:db"]


@pytest.mark.parametrize(
    "code",
    [
        "from other import DataFlow\ndb = DataFlow('x')",
        "from dataflow import DataFlow\ndef make(url):\n    return DataFlow(url)",
        "from dataflow import DataFlow\nif __name__ == '__main__':\n    db = DataFlow('x')",
    ],
)
def test_what_only_looks_like_one_is_none(written: Written, code: str) -> None:
    assert dataflows(written({"app.py": code})) == []


@pytest.mark.parametrize(
    ("code", "targets"),
    [
        ("from fastapi import FastAPI\napp = FastAPI()", ["app:app"]),
        ("from nexus import Nexus\nserver = Nexus()", ["app:server"]),
        ("from fastapi import FastAPI\ndef create_app():\n    return FastAPI()", ["app:create_app"]),
        ("from fastapi import FastAPI\ndef create_app():\n    return FastAPI()\napp = create_app()", ["app:app"]),
        ("from fastapi import FastAPI\ninner = FastAPI()\napp = FastAPI()\napp.mount('/v1', inner)", ["app:app"]),
        ("from fastapi import FastAPI\na = FastAPI()\nb = FastAPI()", ["app:a", "app:b"]),
        ("async def application(scope, receive, send): ...", ["app:application"]),
        ("app = 1", []),
    ],
)
def test_applications(written: Written, code: str, targets: list[str]) -> None:
    assert [found.target for found in applications(written({"app.py": code}))] == targets


@pytest.mark.parametrize(
    ("files", "variables"),
    [
        ({"app.py": DB}, ["SHOP_URL"]),
        (
            {"app.py": "from os import getenv\nfrom dataflow import DataFlow\ndb = DataFlow(getenv('STORE', 'x'))"},
            ["STORE"],
        ),
        (
            {
                "app.py": "from dataflow import DataFlow\nfrom settings import where\ndb = DataFlow(where())",
                "settings.py": """
                    import os

                    redis = os.environ["REDIS_URL"]

                    def where():
                        return os.environ.get("STORE")
                """,
            },
            ["STORE"],
        ),
        (
            {
                "app.py": "from dataflow import DataFlow\nfrom config import settings\ndb = DataFlow(settings.store)",
                "config.py": """
                    from pydantic_settings import BaseSettings, SettingsConfigDict

                    class Settings(BaseSettings):
                        model_config = SettingsConfigDict(env_prefix="SHOP_")
                        store: str
                        secret: str

                    settings = Settings()
                """,
            },
            ["SHOP_STORE"],
        ),
        (
            {
                "app.py": """
                    from dataflow import DataFlow
                    from pydantic import Field
                    from pydantic_settings import BaseSettings

                    class Settings(BaseSettings):
                        url: str = Field(validation_alias="STORE_AT")

                    db = DataFlow(Settings().url)
                """
            },
            ["STORE_AT"],
        ),
    ],
)
def test_the_variables_of_a_url(written: Written, files: Mapping[str, str], variables: list[str]) -> None:
    project = written(files)
    (db,) = dataflows(project)
    assert [found.name for found in url_variables(project, db)] == variables


def test_clean_ups_are_recognised(written: Written) -> None:
    project = written(
        {
            "tests/conftest.py": """
                import pytest

                @pytest.fixture(autouse=True)
                async def clean(runtime):
                    yield
                    await run("OrderBulkDeleteNode", {"filter": {}})

                @pytest.fixture
                def tables(connection):
                    connection.execute("truncate orders")

                @pytest.fixture
                def customer():
                    return {"name": "Ada"}

                def helper():
                    return "DELETE FROM orders"
            """
        }
    )
    found = [(each.place, each.name, each.what) for each in clean_ups(project)]
    assert found == [
        ("tests/conftest.py:5", "clean", "deletes rows through nodes"),
        ("tests/conftest.py:10", "tables", "empties tables by SQL"),
    ]


def test_a_file_that_cannot_be_read_is_told(written: Written) -> None:
    project = written({"app.py": DB, "old.py": "print 1"})
    assert len(dataflows(project)) == 1
    assert project.unreadable[0].startswith("old.py: ")
