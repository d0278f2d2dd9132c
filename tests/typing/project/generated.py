"""Typed factories of the models of kitchen.models:register_late.

Written by `kailash-testkit generate kitchen.models:register_late --factories flagged`.
What is changed here is lost with the next run: extend it in a module of your own, where
`orders.using(...)` or a subclass of `OrderFactory` keeps all types.

Worth knowing:
- Event.handler: Any, because collections.abc.Callable[[int], str] cannot be imported.
- Game.matches: read it as row["matches"], because rows have a method matches.
- Game.order_by: no filter, because rows() has an argument order_by.
- Late.thing: Any, because Local cannot be imported.
- Late: found by its name, because its class cannot be imported.
- News: news; several rows are made by create_many_news.
- Person: people; one row is made by create_person.
- Product.Kind: pyright takes any value, because DataFlow's decorator makes Product Any;
  mypy does not.
- TestRun: TheTestRunRow and so on, because pytest would collect a class Test...
- sprockets: sprockets_2, Sprockets2Row and so on, because Sprocket has the other names.
"""

from builtins import str as str_
from collections.abc import Callable, Iterable
from datetime import date as date_
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, TypedDict, Unpack

from kailash_testkit.factories.typed import (
    BoolOperators,
    DatetimeOperators,
    Expectation,
    FloatOperators,
    IntOperators,
    InvalidPayload,
    Options,
    OrderBy,
    Pending,
    TypedFactory,
    TypedRow,
)

from kitchen.models import (
    Address,
    Colour,
    Customer,
    Event,
    Game,
    Level,
    Line,
    News,
    Order,
    Person,
    Product,
    Rights,
    Sprocket,
    Status,
    TestRun,
    Token,
    Weight,
)
from kitchen.models import sprockets as sprockets_

ColourLike: TypeAlias = Colour | Literal[1, 2]
KindLike: TypeAlias = Product.Kind | Literal["food", "drink"]
LevelLike: TypeAlias = Level | Literal[1, 2]
ProductChannel: TypeAlias = Literal[
    "a channel of some length",
    "another channel of some length",
    "the last channel",
]
StatusLike: TypeAlias = Status | Literal["open", "paid"]

AddressOperators = TypedDict(
    "AddressOperators",
    {
        "$between": Options[Address],
        "$eq": Address | None,
        "$gt": Address,
        "$gte": Address,
        "$in": Options[Address | None],
        "$lt": Address,
        "$lte": Address,
        "$ne": Address | None,
        "$nin": Options[Address | None],
        "$null": bool,
    },
    total=False,
)
ColourOperators = TypedDict(
    "ColourOperators",
    {
        "$between": Options[ColourLike],
        "$eq": ColourLike | None,
        "$gt": ColourLike,
        "$gte": ColourLike,
        "$in": Options[ColourLike | None],
        "$lt": ColourLike,
        "$lte": ColourLike,
        "$ne": ColourLike | None,
        "$nin": Options[ColourLike | None],
        "$null": bool,
    },
    total=False,
)
DateOperators = TypedDict(
    "DateOperators",
    {
        "$between": Options[date_],
        "$eq": date_ | None,
        "$gt": date_,
        "$gte": date_,
        "$in": Options[date_ | None],
        "$lt": date_,
        "$lte": date_,
        "$ne": date_ | None,
        "$nin": Options[date_ | None],
        "$null": bool,
    },
    total=False,
)
KindOperators = TypedDict(
    "KindOperators",
    {
        "$between": Options[KindLike],
        "$eq": KindLike | None,
        "$gt": KindLike,
        "$gte": KindLike,
        "$in": Options[KindLike | None],
        "$lt": KindLike,
        "$lte": KindLike,
        "$ne": KindLike | None,
        "$nin": Options[KindLike | None],
        "$null": bool,
    },
    total=False,
)
LevelOperators = TypedDict(
    "LevelOperators",
    {
        "$between": Options[LevelLike],
        "$eq": LevelLike | None,
        "$gt": LevelLike,
        "$gte": LevelLike,
        "$in": Options[LevelLike | None],
        "$lt": LevelLike,
        "$lte": LevelLike,
        "$ne": LevelLike | None,
        "$nin": Options[LevelLike | None],
        "$null": bool,
    },
    total=False,
)
ListOfAnyOperators = TypedDict(
    "ListOfAnyOperators",
    {
        "$eq": list[Any] | None,
        "$in": Options[list[Any] | None],
        "$ne": list[Any] | None,
        "$nin": Options[list[Any] | None],
        "$null": bool,
    },
    total=False,
)
ListOfIntOperators = TypedDict(
    "ListOfIntOperators",
    {
        "$eq": list[int] | None,
        "$in": Options[list[int] | None],
        "$ne": list[int] | None,
        "$nin": Options[list[int] | None],
        "$null": bool,
    },
    total=False,
)
ListOfStrOperators = TypedDict(
    "ListOfStrOperators",
    {
        "$eq": list[str_] | None,
        "$in": Options[list[str_] | None],
        "$ne": list[str_] | None,
        "$nin": Options[list[str_] | None],
        "$null": bool,
    },
    total=False,
)
ProductChannelOperators = TypedDict(
    "ProductChannelOperators",
    {
        "$eq": ProductChannel | None,
        "$in": Options[ProductChannel | None],
        "$ne": ProductChannel | None,
        "$nin": Options[ProductChannel | None],
        "$null": bool,
    },
    total=False,
)
RightsOperators = TypedDict(
    "RightsOperators",
    {
        "$between": Options[Rights],
        "$eq": Rights | None,
        "$gt": Rights,
        "$gte": Rights,
        "$in": Options[Rights | None],
        "$lt": Rights,
        "$lte": Rights,
        "$ne": Rights | None,
        "$nin": Options[Rights | None],
        "$null": bool,
    },
    total=False,
)
StatusOperators = TypedDict(
    "StatusOperators",
    {
        "$between": Options[StatusLike],
        "$eq": StatusLike | None,
        "$gt": StatusLike,
        "$gte": StatusLike,
        "$in": Options[StatusLike | None],
        "$lt": StatusLike,
        "$lte": StatusLike,
        "$ne": StatusLike | None,
        "$nin": Options[StatusLike | None],
        "$null": bool,
    },
    total=False,
)
StrOperators = TypedDict(
    "StrOperators",
    {
        "$between": Options[str_],
        "$contains": str_,
        "$endswith": str_,
        "$eq": str_ | None,
        "$gt": str_,
        "$gte": str_,
        "$icontains": str_,
        "$iendswith": str_,
        "$iequals": str_,
        "$in": Options[str_ | None],
        "$istartswith": str_,
        "$lt": str_,
        "$lte": str_,
        "$ne": str_ | None,
        "$nin": Options[str_ | None],
        "$null": bool,
        "$startswith": str_,
    },
    total=False,
)
TokenOperators = TypedDict(
    "TokenOperators",
    {
        "$between": Options[Token],
        "$eq": Token | None,
        "$gt": Token,
        "$gte": Token,
        "$in": Options[Token | None],
        "$lt": Token,
        "$lte": Token,
        "$ne": Token | None,
        "$nin": Options[Token | None],
        "$null": bool,
    },
    total=False,
)
WeightOperators = TypedDict(
    "WeightOperators",
    {
        "$between": Options[Weight],
        "$eq": Weight | None,
        "$gt": Weight,
        "$gte": Weight,
        "$in": Options[Weight | None],
        "$lt": Weight,
        "$lte": Weight,
        "$ne": Weight | None,
        "$nin": Options[Weight | None],
        "$null": bool,
    },
    total=False,
)


class CustomerFields(TypedDict, total=False):
    """Values that a new row of Customer is given."""

    id: str_
    name: str_
    email: str_
    nickname: str_ | None
    is_active: bool
    born: date_ | None
    created_at: datetime
    updated_at: datetime


class CustomerFilter(TypedDict, total=False):
    """Conditions on rows of Customer."""

    id: str_ | StrOperators
    name: str_ | StrOperators
    email: str_ | StrOperators
    nickname: str_ | StrOperators | None
    is_active: bool | BoolOperators
    born: date_ | DateOperators | None
    created_at: datetime | DatetimeOperators
    updated_at: datetime | DatetimeOperators


class CustomerExpected(TypedDict, total=False):
    """Values expected of a row of Customer, or matchers."""

    id: object
    name: object
    email: object
    nickname: object
    is_active: object
    born: object
    created_at: object
    updated_at: object


CustomerColumn: TypeAlias = Literal[
    "id",
    "name",
    "email",
    "nickname",
    "is_active",
    "born",
    "created_at",
    "updated_at",
]
CustomerSorting: TypeAlias = Literal[
    "id",
    "-id",
    "name",
    "-name",
    "email",
    "-email",
    "nickname",
    "-nickname",
    "is_active",
    "-is_active",
    "born",
    "-born",
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
]


class CustomerRow(TypedRow):
    """A stored row of Customer."""

    id: str_
    name: str_
    email: str_
    nickname: str_ | None
    is_active: bool
    born: date_ | None
    created_at: datetime
    updated_at: datetime

    if TYPE_CHECKING:

        def __getitem__(self, name: CustomerColumn, /) -> Any: ...
        def matches(self, /, **expected: Unpack[CustomerExpected]) -> bool: ...


class CustomerFactory(TypedFactory[CustomerRow, str_], model=Customer, row=CustomerRow):
    """Makes rows of Customer, and is the handle on them."""

    if TYPE_CHECKING:

        def __init__(
            self,
            dataflow: Any = None,
            /,
            **defaults: Unpack[CustomerFields],
        ) -> None: ...
        def using(self, /, **defaults: Unpack[CustomerFields]) -> Self: ...
        def trait(
            self,
            name: str_,
            change: Callable[[Self], Self] | None = None,
            /,
            **values: Unpack[CustomerFields],
        ) -> Self: ...
        def build(self, /, **fields: Unpack[CustomerFields]) -> dict[str_, Any]: ...
        def build_many(
            self,
            rows: int | Iterable[CustomerFields],
            /,
            **fields: Unpack[CustomerFields],
        ) -> list[dict[str_, Any]]: ...
        def payload(
            self,
            /,
            *,
            schema: type[Any] | None = None,
            **fields: Unpack[CustomerFields],
        ) -> dict[str_, Any]: ...
        def invalid_payloads(
            self,
            /,
            *,
            schema: type[Any],
            **fields: Unpack[CustomerFields],
        ) -> list[InvalidPayload]: ...
        def created(self, /, **expected: Unpack[CustomerExpected]) -> Expectation: ...
        def updated(
            self,
            row_id: str_,
            /,
            **expected: Unpack[CustomerExpected],
        ) -> Expectation: ...
        def create(
            self,
            /,
            **fields: Unpack[CustomerFields],
        ) -> Pending[CustomerRow]: ...
        def create_sync(self, /, **fields: Unpack[CustomerFields]) -> CustomerRow: ...
        def create_many(
            self,
            rows: int | Iterable[CustomerFields],
            /,
            **fields: Unpack[CustomerFields],
        ) -> Pending[list[CustomerRow]]: ...
        def create_many_sync(
            self,
            rows: int | Iterable[CustomerFields],
            /,
            **fields: Unpack[CustomerFields],
        ) -> list[CustomerRow]: ...
        def get_or_create(
            self,
            /,
            *by: CustomerColumn,
            **fields: Unpack[CustomerFields],
        ) -> Pending[CustomerRow]: ...
        def get_or_create_sync(
            self,
            /,
            *by: CustomerColumn,
            **fields: Unpack[CustomerFields],
        ) -> CustomerRow: ...
        def find(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[CustomerFilter],
        ) -> Pending[CustomerRow | None]: ...
        def find_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[CustomerFilter],
        ) -> CustomerRow | None: ...
        def rows(
            self,
            /,
            *,
            order_by: OrderBy[CustomerSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[CustomerFilter],
        ) -> Pending[list[CustomerRow]]: ...
        def rows_sync(
            self,
            /,
            *,
            order_by: OrderBy[CustomerSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[CustomerFilter],
        ) -> list[CustomerRow]: ...
        def first(
            self,
            /,
            *,
            order_by: OrderBy[CustomerSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[CustomerFilter],
        ) -> Pending[CustomerRow | None]: ...
        def first_sync(
            self,
            /,
            *,
            order_by: OrderBy[CustomerSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[CustomerFilter],
        ) -> CustomerRow | None: ...
        def last(
            self,
            /,
            *,
            order_by: OrderBy[CustomerSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[CustomerFilter],
        ) -> Pending[CustomerRow | None]: ...
        def last_sync(
            self,
            /,
            *,
            order_by: OrderBy[CustomerSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[CustomerFilter],
        ) -> CustomerRow | None: ...
        def count(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[CustomerFilter],
        ) -> Pending[int]: ...
        def count_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[CustomerFilter],
        ) -> int: ...
        def exists(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[CustomerFilter],
        ) -> Pending[bool]: ...
        def exists_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[CustomerFilter],
        ) -> bool: ...
        def update(
            self,
            row_id: str_,
            /,
            **fields: Unpack[CustomerFields],
        ) -> Pending[CustomerRow]: ...
        def update_sync(
            self,
            row_id: str_,
            /,
            **fields: Unpack[CustomerFields],
        ) -> CustomerRow: ...


customers = CustomerFactory()
create_customer = customers.create
create_customers = customers.create_many
build_customer = customers.build


class EventFields(TypedDict, total=False):
    """Values that a new row of Event is given."""

    kind: str_
    created_at: datetime
    updated_at: datetime
    required_none: int
    handler: Any


class EventFilter(TypedDict, total=False):
    """Conditions on rows of Event."""

    id: int | IntOperators
    kind: str_ | StrOperators
    created_at: str_ | StrOperators
    updated_at: str_ | StrOperators
    required_none: int | IntOperators | None
    handler: Any


class EventExpected(TypedDict, total=False):
    """Values expected of a row of Event, or matchers."""

    id: object
    kind: object
    created_at: object
    updated_at: object
    required_none: object
    handler: object


EventColumn: TypeAlias = Literal[
    "id",
    "kind",
    "created_at",
    "updated_at",
    "required_none",
    "handler",
]
EventSorting: TypeAlias = Literal[
    "id",
    "-id",
    "kind",
    "-kind",
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
    "required_none",
    "-required_none",
    "handler",
    "-handler",
]


class EventRow(TypedRow):
    """A stored row of Event."""

    id: int
    kind: str_
    created_at: str_
    updated_at: str_
    required_none: int | None
    handler: Any

    if TYPE_CHECKING:

        def __getitem__(self, name: EventColumn, /) -> Any: ...
        def matches(self, /, **expected: Unpack[EventExpected]) -> bool: ...


class EventFactory(TypedFactory[EventRow, int], model=Event, row=EventRow):
    """Makes rows of Event, and is the handle on them."""

    if TYPE_CHECKING:

        def __init__(
            self,
            dataflow: Any = None,
            /,
            **defaults: Unpack[EventFields],
        ) -> None: ...
        def using(self, /, **defaults: Unpack[EventFields]) -> Self: ...
        def trait(
            self,
            name: str_,
            change: Callable[[Self], Self] | None = None,
            /,
            **values: Unpack[EventFields],
        ) -> Self: ...
        def build(self, /, **fields: Unpack[EventFields]) -> dict[str_, Any]: ...
        def build_many(
            self,
            rows: int | Iterable[EventFields],
            /,
            **fields: Unpack[EventFields],
        ) -> list[dict[str_, Any]]: ...
        def payload(
            self,
            /,
            *,
            schema: type[Any] | None = None,
            **fields: Unpack[EventFields],
        ) -> dict[str_, Any]: ...
        def invalid_payloads(
            self,
            /,
            *,
            schema: type[Any],
            **fields: Unpack[EventFields],
        ) -> list[InvalidPayload]: ...
        def created(self, /, **expected: Unpack[EventExpected]) -> Expectation: ...
        def updated(
            self,
            row_id: int,
            /,
            **expected: Unpack[EventExpected],
        ) -> Expectation: ...
        def create(self, /, **fields: Unpack[EventFields]) -> Pending[EventRow]: ...
        def create_sync(self, /, **fields: Unpack[EventFields]) -> EventRow: ...
        def create_many(
            self,
            rows: int | Iterable[EventFields],
            /,
            **fields: Unpack[EventFields],
        ) -> Pending[list[EventRow]]: ...
        def create_many_sync(
            self,
            rows: int | Iterable[EventFields],
            /,
            **fields: Unpack[EventFields],
        ) -> list[EventRow]: ...
        def get_or_create(
            self,
            /,
            *by: EventColumn,
            **fields: Unpack[EventFields],
        ) -> Pending[EventRow]: ...
        def get_or_create_sync(
            self,
            /,
            *by: EventColumn,
            **fields: Unpack[EventFields],
        ) -> EventRow: ...
        def find(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[EventFilter],
        ) -> Pending[EventRow | None]: ...
        def find_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[EventFilter],
        ) -> EventRow | None: ...
        def rows(
            self,
            /,
            *,
            order_by: OrderBy[EventSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[EventFilter],
        ) -> Pending[list[EventRow]]: ...
        def rows_sync(
            self,
            /,
            *,
            order_by: OrderBy[EventSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[EventFilter],
        ) -> list[EventRow]: ...
        def first(
            self,
            /,
            *,
            order_by: OrderBy[EventSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[EventFilter],
        ) -> Pending[EventRow | None]: ...
        def first_sync(
            self,
            /,
            *,
            order_by: OrderBy[EventSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[EventFilter],
        ) -> EventRow | None: ...
        def last(
            self,
            /,
            *,
            order_by: OrderBy[EventSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[EventFilter],
        ) -> Pending[EventRow | None]: ...
        def last_sync(
            self,
            /,
            *,
            order_by: OrderBy[EventSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[EventFilter],
        ) -> EventRow | None: ...
        def count(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[EventFilter],
        ) -> Pending[int]: ...
        def count_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[EventFilter],
        ) -> int: ...
        def exists(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[EventFilter],
        ) -> Pending[bool]: ...
        def exists_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[EventFilter],
        ) -> bool: ...
        def update(
            self,
            row_id: int,
            /,
            **fields: Unpack[EventFields],
        ) -> Pending[EventRow]: ...
        def update_sync(
            self,
            row_id: int,
            /,
            **fields: Unpack[EventFields],
        ) -> EventRow: ...


events = EventFactory()
create_event = events.create
create_events = events.create_many
build_event = events.build


class GameFields(TypedDict, total=False):
    """Values that a new row of Game is given."""

    id: int
    items: list[str_]
    json: str_
    get: str_
    n: int
    keys: str_
    self: str_
    rows: int
    create: str_
    date: date_
    str: str_
    matches: int
    order_by: int
    due: date_ | None
    model: int
    dataflow: int
    created_at: datetime
    updated_at: datetime


class GameFilter(TypedDict, total=False):
    """Conditions on rows of Game."""

    id: int | IntOperators
    items: list[str_] | ListOfStrOperators
    json: str_ | StrOperators
    get: str_ | StrOperators
    n: int | IntOperators
    keys: str_ | StrOperators
    self: str_ | StrOperators
    rows: int | IntOperators
    create: str_ | StrOperators
    date: date_ | DateOperators
    str: str_ | StrOperators
    matches: int | IntOperators
    due: date_ | DateOperators | None
    model: int | IntOperators
    dataflow: int | IntOperators
    created_at: datetime | DatetimeOperators
    updated_at: datetime | DatetimeOperators


class GameExpected(TypedDict, total=False):
    """Values expected of a row of Game, or matchers."""

    id: object
    items: object
    json: object
    get: object
    n: object
    keys: object
    self: object
    rows: object
    create: object
    date: object
    str: object
    matches: object
    order_by: object
    due: object
    model: object
    dataflow: object
    created_at: object
    updated_at: object


GameColumn: TypeAlias = Literal[
    "id",
    "items",
    "json",
    "get",
    "n",
    "keys",
    "self",
    "rows",
    "create",
    "date",
    "str",
    "matches",
    "order_by",
    "due",
    "model",
    "dataflow",
    "created_at",
    "updated_at",
]
GameSorting: TypeAlias = Literal[
    "id",
    "-id",
    "items",
    "-items",
    "json",
    "-json",
    "get",
    "-get",
    "n",
    "-n",
    "keys",
    "-keys",
    "self",
    "-self",
    "rows",
    "-rows",
    "create",
    "-create",
    "date",
    "-date",
    "str",
    "-str",
    "matches",
    "-matches",
    "order_by",
    "-order_by",
    "due",
    "-due",
    "model",
    "-model",
    "dataflow",
    "-dataflow",
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
]


class GameRow(TypedRow):
    """A stored row of Game."""

    id: int
    items: list[str_]
    json: str_
    get: str_
    n: int
    keys: str_
    self: str_
    rows: int
    create: str_
    date: date_
    str: str_
    order_by: int
    due: date_ | None
    model: int
    dataflow: int
    created_at: datetime
    updated_at: datetime

    if TYPE_CHECKING:

        def __getitem__(self, name: GameColumn, /) -> Any: ...
        def matches(self, /, **expected: Unpack[GameExpected]) -> bool: ...


class GameFactory(TypedFactory[GameRow, int], model=Game, row=GameRow):
    """Makes rows of Game, and is the handle on them."""

    if TYPE_CHECKING:

        def __init__(
            self,
            dataflow_: Any = None,
            /,
            **defaults: Unpack[GameFields],
        ) -> None: ...
        def using(self, /, **defaults: Unpack[GameFields]) -> Self: ...
        def trait(
            self,
            name: str_,
            change: Callable[[Self], Self] | None = None,
            /,
            **values: Unpack[GameFields],
        ) -> Self: ...
        def build(self, /, **fields: Unpack[GameFields]) -> dict[str_, Any]: ...
        def build_many(
            self,
            rows: int | Iterable[GameFields],
            /,
            **fields: Unpack[GameFields],
        ) -> list[dict[str_, Any]]: ...
        def payload(
            self,
            /,
            *,
            schema: type[Any] | None = None,
            **fields: Unpack[GameFields],
        ) -> dict[str_, Any]: ...
        def invalid_payloads(
            self,
            /,
            *,
            schema: type[Any],
            **fields: Unpack[GameFields],
        ) -> list[InvalidPayload]: ...
        def created(self, /, **expected: Unpack[GameExpected]) -> Expectation: ...
        def updated(
            self,
            row_id: int,
            /,
            **expected: Unpack[GameExpected],
        ) -> Expectation: ...
        def create(self, /, **fields: Unpack[GameFields]) -> Pending[GameRow]: ...
        def create_sync(self, /, **fields: Unpack[GameFields]) -> GameRow: ...
        def create_many(
            self,
            rows: int | Iterable[GameFields],
            /,
            **fields: Unpack[GameFields],
        ) -> Pending[list[GameRow]]: ...
        def create_many_sync(
            self,
            rows: int | Iterable[GameFields],
            /,
            **fields: Unpack[GameFields],
        ) -> list[GameRow]: ...
        def get_or_create(
            self,
            /,
            *by: GameColumn,
            **fields: Unpack[GameFields],
        ) -> Pending[GameRow]: ...
        def get_or_create_sync(
            self,
            /,
            *by: GameColumn,
            **fields: Unpack[GameFields],
        ) -> GameRow: ...
        def find(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[GameFilter],
        ) -> Pending[GameRow | None]: ...
        def find_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[GameFilter],
        ) -> GameRow | None: ...
        def rows(
            self,
            /,
            *,
            order_by: OrderBy[GameSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[GameFilter],
        ) -> Pending[list[GameRow]]: ...
        def rows_sync(
            self,
            /,
            *,
            order_by: OrderBy[GameSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[GameFilter],
        ) -> list[GameRow]: ...
        def first(
            self,
            /,
            *,
            order_by: OrderBy[GameSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[GameFilter],
        ) -> Pending[GameRow | None]: ...
        def first_sync(
            self,
            /,
            *,
            order_by: OrderBy[GameSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[GameFilter],
        ) -> GameRow | None: ...
        def last(
            self,
            /,
            *,
            order_by: OrderBy[GameSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[GameFilter],
        ) -> Pending[GameRow | None]: ...
        def last_sync(
            self,
            /,
            *,
            order_by: OrderBy[GameSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[GameFilter],
        ) -> GameRow | None: ...
        def count(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[GameFilter],
        ) -> Pending[int]: ...
        def count_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[GameFilter],
        ) -> int: ...
        def exists(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[GameFilter],
        ) -> Pending[bool]: ...
        def exists_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[GameFilter],
        ) -> bool: ...
        def update(
            self,
            row_id: int,
            /,
            **fields: Unpack[GameFields],
        ) -> Pending[GameRow]: ...
        def update_sync(
            self,
            row_id: int,
            /,
            **fields: Unpack[GameFields],
        ) -> GameRow: ...


games = GameFactory()
create_game = games.create
create_games = games.create_many
build_game = games.build


class LateFields(TypedDict, total=False):
    """Values that a new row of Late is given."""

    id: str_
    thing: Any
    created_at: datetime
    updated_at: datetime


class LateFilter(TypedDict, total=False):
    """Conditions on rows of Late."""

    id: str_ | StrOperators
    thing: Any
    created_at: datetime | DatetimeOperators
    updated_at: datetime | DatetimeOperators


class LateExpected(TypedDict, total=False):
    """Values expected of a row of Late, or matchers."""

    id: object
    thing: object
    created_at: object
    updated_at: object


LateColumn: TypeAlias = Literal["id", "thing", "created_at", "updated_at"]
LateSorting: TypeAlias = Literal[
    "id",
    "-id",
    "thing",
    "-thing",
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
]


class LateRow(TypedRow):
    """A stored row of Late."""

    id: str_
    thing: Any
    created_at: datetime
    updated_at: datetime

    if TYPE_CHECKING:

        def __getitem__(self, name: LateColumn, /) -> Any: ...
        def matches(self, /, **expected: Unpack[LateExpected]) -> bool: ...


class LateFactory(TypedFactory[LateRow, str_], model="Late", row=LateRow):
    """Makes rows of Late, and is the handle on them."""

    if TYPE_CHECKING:

        def __init__(
            self,
            dataflow: Any = None,
            /,
            **defaults: Unpack[LateFields],
        ) -> None: ...
        def using(self, /, **defaults: Unpack[LateFields]) -> Self: ...
        def trait(
            self,
            name: str_,
            change: Callable[[Self], Self] | None = None,
            /,
            **values: Unpack[LateFields],
        ) -> Self: ...
        def build(self, /, **fields: Unpack[LateFields]) -> dict[str_, Any]: ...
        def build_many(
            self,
            rows: int | Iterable[LateFields],
            /,
            **fields: Unpack[LateFields],
        ) -> list[dict[str_, Any]]: ...
        def payload(
            self,
            /,
            *,
            schema: type[Any] | None = None,
            **fields: Unpack[LateFields],
        ) -> dict[str_, Any]: ...
        def invalid_payloads(
            self,
            /,
            *,
            schema: type[Any],
            **fields: Unpack[LateFields],
        ) -> list[InvalidPayload]: ...
        def created(self, /, **expected: Unpack[LateExpected]) -> Expectation: ...
        def updated(
            self,
            row_id: str_,
            /,
            **expected: Unpack[LateExpected],
        ) -> Expectation: ...
        def create(self, /, **fields: Unpack[LateFields]) -> Pending[LateRow]: ...
        def create_sync(self, /, **fields: Unpack[LateFields]) -> LateRow: ...
        def create_many(
            self,
            rows: int | Iterable[LateFields],
            /,
            **fields: Unpack[LateFields],
        ) -> Pending[list[LateRow]]: ...
        def create_many_sync(
            self,
            rows: int | Iterable[LateFields],
            /,
            **fields: Unpack[LateFields],
        ) -> list[LateRow]: ...
        def get_or_create(
            self,
            /,
            *by: LateColumn,
            **fields: Unpack[LateFields],
        ) -> Pending[LateRow]: ...
        def get_or_create_sync(
            self,
            /,
            *by: LateColumn,
            **fields: Unpack[LateFields],
        ) -> LateRow: ...
        def find(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[LateFilter],
        ) -> Pending[LateRow | None]: ...
        def find_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[LateFilter],
        ) -> LateRow | None: ...
        def rows(
            self,
            /,
            *,
            order_by: OrderBy[LateSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[LateFilter],
        ) -> Pending[list[LateRow]]: ...
        def rows_sync(
            self,
            /,
            *,
            order_by: OrderBy[LateSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[LateFilter],
        ) -> list[LateRow]: ...
        def first(
            self,
            /,
            *,
            order_by: OrderBy[LateSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[LateFilter],
        ) -> Pending[LateRow | None]: ...
        def first_sync(
            self,
            /,
            *,
            order_by: OrderBy[LateSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[LateFilter],
        ) -> LateRow | None: ...
        def last(
            self,
            /,
            *,
            order_by: OrderBy[LateSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[LateFilter],
        ) -> Pending[LateRow | None]: ...
        def last_sync(
            self,
            /,
            *,
            order_by: OrderBy[LateSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[LateFilter],
        ) -> LateRow | None: ...
        def count(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[LateFilter],
        ) -> Pending[int]: ...
        def count_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[LateFilter],
        ) -> int: ...
        def exists(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[LateFilter],
        ) -> Pending[bool]: ...
        def exists_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[LateFilter],
        ) -> bool: ...
        def update(
            self,
            row_id: str_,
            /,
            **fields: Unpack[LateFields],
        ) -> Pending[LateRow]: ...
        def update_sync(
            self,
            row_id: str_,
            /,
            **fields: Unpack[LateFields],
        ) -> LateRow: ...


lates = LateFactory()
create_late = lates.create
create_lates = lates.create_many
build_late = lates.build


class LineFields(TypedDict, total=False):
    """Values that a new row of Line is given."""

    id: int
    order_id: int
    product: str_
    quantity: int
    created_at: datetime
    updated_at: datetime


class LineFilter(TypedDict, total=False):
    """Conditions on rows of Line."""

    id: int | IntOperators
    order_id: int | IntOperators
    product: str_ | StrOperators
    quantity: int | IntOperators
    created_at: datetime | DatetimeOperators
    updated_at: datetime | DatetimeOperators


class LineExpected(TypedDict, total=False):
    """Values expected of a row of Line, or matchers."""

    id: object
    order_id: object
    product: object
    quantity: object
    created_at: object
    updated_at: object


LineColumn: TypeAlias = Literal[
    "id",
    "order_id",
    "product",
    "quantity",
    "created_at",
    "updated_at",
]
LineSorting: TypeAlias = Literal[
    "id",
    "-id",
    "order_id",
    "-order_id",
    "product",
    "-product",
    "quantity",
    "-quantity",
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
]


class LineRow(TypedRow):
    """A stored row of Line."""

    id: int
    order_id: int
    product: str_
    quantity: int
    created_at: datetime
    updated_at: datetime

    if TYPE_CHECKING:

        def __getitem__(self, name: LineColumn, /) -> Any: ...
        def matches(self, /, **expected: Unpack[LineExpected]) -> bool: ...


class LineFactory(TypedFactory[LineRow, int], model=Line, row=LineRow):
    """Makes rows of Line, and is the handle on them."""

    if TYPE_CHECKING:

        def __init__(
            self,
            dataflow: Any = None,
            /,
            **defaults: Unpack[LineFields],
        ) -> None: ...
        def using(self, /, **defaults: Unpack[LineFields]) -> Self: ...
        def trait(
            self,
            name: str_,
            change: Callable[[Self], Self] | None = None,
            /,
            **values: Unpack[LineFields],
        ) -> Self: ...
        def build(self, /, **fields: Unpack[LineFields]) -> dict[str_, Any]: ...
        def build_many(
            self,
            rows: int | Iterable[LineFields],
            /,
            **fields: Unpack[LineFields],
        ) -> list[dict[str_, Any]]: ...
        def payload(
            self,
            /,
            *,
            schema: type[Any] | None = None,
            **fields: Unpack[LineFields],
        ) -> dict[str_, Any]: ...
        def invalid_payloads(
            self,
            /,
            *,
            schema: type[Any],
            **fields: Unpack[LineFields],
        ) -> list[InvalidPayload]: ...
        def created(self, /, **expected: Unpack[LineExpected]) -> Expectation: ...
        def updated(
            self,
            row_id: int,
            /,
            **expected: Unpack[LineExpected],
        ) -> Expectation: ...
        def create(self, /, **fields: Unpack[LineFields]) -> Pending[LineRow]: ...
        def create_sync(self, /, **fields: Unpack[LineFields]) -> LineRow: ...
        def create_many(
            self,
            rows: int | Iterable[LineFields],
            /,
            **fields: Unpack[LineFields],
        ) -> Pending[list[LineRow]]: ...
        def create_many_sync(
            self,
            rows: int | Iterable[LineFields],
            /,
            **fields: Unpack[LineFields],
        ) -> list[LineRow]: ...
        def get_or_create(
            self,
            /,
            *by: LineColumn,
            **fields: Unpack[LineFields],
        ) -> Pending[LineRow]: ...
        def get_or_create_sync(
            self,
            /,
            *by: LineColumn,
            **fields: Unpack[LineFields],
        ) -> LineRow: ...
        def find(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[LineFilter],
        ) -> Pending[LineRow | None]: ...
        def find_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[LineFilter],
        ) -> LineRow | None: ...
        def rows(
            self,
            /,
            *,
            order_by: OrderBy[LineSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[LineFilter],
        ) -> Pending[list[LineRow]]: ...
        def rows_sync(
            self,
            /,
            *,
            order_by: OrderBy[LineSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[LineFilter],
        ) -> list[LineRow]: ...
        def first(
            self,
            /,
            *,
            order_by: OrderBy[LineSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[LineFilter],
        ) -> Pending[LineRow | None]: ...
        def first_sync(
            self,
            /,
            *,
            order_by: OrderBy[LineSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[LineFilter],
        ) -> LineRow | None: ...
        def last(
            self,
            /,
            *,
            order_by: OrderBy[LineSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[LineFilter],
        ) -> Pending[LineRow | None]: ...
        def last_sync(
            self,
            /,
            *,
            order_by: OrderBy[LineSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[LineFilter],
        ) -> LineRow | None: ...
        def count(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[LineFilter],
        ) -> Pending[int]: ...
        def count_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[LineFilter],
        ) -> int: ...
        def exists(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[LineFilter],
        ) -> Pending[bool]: ...
        def exists_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[LineFilter],
        ) -> bool: ...
        def update(
            self,
            row_id: int,
            /,
            **fields: Unpack[LineFields],
        ) -> Pending[LineRow]: ...
        def update_sync(
            self,
            row_id: int,
            /,
            **fields: Unpack[LineFields],
        ) -> LineRow: ...


lines = LineFactory()
create_line = lines.create
create_lines = lines.create_many
build_line = lines.build


class NewsFields(TypedDict, total=False):
    """Values that a new row of News is given."""

    id: str_
    created_at: datetime
    updated_at: datetime


class NewsFilter(TypedDict, total=False):
    """Conditions on rows of News."""

    id: str_ | StrOperators
    created_at: datetime | DatetimeOperators
    updated_at: datetime | DatetimeOperators


class NewsExpected(TypedDict, total=False):
    """Values expected of a row of News, or matchers."""

    id: object
    created_at: object
    updated_at: object


NewsColumn: TypeAlias = Literal["id", "created_at", "updated_at"]
NewsSorting: TypeAlias = Literal[
    "id",
    "-id",
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
]


class NewsRow(TypedRow):
    """A stored row of News."""

    id: str_
    created_at: datetime
    updated_at: datetime

    if TYPE_CHECKING:

        def __getitem__(self, name: NewsColumn, /) -> Any: ...
        def matches(self, /, **expected: Unpack[NewsExpected]) -> bool: ...


class NewsFactory(TypedFactory[NewsRow, str_], model=News, row=NewsRow):
    """Makes rows of News, and is the handle on them."""

    if TYPE_CHECKING:

        def __init__(
            self,
            dataflow: Any = None,
            /,
            **defaults: Unpack[NewsFields],
        ) -> None: ...
        def using(self, /, **defaults: Unpack[NewsFields]) -> Self: ...
        def trait(
            self,
            name: str_,
            change: Callable[[Self], Self] | None = None,
            /,
            **values: Unpack[NewsFields],
        ) -> Self: ...
        def build(self, /, **fields: Unpack[NewsFields]) -> dict[str_, Any]: ...
        def build_many(
            self,
            rows: int | Iterable[NewsFields],
            /,
            **fields: Unpack[NewsFields],
        ) -> list[dict[str_, Any]]: ...
        def payload(
            self,
            /,
            *,
            schema: type[Any] | None = None,
            **fields: Unpack[NewsFields],
        ) -> dict[str_, Any]: ...
        def invalid_payloads(
            self,
            /,
            *,
            schema: type[Any],
            **fields: Unpack[NewsFields],
        ) -> list[InvalidPayload]: ...
        def created(self, /, **expected: Unpack[NewsExpected]) -> Expectation: ...
        def updated(
            self,
            row_id: str_,
            /,
            **expected: Unpack[NewsExpected],
        ) -> Expectation: ...
        def create(self, /, **fields: Unpack[NewsFields]) -> Pending[NewsRow]: ...
        def create_sync(self, /, **fields: Unpack[NewsFields]) -> NewsRow: ...
        def create_many(
            self,
            rows: int | Iterable[NewsFields],
            /,
            **fields: Unpack[NewsFields],
        ) -> Pending[list[NewsRow]]: ...
        def create_many_sync(
            self,
            rows: int | Iterable[NewsFields],
            /,
            **fields: Unpack[NewsFields],
        ) -> list[NewsRow]: ...
        def get_or_create(
            self,
            /,
            *by: NewsColumn,
            **fields: Unpack[NewsFields],
        ) -> Pending[NewsRow]: ...
        def get_or_create_sync(
            self,
            /,
            *by: NewsColumn,
            **fields: Unpack[NewsFields],
        ) -> NewsRow: ...
        def find(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[NewsFilter],
        ) -> Pending[NewsRow | None]: ...
        def find_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[NewsFilter],
        ) -> NewsRow | None: ...
        def rows(
            self,
            /,
            *,
            order_by: OrderBy[NewsSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[NewsFilter],
        ) -> Pending[list[NewsRow]]: ...
        def rows_sync(
            self,
            /,
            *,
            order_by: OrderBy[NewsSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[NewsFilter],
        ) -> list[NewsRow]: ...
        def first(
            self,
            /,
            *,
            order_by: OrderBy[NewsSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[NewsFilter],
        ) -> Pending[NewsRow | None]: ...
        def first_sync(
            self,
            /,
            *,
            order_by: OrderBy[NewsSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[NewsFilter],
        ) -> NewsRow | None: ...
        def last(
            self,
            /,
            *,
            order_by: OrderBy[NewsSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[NewsFilter],
        ) -> Pending[NewsRow | None]: ...
        def last_sync(
            self,
            /,
            *,
            order_by: OrderBy[NewsSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[NewsFilter],
        ) -> NewsRow | None: ...
        def count(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[NewsFilter],
        ) -> Pending[int]: ...
        def count_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[NewsFilter],
        ) -> int: ...
        def exists(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[NewsFilter],
        ) -> Pending[bool]: ...
        def exists_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[NewsFilter],
        ) -> bool: ...
        def update(
            self,
            row_id: str_,
            /,
            **fields: Unpack[NewsFields],
        ) -> Pending[NewsRow]: ...
        def update_sync(
            self,
            row_id: str_,
            /,
            **fields: Unpack[NewsFields],
        ) -> NewsRow: ...


news = NewsFactory()
create_news = news.create
create_many_news = news.create_many
build_news = news.build


class OrderFields(TypedDict, total=False):
    """Values that a new row of Order is given."""

    id: int
    customer_id: str_
    total: float
    placed_at: datetime
    status: StatusLike
    note: str_
    tags: list[Any]
    sizes: list[int]
    details: dict[str_, Any]
    created_at: datetime
    updated_at: datetime
    closed: bool
    urgent: bool


class OrderFilter(TypedDict, total=False):
    """Conditions on rows of Order."""

    id: int | IntOperators
    customer_id: str_ | StrOperators
    total: float | FloatOperators
    placed_at: datetime | DatetimeOperators
    status: StatusLike | StatusOperators
    note: str_ | StrOperators
    tags: list[Any] | ListOfAnyOperators
    sizes: list[int] | ListOfIntOperators
    details: dict[str_, Any]
    created_at: datetime | DatetimeOperators
    updated_at: datetime | DatetimeOperators


class OrderExpected(TypedDict, total=False):
    """Values expected of a row of Order, or matchers."""

    id: object
    customer_id: object
    total: object
    placed_at: object
    status: object
    note: object
    tags: object
    sizes: object
    details: object
    created_at: object
    updated_at: object


OrderColumn: TypeAlias = Literal[
    "id",
    "customer_id",
    "total",
    "placed_at",
    "status",
    "note",
    "tags",
    "sizes",
    "details",
    "created_at",
    "updated_at",
]
OrderSorting: TypeAlias = Literal[
    "id",
    "-id",
    "customer_id",
    "-customer_id",
    "total",
    "-total",
    "placed_at",
    "-placed_at",
    "status",
    "-status",
    "note",
    "-note",
    "tags",
    "-tags",
    "sizes",
    "-sizes",
    "details",
    "-details",
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
]


class OrderRow(TypedRow):
    """A stored row of Order."""

    id: int
    customer_id: str_
    total: float
    placed_at: datetime
    status: Status
    note: str_
    tags: list[Any]
    sizes: list[int]
    details: dict[str_, Any]
    created_at: datetime
    updated_at: datetime

    if TYPE_CHECKING:

        def __getitem__(self, name: OrderColumn, /) -> Any: ...
        def matches(self, /, **expected: Unpack[OrderExpected]) -> bool: ...


class OrderFactory(TypedFactory[OrderRow, int], model=Order, row=OrderRow):
    """Makes rows of Order, and is the handle on them."""

    if TYPE_CHECKING:

        def __init__(
            self,
            dataflow: Any = None,
            /,
            **defaults: Unpack[OrderFields],
        ) -> None: ...
        def using(self, /, **defaults: Unpack[OrderFields]) -> Self: ...
        def trait(
            self,
            name: str_,
            change: Callable[[Self], Self] | None = None,
            /,
            **values: Unpack[OrderFields],
        ) -> Self: ...
        def build(self, /, **fields: Unpack[OrderFields]) -> dict[str_, Any]: ...
        def build_many(
            self,
            rows: int | Iterable[OrderFields],
            /,
            **fields: Unpack[OrderFields],
        ) -> list[dict[str_, Any]]: ...
        def payload(
            self,
            /,
            *,
            schema: type[Any] | None = None,
            **fields: Unpack[OrderFields],
        ) -> dict[str_, Any]: ...
        def invalid_payloads(
            self,
            /,
            *,
            schema: type[Any],
            **fields: Unpack[OrderFields],
        ) -> list[InvalidPayload]: ...
        def created(self, /, **expected: Unpack[OrderExpected]) -> Expectation: ...
        def updated(
            self,
            row_id: int,
            /,
            **expected: Unpack[OrderExpected],
        ) -> Expectation: ...
        def create(self, /, **fields: Unpack[OrderFields]) -> Pending[OrderRow]: ...
        def create_sync(self, /, **fields: Unpack[OrderFields]) -> OrderRow: ...
        def create_many(
            self,
            rows: int | Iterable[OrderFields],
            /,
            **fields: Unpack[OrderFields],
        ) -> Pending[list[OrderRow]]: ...
        def create_many_sync(
            self,
            rows: int | Iterable[OrderFields],
            /,
            **fields: Unpack[OrderFields],
        ) -> list[OrderRow]: ...
        def get_or_create(
            self,
            /,
            *by: OrderColumn,
            **fields: Unpack[OrderFields],
        ) -> Pending[OrderRow]: ...
        def get_or_create_sync(
            self,
            /,
            *by: OrderColumn,
            **fields: Unpack[OrderFields],
        ) -> OrderRow: ...
        def find(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[OrderFilter],
        ) -> Pending[OrderRow | None]: ...
        def find_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[OrderFilter],
        ) -> OrderRow | None: ...
        def rows(
            self,
            /,
            *,
            order_by: OrderBy[OrderSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[OrderFilter],
        ) -> Pending[list[OrderRow]]: ...
        def rows_sync(
            self,
            /,
            *,
            order_by: OrderBy[OrderSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[OrderFilter],
        ) -> list[OrderRow]: ...
        def first(
            self,
            /,
            *,
            order_by: OrderBy[OrderSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[OrderFilter],
        ) -> Pending[OrderRow | None]: ...
        def first_sync(
            self,
            /,
            *,
            order_by: OrderBy[OrderSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[OrderFilter],
        ) -> OrderRow | None: ...
        def last(
            self,
            /,
            *,
            order_by: OrderBy[OrderSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[OrderFilter],
        ) -> Pending[OrderRow | None]: ...
        def last_sync(
            self,
            /,
            *,
            order_by: OrderBy[OrderSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[OrderFilter],
        ) -> OrderRow | None: ...
        def count(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[OrderFilter],
        ) -> Pending[int]: ...
        def count_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[OrderFilter],
        ) -> int: ...
        def exists(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[OrderFilter],
        ) -> Pending[bool]: ...
        def exists_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[OrderFilter],
        ) -> bool: ...
        def update(
            self,
            row_id: int,
            /,
            **fields: Unpack[OrderFields],
        ) -> Pending[OrderRow]: ...
        def update_sync(
            self,
            row_id: int,
            /,
            **fields: Unpack[OrderFields],
        ) -> OrderRow: ...


orders = OrderFactory()
create_order = orders.create
create_orders = orders.create_many
build_order = orders.build


class PersonFields(TypedDict, total=False):
    """Values that a new row of Person is given."""

    id: str_
    created_at: datetime
    updated_at: datetime


class PersonFilter(TypedDict, total=False):
    """Conditions on rows of Person."""

    id: str_ | StrOperators
    created_at: datetime | DatetimeOperators
    updated_at: datetime | DatetimeOperators


class PersonExpected(TypedDict, total=False):
    """Values expected of a row of Person, or matchers."""

    id: object
    created_at: object
    updated_at: object


PersonColumn: TypeAlias = Literal["id", "created_at", "updated_at"]
PersonSorting: TypeAlias = Literal[
    "id",
    "-id",
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
]


class PersonRow(TypedRow):
    """A stored row of Person."""

    id: str_
    created_at: datetime
    updated_at: datetime

    if TYPE_CHECKING:

        def __getitem__(self, name: PersonColumn, /) -> Any: ...
        def matches(self, /, **expected: Unpack[PersonExpected]) -> bool: ...


class PersonFactory(TypedFactory[PersonRow, str_], model=Person, row=PersonRow):
    """Makes rows of Person, and is the handle on them."""

    if TYPE_CHECKING:

        def __init__(
            self,
            dataflow: Any = None,
            /,
            **defaults: Unpack[PersonFields],
        ) -> None: ...
        def using(self, /, **defaults: Unpack[PersonFields]) -> Self: ...
        def trait(
            self,
            name: str_,
            change: Callable[[Self], Self] | None = None,
            /,
            **values: Unpack[PersonFields],
        ) -> Self: ...
        def build(self, /, **fields: Unpack[PersonFields]) -> dict[str_, Any]: ...
        def build_many(
            self,
            rows: int | Iterable[PersonFields],
            /,
            **fields: Unpack[PersonFields],
        ) -> list[dict[str_, Any]]: ...
        def payload(
            self,
            /,
            *,
            schema: type[Any] | None = None,
            **fields: Unpack[PersonFields],
        ) -> dict[str_, Any]: ...
        def invalid_payloads(
            self,
            /,
            *,
            schema: type[Any],
            **fields: Unpack[PersonFields],
        ) -> list[InvalidPayload]: ...
        def created(self, /, **expected: Unpack[PersonExpected]) -> Expectation: ...
        def updated(
            self,
            row_id: str_,
            /,
            **expected: Unpack[PersonExpected],
        ) -> Expectation: ...
        def create(self, /, **fields: Unpack[PersonFields]) -> Pending[PersonRow]: ...
        def create_sync(self, /, **fields: Unpack[PersonFields]) -> PersonRow: ...
        def create_many(
            self,
            rows: int | Iterable[PersonFields],
            /,
            **fields: Unpack[PersonFields],
        ) -> Pending[list[PersonRow]]: ...
        def create_many_sync(
            self,
            rows: int | Iterable[PersonFields],
            /,
            **fields: Unpack[PersonFields],
        ) -> list[PersonRow]: ...
        def get_or_create(
            self,
            /,
            *by: PersonColumn,
            **fields: Unpack[PersonFields],
        ) -> Pending[PersonRow]: ...
        def get_or_create_sync(
            self,
            /,
            *by: PersonColumn,
            **fields: Unpack[PersonFields],
        ) -> PersonRow: ...
        def find(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[PersonFilter],
        ) -> Pending[PersonRow | None]: ...
        def find_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[PersonFilter],
        ) -> PersonRow | None: ...
        def rows(
            self,
            /,
            *,
            order_by: OrderBy[PersonSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[PersonFilter],
        ) -> Pending[list[PersonRow]]: ...
        def rows_sync(
            self,
            /,
            *,
            order_by: OrderBy[PersonSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[PersonFilter],
        ) -> list[PersonRow]: ...
        def first(
            self,
            /,
            *,
            order_by: OrderBy[PersonSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[PersonFilter],
        ) -> Pending[PersonRow | None]: ...
        def first_sync(
            self,
            /,
            *,
            order_by: OrderBy[PersonSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[PersonFilter],
        ) -> PersonRow | None: ...
        def last(
            self,
            /,
            *,
            order_by: OrderBy[PersonSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[PersonFilter],
        ) -> Pending[PersonRow | None]: ...
        def last_sync(
            self,
            /,
            *,
            order_by: OrderBy[PersonSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[PersonFilter],
        ) -> PersonRow | None: ...
        def count(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[PersonFilter],
        ) -> Pending[int]: ...
        def count_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[PersonFilter],
        ) -> int: ...
        def exists(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[PersonFilter],
        ) -> Pending[bool]: ...
        def exists_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[PersonFilter],
        ) -> bool: ...
        def update(
            self,
            row_id: str_,
            /,
            **fields: Unpack[PersonFields],
        ) -> Pending[PersonRow]: ...
        def update_sync(
            self,
            row_id: str_,
            /,
            **fields: Unpack[PersonFields],
        ) -> PersonRow: ...


people = PersonFactory()
create_person = people.create
create_people = people.create_many
build_person = people.build


class ProductFields(TypedDict, total=False):
    """Values that a new row of Product is given."""

    id: str_
    name: str_
    kind: KindLike
    colour: ColourLike
    level: LevelLike
    rights: Rights
    weight: Weight
    token: Token
    origin: Address
    channel: ProductChannel
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


class ProductFilter(TypedDict, total=False):
    """Conditions on rows of Product."""

    id: str_ | StrOperators
    name: str_ | StrOperators
    kind: KindLike | KindOperators
    colour: ColourLike | ColourOperators
    level: LevelLike | LevelOperators
    rights: Rights | RightsOperators
    weight: Weight | WeightOperators
    token: Token | TokenOperators
    origin: Address | AddressOperators
    channel: ProductChannel | ProductChannelOperators
    created_at: datetime | DatetimeOperators
    updated_at: datetime | DatetimeOperators
    deleted_at: datetime | DatetimeOperators | None


class ProductExpected(TypedDict, total=False):
    """Values expected of a row of Product, or matchers."""

    id: object
    name: object
    kind: object
    colour: object
    level: object
    rights: object
    weight: object
    token: object
    origin: object
    channel: object
    created_at: object
    updated_at: object
    deleted_at: object


ProductColumn: TypeAlias = Literal[
    "id",
    "name",
    "kind",
    "colour",
    "level",
    "rights",
    "weight",
    "token",
    "origin",
    "channel",
    "created_at",
    "updated_at",
    "deleted_at",
]
ProductSorting: TypeAlias = Literal[
    "id",
    "-id",
    "name",
    "-name",
    "kind",
    "-kind",
    "colour",
    "-colour",
    "level",
    "-level",
    "rights",
    "-rights",
    "weight",
    "-weight",
    "token",
    "-token",
    "origin",
    "-origin",
    "channel",
    "-channel",
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
    "deleted_at",
    "-deleted_at",
]


class ProductRow(TypedRow):
    """A stored row of Product."""

    id: str_
    name: str_
    kind: Product.Kind
    colour: Colour
    level: Level
    rights: Rights
    weight: Weight
    token: Token
    origin: Address
    channel: ProductChannel
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None

    if TYPE_CHECKING:

        def __getitem__(self, name: ProductColumn, /) -> Any: ...
        def matches(self, /, **expected: Unpack[ProductExpected]) -> bool: ...


class ProductFactory(TypedFactory[ProductRow, str_], model=Product, row=ProductRow):
    """Makes rows of Product, and is the handle on them."""

    if TYPE_CHECKING:

        def __init__(
            self,
            dataflow: Any = None,
            /,
            **defaults: Unpack[ProductFields],
        ) -> None: ...
        def using(self, /, **defaults: Unpack[ProductFields]) -> Self: ...
        def trait(
            self,
            name: str_,
            change: Callable[[Self], Self] | None = None,
            /,
            **values: Unpack[ProductFields],
        ) -> Self: ...
        def build(self, /, **fields: Unpack[ProductFields]) -> dict[str_, Any]: ...
        def build_many(
            self,
            rows: int | Iterable[ProductFields],
            /,
            **fields: Unpack[ProductFields],
        ) -> list[dict[str_, Any]]: ...
        def payload(
            self,
            /,
            *,
            schema: type[Any] | None = None,
            **fields: Unpack[ProductFields],
        ) -> dict[str_, Any]: ...
        def invalid_payloads(
            self,
            /,
            *,
            schema: type[Any],
            **fields: Unpack[ProductFields],
        ) -> list[InvalidPayload]: ...
        def created(self, /, **expected: Unpack[ProductExpected]) -> Expectation: ...
        def updated(
            self,
            row_id: str_,
            /,
            **expected: Unpack[ProductExpected],
        ) -> Expectation: ...
        def create(self, /, **fields: Unpack[ProductFields]) -> Pending[ProductRow]: ...
        def create_sync(self, /, **fields: Unpack[ProductFields]) -> ProductRow: ...
        def create_many(
            self,
            rows: int | Iterable[ProductFields],
            /,
            **fields: Unpack[ProductFields],
        ) -> Pending[list[ProductRow]]: ...
        def create_many_sync(
            self,
            rows: int | Iterable[ProductFields],
            /,
            **fields: Unpack[ProductFields],
        ) -> list[ProductRow]: ...
        def get_or_create(
            self,
            /,
            *by: ProductColumn,
            **fields: Unpack[ProductFields],
        ) -> Pending[ProductRow]: ...
        def get_or_create_sync(
            self,
            /,
            *by: ProductColumn,
            **fields: Unpack[ProductFields],
        ) -> ProductRow: ...
        def find(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[ProductFilter],
        ) -> Pending[ProductRow | None]: ...
        def find_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[ProductFilter],
        ) -> ProductRow | None: ...
        def rows(
            self,
            /,
            *,
            order_by: OrderBy[ProductSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[ProductFilter],
        ) -> Pending[list[ProductRow]]: ...
        def rows_sync(
            self,
            /,
            *,
            order_by: OrderBy[ProductSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[ProductFilter],
        ) -> list[ProductRow]: ...
        def first(
            self,
            /,
            *,
            order_by: OrderBy[ProductSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[ProductFilter],
        ) -> Pending[ProductRow | None]: ...
        def first_sync(
            self,
            /,
            *,
            order_by: OrderBy[ProductSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[ProductFilter],
        ) -> ProductRow | None: ...
        def last(
            self,
            /,
            *,
            order_by: OrderBy[ProductSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[ProductFilter],
        ) -> Pending[ProductRow | None]: ...
        def last_sync(
            self,
            /,
            *,
            order_by: OrderBy[ProductSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[ProductFilter],
        ) -> ProductRow | None: ...
        def count(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[ProductFilter],
        ) -> Pending[int]: ...
        def count_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[ProductFilter],
        ) -> int: ...
        def exists(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[ProductFilter],
        ) -> Pending[bool]: ...
        def exists_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[ProductFilter],
        ) -> bool: ...
        def update(
            self,
            row_id: str_,
            /,
            **fields: Unpack[ProductFields],
        ) -> Pending[ProductRow]: ...
        def update_sync(
            self,
            row_id: str_,
            /,
            **fields: Unpack[ProductFields],
        ) -> ProductRow: ...


products = ProductFactory()
create_product = products.create
create_products = products.create_many
build_product = products.build


class SprocketFields(TypedDict, total=False):
    """Values that a new row of Sprocket is given."""

    id: int
    created_at: datetime
    updated_at: datetime


class SprocketFilter(TypedDict, total=False):
    """Conditions on rows of Sprocket."""

    id: int | IntOperators
    created_at: datetime | DatetimeOperators
    updated_at: datetime | DatetimeOperators


class SprocketExpected(TypedDict, total=False):
    """Values expected of a row of Sprocket, or matchers."""

    id: object
    created_at: object
    updated_at: object


SprocketColumn: TypeAlias = Literal["id", "created_at", "updated_at"]
SprocketSorting: TypeAlias = Literal[
    "id",
    "-id",
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
]


class SprocketRow(TypedRow):
    """A stored row of Sprocket."""

    id: int
    created_at: datetime
    updated_at: datetime

    if TYPE_CHECKING:

        def __getitem__(self, name: SprocketColumn, /) -> Any: ...
        def matches(self, /, **expected: Unpack[SprocketExpected]) -> bool: ...


class SprocketFactory(TypedFactory[SprocketRow, int], model=Sprocket, row=SprocketRow):
    """Makes rows of Sprocket, and is the handle on them."""

    if TYPE_CHECKING:

        def __init__(
            self,
            dataflow: Any = None,
            /,
            **defaults: Unpack[SprocketFields],
        ) -> None: ...
        def using(self, /, **defaults: Unpack[SprocketFields]) -> Self: ...
        def trait(
            self,
            name: str_,
            change: Callable[[Self], Self] | None = None,
            /,
            **values: Unpack[SprocketFields],
        ) -> Self: ...
        def build(self, /, **fields: Unpack[SprocketFields]) -> dict[str_, Any]: ...
        def build_many(
            self,
            rows: int | Iterable[SprocketFields],
            /,
            **fields: Unpack[SprocketFields],
        ) -> list[dict[str_, Any]]: ...
        def payload(
            self,
            /,
            *,
            schema: type[Any] | None = None,
            **fields: Unpack[SprocketFields],
        ) -> dict[str_, Any]: ...
        def invalid_payloads(
            self,
            /,
            *,
            schema: type[Any],
            **fields: Unpack[SprocketFields],
        ) -> list[InvalidPayload]: ...
        def created(self, /, **expected: Unpack[SprocketExpected]) -> Expectation: ...
        def updated(
            self,
            row_id: int,
            /,
            **expected: Unpack[SprocketExpected],
        ) -> Expectation: ...
        def create(
            self,
            /,
            **fields: Unpack[SprocketFields],
        ) -> Pending[SprocketRow]: ...
        def create_sync(self, /, **fields: Unpack[SprocketFields]) -> SprocketRow: ...
        def create_many(
            self,
            rows: int | Iterable[SprocketFields],
            /,
            **fields: Unpack[SprocketFields],
        ) -> Pending[list[SprocketRow]]: ...
        def create_many_sync(
            self,
            rows: int | Iterable[SprocketFields],
            /,
            **fields: Unpack[SprocketFields],
        ) -> list[SprocketRow]: ...
        def get_or_create(
            self,
            /,
            *by: SprocketColumn,
            **fields: Unpack[SprocketFields],
        ) -> Pending[SprocketRow]: ...
        def get_or_create_sync(
            self,
            /,
            *by: SprocketColumn,
            **fields: Unpack[SprocketFields],
        ) -> SprocketRow: ...
        def find(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[SprocketFilter],
        ) -> Pending[SprocketRow | None]: ...
        def find_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[SprocketFilter],
        ) -> SprocketRow | None: ...
        def rows(
            self,
            /,
            *,
            order_by: OrderBy[SprocketSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[SprocketFilter],
        ) -> Pending[list[SprocketRow]]: ...
        def rows_sync(
            self,
            /,
            *,
            order_by: OrderBy[SprocketSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[SprocketFilter],
        ) -> list[SprocketRow]: ...
        def first(
            self,
            /,
            *,
            order_by: OrderBy[SprocketSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[SprocketFilter],
        ) -> Pending[SprocketRow | None]: ...
        def first_sync(
            self,
            /,
            *,
            order_by: OrderBy[SprocketSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[SprocketFilter],
        ) -> SprocketRow | None: ...
        def last(
            self,
            /,
            *,
            order_by: OrderBy[SprocketSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[SprocketFilter],
        ) -> Pending[SprocketRow | None]: ...
        def last_sync(
            self,
            /,
            *,
            order_by: OrderBy[SprocketSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[SprocketFilter],
        ) -> SprocketRow | None: ...
        def count(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[SprocketFilter],
        ) -> Pending[int]: ...
        def count_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[SprocketFilter],
        ) -> int: ...
        def exists(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[SprocketFilter],
        ) -> Pending[bool]: ...
        def exists_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[SprocketFilter],
        ) -> bool: ...
        def update(
            self,
            row_id: int,
            /,
            **fields: Unpack[SprocketFields],
        ) -> Pending[SprocketRow]: ...
        def update_sync(
            self,
            row_id: int,
            /,
            **fields: Unpack[SprocketFields],
        ) -> SprocketRow: ...


sprockets = SprocketFactory()
create_sprocket = sprockets.create
create_sprockets = sprockets.create_many
build_sprocket = sprockets.build


class TheTestRunFields(TypedDict, total=False):
    """Values that a new row of TestRun is given."""

    id: int
    created_at: datetime
    updated_at: datetime


class TheTestRunFilter(TypedDict, total=False):
    """Conditions on rows of TestRun."""

    id: int | IntOperators
    created_at: datetime | DatetimeOperators
    updated_at: datetime | DatetimeOperators


class TheTestRunExpected(TypedDict, total=False):
    """Values expected of a row of TestRun, or matchers."""

    id: object
    created_at: object
    updated_at: object


TheTestRunColumn: TypeAlias = Literal["id", "created_at", "updated_at"]
TheTestRunSorting: TypeAlias = Literal[
    "id",
    "-id",
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
]


class TheTestRunRow(TypedRow):
    """A stored row of TestRun."""

    id: int
    created_at: datetime
    updated_at: datetime

    if TYPE_CHECKING:

        def __getitem__(self, name: TheTestRunColumn, /) -> Any: ...
        def matches(self, /, **expected: Unpack[TheTestRunExpected]) -> bool: ...


class TheTestRunFactory(
    TypedFactory[TheTestRunRow, int],
    model=TestRun,
    row=TheTestRunRow,
):
    """Makes rows of TestRun, and is the handle on them."""

    if TYPE_CHECKING:

        def __init__(
            self,
            dataflow: Any = None,
            /,
            **defaults: Unpack[TheTestRunFields],
        ) -> None: ...
        def using(self, /, **defaults: Unpack[TheTestRunFields]) -> Self: ...
        def trait(
            self,
            name: str_,
            change: Callable[[Self], Self] | None = None,
            /,
            **values: Unpack[TheTestRunFields],
        ) -> Self: ...
        def build(self, /, **fields: Unpack[TheTestRunFields]) -> dict[str_, Any]: ...
        def build_many(
            self,
            rows: int | Iterable[TheTestRunFields],
            /,
            **fields: Unpack[TheTestRunFields],
        ) -> list[dict[str_, Any]]: ...
        def payload(
            self,
            /,
            *,
            schema: type[Any] | None = None,
            **fields: Unpack[TheTestRunFields],
        ) -> dict[str_, Any]: ...
        def invalid_payloads(
            self,
            /,
            *,
            schema: type[Any],
            **fields: Unpack[TheTestRunFields],
        ) -> list[InvalidPayload]: ...
        def created(self, /, **expected: Unpack[TheTestRunExpected]) -> Expectation: ...
        def updated(
            self,
            row_id: int,
            /,
            **expected: Unpack[TheTestRunExpected],
        ) -> Expectation: ...
        def create(
            self,
            /,
            **fields: Unpack[TheTestRunFields],
        ) -> Pending[TheTestRunRow]: ...
        def create_sync(
            self,
            /,
            **fields: Unpack[TheTestRunFields],
        ) -> TheTestRunRow: ...
        def create_many(
            self,
            rows: int | Iterable[TheTestRunFields],
            /,
            **fields: Unpack[TheTestRunFields],
        ) -> Pending[list[TheTestRunRow]]: ...
        def create_many_sync(
            self,
            rows: int | Iterable[TheTestRunFields],
            /,
            **fields: Unpack[TheTestRunFields],
        ) -> list[TheTestRunRow]: ...
        def get_or_create(
            self,
            /,
            *by: TheTestRunColumn,
            **fields: Unpack[TheTestRunFields],
        ) -> Pending[TheTestRunRow]: ...
        def get_or_create_sync(
            self,
            /,
            *by: TheTestRunColumn,
            **fields: Unpack[TheTestRunFields],
        ) -> TheTestRunRow: ...
        def find(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[TheTestRunFilter],
        ) -> Pending[TheTestRunRow | None]: ...
        def find_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[TheTestRunFilter],
        ) -> TheTestRunRow | None: ...
        def rows(
            self,
            /,
            *,
            order_by: OrderBy[TheTestRunSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[TheTestRunFilter],
        ) -> Pending[list[TheTestRunRow]]: ...
        def rows_sync(
            self,
            /,
            *,
            order_by: OrderBy[TheTestRunSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[TheTestRunFilter],
        ) -> list[TheTestRunRow]: ...
        def first(
            self,
            /,
            *,
            order_by: OrderBy[TheTestRunSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[TheTestRunFilter],
        ) -> Pending[TheTestRunRow | None]: ...
        def first_sync(
            self,
            /,
            *,
            order_by: OrderBy[TheTestRunSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[TheTestRunFilter],
        ) -> TheTestRunRow | None: ...
        def last(
            self,
            /,
            *,
            order_by: OrderBy[TheTestRunSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[TheTestRunFilter],
        ) -> Pending[TheTestRunRow | None]: ...
        def last_sync(
            self,
            /,
            *,
            order_by: OrderBy[TheTestRunSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[TheTestRunFilter],
        ) -> TheTestRunRow | None: ...
        def count(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[TheTestRunFilter],
        ) -> Pending[int]: ...
        def count_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[TheTestRunFilter],
        ) -> int: ...
        def exists(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[TheTestRunFilter],
        ) -> Pending[bool]: ...
        def exists_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[TheTestRunFilter],
        ) -> bool: ...
        def update(
            self,
            row_id: int,
            /,
            **fields: Unpack[TheTestRunFields],
        ) -> Pending[TheTestRunRow]: ...
        def update_sync(
            self,
            row_id: int,
            /,
            **fields: Unpack[TheTestRunFields],
        ) -> TheTestRunRow: ...


test_runs = TheTestRunFactory()
create_test_run = test_runs.create
create_test_runs = test_runs.create_many
build_test_run = test_runs.build


class Sprockets2Fields(TypedDict, total=False):
    """Values that a new row of sprockets is given."""

    id: int
    created_at: datetime
    updated_at: datetime


class Sprockets2Filter(TypedDict, total=False):
    """Conditions on rows of sprockets."""

    id: int | IntOperators
    created_at: datetime | DatetimeOperators
    updated_at: datetime | DatetimeOperators


class Sprockets2Expected(TypedDict, total=False):
    """Values expected of a row of sprockets, or matchers."""

    id: object
    created_at: object
    updated_at: object


Sprockets2Column: TypeAlias = Literal["id", "created_at", "updated_at"]
Sprockets2Sorting: TypeAlias = Literal[
    "id",
    "-id",
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
]


class Sprockets2Row(TypedRow):
    """A stored row of sprockets."""

    id: int
    created_at: datetime
    updated_at: datetime

    if TYPE_CHECKING:

        def __getitem__(self, name: Sprockets2Column, /) -> Any: ...
        def matches(self, /, **expected: Unpack[Sprockets2Expected]) -> bool: ...


class Sprockets2Factory(
    TypedFactory[Sprockets2Row, int],
    model=sprockets_,
    row=Sprockets2Row,
):
    """Makes rows of sprockets, and is the handle on them."""

    if TYPE_CHECKING:

        def __init__(
            self,
            dataflow: Any = None,
            /,
            **defaults: Unpack[Sprockets2Fields],
        ) -> None: ...
        def using(self, /, **defaults: Unpack[Sprockets2Fields]) -> Self: ...
        def trait(
            self,
            name: str_,
            change: Callable[[Self], Self] | None = None,
            /,
            **values: Unpack[Sprockets2Fields],
        ) -> Self: ...
        def build(self, /, **fields: Unpack[Sprockets2Fields]) -> dict[str_, Any]: ...
        def build_many(
            self,
            rows: int | Iterable[Sprockets2Fields],
            /,
            **fields: Unpack[Sprockets2Fields],
        ) -> list[dict[str_, Any]]: ...
        def payload(
            self,
            /,
            *,
            schema: type[Any] | None = None,
            **fields: Unpack[Sprockets2Fields],
        ) -> dict[str_, Any]: ...
        def invalid_payloads(
            self,
            /,
            *,
            schema: type[Any],
            **fields: Unpack[Sprockets2Fields],
        ) -> list[InvalidPayload]: ...
        def created(self, /, **expected: Unpack[Sprockets2Expected]) -> Expectation: ...
        def updated(
            self,
            row_id: int,
            /,
            **expected: Unpack[Sprockets2Expected],
        ) -> Expectation: ...
        def create(
            self,
            /,
            **fields: Unpack[Sprockets2Fields],
        ) -> Pending[Sprockets2Row]: ...
        def create_sync(
            self,
            /,
            **fields: Unpack[Sprockets2Fields],
        ) -> Sprockets2Row: ...
        def create_many(
            self,
            rows: int | Iterable[Sprockets2Fields],
            /,
            **fields: Unpack[Sprockets2Fields],
        ) -> Pending[list[Sprockets2Row]]: ...
        def create_many_sync(
            self,
            rows: int | Iterable[Sprockets2Fields],
            /,
            **fields: Unpack[Sprockets2Fields],
        ) -> list[Sprockets2Row]: ...
        def get_or_create(
            self,
            /,
            *by: Sprockets2Column,
            **fields: Unpack[Sprockets2Fields],
        ) -> Pending[Sprockets2Row]: ...
        def get_or_create_sync(
            self,
            /,
            *by: Sprockets2Column,
            **fields: Unpack[Sprockets2Fields],
        ) -> Sprockets2Row: ...
        def find(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[Sprockets2Filter],
        ) -> Pending[Sprockets2Row | None]: ...
        def find_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[Sprockets2Filter],
        ) -> Sprockets2Row | None: ...
        def rows(
            self,
            /,
            *,
            order_by: OrderBy[Sprockets2Sorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[Sprockets2Filter],
        ) -> Pending[list[Sprockets2Row]]: ...
        def rows_sync(
            self,
            /,
            *,
            order_by: OrderBy[Sprockets2Sorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[Sprockets2Filter],
        ) -> list[Sprockets2Row]: ...
        def first(
            self,
            /,
            *,
            order_by: OrderBy[Sprockets2Sorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[Sprockets2Filter],
        ) -> Pending[Sprockets2Row | None]: ...
        def first_sync(
            self,
            /,
            *,
            order_by: OrderBy[Sprockets2Sorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[Sprockets2Filter],
        ) -> Sprockets2Row | None: ...
        def last(
            self,
            /,
            *,
            order_by: OrderBy[Sprockets2Sorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[Sprockets2Filter],
        ) -> Pending[Sprockets2Row | None]: ...
        def last_sync(
            self,
            /,
            *,
            order_by: OrderBy[Sprockets2Sorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[Sprockets2Filter],
        ) -> Sprockets2Row | None: ...
        def count(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[Sprockets2Filter],
        ) -> Pending[int]: ...
        def count_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[Sprockets2Filter],
        ) -> int: ...
        def exists(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[Sprockets2Filter],
        ) -> Pending[bool]: ...
        def exists_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[Sprockets2Filter],
        ) -> bool: ...
        def update(
            self,
            row_id: int,
            /,
            **fields: Unpack[Sprockets2Fields],
        ) -> Pending[Sprockets2Row]: ...
        def update_sync(
            self,
            row_id: int,
            /,
            **fields: Unpack[Sprockets2Fields],
        ) -> Sprockets2Row: ...


sprockets_2 = Sprockets2Factory()
create_sprocket_2 = sprockets_2.create
create_sprockets_2 = sprockets_2.create_many
build_sprocket_2 = sprockets_2.build
