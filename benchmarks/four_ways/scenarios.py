"""The tests of the office, written once: fifteen for each of its twenty models, three hundred in all.

What differs between the ways is a `Driver`: how rows are seeded and looked up, and which client asks the API. Each test
keeps to rows that carry a word of its own, so that it passes whatever others left: the base line takes nothing back.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import httpx
from office.api import path_of
from office.models import MODELS

Row = dict[str, Any]


class Driver(Protocol):
    """How one way seeds, asks and looks up."""

    @property
    def api(self) -> httpx.AsyncClient: ...

    async def seed(self, model: type, **values: object) -> Row:
        """Stores a row; required fields that are not given get some value."""
        ...

    async def seed_many(self, model: type, count: int, **values: object) -> list[Row]: ...

    async def stored(self, model: type, row_id: str) -> Row | None:
        """The row as the database has it."""
        ...

    async def count(self, model: type, **values: object) -> int:
        """How many rows have these values."""
        ...


Scenario = Callable[[Driver, type, str], Awaitable[None]]
"""A test, of a model, with a word that nothing else has."""


def body(model: type, word: str) -> Row:
    """What a client sends."""
    made: dict[type, Callable[[str], object]] = {
        str: lambda field: f"{field} of {word}", int: lambda _: 7, float: lambda _: 9.5, bool: lambda _: True
    }  # fmt: skip
    kinds: dict[str, type] = {kind.__name__: kind for kind in made}
    fields = {field: kind for field, kind in model.__annotations__.items() if field != "id"}
    return {**{field: made[kinds[kind]](field) for field, kind in fields.items()}, "name": word}


def parent_of(model: type) -> tuple[type, str] | None:
    """The model that this one's rows belong to, and the field that names the row."""
    for field in model.__annotations__:
        for parent in MODELS:
            if field == path_of(parent)[1:-1].replace("-", "_") + "_id":
                return parent, field
    return None


async def created_is_read(d: Driver, model: type, word: str) -> None:
    made = await d.api.post(path_of(model), json=body(model, word))
    assert made.status_code == 201
    read = await d.api.get(f"{path_of(model)}/{made.json()['id']}")
    assert read.json() == made.json()
    row = await d.stored(model, made.json()["id"])
    assert row is not None
    assert {field: row[field] for field in body(model, word)} == body(model, word)


async def created_for_its_parent(d: Driver, model: type, word: str) -> None:
    fields = body(model, word)
    if parent := parent_of(model):
        fields[parent[1]] = (await d.seed(parent[0], name=word))["id"]
    made = await d.api.post(path_of(model), json=fields)
    assert made.status_code == 201
    assert await d.count(model, name=word) == 1


async def created_is_listed(d: Driver, model: type, word: str) -> None:
    await d.seed_many(model, 2, name=f"other than {word}")
    made = await d.api.post(path_of(model), json=body(model, word))
    listed = await d.api.get(path_of(model), params={"name": word})
    assert [row["id"] for row in listed.json()] == [made.json()["id"]]


async def created_twice(d: Driver, model: type, word: str) -> None:
    ids = {(await d.api.post(path_of(model), json=body(model, word))).json()["id"] for _ in range(2)}
    assert len(ids) == 2
    assert await d.count(model, name=word) == 2


async def refused_without_fields(d: Driver, model: type, word: str) -> None:
    for fields in ({}, {**body(model, word), "nonsense": 1}):
        assert (await d.api.post(path_of(model), json=fields)).status_code == 422
    assert await d.count(model, name=word) == 0


async def seeded_is_read(d: Driver, model: type, word: str) -> None:
    row = await d.seed(model, name=word)
    read = await d.api.get(f"{path_of(model)}/{row['id']}")
    assert read.status_code == 200
    assert read.json()["name"] == word


async def seeded_are_listed(d: Driver, model: type, word: str) -> None:
    rows = await d.seed_many(model, 12, name=word)
    listed = await d.api.get(path_of(model), params={"name": word})
    assert {row["id"] for row in listed.json()} == {row["id"] for row in rows}


async def children_are_listed(d: Driver, model: type, word: str) -> None:
    parent = parent_of(model)
    if parent is None:
        return await seeded_are_listed(d, model, word)
    first, second = await d.seed_many(parent[0], 2, name=word)
    await d.seed_many(model, 4, **{parent[1]: first["id"]})
    await d.seed_many(model, 3, **{parent[1]: second["id"]})
    listed = await d.api.get(path_of(model), params={parent[1]: second["id"]})
    assert len(listed.json()) == 3
    return None


async def changed_is_read(d: Driver, model: type, word: str) -> None:
    row = await d.seed(model)
    changed = await d.api.put(f"{path_of(model)}/{row['id']}", json={"name": word})
    assert changed.status_code == 200
    assert (await d.api.get(f"{path_of(model)}/{row['id']}")).json()["name"] == word
    after = await d.stored(model, row["id"])
    assert after is not None
    assert after["name"] == word


async def changed_alone(d: Driver, model: type, word: str) -> None:
    rows = await d.seed_many(model, 3, name=word)
    await d.api.put(f"{path_of(model)}/{rows[1]['id']}", json={"name": f"{word}, changed"})
    assert await d.count(model, name=word) == 2
    assert await d.count(model, name=f"{word}, changed") == 1


async def changed_twice(d: Driver, model: type, word: str) -> None:
    row = await d.seed(model)
    for name in (f"{word}, first", word):
        assert (await d.api.put(f"{path_of(model)}/{row['id']}", json={"name": name})).json()["name"] == name
    assert await d.count(model, name=word) == 1


async def change_is_refused(d: Driver, model: type, word: str) -> None:
    row = await d.seed(model, name=word)
    assert (await d.api.put(f"{path_of(model)}/{row['id']}", json={"nonsense": 1})).status_code == 422
    after = await d.stored(model, row["id"])
    assert after is not None
    assert after["name"] == word


async def deleted_is_gone(d: Driver, model: type, word: str) -> None:
    row = await d.seed(model, name=word)
    assert (await d.api.delete(f"{path_of(model)}/{row['id']}")).status_code == 204
    assert (await d.api.get(f"{path_of(model)}/{row['id']}")).status_code == 404
    assert await d.stored(model, row["id"]) is None


async def deleted_alone(d: Driver, model: type, word: str) -> None:
    rows = await d.seed_many(model, 3, name=word)
    await d.api.delete(f"{path_of(model)}/{rows[0]['id']}")
    assert await d.count(model, name=word) == 2


async def unknown_is_not_found(d: Driver, model: type, word: str) -> None:
    row = await d.seed(model, name=word)
    for ask in (d.api.get, d.api.delete):
        assert (await ask(f"{path_of(model)}/{uuid.uuid4()}")).status_code == 404
    assert await d.stored(model, row["id"]) is not None


SCENARIOS: tuple[Scenario, ...] = (
    created_is_read, created_for_its_parent, created_is_listed, created_twice, refused_without_fields,
    seeded_is_read, seeded_are_listed, children_are_listed, changed_is_read, changed_alone,
    changed_twice, change_is_refused, deleted_is_gone, deleted_alone, unknown_is_not_found,
)  # fmt: skip
