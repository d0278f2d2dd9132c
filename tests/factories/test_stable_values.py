"""What a value depends on: seed, scope, test, model, field and number, and nothing else."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from database_kinds import KINDS
from hypothesis import given, settings
from hypothesis import strategies as st

from kailash_testkit import choice, open_kits, sequence
from kailash_testkit.factories import numbering, random_seed
from kailash_testkit.factories.numbering import Number, Numbering
from kailash_testkit.kit import Kit

OPTIONS = tuple("abcdefghijklmnop")


@contextlib.contextmanager
def activated(kit: Kit) -> Iterator[Kit]:
    open_kits.activate(kit)
    try:
        yield kit
    finally:
        open_kits.remove(kit)


def made(kit: Kit, names: list[str], *, seed: int = 0, test: str = "test", count: int = 6) -> list[dict[str, Any]]:
    """Rows of Clash with drawn values in the named fields."""
    declared = {name: choice(*OPTIONS) for name in names}
    numbering.start(Numbering(node_id=test))
    with random_seed.seeded(seed):
        return kit.factory("Clash", **declared).build_many(count)


@settings(max_examples=50, deadline=None)
@given(
    fields=st.lists(st.sampled_from(["name", "version", "node_id", "keys", "json"]), unique=True, min_size=1),
    others=st.lists(st.sampled_from(["Order", "Customer", "Event"]), max_size=5),
    count=st.integers(1, 8),
    seed=st.integers(0, 2**64),
)
def test_other_fields_rows_and_models_change_no_value(
    shops: Any, fields: list[str], others: list[str], count: int, seed: int
) -> None:
    with activated(shops.on(KINDS["sqlite"])) as kit:
        alone = made(kit, fields[:1], seed=seed, count=count)
        random.random()
        numbering.start(Numbering(node_id="test"))
        for other in others:
            kit.factory(other, **({"note": choice("x", "y")} if other == "Order" else {})).build()
        together = made(kit, fields, seed=seed, count=8)
    assert [row[fields[0]] for row in together][:count] == [row[fields[0]] for row in alone]


def test_seed_test_scope_model_and_field_each_matter() -> None:
    def drawn(seed: int = 1, scope: Any = "function", test: str = "a", model: str = "M", field: str = "f") -> list[int]:
        numbers = Numbering(scope, test)
        with random_seed.seeded(seed):
            return [random_seed.draw(numbers.next(model), model, field) for _ in range(3)]

    assert drawn() == drawn()
    others = [drawn(2), drawn(scope="class"), drawn(test="b"), drawn(model="N"), drawn(field="g")]
    every = [value for values in [drawn(), *others] for value in values]
    assert len(set(every)) == 18


def test_values_are_the_same_in_every_process() -> None:
    number = Number(3, "3", 3, "function tests/test_a.py::test_b")
    with random_seed.seeded(0):
        here = random_seed.draw(number, "Order", "note")
    code = (
        "from kailash_testkit.factories import random_seed; from kailash_testkit.factories.numbering import Number;"
        f"print(random_seed.draw({number!r}, 'Order', 'note'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == here == 11925423682311706351


def test_draws_are_spread_evenly() -> None:
    numbers = Numbering(node_id="t")
    drawn = [random_seed.draw(numbers.next("M"), "M", "f") % 4 for _ in range(4000)]
    assert all(900 < drawn.count(option) < 1100 for option in range(4))


def test_a_block_may_have_a_seed_of_its_own(sync_kit: Kit) -> None:
    orders = sync_kit.factory("Order", note=choice(*"abcdefghijklmnop"))

    def made() -> list[str]:
        orders.reset_sequence()
        return [row["note"] for row in orders.build_many(8)]

    with sync_kit.seeded(7):
        first = made()
        with sync_kit.seeded(8):
            assert made() != first
        assert made() == first


def test_readable_values_do_not_depend_on_the_seed(sync_kit: Kit) -> None:
    for seed in (1, 2):
        numbering.start(Numbering())
        with random_seed.seeded(seed):
            assert sync_kit.factory("Order").build()["customer_id"] == "Order customer id 1"


def test_a_fixture_of_each_scope_has_rows_of_its_own(sync_kit: Kit) -> None:
    scopes: list[numbering.ScopeName] = ["function", "class", "module", "package", "session"]
    emails: list[str] = []
    for scope in scopes:
        with numbering.within(Numbering(scope, "x")):
            rows = sync_kit.factory("Customer", name=sequence("C{}")).build_many(3)
            emails += [row["email"] for row in rows]
    assert len(set(emails)) == 15
