"""Models of every shape that the typed factories must cope with, written as applications write them."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, Flag, IntEnum, auto
from typing import Any, Literal, NewType, Optional

from dataflow import DataFlow

db = DataFlow(os.environ["KITCHEN_URL"], cache_enabled=False, migration_enabled=False)


class Status(str, Enum):
    OPEN = "open"
    PAID = "paid"


class Colour(Enum):
    RED = 1
    GREEN = 2


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Rights(Flag):
    READ = auto()
    WRITE = auto()


class Weight(Enum):
    LIGHT = 0.5
    HEAVY = 2.5


Token = NewType("Token", str)


@dataclass
class Address:
    street: str
    city: str


@db.model
class Customer:
    id: str
    name: str
    email: str
    nickname: Optional[str] = None
    is_active: bool = True
    born: date | None = None


@db.model
class Order:
    id: int
    customer_id: str
    total: float
    placed_at: datetime
    status: Status = Status.OPEN
    note: str = ""
    tags: list = []  # type: ignore[type-arg]
    sizes: list[int] = []
    details: dict[str, Any] = {}


@db.model
class Line:
    id: int
    order_id: int
    product: str
    quantity: int


@db.model
class Product:
    """Soft-deleted."""

    class Kind(Enum):
        FOOD = "food"
        DRINK = "drink"

    id: str
    name: str
    kind: Kind
    colour: Colour
    level: Level
    rights: Rights
    weight: Weight
    token: Token
    origin: Address
    channel: Literal["a channel of some length", "another channel of some length", "the last channel"]

    __dataflow__ = {"soft_delete": True}


@db.model
class Game:
    """Fields named like methods, arguments and types."""

    id: int
    items: list[str]
    json: str
    get: str
    n: int
    keys: str
    self: str
    rows: int
    create: str
    date: date
    str: str
    matches: int
    order_by: int
    due: date | None = None  # type: ignore[valid-type]
    model: int = 0
    dataflow: int = 0


@db.model
class Event:
    """No id of its own; timestamps as texts."""

    kind: str
    created_at: str
    updated_at: str
    required_none: Optional[int]
    handler: Callable[[int], str]


@db.model
class Person:
    id: str


@db.model
class News:
    id: str


@db.model
class TestRun:
    id: int


@db.model
class sprockets:  # noqa: N801 - as some applications name them
    id: int


@db.model
class Sprocket:
    id: int


def register_late() -> DataFlow:
    class Local:
        """Cannot be imported."""

    @db.model
    class Late:
        id: str
        thing: Local

    return db
