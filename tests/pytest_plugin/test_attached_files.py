"""A file that a test attaches to its database and changes is told with the test's name, and left as it is."""

from __future__ import annotations

import re

import pytest
from inner_session import Project

TESTS = """
    import os, sqlite3
    from contextlib import closing
    from pathlib import Path
    import pytest
    from kailash_testkit import Factory
    from shop.models import Item

    items = Factory(Item)
    PATH = os.environ["DATABASE_URL"].removeprefix("sqlite:///")
    ARCHIVE = Path(__file__).with_name("archive.db")

    def archive(statement, path=ARCHIVE):
        with closing(sqlite3.connect(PATH, isolation_level=None)) as connection:
            connection.execute("ATTACH ? AS archive", (str(path),))
            return connection.execute(statement).fetchall()

    @pytest.fixture(scope="session", autouse=True)
    def of_the_session():
        archive("CREATE TABLE archive.items AS SELECT id, name FROM items")

    def test_archives():
        items.create_sync(name="old")
        archive("INSERT INTO archive.items SELECT id, name FROM items")

    def test_reads():
        assert archive("SELECT name FROM archive.items") == [("old",)]
        items.create_sync(name="new")

    def test_in_a_folder_of_its_own(tmp_path):
        archive("CREATE TABLE archive.items (name)", tmp_path / "own.db")

    @pytest.fixture(scope="module")
    def of_the_module():
        archive("DELETE FROM archive.items")

    def test_after_a_wider_fixture(of_the_module):
        assert archive("SELECT name FROM archive.items") == []

    def test_archives_too():
        archive("INSERT INTO archive.items VALUES (1, 'old')")
        left = sqlite3.connect(PATH)
        left.execute("DELETE FROM items")
        globals()["held"] = left

    @pytest.mark.filterwarnings("ignore:.*attached to the test database")
    def test_that_says_it_may():
        archive("INSERT INTO archive.items VALUES (2, 'old')")
"""


@pytest.mark.slow
def test_each_test_that_changes_an_attached_file_is_named(shop: Project) -> None:
    shop.write({"test_it.py": TESTS})
    outcome = shop.run("-W", "default::UserWarning", "-W", "ignore::ResourceWarning")
    outcome.result.assert_outcomes(passed=6, errors=1, warnings=1)
    told = re.findall(r"^(test_it\.py::\w+)\n.*UserWarning: (.*)$", outcome.output, re.MULTILINE)
    assert told == [
        (
            "test_it.py::test_archives",
            f"{shop.path / 'archive.db'}, attached to the test database, was changed during the test, and a later test "
            "finds it so: only the test database is put back. Let the test attach a file in its tmp_path, or put that "
            "one back; or say that it may stay so: filterwarnings = ignore:.*attached to the test database",
        )
    ]
    locked = outcome.explanation("ERROR at teardown of test_archives_too")
    assert "is locked by an open transaction" in locked
    assert "archive.db, attached to the test database, was changed during the test" in locked
