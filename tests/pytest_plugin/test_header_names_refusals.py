"""What looks like the kit's and is not proved to be is named in the header, with the command that removes it."""

from __future__ import annotations

import os

import pytest
from inner_session import Project


@pytest.mark.slow
def test_a_folder_that_others_may_write_in_is_named_once_and_not_used(shop: Project) -> None:
    planted = shop.storage / f"kailash-testkit-{os.geteuid()}"
    planted.mkdir()
    planted.chmod(0o777)
    shop.write({"test_items.py": "async def test_it(kit): print('at', kit.database.url)"})

    outcome = shop.run("-rA")
    outcome.assert_outcomes(passed=1)
    header, _, rest = outcome.output.partition("collected 1 item")
    line = (
        f"kailash-testkit: {planted} is left alone: others may write in it (mode 0777); "
        f"to remove it yourself: sudo rm -rI {planted}"
    )
    assert header.count(line) == 1
    assert "is left alone" not in rest
    assert f"at sqlite:///{planted}-" in rest
    assert [*planted.iterdir()] == []

    assert "is left alone" not in shop.run("--collect-only").output


@pytest.mark.slow
def test_nothing_is_named_where_there_is_nothing(shop: Project) -> None:
    shop.write({"test_items.py": "def test_it(): pass"})
    assert "left alone" not in shop.run().output


def test_a_project_that_does_not_use_the_kit_hears_nothing(project: Project) -> None:
    project.configure()
    (project.storage / f"kailash-testkit-{os.geteuid()}").mkdir()
    (project.storage / f"kailash-testkit-{os.geteuid()}").chmod(0o777)
    project.write({"test_plain.py": "def test_it(): pass"})
    assert "kailash-testkit:" not in project.run().output
