"""Twenty models, as applications have them: ids as text, defaults here and there, relations by convention."""

from __future__ import annotations

from typing import Any

from dataflow import DataFlow


class Organization:
    id: str
    name: str
    country: str = "DE"
    is_active: bool = True


class User:
    id: str
    organization_id: str
    name: str
    email: str
    role: str = "member"
    is_active: bool = True


class LoginSession:
    id: str
    user_id: str
    name: str
    token: str
    uses: int = 0


class Customer:
    id: str
    organization_id: str
    name: str
    email: str
    phone: str = ""
    note: str = ""


class Address:
    id: str
    customer_id: str
    name: str
    street: str
    city: str
    postcode: str


class Contact:
    id: str
    customer_id: str
    name: str
    email: str
    is_primary: bool = False


class Category:
    id: str
    organization_id: str
    name: str
    position: int = 0


class Product:
    id: str
    category_id: str
    name: str
    sku: str
    price: float
    is_listed: bool = True
    details: str = ""


class Warehouse:
    id: str
    organization_id: str
    name: str
    city: str


class StockItem:
    id: str
    product_id: str
    name: str
    quantity: int
    reserved: int = 0


class Coupon:
    id: str
    organization_id: str
    name: str
    code: str
    percent: int


class Order:
    id: str
    customer_id: str
    name: str
    status: str = "open"
    total: float = 0.0
    note: str = ""


class OrderLine:
    id: str
    order_id: str
    name: str
    quantity: int
    unit_price: float


class Payment:
    id: str
    order_id: str
    name: str
    amount: float
    method: str = "card"


class Shipment:
    id: str
    order_id: str
    name: str
    carrier: str
    tracking: str = ""


class Invoice:
    id: str
    order_id: str
    name: str
    number: str
    total: float
    is_paid: bool = False


class Review:
    id: str
    product_id: str
    name: str
    stars: int
    text: str = ""


class Ticket:
    id: str
    customer_id: str
    name: str
    status: str = "open"
    priority: int = 3


class TicketComment:
    id: str
    ticket_id: str
    name: str
    text: str


class AuditEntry:
    id: str
    user_id: str
    name: str
    action: str
    details: str = ""


MODELS: tuple[type, ...] = (
    Organization, User, LoginSession, Customer, Address, Contact, Category, Product, Warehouse, StockItem,
    Coupon, Order, OrderLine, Payment, Shipment, Invoice, Review, Ticket, TicketComment, AuditEntry,
)  # fmt: skip


def make_db(url: str, *, make_tables: bool = True) -> Any:
    """A DataFlow with the models. Without caches: with them, and no Redis listening, it spends seconds on a search."""
    db = DataFlow(url, cache_enabled=False, migration_enabled=False, auto_migrate=make_tables)
    for model in MODELS:
        db.model(model)
    return db
