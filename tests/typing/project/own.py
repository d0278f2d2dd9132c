"""A user's own module, which extends the generated factories without losing a type."""

from typing import Self

import generated

from kailash_testkit import derived, sequence

customers = generated.customers.using(
    name=sequence("Customer {}"),
    email=derived(lambda row: f"{row.name}@example.com"),
)
open_orders = generated.orders.using(status="open")


class Orders(generated.OrderFactory):
    """With a trait."""

    def paid(self) -> Self:
        """Orders that are paid."""
        return self.using(status="paid")

    async def big(self) -> generated.OrderRow:
        """A row with a large total."""
        return await self.create(total=1000.0)


orders = Orders()
shipped = orders.paid().using(note="sent")
create_order = shipped.create
