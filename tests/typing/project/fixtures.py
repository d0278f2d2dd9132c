"""Fixtures of the factories in generated.

Written by `kailash-testkit generate kitchen.models:register_late --fixtures`. Import
them into a conftest: a fixture of yours takes the place of one of the same name, and a
row is made by the fixture of its factory.
"""

from __future__ import annotations

import pytest

import generated


@pytest.fixture(name="customers")
def fixture_customers() -> generated.CustomerFactory:
    """The factory for Customer."""
    return generated.customers


@pytest.fixture(name="customer")
def fixture_customer(
    customers: generated.CustomerFactory,
) -> generated.CustomerRow:
    """A stored Customer."""
    return customers.create_sync()


@pytest.fixture(name="events")
def fixture_events() -> generated.EventFactory:
    """The factory for Event."""
    return generated.events


@pytest.fixture(name="event")
def fixture_event(
    events: generated.EventFactory,
) -> generated.EventRow:
    """A stored Event."""
    return events.create_sync()


@pytest.fixture(name="games")
def fixture_games() -> generated.GameFactory:
    """The factory for Game."""
    return generated.games


@pytest.fixture(name="game")
def fixture_game(
    games: generated.GameFactory,
) -> generated.GameRow:
    """A stored Game."""
    return games.create_sync()


@pytest.fixture(name="lates")
def fixture_lates() -> generated.LateFactory:
    """The factory for Late."""
    return generated.lates


@pytest.fixture(name="late")
def fixture_late(
    lates: generated.LateFactory,
) -> generated.LateRow:
    """A stored Late."""
    return lates.create_sync()


@pytest.fixture(name="lines")
def fixture_lines() -> generated.LineFactory:
    """The factory for Line."""
    return generated.lines


@pytest.fixture(name="line")
def fixture_line(
    lines: generated.LineFactory,
) -> generated.LineRow:
    """A stored Line."""
    return lines.create_sync()


@pytest.fixture(name="news_factory")
def fixture_news_factory() -> generated.NewsFactory:
    """The factory for News."""
    return generated.news


@pytest.fixture(name="news")
def fixture_news(
    news_factory: generated.NewsFactory,
) -> generated.NewsRow:
    """A stored News."""
    return news_factory.create_sync()


@pytest.fixture(name="orders")
def fixture_orders() -> generated.OrderFactory:
    """The factory for Order."""
    return generated.orders


@pytest.fixture(name="order")
def fixture_order(
    orders: generated.OrderFactory,
) -> generated.OrderRow:
    """A stored Order."""
    return orders.create_sync()


@pytest.fixture(name="people")
def fixture_people() -> generated.PersonFactory:
    """The factory for Person."""
    return generated.people


@pytest.fixture(name="person")
def fixture_person(
    people: generated.PersonFactory,
) -> generated.PersonRow:
    """A stored Person."""
    return people.create_sync()


@pytest.fixture(name="products")
def fixture_products() -> generated.ProductFactory:
    """The factory for Product."""
    return generated.products


@pytest.fixture(name="product")
def fixture_product(
    products: generated.ProductFactory,
) -> generated.ProductRow:
    """A stored Product."""
    return products.create_sync()


@pytest.fixture(name="sprockets")
def fixture_sprockets() -> generated.SprocketFactory:
    """The factory for Sprocket."""
    return generated.sprockets


@pytest.fixture(name="sprocket")
def fixture_sprocket(
    sprockets: generated.SprocketFactory,
) -> generated.SprocketRow:
    """A stored Sprocket."""
    return sprockets.create_sync()


@pytest.fixture(name="test_runs")
def fixture_test_runs() -> generated.TheTestRunFactory:
    """The factory for TestRun."""
    return generated.test_runs


@pytest.fixture(name="test_run")
def fixture_test_run(
    test_runs: generated.TheTestRunFactory,
) -> generated.TheTestRunRow:
    """A stored TestRun."""
    return test_runs.create_sync()


@pytest.fixture(name="sprockets_2")
def fixture_sprockets_2() -> generated.Sprockets2Factory:
    """The factory for sprockets."""
    return generated.sprockets_2


@pytest.fixture(name="sprocket_2")
def fixture_sprocket_2(
    sprockets_2: generated.Sprockets2Factory,
) -> generated.Sprockets2Row:
    """A stored sprockets."""
    return sprockets_2.create_sync()
