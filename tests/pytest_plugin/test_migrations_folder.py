"""DataFlow leaves an empty ``migrations`` folder in the working directory; the plugin takes it away."""

from __future__ import annotations

from inner_session import Project

CONFTEST = "import shop.models\n"
TESTS = """
    from kailash_testkit import Factory
    from shop.models import Item

    async def test_items():
        await Factory(Item).create()
"""


def test_an_empty_folder_that_the_run_made_is_removed(shop: Project) -> None:
    shop.write({"conftest.py": CONFTEST, "test_items.py": TESTS})
    shop.run().assert_outcomes(passed=1)
    assert not (shop.path / "migrations").exists()


MAKES_THE_FOLDER = """
    from pathlib import Path

    def test_it():
        Path("migrations").mkdir(exist_ok=True)
"""
MAKES_A_FILE = (
    MAKES_THE_FOLDER
    + """
    def test_file():
        Path("migrations/001.sql").touch()
"""
)


def test_a_folder_that_was_there_before_stays(shop: Project) -> None:
    (shop.path / "migrations").mkdir()
    shop.write({"test_it.py": MAKES_THE_FOLDER})
    shop.run().assert_outcomes(passed=1)
    assert (shop.path / "migrations").is_dir()


def test_a_folder_with_files_stays(shop: Project) -> None:
    shop.write({"test_it.py": MAKES_A_FILE})
    shop.run().assert_outcomes(passed=2)
    assert [path.name for path in (shop.path / "migrations").iterdir()] == ["001.sql"]


def test_a_project_without_the_kits_settings_keeps_its_folder(project: Project) -> None:
    project.configure()
    project.write({"test_it.py": MAKES_THE_FOLDER})
    project.run().assert_outcomes(passed=1)
    assert (project.path / "migrations").is_dir()
