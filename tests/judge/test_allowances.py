"""What a project takes for right is left out: checks, routes, models, tables and columns."""

from __future__ import annotations

import pytest

from kailash_testkit.changes.net import Change
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.judge.allowances import Allowances, is_log, parsed
from kailash_testkit.models.rows import Row

SETTING = "testkit_judge_allow"


def allowed(*lines: str) -> Allowances:
    return parsed(lines, SETTING)


def created(model: str) -> Change:
    return Change(model, "created", 1, None, Row(model, {"id": 1, "text": "a"}))


def updated(model: str, *columns: str) -> Change:
    before = {"id": 1, "name": "a", **dict.fromkeys(columns, 0)}
    after = {**before, **dict.fromkeys(columns, 1)}
    return Change(model, "updated", 1, Row(model, before), Row(model, after))


@pytest.mark.parametrize(
    ("lines", "route", "is_off"),
    [
        (["read-wrote"], "GET /x", True),
        (["refusal-wrote"], "GET /x", False),
        (["read-wrote: GET /x"], "GET /x", True),
        (["read-wrote: get /x"], "GET /x", True),
        (["read-wrote: /x"], "GET /x", True),
        (["read-wrote: HEAD /x"], "GET /x", False),
        (["read-wrote: /orders/{id}"], "GET /orders/{order_id}", True),
        (["read-wrote: /orders/*"], "GET /orders/{order_id}/lines", True),
        (["read-wrote: /orders"], "GET /orders/{order_id}", False),
        (["read-wrote: /orders/"], "GET /orders", True),
        (["read-wrote: Order"], "GET /orders", False),
        (["read-wrote: Order, /orders"], "GET /orders", True),
        (["read-wrote: /a[b]"], "GET /a[b]", True),
    ],
)
def test_a_check_is_off_for_routes(lines: list[str], route: str, is_off: bool) -> None:
    assert allowed(*lines).is_off("read-wrote", route) is is_off


@pytest.mark.parametrize(
    ("line", "change", "is_left_out"),
    [
        ("", created("Order"), False),
        ("read-wrote: Order", created("Order"), True),
        ("read-wrote: orders", created("Order"), True),
        ("read-wrote: order_line", created("OrderLine"), True),
        ("read-wrote: Item", created("Order"), False),
        ("refusal-wrote: Order", created("Order"), False),
        ("read-wrote: Order.opened", updated("Order", "opened"), True),
        ("read-wrote: Order.opened", updated("Order", "opened", "name"), False),
        ("read-wrote: Order.opened", created("Order"), False),
        ("read-wrote: *.opened", updated("Order", "opened"), True),
        ("", updated("Order", "last_seen"), True),
        ("", updated("Order", "last_login_at", "view_count"), True),
        ("", updated("Order", "last_name"), False),
        ("", created("AuditEntry"), True),
        ("", created("login_attempts"), True),
        ("", updated("AuditEntry", "text"), False),
        ("", created("Catalog"), False),
    ],
)
def test_changes_are_left_out(line: str, change: Change, is_left_out: bool) -> None:
    left = allowed(*filter(None, [line])).unallowed("read-wrote", [change])
    assert (not left) is is_left_out


def test_other_checks_know_no_logs() -> None:
    assert allowed().unallowed("other-tenant", [created("AuditEntry")])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("RateLimit", True),
        ("AUDITLog", True),
        ("api_throttles", True),
        ("Blog", False),
        ("Limit", False),
        ("Dialogue", False),
    ],
)
def test_logs_are_known_by_words_in_their_names(name: str, expected: bool) -> None:
    assert is_log(name) is expected


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("read-wrot: x", "did you mean 'read-wrote'?"),
        ("everything", "the checks are refusal-wrote, read-wrote"),
        ("read-wrote:", "nothing stands behind the colon"),
    ],
)
def test_what_cannot_be_meant_is_refused(line: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=SETTING) as raised:
        allowed(line)
    assert message in str(raised.value)
