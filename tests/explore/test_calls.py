"""A request as data comes back from JSON as it was, with the rows that it is about."""

from __future__ import annotations

import json

import pytest

from kailash_testkit.explore.calls import Call, Made, as_json, from_json, steps_needed

CALLS = [
    Call("GET", "/orders/{id}", path_parameters={"id": Made(0)}, query={"full": True}, whom="other"),
    Call("POST", "/orders", body={"lines": [{"order": Made(1, "code")}, 3], "note": None}, edge="note: null"),
    Call("POST", "/orders", body=None),
    Call("DELETE", "/orders/{id:int}", path_parameters={"id": "a/b"}),
]


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_it_comes_back_from_json(call: Call) -> None:
    assert from_json(json.loads(json.dumps(as_json(call)))) == call


def test_it_knows_its_url_and_the_steps_before_it() -> None:
    assert [sorted(steps_needed(call)) for call in CALLS] == [[0], [1], [], []]
    assert CALLS[3].url() == "/orders/a%2Fb"
