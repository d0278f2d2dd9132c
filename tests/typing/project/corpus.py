"""What type checkers must accept and refuse. `check.py` runs both over it and compares line by line.

Each line ends in ``# accepted``, or in ``# refused:`` with the rule (see `RULES` there) and a word that both
checkers' messages must contain.
"""

from datetime import date, datetime
from typing import Any, assert_type

from generated import (
    CustomerRow,
    GameRow,
    LineRow,
    OrderFields,
    OrderFilter,
    OrderRow,
    ProductRow,
    build_order,
    create_customer,
    create_line,
    create_many_news,
    create_order,
    create_orders,
    create_person,
    customers,
    events,
    games,
    lates,
    lines,
    news,
    orders,
    people,
    products,
    sprockets,
    sprockets_2,
)
from kitchen.models import Address, Colour, Customer, Level, Order, Rights, Status, Token, Weight
from own import Orders, open_orders, shipped
from own import create_order as create_shipped
from own import orders as own_orders

from kailash_testkit import (
    ApiClient,
    Events,
    Factory,
    InvalidPayload,
    Kit,
    Row,
    ServerSentEvent,
    SyncApiClient,
    SyncEvents,
    SyncWebSocket,
    WebSocket,
    choice,
    derived,
    existing,
    fake,
    register,
    related,
    sequence,
)


async def making(customer: CustomerRow, order: OrderRow, line: LineRow, text: str, number: int) -> None:
    await orders.create()  # accepted
    await orders.create(customer_id=customer.id, total=2.5, status=Status.PAID)  # accepted
    await orders.create(status="paid")  # accepted
    await orders.create(total=3)  # accepted
    await orders.create(placed_at=datetime(2025, 1, 1), tags=["a", 1], sizes=[1, 2])  # accepted
    await orders.create(details={"a": [1, {"b": None}]})  # accepted
    await orders.create(note=sequence("note {}"))  # accepted
    await orders.create(note=derived(lambda row: row.status))  # accepted
    await customers.create(nickname=None)  # accepted
    await customers.create(nickname="Ed", born=date(1980, 1, 1))  # accepted
    await orders.create(sttaus="paid")  # refused: unknown-argument sttaus
    await orders.create(Status="paid")  # refused: unknown-argument Status
    await orders.create(created_at=datetime(2025, 1, 1), updated_at=datetime(2025, 1, 2))  # accepted
    await orders.create(created_at="2025-01-01")  # refused: wrong-argument created_at
    await orders.create(updated_at=None)  # refused: wrong-argument updated_at
    await orders.create(deleted_at=datetime(2025, 1, 1))  # refused: unknown-argument deleted_at
    assert_type(await orders.aged(days=30).create(note="a"), OrderRow)  # accepted
    await orders.aged(weeks=1.5, hours=2).create_many(2)  # accepted
    await orders.aged(days=30).create(noet="a")  # refused: unknown-argument noet
    orders.aged(30)  # refused: too-many argument
    orders.aged(days="30")  # refused: wrong-argument days
    orders.aged(years=1)  # refused: unknown-argument years
    await orders.create(total="2.5")  # refused: wrong-argument total
    await orders.create(total=None)  # refused: wrong-argument total
    await orders.create(note=None)  # refused: wrong-argument note
    await orders.create(note=3)  # refused: wrong-argument note
    await orders.create(placed_at="2025-01-01")  # refused: wrong-argument placed_at
    await orders.create(status="piad")  # refused: wrong-argument status
    await orders.create(status=text)  # refused: wrong-argument status
    await orders.create(status=Colour.RED)  # refused: wrong-argument status
    await orders.create(sizes=["a"])  # refused: wrong-item str
    await orders.create(sizes=(1, 2))  # refused: wrong-argument sizes
    await orders.create(details=[1])  # refused: wrong-argument details
    await orders.create(customer_id=customer)  # refused: wrong-argument customer_id
    await orders.create(customer_id=order.id)  # refused: wrong-argument customer_id
    await lines.create(order_id=customer.id)  # refused: wrong-argument order_id
    await lines.create(order_id=customer)  # refused: wrong-argument order_id
    await lines.create(order_id=order.id)  # accepted
    await lines.create(order_id="7")  # refused: wrong-argument order_id
    await lines.create(quantity=1.5)  # refused: wrong-argument quantity
    await customers.create(id=7)  # refused: wrong-argument id
    await orders.create(id="7")  # refused: wrong-argument id
    await customers.create(is_active="yes")  # refused: wrong-argument is_active
    await customers.create(born=datetime.now)  # refused: wrong-argument born
    await customers.create(name=None)  # refused: wrong-argument name
    await customers.create("Ada")  # refused: too-many argument
    await orders.create_many(3)  # accepted
    await orders.create_many(3, status="open")  # accepted
    await orders.create_many([{"note": "a"}, {"note": "b", "status": Status.PAID}])  # accepted
    await orders.create_many([{"note": each} for each in text], total=1.0)  # accepted
    await orders.create_many(3, sttaus="open")  # refused: unknown-argument sttaus
    await orders.create_many([{"noet": "a"}])  # refused: unknown-key noet
    await orders.create_many([{"note": 1}])  # refused: wrong-value str
    await orders.create_many("ab")  # refused: wrong-argument str
    await orders.create_many(2.0)  # refused: wrong-argument float
    await orders.create_many()  # refused: missing argument
    orders.build(status="paid")  # accepted
    orders.build(stauts="paid")  # refused: unknown-argument stauts
    orders.build(total="x")  # refused: wrong-argument total
    orders.payload(note="a")  # accepted
    assert_type(orders.payload(schema=Address, note="a"), dict[str, Any])  # accepted
    assert_type(orders.invalid_payloads(schema=Address)[0], InvalidPayload)  # accepted
    orders.payload(schema=Address("a", "b"))  # refused: wrong-argument schema
    orders.payload(schema=Address, noet="a")  # refused: unknown-argument noet
    orders.invalid_payloads()  # refused: missing schema
    orders.invalid_payloads(schema=Address, total="x")  # refused: wrong-argument total
    orders.payload(noet="a")  # refused: unknown-argument noet
    orders.payload(sizes=1)  # refused: wrong-argument sizes
    orders.using(status="paid").using(note="x")  # accepted
    orders.using(satus="paid")  # refused: unknown-argument satus
    orders.using(status="closed")  # refused: wrong-argument status
    orders.create_sync(note="a").note.upper()  # accepted
    orders.create_sync(nota="a")  # refused: unknown-argument nota
    orders.create_many_sync(2, total=1.0)[0].total.is_integer()  # accepted
    orders.create_many_sync(2, totl=1.0)  # refused: unknown-argument totl
    await create_order(status="open")  # accepted
    await create_order(state="open")  # refused: unknown-argument state
    await create_orders(2, total=1.0)  # accepted
    await create_orders(2, total="1")  # refused: wrong-argument total
    build_order(note="a")  # accepted
    build_order(text="a")  # refused: unknown-argument text
    await create_customer(name="Ada")  # accepted
    await create_customer(nmae="Ada")  # refused: unknown-argument nmae
    await create_line(line=line)  # refused: unknown-argument line
    fields: OrderFields = {"note": text, "total": number}  # accepted
    await orders.create(**fields)  # accepted
    fields["noet"] = "x"  # refused: unknown-key-set noet


async def enums_and_others(address: Address) -> None:
    await products.create(colour=Colour.RED, level=Level.LOW, rights=Rights.READ | Rights.WRITE)  # accepted
    await products.create(colour=1, level=2)  # accepted
    await products.create(weight=Weight.LIGHT, token=Token("t"), origin=address)  # accepted
    await products.create(channel="the last channel")  # accepted
    await products.create(colour=3)  # refused: wrong-argument colour
    await products.create(colour="RED")  # refused: wrong-argument colour
    await products.create(colour=Level.LOW)  # refused: wrong-argument colour
    await products.create(level=9)  # refused: wrong-argument level
    await products.create(weight=0.5)  # refused: wrong-argument weight
    await products.create(rights=1)  # refused: wrong-argument rights
    await products.create(token="t")  # refused: wrong-argument token
    await products.create(origin="street")  # refused: wrong-argument origin
    await products.create(channel="a channel")  # refused: wrong-argument channel
    await products.create(deleted_at=datetime(2025, 1, 1))  # accepted
    await products.create(deleted_at="now")  # refused: wrong-argument deleted_at
    await events.create(kind="a", required_none=1)  # accepted
    await events.create(required_none=None)  # refused: wrong-argument required_none
    await events.create(id=1)  # refused: unknown-argument id
    await events.create(updated_at="now")  # refused: wrong-argument updated_at
    await lates.create(id="a", thing=object())  # accepted
    await lates.create(thnig=1)  # refused: unknown-argument thnig
    await create_person(id="p")  # accepted
    await create_many_news(2)  # accepted
    assert_type(await news.rows(order_by="id"), list[Any])  # refused: wrong-type NewsRow
    assert_type((await people.create()).id, str)  # accepted
    assert_type((await sprockets.create()).id, int)  # accepted
    assert_type((await sprockets_2.create()).id, int)  # accepted


async def handle(customer: CustomerRow, order: OrderRow) -> None:
    assert_type(await orders.get(order.id), OrderRow)  # accepted
    assert_type(await orders.find(note="a"), OrderRow | None)  # accepted
    assert_type(await orders.rows(), list[OrderRow])  # accepted
    assert_type(await orders.count(include_deleted=True), int)  # accepted
    assert_type(await orders.get(7, include_deleted=True), OrderRow)  # accepted
    assert_type(await orders.first(note="a", order_by="-total"), OrderRow | None)  # accepted
    assert_type(orders.last_sync(), OrderRow | None)  # accepted
    (await orders.first()).note  # refused: optional-attribute note
    await orders.get(7, include_deleted="yes")  # refused: wrong-argument include_deleted
    assert_type(await orders.exists(note="a"), bool)  # accepted
    assert_type(await orders.update(order.id, note="b"), OrderRow)  # accepted
    assert_type(await orders.delete(order.id), None)  # accepted
    assert_type(orders.get_sync(7), OrderRow)  # accepted
    assert_type(orders.find_sync(id=7), OrderRow | None)  # accepted
    assert_type(orders.rows_sync(id=7), list[OrderRow])  # accepted
    assert_type(orders.build(), dict[str, Any])  # accepted
    await orders.get("7")  # refused: wrong-argument get
    await orders.get(order)  # refused: wrong-argument get
    await orders.get(customer.id)  # refused: wrong-argument get
    await customers.get(7)  # refused: wrong-argument get
    await customers.get(customer.id)  # accepted
    orders.get_sync("7")  # refused: wrong-argument get_sync
    await orders.delete("7")  # refused: wrong-argument delete
    orders.delete_sync(order)  # refused: wrong-argument delete_sync
    await orders.update(7, updated_at=datetime(2025, 1, 1))  # accepted
    await orders.update("7", note="b")  # refused: wrong-argument update
    await orders.update(7, noet="b")  # refused: unknown-argument noet
    await orders.update(7, total="b")  # refused: wrong-argument total
    orders.update_sync(7, status="closed")  # refused: wrong-argument status
    (await orders.find(note="a")).note  # refused: optional-attribute note


async def filters(order: OrderRow, texts: list[str], states: list[Status]) -> None:
    await orders.rows(status="open", total={"$gt": 3}, order_by="-total", include_deleted=True)  # accepted
    await orders.rows(total={"$gte": 1, "$lt": 5.5}, id={"$in": [1, 2]})  # accepted
    await orders.rows(status={"$in": ["open", Status.PAID]})  # accepted
    await orders.rows(status={"$nin": states}, note={"$in": texts})  # accepted
    await orders.rows(status={"$ne": "paid"}, placed_at={"$lte": datetime(2025, 1, 1)})  # accepted
    await orders.rows(created_at={"$gt": datetime(2025, 1, 1)})  # accepted
    await orders.rows(order_by=["-total", "id"])  # accepted
    await orders.rows(sizes={"$eq": [1]}, details={"a": 1})  # accepted
    await customers.rows(nickname=None, born={"$null": False})  # accepted
    await customers.rows(nickname={"$ne": None}, is_active=True)  # accepted
    await customers.rows(nickname={"$in": ("a", None)})  # accepted
    await products.rows(deleted_at={"$null": True}, kind="food")  # accepted
    conditions: OrderFilter = {"note": {"$eq": "a"}}  # accepted
    await orders.count(**conditions)  # accepted
    await orders.rows(sttaus="open")  # refused: unknown-argument sttaus
    await orders.rows(total="3")  # refused: wrong-argument total
    await orders.rows(status="piad")  # refused: wrong-argument status
    await orders.rows(note=None)  # refused: wrong-argument note
    await orders.rows(total={"$gt": "3"})  # refused: wrong-argument total
    await orders.rows(total={"$like": 3})  # refused: wrong-argument total
    await orders.rows(total={"gt": 3})  # refused: wrong-argument total
    await orders.rows(note={"$in": "abc"})  # refused: wrong-argument note
    await orders.rows(id={"$in": ["1"]})  # refused: wrong-argument id
    await orders.rows(status={"$eq": "piad"})  # refused: wrong-argument status
    await orders.rows(status={"$in": ["piad"]})  # refused: wrong-argument status
    await orders.rows(note={"$null": "yes"})  # refused: wrong-argument note
    await orders.rows(sizes={"$gt": [1]})  # refused: wrong-argument sizes
    await orders.rows(order_by="totl")  # refused: wrong-argument order_by
    await orders.rows(order_by=["-totl"])  # refused: wrong-item -totl
    await orders.rows(include_deleted="yes")  # refused: wrong-argument include_deleted
    await orders.rows(limit=2, offset=1, note={"$icontains": "tea", "$endswith": "s"})  # accepted
    await orders.rows(total={"$between": (1.5, 3)}, note={"$between": ["a", "b"]})  # accepted
    await customers.rows(nickname={"$istartswith": "a", "$null": False})  # accepted
    await orders.find(id=7, include_deleted=True)  # accepted
    await orders.rows(limit="2")  # refused: wrong-argument limit
    await orders.rows(offset=None)  # refused: wrong-argument offset
    await orders.rows(total={"$contains": "1"})  # refused: wrong-argument total
    await orders.rows(note={"$contains": 1})  # refused: wrong-argument note
    await orders.rows(note={"$between": "ab"})  # refused: wrong-argument note
    await orders.rows(placed_at={"$between": ["a", "b"]})  # refused: wrong-argument placed_at
    await orders.first(order_by="totl")  # refused: wrong-argument order_by
    await orders.last(noet="a")  # refused: unknown-argument noet
    await orders.first(limit=3)  # refused: unknown-argument limit
    await orders.count(include_deleted=1)  # refused: wrong-argument include_deleted
    await orders.find(noet="a")  # refused: unknown-argument noet
    await orders.find(id="7")  # refused: wrong-argument id
    await orders.count(status="a")  # refused: wrong-argument status
    await orders.exists(customer=1)  # refused: unknown-argument customer
    orders.rows_sync(notes="a")  # refused: unknown-argument notes
    orders.count_sync(total=[])  # refused: wrong-argument total
    orders.exists_sync(total=order)  # refused: wrong-argument total


async def queries(kit: Kit) -> None:
    assert_type(await kit.sql("SELECT 1 AS one WHERE 1 < :most", most=2), list[dict[str, Any]])  # accepted
    assert_type(kit.sql_sync("SELECT 1 AS one")[0]["one"], Any)  # accepted
    await kit.sql(1)  # refused: wrong-argument str
    await kit.sql("SELECT :n", 1)  # refused: too-many argument


def expectations(kit: Kit, order: OrderRow, matcher: object) -> None:
    with kit.changes() as changes:
        orders.create_sync()  # accepted
    changes.assert_only(orders.created(status="paid", note=matcher))  # accepted
    changes.assert_only(orders.updated(order.id, total=matcher, updated_at=matcher))  # accepted
    changes.assert_only(orders.deleted(order.id), customers.created())  # accepted
    orders.created(sttaus="paid")  # refused: unknown-argument sttaus
    orders.updated(order.id, sttaus="paid")  # refused: unknown-argument sttaus
    orders.updated("7", status="paid")  # refused: wrong-argument updated
    orders.updated(status="paid")  # refused: missing argument
    orders.deleted("7")  # refused: wrong-argument deleted
    orders.deleted(order)  # refused: wrong-argument deleted
    changes.assert_only(order)  # refused: wrong-argument assert_only


async def rows(order: OrderRow, game: GameRow, product: ProductRow, customer: CustomerRow) -> None:
    assert_type(order.status, Status)  # accepted
    assert_type(order.total, float)  # accepted
    assert_type(order.tags, list[Any])  # accepted
    assert_type(order.created_at, datetime)  # accepted
    assert_type(customer.nickname, str | None)  # accepted
    assert_type(product.deleted_at, datetime | None)  # accepted
    assert_type(product.token, Token)  # accepted
    assert_type((await events.create()).created_at, str)  # accepted
    assert_type((await events.create()).id, int)  # accepted
    assert_type((await events.create()).required_none, int | None)  # accepted
    order["status"]  # accepted
    assert "status" in order and order == order.as_dict()  # accepted
    order.matches(status="paid", total=matcher())  # accepted
    order.as_json()["id"]  # accepted
    assert_type(order.as_json(exclude={"created_at"}), dict[str, Any])  # accepted
    assert_type(order.as_dict(), dict[str, Any])  # accepted
    order.as_json(exclude=3)  # refused: wrong-argument exclude
    order.sttaus  # refused: unknown-attribute sttaus
    order.deleted_at  # refused: unknown-attribute deleted_at
    order.items  # refused: unknown-attribute items
    order["sttaus"]  # refused: wrong-index sttaus
    order.matches(sttaus="paid")  # refused: unknown-argument sttaus
    order.status = Status.PAID  # refused: read-only status
    order.note + 1  # refused: wrong-operation str
    number: int = order.note  # refused: wrong-assignment int
    print(number)  # accepted
    assert_type(game.items, list[str])  # accepted
    assert_type(game.json, str)  # accepted
    assert_type(game.get, str)  # accepted
    assert_type(game.n, int)  # accepted
    assert_type(game.keys, str)  # accepted
    assert_type(game.self, str)  # accepted
    assert_type(game.date, date)  # accepted
    assert_type(game.str, str)  # accepted
    assert_type(game.due, date | None)  # accepted
    assert_type(game.rows, int)  # accepted
    await games.create(items=["a"], json="{}", get="g", n=3, keys="k", self="s", rows=1, create="c")  # accepted
    await games.create(items="a")  # refused: wrong-argument items
    await games.create(json=1)  # refused: wrong-argument json
    await games.create(get=1)  # refused: wrong-argument get
    await games.create(n="3")  # refused: wrong-argument n
    await games.rows(n={"$gt": 3}, items=["a"], json="{}", get={"$ne": "g"}, matches=1)  # accepted
    await games.rows(n={"$gt": "3"})  # refused: wrong-argument n
    await games.create_many(2, n=3, rows=4)  # accepted
    games.created(items=1, json=2, get=3, n=4, self=5, matches=6)  # accepted
    game.matches(n=3, items=["a"], matches=2)  # accepted


async def awaiting() -> None:
    orders.create().id  # refused: unknown-attribute id
    orders.get(7).status  # refused: unknown-attribute status
    for each in orders.rows():  # refused: not-iterable Pending
        print(each)
    len(orders.rows())  # refused: wrong-argument len


async def customised(kit: Kit) -> None:
    assert_type(own_orders.paid(), Orders)  # accepted
    assert_type(own_orders.paid().using(note="x"), Orders)  # accepted
    assert_type(await own_orders.paid().create(), OrderRow)  # accepted
    assert_type(await own_orders.big(), OrderRow)  # accepted
    assert_type(await open_orders.create(), OrderRow)  # accepted
    await shipped.create(total=1.0)  # accepted
    await create_shipped(note="a")  # accepted
    await shipped.create(totl=1.0)  # refused: unknown-argument totl
    await create_shipped(noet="a")  # refused: unknown-argument noet
    own_orders.piad()  # refused: unknown-attribute piad
    await open_orders.rows(stauts="open")  # refused: unknown-argument stauts
    Orders(status="open")  # accepted
    Orders(kit.dataflow, status="open")  # accepted
    Orders(sttaus="open")  # refused: unknown-argument sttaus
    Orders(status="closed")  # refused: wrong-argument status


async def graphs(customer: CustomerRow) -> None:
    assert_type((await orders.with_children(lines, 3).create()).total, float)  # accepted
    assert_type(orders.trait("paid", status="paid").with_traits("paid").build(), dict[str, Any])  # accepted
    assert_type(orders.build_many(3, note="a"), list[dict[str, Any]])  # accepted
    assert_type(await own_orders.paid().with_traits("a").create_many(2), list[OrderRow])  # accepted
    orders.using(customer_id=related(customers))  # accepted
    orders.using(customer_id=related(lambda: customers, share=True))  # accepted
    orders.using(status=choice("open", "paid"), note=fake("sentence"))  # accepted
    orders.with_children(lines, [{"order_id": 3}], via="order_id")  # accepted
    orders.after_create(lambda row: row.total)  # accepted
    orders.after_create(noting)  # accepted
    orders.after_create(noting_values)  # accepted
    orders.after_build(lambda values: values.update(note="a"))  # accepted
    orders.before_create(lambda values, row: row.note)  # accepted
    orders.trait("full", lambda made: made.with_children(lines, 3), status="paid")  # accepted
    orders.using(note=derived(lambda row, parent: parent.name, parent="customer_id"))  # accepted
    own_orders.trait("a", lambda made: made.paid())  # accepted
    orders.trait("full", of_customer)  # refused: wrong-argument CustomerRow
    derived(lambda row: row.note, parent=3)  # refused: wrong-argument parent
    orders.trait("paid", sttaus="paid")  # refused: unknown-argument sttaus
    orders.trait("paid", status="piad")  # refused: wrong-argument status
    orders.build_many(3, noet="a")  # refused: unknown-argument noet
    orders.with_traits(paid=True)  # refused: unknown-argument paid
    orders.with_children("lines", 3)  # refused: wrong-argument FactoryBase
    orders.with_children(lines, "3")  # refused: wrong-argument str
    orders.after_create(of_customer)  # refused: wrong-argument CustomerRow
    assert_type(await orders.get_or_create("note", note="a", total=1.0), OrderRow)  # accepted
    assert_type(orders.get_or_create_sync(status="paid"), OrderRow)  # accepted
    await orders.get_or_create("noet", note="a")  # refused: wrong-argument noet
    await orders.get_or_create(noet="a")  # refused: unknown-argument noet
    orders.get_or_create_sync(total="1")  # refused: wrong-argument total
    assert_type((await own_orders.with_parents()).paid(), Orders)  # accepted
    assert_type(own_orders.with_parents_sync().payload(note="a"), dict[str, Any])  # accepted
    orders.with_parents().payload()  # refused: unknown-attribute payload
    assert_type(own_orders.with_placeholders().infer_relations(customers).paid(), Orders)  # accepted
    assert_type(own_orders.with_fakes("de_DE", note=fake("job")).paid(), Orders)  # accepted
    orders.with_fakes(library="fakr")  # refused: wrong-argument library
    orders.infer_relations(customer)  # refused: wrong-argument CustomerRow
    assert_type(own_orders.sharing(customer, customers, [customer]).paid(), Orders)  # accepted
    orders.sharing("acme")  # refused: wrong-argument str
    assert_type(customers.with_many(products, 2, through=lines).build(), dict[str, Any])  # accepted
    customers.with_many([customer], through=lines, via="order_id", to="product")  # accepted
    customers.with_many(products, 2)  # refused: missing through
    customers.with_many(products, "2", through=lines)  # refused: wrong-argument str
    orders.using(customer_id=existing(customers, or_create=True, is_active=True))  # accepted
    orders.using(customer_id=related(customers, when=lambda row: row.total > 3))  # accepted
    orders.using(customer_id=related(customers, when=0.5, depth=3))  # accepted
    related(customers, when="often")  # refused: wrong-argument when
    related(customers, depth="3")  # refused: wrong-argument depth
    existing("customers")  # refused: wrong-argument FactoryBase
    await orders.create(closed=True, urgent=False)  # accepted
    orders.payload(closed=True)  # accepted
    await orders.create(closed="yes")  # refused: wrong-argument closed
    await orders.create(close=True)  # refused: unknown-argument close
    await customers.create(closed=True)  # refused: unknown-argument closed
    fake(lambda faker: faker.bothify("??"), locale="de_DE")  # accepted
    fake("person.email", library="mimesis")  # accepted
    fake(3)  # refused: wrong-argument fake
    register(own_orders, "own_order")  # accepted
    register(customer)  # refused: wrong-argument CustomerRow
    related("customers")  # refused: wrong-argument FactoryBase
    related(customer)  # refused: wrong-argument CustomerRow


async def noting(row: OrderRow) -> None:
    """A hook of the right rows."""


def noting_values(row: OrderRow, values: Any) -> None:
    """A hook that takes the values, too."""


def of_customer(row: CustomerRow) -> None:
    """A hook of other rows."""


async def untyped(kit: Kit) -> None:
    assert_type(await kit.get(Order, 7), Row)  # accepted
    assert_type(await kit.rows(Order, status="open"), list[Row])  # accepted
    (await kit.create(Order, anything=1)).whatever  # accepted
    assert_type(await Factory(Customer, name="Ada").create(), Row)  # accepted
    assert_type(kit.factory("Order").using(note="a"), Factory)  # accepted
    await kit.create()  # refused: missing argument
    await kit.get(7, 7)  # refused: wrong-argument str
    kit.isolation = "journl"  # refused: wrong-assignment journl


async def called(api: ApiClient, sync_api: SyncApiClient) -> None:
    assert_type((await api.get("/")).status_code, int)  # accepted
    assert_type((await api.expect(200).post("/", json={})).text, str)  # accepted
    assert_type(sync_api.expect(200, 201).put("/", json={}).text, str)  # accepted
    (await api.get("/")).body  # refused: unknown-attribute body
    sync_api.expect(200).get("/").body  # refused: unknown-attribute body
    await api.get(7)  # refused: wrong-argument get
    await api.expect(200).get("/", json={})  # refused: unknown-argument json
    ApiClient(object(), timeouts=3)  # refused: unknown-argument timeouts
    assert_type(sync_api.events("/news"), SyncEvents)  # accepted
    assert_type(next(sync_api.events("/news")).retry, int | None)  # accepted
    assert_type([event async for event in api.events("/news")], list[ServerSentEvent])  # accepted
    async with api.websocket("/live") as socket, api.events("/news") as events_of_news:
        assert_type(socket, WebSocket)  # accepted
        assert_type(events_of_news, Events)  # accepted
        assert_type(await socket.receive_text(), str)  # accepted
        await socket.send_text(b"bytes")  # refused: wrong-argument send_text
    with sync_api.websocket("/live") as live:
        assert_type(live, SyncWebSocket)  # accepted


def matcher() -> Any:
    """Stands for a matcher of dirty-equals."""
    return object()
