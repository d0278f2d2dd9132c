"""Bodies of answers: what a test reads of them, in every way to read a dict or a list."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from dirty_equals import IsPartialDict
from pydantic import BaseModel

from kailash_testkit.write_coverage.tracked import Answer, observed

BODY: dict[str, Any] = {"id": 1, "status": "open", "lines": [{"id": 2, "n": 3}]}


def response() -> Any:
    made: Any = httpx.Response(200, json=BODY)
    made.__class__ = observed(httpx.Response)
    made.testkit_answer = Answer(None)
    return made


def read(use: Callable[[Any], object]) -> set[str]:
    """The fields that are noted."""
    made = response()
    use(made)
    return {f"{dict.get(body, 'id')}.{key}" for body, keys in made.testkit_answer.objects() for key in keys}


ALL = {"1.id", "1.status", "1.lines", "2.id", "2.n"}


class Order(BaseModel):
    id: int
    status: str


def matched(body: Any) -> object:
    match body:
        case {"status": status}:
            return status
        case _:
            return None


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        (lambda r: None, set()),
        (lambda r: r.status_code, set()),
        (lambda r: r.json(), ALL),
        (lambda r: r.json()["status"], {"1.status"}),
        (lambda r: r.json().get("status"), {"1.status"}),
        (lambda r: r.json()["lines"][0]["n"], {"1.lines", "2.n"}),
        (lambda r: len(r.json()["lines"]), {"1.lines"}),
        (lambda r: "status" in r.json(), set()),
        (lambda r: [*r.json()], set()),
        (lambda r: (len(r.json()), r.json().keys()), set()),
        (lambda r: r.json().pop("status"), {"1.status"}),
        (lambda r: r.json().values(), ALL),
        (lambda r: r.json().copy(), ALL),
        (lambda r: r.json() == BODY, ALL),
        (lambda r: r.json() != BODY, ALL),
        (lambda r: r.json()["lines"] == [], {"1.lines", "2.id", "2.n"}),
        (lambda r: r.json() == IsPartialDict(status="open"), ALL),
        (lambda r: {**r.json()}, {"1.id", "1.status", "1.lines"}),
        (lambda r: dict(r.json()), {"1.id", "1.status", "1.lines"}),
        (lambda r: json.dumps(r.json()), ALL),
        (lambda r: copy.deepcopy(r.json()), ALL),
        (lambda r: pickle.dumps(r.json()), ALL),
        (lambda r: r.json() | {"a": 1}, ALL),
        (lambda r: r.json().items() >= {"status": "open"}.items(), ALL),
        (lambda r: matched(r.json()), {"1.status"}),
        (lambda r: Order.model_validate(r.json()), {"1.id", "1.status"}),
        (lambda r: r.text, ALL),
        (lambda r: r.content, ALL),
        (lambda r: repr(r), set()),
    ],
)
def test_what_is_read_is_noted(use: Callable[[Any], object], expected: set[str]) -> None:
    assert read(use) == expected


@pytest.mark.parametrize(
    "reading",
    [
        "body['status'], body.get('status'), body.pop('status')",
        "'status' in body, len(body), [*body], body.keys()",
        "body.items(), body.values(), body.copy(), body | {}, body == {}, body != {}",
    ],
)
def test_what_the_kit_reads_itself_is_not(reading: str) -> None:
    own: Callable[[Any], object] = eval(f"lambda r: (body := r.json(), {reading})", {"__name__": "kailash_testkit.own"})
    assert read(own) == set()


def test_a_body_is_what_it_was() -> None:
    body = response().json()
    assert body == BODY
    assert isinstance(body, dict)
    assert isinstance(body["lines"], list)
    assert json.loads(json.dumps(body)) == BODY
    assert repr(body) == repr(BODY)
    assert type(copy.deepcopy(body)) is dict
    with pytest.raises(KeyError):
        body["nothing"]


def test_what_is_no_json_is_read_all_the_same() -> None:
    made: Any = httpx.Response(200, text="hello")
    made.__class__ = observed(httpx.Response)
    made.testkit_answer = Answer(None)
    assert made.text == "hello"
    with pytest.raises(ValueError, match="Expecting value"):
        made.json()
    assert [*made.testkit_answer.objects()] == []
