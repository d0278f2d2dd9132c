"""The model, and the DataFlow instance it is registered with."""

import os

from dataflow import DataFlow

# Caching is off: with it on, and no Redis listening, DataFlow spends seconds looking for one.
db = DataFlow(os.environ.get("STOCK_DATABASE_URL", "sqlite:////var/lib/stock/stock.db"), cache_enabled=False)


@db.model
class Item:
    id: str
    name: str
    quantity: int = 0
