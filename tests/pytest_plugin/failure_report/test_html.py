"""The page of ``--testkit-html``: whole, closed to the network and to markup in values."""

from __future__ import annotations

import base64
import hashlib
import re
import stat
from html.parser import HTMLParser

import pytest
from facts_of_tests import facts, request, row, rows
from inner_session import Project

from kailash_testkit.pytest_plugin.failure_report.facts import ExplanationFacts
from kailash_testkit.pytest_plugin.failure_report.html import page
from kailash_testkit.pytest_plugin.failure_report.results import Result

TESTS = """
    import pytest
    from kailash_testkit import Factory

    items = Factory("Item")

    async def test_passing(api):
        await api.post("/items", json={"id": 1, "name": "Coffee"})

    async def test_failing(api):
        await items.create(name="<script>alert(1)</script>")
        await api.post("/items", json={"id": 7, "name": "Tea & <b>milk</b>"})
        await items.get(8)

    @pytest.mark.skip(reason="not today")
    def test_skipped():
        pass

    @pytest.fixture
    async def item(kit):
        await items.create(name="half")
        raise ValueError("no")

    async def test_whose_fixture_fails(item):
        pass
"""


class Elements(HTMLParser):
    """All start tags of a page with their attributes, and its texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def named(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [[], ["-n", "2"]], ids=["one process", "xdist"])
def test_a_session_writes_a_page_with_all_its_tests(shop: Project, arguments: list[str]) -> None:
    shop.write({"tests/test_items.py": TESTS})
    shop.run("--testkit-html=reports/kit.html", *arguments).result.assert_outcomes(
        failed=1, passed=1, skipped=1, errors=1
    )
    file = shop.path / "reports" / "kit.html"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    found = Elements(file.read_text())
    tests = [each for each in found.named("details") if "data-outcome" in each]
    outcomes = sorted((each["data-outcome"], "open" in each) for each in tests)
    assert outcomes == [("error", True), ("failed", True), ("passed", False), ("skipped", False)]
    for shown in (
        "test_failing",
        "RowNotFound",
        "no Item with id 8",
        "'<script>alert(1)</script>'",
        "'Tea & <b>milk</b>'",
        "/items",
        "'Coffee'",
        "'half'",
        "not today",
        "never written",
        "ItemCreateNode",
    ):
        assert shown in found.text, shown
    assert len(found.named("script")) == 1


MARKUP = "<img src=x onerror=alert(1)>\"'&</script><script>alert(2)</script>"


def everything_with_markup() -> list[Result]:
    one = row("updated", MARKUP, MARKUP, **{MARKUP: (MARKUP, MARKUP), "a": MARKUP})
    told = facts(
        test=MARKUP,
        error=f"{MARKUP}: {MARKUP}\n{MARKUP}\n  why: {MARKUP}",
        replay=MARKUP,
        seeded=rows(one),
        outside=rows(one),
        requests=[
            request(1, f"{MARKUP} {MARKUP}", one, nodes={MARKUP: 2}, failed_nodes=[MARKUP], observed=[MARKUP]),
            request(2, MARKUP, status=None, failure=MARKUP),
        ],
        open_transactions=[MARKUP],
        gaps=[MARKUP],
        waited=[MARKUP],
        trouble=MARKUP,
        explanation=ExplanationFacts(
            cause=MARKUP, certain=False, summary=MARKUP, evidence=[MARKUP], unknown=[MARKUP], cure=MARKUP
        ),
    )
    without_requests = facts(failed_nodes=[MARKUP])
    return [
        Result(MARKUP, "failed", traceback=MARKUP, facts=told),
        Result(f"a.py::{MARKUP}", "error", facts=without_requests),
        Result(MARKUP, "skipped", reason=MARKUP),
    ]


def test_no_value_becomes_markup() -> None:
    found = Elements(page(everything_with_markup(), {}))
    assert found.named("img") == []
    assert len(found.named("script")) == 1
    assert found.text.count("onerror=alert(1)") > 20
    assert not any("onerror" in str(value) for _, attributes in found.tags for value in attributes.values())


def test_the_page_loads_nothing_and_runs_only_its_own_script() -> None:
    text = page(everything_with_markup(), {})
    found = Elements(text)
    assert {tag for tag, _ in found.tags} & {"link", "img", "iframe", "object", "embed", "base", "form", "a"} == set()
    assert not any(name in attributes for _, attributes in found.tags for name in ("src", "href", "style"))
    assert "url(" not in text.partition("</style>")[0]
    (policy,) = [each["content"] or "" for each in found.named("meta") if "http-equiv" in each]
    assert policy.startswith("default-src 'none'; ")
    for element, directive in (("style", "style-src"), ("script", "script-src")):
        (content,) = re.findall(rf"<{element}>(.*?)</{element}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy


def test_values_before_and_after_stand_side_by_side_in_the_order_of_the_steps() -> None:
    told = facts(
        seeded=rows(row(model="Customer"), row("updated", "Customer", after=1, name=("'a'", "'b'"))),
        requests=[request(1, "PUT /orders/1", row("updated", status=("open", "paid")))],
        outside=rows(row("deleted", "Stray", after=1)),
    )
    text = Elements(page([Result("a.py::test_a", "failed", facts=told)], {}).partition("<main>")[2]).text
    places = [
        re.search(pattern, text)
        for pattern in (r"created 1 Customer", r"PUT\s+/orders/1", r"open\s*paid", r"'a'\s*'b'", r"deleted 1 Stray")
    ]
    starts = [place.start() if place else -1 for place in places]
    assert starts == sorted(starts)
    assert -1 not in starts


def test_a_session_without_tests_has_a_page_too() -> None:
    assert "No test ran." in page([], {})


def test_what_is_left_out_is_counted() -> None:
    told = facts(
        requests=[request(1, "PUT /orders/1", at_the_same_time=1, changed=rows(row(), more=2))], more_requests=1
    )
    text = Elements(page([Result("a.py::test_a", "failed", facts=told)], {})).text
    assert [part in text for part in ("beside 1 other", "and 2 more rows", "1 earlier request not shown")] == [True] * 3
