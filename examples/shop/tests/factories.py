"""The factories of the shop's tests: the generated ones with the defaults that most tests want."""

from kailash_testkit import derived, related, sequence
from tests import generated

customers = generated.customers.using(
    name=sequence("Customer {}"),
    email=derived(lambda row: f"{row.name.lower().replace(' ', '.')}@example.com"),
)
products = generated.products.using(name=sequence("Product {}"), price=9.5)
orders = generated.orders.using(customer_id=related(customers))
order_lines = generated.order_lines.using(
    order_id=related(orders), product_id=related(products), quantity=1, unit_price=9.5
)
