"""The session's seed: where it comes from, and that it is shown."""

from __future__ import annotations

import re

import pytest
from inner_session import Project

pytestmark = pytest.mark.slow

TEST = """
    from kailash_testkit import Factory, choice

    items = Factory("Item", name=choice(*"abcdefghijklmnop"))

    async def test_drawn(kit):
        print("drawn", *[row.name for row in await items.create_many(8)])
"""


def drawn(project: Project, *arguments: str) -> tuple[str, str]:
    """The seed that the header shows, and the values that a test drew."""
    output = project.run("-s", *arguments).output
    header = re.search(r"kailash-testkit: .*, seed (.+)", output)
    values = re.search(r"drawn (.+)", output)
    assert header is not None, output
    assert values is not None, output
    return header[1], values[1]


def test_the_seed_is_zero_unless_it_is_chosen_and_the_header_shows_it(project: Project) -> None:
    project.shop()
    project.write({"tests/test_it.py": TEST})
    seed, values = drawn(project)
    assert seed == "0"
    assert drawn(project, "--testkit-seed=0") == ("0", values)
    assert drawn(project, "--testkit-seed=7")[1] != values


def test_the_option_goes_before_the_setting_and_that_before_randomlys_seed(project: Project) -> None:
    project.shop(testkit_seed="5")
    project.write({"tests/test_it.py": TEST})
    of_setting = drawn(project)
    assert of_setting[0] == "5"
    assert drawn(project, "-p", "randomly", "--randomly-seed=9") == of_setting
    assert drawn(project, "--testkit-seed=6")[0] == "6"


def test_randomlys_seed_is_followed_where_none_is_chosen(project: Project) -> None:
    project.shop()
    project.write({"tests/test_it.py": TEST})
    seed, values = drawn(project, "-p", "randomly", "--randomly-seed=9")
    assert seed == "9 (pytest-randomly's)"
    assert drawn(project, "--testkit-seed=9") == ("9", values)


def test_workers_have_the_seed_of_their_session(project: Project) -> None:
    project.shop()
    writes = """
        from pathlib import Path
        from kailash_testkit import Factory, choice

        items = Factory("Item", name=choice(*"abcdefghijklmnop"))

        async def test_drawn(kit):
            names = [row.name for row in await items.create_many(8)]
            with Path("drawn.txt").open("a") as file:
                print(*names, file=file)
    """
    project.write({"tests/test_it.py": writes})
    for options in (["-n", "1"], ["-n", "0"]):
        project.run("-p", "randomly", "--randomly-seed=9", *options).assert_outcomes(passed=1)
    first, second = project.lines("drawn.txt")
    assert first == second


def test_a_seed_that_is_no_number_is_a_usage_error(project: Project) -> None:
    project.shop(testkit_seed="seven")
    project.write({"tests/test_it.py": TEST})
    outcome = project.run()
    assert outcome.result.ret == 4
    assert "testkit_seed = 'seven' is not a whole number" in outcome.everything
