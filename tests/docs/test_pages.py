"""Every example of the documentation runs, and prints the error that its page shows."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from doc_blocks import (
    DOCS,
    INDEX,
    PAGES,
    ROOT,
    Example,
    Outcome,
    agrees,
    broken_links,
    calls_in_tables,
    examples_of,
    files_of,
    sessions,
)
from warm_python import WarmPython

from kailash_testkit import errors
from kailash_testkit.internals.releases import SOFT_DELETE

ERROR_PAGES = sorted((DOCS / "errors").glob("*.md"))
ERRORS = sorted(
    name
    for name, found in vars(errors).items()
    if inspect.isclass(found) and issubclass(found, errors.KitError) and found is not errors.KitError
)
INDEX_ROWS = re.findall(r"^\| `(.+?)` \| \[(\w+)\]", INDEX.read_text(), re.MULTILINE)
FACTORIES = DOCS / "factories.md"
TABLE = [
    Example(
        f"test_factories_call_{number}",
        f"{examples_of(FACTORIES)[0].code}\nasync def test_call():\n    {call}\n",
        error=None,
    )
    for number, call in enumerate(calls_in_tables(FACTORIES), 1)
]
EXAMPLES = [example for page in PAGES for example in examples_of(page)] + TABLE


SESSIONS = {
    example.name: session
    for session in sessions(EXAMPLES, files_of(ROOT / "README.md") | files_of(INDEX))
    for example in session.examples
}


@pytest.fixture(scope="module")
def outcome_of(warm_python: WarmPython, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Example], Outcome]:
    """The outcome of the process that ran an example; a process runs when the first of its examples is asked for."""
    outcomes: dict[int, Outcome] = {}

    def outcome(example: Example) -> Outcome:
        session = SESSIONS[example.name]
        if id(session) not in outcomes:
            outcomes[id(session)] = session.run(warm_python, tmp_path_factory.mktemp("docs"))
        return outcomes[id(session)]

    return outcome


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_example_prints_what_its_page_shows(example: Example, outcome_of: Callable[[Example], Outcome]) -> None:
    of_later_releases = ("include_deleted=True", "deleted_at=", "TransactionScopeNode")  # which came together
    if any(word in example.code for word in of_later_releases) and not SOFT_DELETE.holds():
        pytest.skip(f"soft deletion, and nodes in transactions, came with {SOFT_DELETE.package} {SOFT_DELETE.since}")
    outcome = outcome_of(example)
    assert example.name in outcome.errors, f"it did not run:\n{outcome.output}"
    printed = "\n".join(outcome.errors[example.name])
    if example.error is None:
        assert printed == ""
    else:
        page = re.match(r"kailash_testkit\.errors\.(\w+): ", example.error)
        if page is not None:  # the pages leave it out
            printed, note = printed.rsplit("\n", 1)
            assert note == f"  see: kailash-testkit explain-error {page[1]}"
        assert agrees(example.error, printed), f"the page shows\n{example.error}\nprinted was\n{printed}"


def test_the_calls_in_the_table_of_factories_were_found() -> None:
    assert len(TABLE) == 7


@pytest.mark.parametrize("name", ERRORS)
def test_each_error_has_a_page_and_is_listed(name: str) -> None:
    page = DOCS / "errors" / f"{name}.md"
    assert page in ERROR_PAGES
    assert f"(errors/{name}.md)" in INDEX.read_text()


@pytest.mark.parametrize("page", ERROR_PAGES, ids=lambda page: page.stem)
def test_the_index_lists_each_message_of_a_page(page: Path) -> None:
    listed = [message for message, name in INDEX_ROWS if name == page.stem]
    messages = [example.error or "" for example in examples_of(page)]
    assert messages
    for message in messages:
        kind, _, what = message.partition("\n")[0].partition(": ")
        assert kind == f"kailash_testkit.errors.{page.stem}"
        assert any(agrees(one, what) for one in listed), f"{what!r} is none of {listed}"


@pytest.mark.parametrize("page", ERROR_PAGES, ids=lambda page: page.stem)
def test_a_page_is_of_an_error_and_short(page: Path) -> None:
    text = page.read_text()
    assert page.stem in ERRORS
    assert text.startswith(f"# {page.stem}\n\n```text\n")
    assert len(text.splitlines()) < 50
    assert re.findall(r"^\*\*(Cause|Cure)\.\*\* ", text, re.MULTILINE)[:2] == ["Cause", "Cure"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_links_lead_somewhere(page: Path) -> None:
    assert broken_links(page) == []


def test_each_message_of_the_index_is_one_of_the_kits() -> None:
    """Each of its constant parts is a text in the source, so that a reader can search for it."""
    source = " ".join(path.read_text() for path in sorted((ROOT / "kailash_testkit").rglob("*.py")))
    assert {name for _, name in INDEX_ROWS} == set(ERRORS)
    parts = [part.strip() for message, _ in INDEX_ROWS for part in message.split("...") if part.strip()]
    assert [part for part in parts if part not in source] == []
