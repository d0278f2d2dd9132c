"""Typed factories of the models of shop.models:db.

Written by `kailash-testkit generate shop.models:db`. What is changed here is lost with
the next run: extend it in a module of your own, where `orders.using(...)` or a subclass
of `OrderFactory` keeps all types.
"""

from collections.abc import Callable, Iterable
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
    StrOperators,
    TypedFactory,
    TypedRow,
)

from shop.models import Customer, Order, OrderLine, OrderStatus, Product

OrderStatusLike: TypeAlias = OrderStatus | Literal["open", "paid", "shipped"]

OrderStatusOperators = TypedDict(
    "OrderStatusOperators",
    {
        "$between": Options[OrderStatusLike],
        "$eq": OrderStatusLike | None,
        "$gt": OrderStatusLike,
        "$gte": OrderStatusLike,
        "$in": Options[OrderStatusLike | None],
        "$lt": OrderStatusLike,
        "$lte": OrderStatusLike,
        "$ne": OrderStatusLike | None,
        "$nin": Options[OrderStatusLike | None],
        "$null": bool,
    },
    total=False,
)


class CustomerFields(TypedDict, total=False):
    """Values that a new row of Customer is given."""

    id: str
    name: str
    email: str
    token: str
    is_active: bool
    created_at: datetime
    updated_at: datetime


class CustomerFilter(TypedDict, total=False):
    """Conditions on rows of Customer."""

    id: str | StrOperators
    name: str | StrOperators
    email: str | StrOperators
    token: str | StrOperators
    is_active: bool | BoolOperators
    created_at: datetime | DatetimeOperators
    updated_at: datetime | DatetimeOperators


class CustomerExpected(TypedDict, total=False):
    """Values expected of a row of Customer, or matchers."""

    id: object
    name: object
    email: object
    token: object
    is_active: object
    created_at: object
    updated_at: object


CustomerColumn: TypeAlias = Literal[
    "id",
    "name",
    "email",
    "token",
    "is_active",
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
    "token",
    "-token",
    "is_active",
    "-is_active",
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
]


class CustomerRow(TypedRow):
    """A stored row of Customer."""

    id: str
    name: str
    email: str
    token: str
    is_active: bool
    created_at: datetime
    updated_at: datetime

    if TYPE_CHECKING:

        def __getitem__(self, name: CustomerColumn, /) -> Any: ...
        def matches(self, /, **expected: Unpack[CustomerExpected]) -> bool: ...


class CustomerFactory(TypedFactory[CustomerRow, str], model=Customer, row=CustomerRow):
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
            name: str,
            change: Callable[[Self], Self] | None = None,
            /,
            **values: Unpack[CustomerFields],
        ) -> Self: ...
        def build(self, /, **fields: Unpack[CustomerFields]) -> dict[str, Any]: ...
        def build_many(
            self,
            rows: int | Iterable[CustomerFields],
            /,
            **fields: Unpack[CustomerFields],
        ) -> list[dict[str, Any]]: ...
        def payload(
            self,
            /,
            *,
            schema: type[Any] | None = None,
            **fields: Unpack[CustomerFields],
        ) -> dict[str, Any]: ...
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
            row_id: str,
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
            row_id: str,
            /,
            **fields: Unpack[CustomerFields],
        ) -> Pending[CustomerRow]: ...
        def update_sync(
            self,
            row_id: str,
            /,
            **fields: Unpack[CustomerFields],
        ) -> CustomerRow: ...


customers = CustomerFactory()
create_customer = customers.create
create_customers = customers.create_many
build_customer = customers.build


class OrderFields(TypedDict, total=False):
    """Values that a new row of Order is given."""

    id: int
    customer_id: str
    status: OrderStatusLike
    placed_at: datetime
    note: str
    created_at: datetime
    updated_at: datetime


class OrderFilter(TypedDict, total=False):
    """Conditions on rows of Order."""

    id: int | IntOperators
    customer_id: str | StrOperators
    status: OrderStatusLike | OrderStatusOperators
    placed_at: datetime | DatetimeOperators
    note: str | StrOperators
    created_at: datetime | DatetimeOperators
    updated_at: datetime | DatetimeOperators


class OrderExpected(TypedDict, total=False):
    """Values expected of a row of Order, or matchers."""

    id: object
    customer_id: object
    status: object
    placed_at: object
    note: object
    created_at: object
    updated_at: object


OrderColumn: TypeAlias = Literal[
    "id",
    "customer_id",
    "status",
    "placed_at",
    "note",
    "created_at",
    "updated_at",
]
OrderSorting: TypeAlias = Literal[
    "id",
    "-id",
    "customer_id",
    "-customer_id",
    "status",
    "-status",
    "placed_at",
    "-placed_at",
    "note",
    "-note",
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
]


class OrderRow(TypedRow):
    """A stored row of Order."""

    id: int
    customer_id: str
    status: OrderStatus
    placed_at: datetime
    note: str
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
            name: str,
            change: Callable[[Self], Self] | None = None,
            /,
            **values: Unpack[OrderFields],
        ) -> Self: ...
        def build(self, /, **fields: Unpack[OrderFields]) -> dict[str, Any]: ...
        def build_many(
            self,
            rows: int | Iterable[OrderFields],
            /,
            **fields: Unpack[OrderFields],
        ) -> list[dict[str, Any]]: ...
        def payload(
            self,
            /,
            *,
            schema: type[Any] | None = None,
            **fields: Unpack[OrderFields],
        ) -> dict[str, Any]: ...
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


class OrderLineFields(TypedDict, total=False):
    """Values that a new row of OrderLine is given."""

    id: int
    order_id: int
    product_id: str
    quantity: int
    unit_price: float
    created_at: datetime
    updated_at: datetime


class OrderLineFilter(TypedDict, total=False):
    """Conditions on rows of OrderLine."""

    id: int | IntOperators
    order_id: int | IntOperators
    product_id: str | StrOperators
    quantity: int | IntOperators
    unit_price: float | FloatOperators
    created_at: datetime | DatetimeOperators
    updated_at: datetime | DatetimeOperators


class OrderLineExpected(TypedDict, total=False):
    """Values expected of a row of OrderLine, or matchers."""

    id: object
    order_id: object
    product_id: object
    quantity: object
    unit_price: object
    created_at: object
    updated_at: object


OrderLineColumn: TypeAlias = Literal[
    "id",
    "order_id",
    "product_id",
    "quantity",
    "unit_price",
    "created_at",
    "updated_at",
]
OrderLineSorting: TypeAlias = Literal[
    "id",
    "-id",
    "order_id",
    "-order_id",
    "product_id",
    "-product_id",
    "quantity",
    "-quantity",
    "unit_price",
    "-unit_price",
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
]


class OrderLineRow(TypedRow):
    """A stored row of OrderLine."""

    id: int
    order_id: int
    product_id: str
    quantity: int
    unit_price: float
    created_at: datetime
    updated_at: datetime

    if TYPE_CHECKING:

        def __getitem__(self, name: OrderLineColumn, /) -> Any: ...
        def matches(self, /, **expected: Unpack[OrderLineExpected]) -> bool: ...


class OrderLineFactory(
    TypedFactory[OrderLineRow, int],
    model=OrderLine,
    row=OrderLineRow,
):
    """Makes rows of OrderLine, and is the handle on them."""

    if TYPE_CHECKING:

        def __init__(
            self,
            dataflow: Any = None,
            /,
            **defaults: Unpack[OrderLineFields],
        ) -> None: ...
        def using(self, /, **defaults: Unpack[OrderLineFields]) -> Self: ...
        def trait(
            self,
            name: str,
            change: Callable[[Self], Self] | None = None,
            /,
            **values: Unpack[OrderLineFields],
        ) -> Self: ...
        def build(self, /, **fields: Unpack[OrderLineFields]) -> dict[str, Any]: ...
        def build_many(
            self,
            rows: int | Iterable[OrderLineFields],
            /,
            **fields: Unpack[OrderLineFields],
        ) -> list[dict[str, Any]]: ...
        def payload(
            self,
            /,
            *,
            schema: type[Any] | None = None,
            **fields: Unpack[OrderLineFields],
        ) -> dict[str, Any]: ...
        def invalid_payloads(
            self,
            /,
            *,
            schema: type[Any],
            **fields: Unpack[OrderLineFields],
        ) -> list[InvalidPayload]: ...
        def created(self, /, **expected: Unpack[OrderLineExpected]) -> Expectation: ...
        def updated(
            self,
            row_id: int,
            /,
            **expected: Unpack[OrderLineExpected],
        ) -> Expectation: ...
        def create(
            self,
            /,
            **fields: Unpack[OrderLineFields],
        ) -> Pending[OrderLineRow]: ...
        def create_sync(self, /, **fields: Unpack[OrderLineFields]) -> OrderLineRow: ...
        def create_many(
            self,
            rows: int | Iterable[OrderLineFields],
            /,
            **fields: Unpack[OrderLineFields],
        ) -> Pending[list[OrderLineRow]]: ...
        def create_many_sync(
            self,
            rows: int | Iterable[OrderLineFields],
            /,
            **fields: Unpack[OrderLineFields],
        ) -> list[OrderLineRow]: ...
        def get_or_create(
            self,
            /,
            *by: OrderLineColumn,
            **fields: Unpack[OrderLineFields],
        ) -> Pending[OrderLineRow]: ...
        def get_or_create_sync(
            self,
            /,
            *by: OrderLineColumn,
            **fields: Unpack[OrderLineFields],
        ) -> OrderLineRow: ...
        def find(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[OrderLineFilter],
        ) -> Pending[OrderLineRow | None]: ...
        def find_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[OrderLineFilter],
        ) -> OrderLineRow | None: ...
        def rows(
            self,
            /,
            *,
            order_by: OrderBy[OrderLineSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[OrderLineFilter],
        ) -> Pending[list[OrderLineRow]]: ...
        def rows_sync(
            self,
            /,
            *,
            order_by: OrderBy[OrderLineSorting] = None,
            limit: int | None = None,
            offset: int = 0,
            include_deleted: bool = False,
            **filters: Unpack[OrderLineFilter],
        ) -> list[OrderLineRow]: ...
        def first(
            self,
            /,
            *,
            order_by: OrderBy[OrderLineSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[OrderLineFilter],
        ) -> Pending[OrderLineRow | None]: ...
        def first_sync(
            self,
            /,
            *,
            order_by: OrderBy[OrderLineSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[OrderLineFilter],
        ) -> OrderLineRow | None: ...
        def last(
            self,
            /,
            *,
            order_by: OrderBy[OrderLineSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[OrderLineFilter],
        ) -> Pending[OrderLineRow | None]: ...
        def last_sync(
            self,
            /,
            *,
            order_by: OrderBy[OrderLineSorting] = None,
            include_deleted: bool = False,
            **filters: Unpack[OrderLineFilter],
        ) -> OrderLineRow | None: ...
        def count(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[OrderLineFilter],
        ) -> Pending[int]: ...
        def count_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[OrderLineFilter],
        ) -> int: ...
        def exists(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[OrderLineFilter],
        ) -> Pending[bool]: ...
        def exists_sync(
            self,
            /,
            *,
            include_deleted: bool = False,
            **filters: Unpack[OrderLineFilter],
        ) -> bool: ...
        def update(
            self,
            row_id: int,
            /,
            **fields: Unpack[OrderLineFields],
        ) -> Pending[OrderLineRow]: ...
        def update_sync(
            self,
            row_id: int,
            /,
            **fields: Unpack[OrderLineFields],
        ) -> OrderLineRow: ...


order_lines = OrderLineFactory()
create_order_line = order_lines.create
create_order_lines = order_lines.create_many
build_order_line = order_lines.build


class ProductFields(TypedDict, total=False):
    """Values that a new row of Product is given."""

    id: str
    name: str
    price: float
    details: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


class ProductFilter(TypedDict, total=False):
    """Conditions on rows of Product."""

    id: str | StrOperators
    name: str | StrOperators
    price: float | FloatOperators
    details: dict[str, Any]
    created_at: datetime | DatetimeOperators
    updated_at: datetime | DatetimeOperators
    deleted_at: datetime | DatetimeOperators | None


class ProductExpected(TypedDict, total=False):
    """Values expected of a row of Product, or matchers."""

    id: object
    name: object
    price: object
    details: object
    created_at: object
    updated_at: object
    deleted_at: object


ProductColumn: TypeAlias = Literal[
    "id",
    "name",
    "price",
    "details",
    "created_at",
    "updated_at",
    "deleted_at",
]
ProductSorting: TypeAlias = Literal[
    "id",
    "-id",
    "name",
    "-name",
    "price",
    "-price",
    "details",
    "-details",
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
    "deleted_at",
    "-deleted_at",
]


class ProductRow(TypedRow):
    """A stored row of Product."""

    id: str
    name: str
    price: float
    details: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None

    if TYPE_CHECKING:

        def __getitem__(self, name: ProductColumn, /) -> Any: ...
        def matches(self, /, **expected: Unpack[ProductExpected]) -> bool: ...


class ProductFactory(TypedFactory[ProductRow, str], model=Product, row=ProductRow):
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
            name: str,
            change: Callable[[Self], Self] | None = None,
            /,
            **values: Unpack[ProductFields],
        ) -> Self: ...
        def build(self, /, **fields: Unpack[ProductFields]) -> dict[str, Any]: ...
        def build_many(
            self,
            rows: int | Iterable[ProductFields],
            /,
            **fields: Unpack[ProductFields],
        ) -> list[dict[str, Any]]: ...
        def payload(
            self,
            /,
            *,
            schema: type[Any] | None = None,
            **fields: Unpack[ProductFields],
        ) -> dict[str, Any]: ...
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
            row_id: str,
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
            row_id: str,
            /,
            **fields: Unpack[ProductFields],
        ) -> Pending[ProductRow]: ...
        def update_sync(
            self,
            row_id: str,
            /,
            **fields: Unpack[ProductFields],
        ) -> ProductRow: ...


products = ProductFactory()
create_product = products.create
create_products = products.create_many
build_product = products.build
