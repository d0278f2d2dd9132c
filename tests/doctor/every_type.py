"""A model with one field of every type, most of which no database can hold together in a row."""

import os
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, Optional
from uuid import UUID

from dataflow import DataFlow

db = DataFlow(os.environ["DATABASE_URL"], cache_enabled=False, migration_enabled=False)


class Colour(Enum):
    RED = 1


class Status(str, Enum):
    OPEN = "open"


@dataclass
class Place:
    street: str = "Main"


@db.model
class EveryType:
    id: int
    a_bool: bool
    a_float: float
    an_int: int
    a_str: str
    a_datetime: datetime
    a_date: date
    a_time: time
    a_decimal: Decimal
    a_uuid: UUID
    a_tuple: tuple
    a_set: set
    some_bytes: bytes
    a_dict: dict
    a_list: list
    a_list_of_int: list[int]
    a_dict_of_int: dict[str, int]
    an_enum: Colour
    a_str_enum: Status
    a_literal: Literal["a", "b"]
    anything: Any
    a_dataclass: Place
    optional: Optional[str]  # noqa: UP045 - as many applications write it
    optional_with_default: Optional[str] = None  # noqa: UP045
