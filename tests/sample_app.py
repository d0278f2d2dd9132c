"""The models that the tests are about: a small shop, with a field of every kind that DataFlow stores.

They are registered per DataFlow instance and used by name, so that tests can share one instance or make
their own.
"""

import contextlib
import os
from collections.abc import AsyncIterator
from datetime import datetime
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any, Optional

from dataflow import DataFlow
from kailash.nodes.base import NodeRegistry

from kailash_testkit import Kit, open_kits


class Status(str, Enum):
    OPEN = "open"
    PAID = "paid"


class Colour(Enum):
    RED = 1
    GREEN = 2


class Level(IntEnum):
    LOW = 1
    HIGH = 2


def make_db(where: Path | str, **options: Any) -> DataFlow:
    """A DataFlow on a SQLite file or a URL; to be closed.

    No cache: without a Redis its constructor costs seconds. No migrations: they leave a folder behind.
    """
    url = where if isinstance(where, str) else f"sqlite:///{where}"
    return DataFlow(url, **{"cache_enabled": False, "migration_enabled": False, **options})


def register(db: DataFlow, name: str, /, **annotations: Any) -> type:
    """Registers a model of one's own: ``register(db, "Note", id=int, text=str)``; a tuple is (type, default)."""
    body: dict[str, Any] = {"__annotations__": {}}
    for field, kind in annotations.items():
        if field == "config":
            body["__dataflow__"] = kind
        elif isinstance(kind, tuple):
            body["__annotations__"][field], body[field] = kind
        else:
            body["__annotations__"][field] = kind
    return db.model(type(name, (), body))


def register_shop(db: DataFlow, *, json_defaults: bool = True, function_defaults: bool = True) -> None:
    """Registers all of the shop's models. One has a list as a default, and a function, unless told otherwise."""

    @db.model
    class Customer:
        id: str
        name: str
        email: str
        nickname: Optional[str] = None  # noqa: UP045 - as many applications write it
        is_active: bool = True

        __dataflow__ = {"indexes": [{"name": "customer_email", "fields": ["email"], "unique": True}]}

    @db.model
    class Order:
        id: int
        customer_id: str
        total: float
        status: Status = Status.OPEN
        note: str = ""

    @db.model
    class Product:
        id: str
        name: str

        __dataflow__ = {"soft_delete": True}

    @db.model
    class Kinds:
        id: int
        text: str
        whole: int
        real: float
        flag: bool
        moment: datetime
        mapping: dict
        items: list
        numbers: list[int]
        scores: dict[str, int]
        status: Status
        colour: Colour
        level: Level
        maybe: int | None = None
        if function_defaults:
            later: datetime = datetime.now
        else:
            later: datetime  # type: ignore[no-redef]
        if json_defaults:
            tags: list = []
        else:
            tags: list  # type: ignore[no-redef]

    @db.model
    class Clash:
        """Fields whose names mean something to nodes, workflows or rows."""

        id: int
        name: str
        version: str
        node_id: str
        metadata: dict
        keys: str
        json: str

    @db.model
    class Event:
        """No id of its own."""

        kind: str

    @db.model
    class Stamped:
        id: str
        name: str
        created_at: str
        updated_at: str

    @db.model
    class Picture:
        """DataFlow stores bytes as the text of their repr."""

        id: int
        title: str
        data: bytes

    @db.model(append_only=True)
    class Entry:
        id: int
        amount: int


def files_in(folder: Path) -> set[str]:
    """The names of the files in a folder."""
    return set(os.listdir(folder))


def take_names(db: Any) -> None:
    """Lets node names lead to an instance's nodes again, which models of that name registered later have taken."""
    registered = NodeRegistry.list_nodes()
    for name, node in db._nodes.items():
        if registered.get(name) is not node:
            NodeRegistry.register(node, alias=name, allow_override=True)


@contextlib.asynccontextmanager
async def in_this_loop(kit: Kit) -> AsyncIterator[Kit]:
    """An open kit for one test: active meanwhile, then without rows and without anything in the test's loop."""
    open_kits.activate(kit)
    kit.explainer.forget()  # as the plugin does before each test
    take_names(kit.dataflow)
    try:
        yield kit
        await kit.reset()
    finally:
        open_kits.remove(kit)
        await kit.store.workflows.close()
