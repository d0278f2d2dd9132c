"""The shop's models, and the one DataFlow instance they are registered with."""

import os
from datetime import datetime
from enum import Enum
from typing import Any

from dataflow import DataFlow

# Caching is off: with it on, and no Redis listening, DataFlow spends seconds looking for one.
db = DataFlow(os.environ.get("SHOP_DATABASE_URL", "sqlite:////var/lib/shop/shop.db"), cache_enabled=False)


class OrderStatus(str, Enum):
    OPEN = "open"
    PAID = "paid"
    SHIPPED = "shipped"


@db.model
class Customer:
    id: str
    name: str
    email: str
    token: str
    is_active: bool = True

    __dataflow__ = {
        "indexes": [{"name": "customer_email", "fields": ["email"], "unique": True}],
    }


@db.model
class Product:
    """Soft-deleted: a product that was sold must stay readable."""

    id: str
    name: str
    price: float
    details: dict[str, Any] = {}

    __dataflow__ = {"soft_delete": True}


@db.model
class Order:
    id: int
    customer_id: str
    status: OrderStatus = OrderStatus.OPEN
    placed_at: datetime
    note: str = ""


@db.model
class OrderLine:
    id: int
    order_id: int
    product_id: str
    quantity: int
    unit_price: float
