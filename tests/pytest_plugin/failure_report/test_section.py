"""The section's text, from facts alone."""

from __future__ import annotations

import pytest
from facts_of_tests import facts, request, row, rows

from kailash_testkit.pytest_plugin.failure_report.section import MOST, WIDTH, section

REPLAY = "replay: pytest tests/test_orders.py::test_a --testkit-seed=0"
SEEDED = rows(row(model="Customer", name="'Ada'"), *(row(row_id=str(number)) for number in range(12)))


def lines(verbose: bool = False, **given: object) -> list[str]:
    return section(facts(**given), verbose=verbose).splitlines()


def test_seeded_rows_are_counts_then_each_request_has_its_rows() -> None:
    confirmed = row("updated", "Booking", "2", status=("requested", "confirmed"))
    requests = [request(1, "PUT /bookings/1/confirm", confirmed), request(2, "GET /bookings/1", status=404)]
    assert lines(seeded=SEEDED, requests=requests) == [
        "seeded: 1 Customer, 12 Order",
        "PUT /bookings/1/confirm  200  updated Booking 2: status requested -> confirmed",
        "GET /bookings/1          404",
        REPLAY,
    ]


def test_what_the_test_itself_changed_and_deleted_is_told_apart() -> None:
    changed = rows(row("created"), row("updated", a=("1", "2")), row("soft-deleted", "Product"))
    assert lines(seeded=changed)[:2] == [
        "seeded: 1 Order; updated by the test: 1 Order; soft-deleted by the test: 1",
        "  Product",
    ]


def test_rows_for_which_there_is_no_room_stand_under_their_request() -> None:
    long = row(customer_id="'customer-1'", status="open", placed_at="2025-01-01T00:01:00", note="'no sugar'")
    shown = lines(requests=[request(1, "POST /orders", long, row(row_id="2"), status=201)])
    assert shown[:3] == [
        "POST /orders  201",
        "    created Order 1: customer_id='customer-1', status=open, ...",
        "    created Order 2",
    ]


def test_with_v_everything_is_told() -> None:
    long = row(customer_id="'customer-1'", status="open", placed_at="2025-01-01T00:01:00", note="'no sugar'")
    requests = [request(number, f"POST /orders/{number}", long, status=201) for number in range(1, 31)]
    shown = lines(verbose=True, seeded=SEEDED, requests=requests)
    assert "  created Customer 1: name='Ada'" in shown
    assert "POST /orders/1   201, 12 ms" in shown
    assert sum("note='no sugar'" in line for line in shown) == 30
    assert shown[-2:] == ["database: sqlite:////somewhere/testkit.db", REPLAY]


def test_of_many_requests_the_last_are_shown() -> None:
    requests = [request(number, f"GET /orders/{number}") for number in range(1, 51)]
    shown = lines(seeded=SEEDED, requests=requests, more_requests=100)
    assert len(shown) == MOST
    assert shown[1] == "... 128 earlier requests (-v shows all)"
    assert shown[-2] == "GET /orders/50  200"


@pytest.mark.parametrize("many", [1, 3, 40])
def test_it_is_short_and_fits_the_screen_whatever_happened(many: int) -> None:
    wide = "x" * 300
    changed = [row(model="Order", row_id=str(number), note=wide) for number in range(many)]
    shown = lines(
        seeded=rows(*(row(model=f"Model{number}") for number in range(many))),
        outside=rows(*changed),
        requests=[request(number, f"POST /{wide}", *changed) for number in range(many)],
        failed_nodes=[f"a create of Order failed: {wide}"] * many,
        observed=[f"express.list returned 100 rows {wide}"] * many,
        waited=[f"0.4 s for the task {wide}"] * many,
        open_transactions=[wide] * many,
        gaps=[wide],
        trouble=wide,
    )
    assert len(shown) <= MOST
    assert max(map(len, shown)) <= WIDTH
    assert any(line.startswith("POST /xxx") for line in shown)


def test_nothing_is_alleged_where_nothing_is_known() -> None:
    unknown = request(1, "POST /orders", rows=None)
    assert lines(requests=[unknown], trouble="DatabaseBusy: locked") == [
        "POST /orders  200",
        "not known: DatabaseBusy: locked",
        REPLAY,
    ]
    assert "changed, by whom is not known:" in lines(outside=rows(row()), outside_is_certain=False)


def test_lists_that_were_cut_name_their_request() -> None:
    hit = "OrderListNode returned 10 rows, its default limit; the table has 12"
    shown = lines(requests=[request(1, "GET /orders", observed=[hit])], observed=[hit])
    assert " ".join(line.strip() for line in shown[1:3]) == f"observed: {hit}, during GET /orders"


def test_a_request_that_is_not_answered_says_so() -> None:
    pending = request(1, "POST /orders", status=None, seconds=None, rows=None, at_the_same_time=2)
    assert lines(requests=[pending])[0] == "POST /orders  not answered yet, beside 2 others"


def test_a_request_of_which_nexus_tells_and_a_column_whose_values_are_not_shown() -> None:
    changed = row("updated", "Order", "1", picture=("", ""), status=("1", "2"))
    told = lines(requests=[request(1, "POST /orders", changed, recorded=True, status=201)])
    assert told[0] == "POST /orders  201, from Nexus's record  updated Order 1: picture, status 1 -> 2"
